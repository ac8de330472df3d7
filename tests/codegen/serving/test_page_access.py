"""Who may use the local server's page, and what other pages can't."""

from __future__ import annotations

import pytest
import requests

from viewcomfy_codegen.serving import running
from viewcomfy_codegen.serving.http.sessions import Sessions

from ...helpers.browser import complaints, needs_browser
from ...helpers.local import served
from ...helpers.served_page import ServedPage
from ...helpers.support import text_to_image

pytestmark = [needs_browser, pytest.mark.heavy]


def test_a_login_link_works_once_and_keeps_nothing_in_the_page(
    page: ServedPage,
) -> None:
    sessions = Sessions()
    with running(served(text_to_image()), sessions=sessions) as client:
        link = sessions.link(client.base)
        page.driver.get(link)
        page.wait(lambda: page.script("return document.body.dataset.ready"))
        assert page.driver.current_url == f"{client.base}/"
        assert page.script("return document.cookie") == ""
        assert client.client_secret not in page.driver.page_source
        assert requests.get(link, timeout=30).status_code == 403
        page.run()
        assert page.status.startswith("Done")


def test_without_the_link_nothing_runs(page: ServedPage) -> None:
    with running(served(text_to_image())) as client:
        page.driver.get(client.url)
        page.wait(lambda: page.script("return document.body.dataset.ready"))
        page.find("#run").click()
        page.wait(lambda: page.status.startswith("Open the link"))
    # The refused requests are told in the console, as they should be.
    assert all("401" in each for each in complaints(page.driver))


def test_a_page_of_another_port_cannot_use_the_cookie(page: ServedPage) -> None:
    client = page.open(served(text_to_image()))
    # Browsers keep cookies by host: those of other servers are there too.
    port = client.base.rpartition(":")[2]
    cookies = [each for each in page.driver.get_cookies() if port in each["name"]]
    assert [(each["httpOnly"], each["sameSite"]) for each in cookies] == [
        (True, "Strict")
    ]
    jar = {each["name"]: each["value"] for each in cookies}
    form = {"params": (None, '{"3-inputs-steps": 1}')}
    for headers in (
        {},
        {"Origin": "http://127.0.0.1:1"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "null"},
    ):
        answer = requests.post(
            client.url, cookies=jar, headers=headers, files=form, timeout=30
        )
        assert answer.status_code in (401, 403)
    with running(served(text_to_image(), "other")) as other:
        page.driver.get(other.url)
        page.wait(lambda: page.script("return document.body.dataset.ready"))
        said = page.script(
            "return fetch(arguments[0], "
            "{method: 'POST', credentials: 'include', body: new FormData()})"
            ".then(() => 'let in', () => 'refused')",
            client.url,
        )
    assert said == "refused"
    assert all(
        "Content Security" in e or "CORS" in e or "403" in e or "Failed" in e
        for e in complaints(page.driver)
    )
