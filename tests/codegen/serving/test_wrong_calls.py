"""Calls that the local server refuses, in ViewComfy's words."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from viewcomfy_runtime import (
    Call,
    RejectedError,
)

from ...helpers.local import HEADERS, ID, SECRET, served, serving
from ...helpers.served import client, copying, png, post


@pytest.mark.parametrize(
    ("params", "says"),
    [
        ({}, "empty"),
        ([], "must be a JSON object"),
        ({"9-inputs-nothing": 1}, "9-inputs-nothing is not an input"),
        ({"77-inputs-text": "x"}, "77-inputs-text is not an input"),
        ({"text": "x"}, "text is not an input"),
        ({"3-inputs-model": "x"}, "3-inputs-model is linked"),
        ({"3-inputs-steps": 0}, "at least 1"),
        ({"3-inputs-steps": "many"}, "whole number"),
        ({"6-inputs-text": 3}, "must be text"),
    ],
)
def test_values_that_do_not_fit_are_refused_and_named(
    url: str, params: Any, says: str
) -> None:
    response = post(url, params)
    assert response.status_code == 400
    assert response.json().keys() == {"errorMsg", "errorDetails", "errorType"}
    assert says in response.text


def test_the_client_learns_which_input_of_which_node(url: str) -> None:
    with pytest.raises(RejectedError) as caught:
        client(url).run(Call({"3-inputs-steps": 0}))
    [fault] = caught.value.faults
    assert (fault.node, fault.class_type, fault.input) == ("3", "KSampler", "steps")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"client_id": ID}, 401),
        ({"client_id": ID, "client_secret": "wrong"}, 401),
        ({"client_id": "wrong", "client_secret": SECRET}, 401),
        ({"Authorization": "Bearer wrong"}, 401),
    ],
)
def test_wrong_credentials_are_refused(
    url: str, headers: dict[str, str], status: int
) -> None:
    response = post(url, {"3-inputs-seed": 7}, headers=headers)
    assert response.status_code == status
    assert SECRET not in response.text


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({"1-inputs-image": ("a.png", b"", "image/png")}, "a file is empty"),
        ({"9-inputs-image": ("a.png", png(), "image/png")}, "is not an input"),
        (
            {"2-inputs-filename_prefix": ("a.png", png(), "image/png")},
            "does not take a file",
        ),
        ({}, "Invalid file: in.png"),
    ],
)
def test_files_that_do_not_fit_are_refused(url: str, files: Any, says: str) -> None:
    response = post(url, {"2-inputs-filename_prefix": "x"}, files, "/copying")
    assert response.status_code == 400
    assert says in response.text


def test_a_mask_goes_with_its_picture(url: str) -> None:
    files = {
        "1-inputs-image": ("a.png", png(), "image/png"),
        "1-inputs-image-viewcomfymask": ("m.png", png(), "image/png"),
    }
    response = post(url, {"2-inputs-filename_prefix": "x"}, files, "/copying")
    assert response.status_code == 201


def test_a_stored_file_is_named_by_a_value(tmp_path: Path) -> None:
    (tmp_path / "in.png").write_bytes(png())
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "other.png").write_bytes(png())
    with serving(served(copying()), inputs=tmp_path) as base:
        for name, status in (("in.png", 201), ("sub/other.png", 201), ("no.png", 400)):
            assert post(base, {"1-inputs-image": name}).status_code == status


@pytest.mark.parametrize("override", ["{", "{}", "[]", '{"nodes": [], "links": []}'])
def test_an_override_that_is_no_workflow_is_refused(url: str, override: str) -> None:
    response = post(url, {"3-inputs-seed": 7}, workflow_api=override)
    assert response.status_code == 400
    assert response.json()["errorMsg"] == "workflow_api is not a workflow"


def test_a_call_that_is_no_form_is_refused(url: str) -> None:
    response = requests.post(f"{url}/made", json={}, headers=HEADERS, timeout=30)
    assert response.status_code == 415


def test_a_form_without_params_is_refused(url: str) -> None:
    assert post(url).status_code == 422


def test_a_call_that_is_too_large_is_refused_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    def large() -> Iterator[bytes]:
        yield b'--x\r\nContent-Disposition: form-data; name="1-inputs-image"; filename="a"\r\n\r\n'
        for _ in range(40):
            yield b"x" * 65536

    kind = {"Content-Type": "multipart/form-data; boundary=x"}
    with serving(served(copying()), most=1 << 20) as base:
        files = {"1-inputs-image": ("a.png", b"x" * (2 << 20), "image/png")}
        assert post(base, {"2-inputs-filename_prefix": "x"}, files).status_code == 413
        streamed = requests.post(
            f"{base}/made", data=large(), headers={**HEADERS, **kind}, timeout=30
        )
        assert streamed.status_code == 413
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("PUT", "/made", 405),
        ("POST", "/nothing", 404),
        ("GET", "/nothing/schema", 404),
        ("GET", "/results/x", 404),
    ],
)
def test_wrong_paths_and_methods_are_answered_in_json(
    url: str, method: str, path: str, status: int
) -> None:
    response = requests.request(method, url + path, headers=HEADERS, timeout=30)
    assert response.status_code == status
    assert {"detail", "errorMsg"} & response.json().keys()
