"""Shared by all protocols of the server: credentials, deployed workflows, and the path from a call
to a run.
"""

from __future__ import annotations

import asyncio
import hmac
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import quote, urlsplit

from starlette.requests import Request

from .calls.checking import Check, CheckedCall, read_params
from .calls.faults import HEADER, pace_of
from .calls.recording import RecordedCall, recorded
from .calls.runs import Run
from .executors.executor import Executor
from .http.addresses import base_url
from .http.forms import CallForm
from .http.sessions import Sessions
from .rejection import Rejected
from .served import Served, overridden
from .store import Store

THREADS: Final = 8
"""Simultaneous runs. More would not draw faster, and each thread uses memory of its own."""

CHECKING: Final = 2
"""Simultaneous checks: large workflows take seconds, during which the server answers other
calls.
"""

LINK_LIFETIME: Final = 3600.0


@dataclass(frozen=True)
class Settings:
    """How calls are served.

    `links` sends results as links rather than with their content, `most` is the size of a call in
    bytes, `inputs` a folder with the files that the workflows load. `log` is called with a line
    about each call, `record` with each call that is run; `planned_faults` are failures to simulate,
    one for each of the next calls. Web pages of `origins`, such as `https://app.example`, may call
    too; `sessions` are the browsers that are logged in.
    """

    client_id: str
    client_secret: str = field(repr=False)
    links: bool = False
    most: int = 512 << 20
    inputs: Path | None = None
    origins: tuple[str, ...] = ()
    log: Callable[[str], object] = field(default=lambda line: None, repr=False)
    record: Callable[[RecordedCall], object] | None = field(default=None, repr=False)
    planned_faults: deque[str] = field(default_factory=deque, repr=False)
    sessions: Sessions = field(default_factory=Sessions, repr=False)


class Deployments:
    """The deployed workflows, the credentials, the results behind links, and the threads that run
    calls.
    """

    def __init__(
        self, workflows: Sequence[Served], settings: Settings, executor: Executor
    ) -> None:
        self.workflows: dict[str, Served] = {each.name: each for each in workflows}
        self.settings = settings
        self.store: Store = Store(LINK_LIFETIME)
        self.sessions: Sessions = settings.sessions
        self._executor = executor
        self._runs = ThreadPoolExecutor(THREADS, thread_name_prefix="run")
        self._checks = ThreadPoolExecutor(CHECKING, thread_name_prefix="check")

    def close(self) -> None:
        """Accept no more calls, and forget the results."""
        for threads in (self._runs, self._checks):
            threads.shutdown(wait=False, cancel_futures=True)
        self.store.close()

    def authenticate(self, request: Request) -> None:
        """Raises Rejected unless the request has the credentials of the settings, or a browser's
        login.
        """
        if not self.sessions.knows(request):
            self.check_credentials(request.headers)

    def check_credentials(self, headers: Mapping[str, str]) -> None:
        """Raises Rejected unless the credentials are those of the settings."""
        settings = self.settings
        bearer = str(headers.get("authorization", "")).removeprefix("Bearer ")
        secret = str(headers.get("client_secret") or bearer)
        known = bearer or headers.get("client_id") == settings.client_id
        right = hmac.compare_digest(
            secret.encode("utf-8", "replace"), settings.client_secret.encode()
        )
        if not (secret and right and known):
            raise Rejected(
                401, "the client id or the secret is wrong", kind="Unauthorized"
            )

    def listing(self, request: Request) -> dict[str, dict[str, str]]:
        """The served workflows and their URLs."""
        base = self.base(request)
        urls = {name: f"{base}/{quote(name, safe='')}" for name in self.workflows}
        return {
            name: {"url": url, "schema": f"{url}/schema"} for name, url in urls.items()
        }

    def login_link(self, request: Request) -> str:
        """The link by which the next browser logs in."""
        return self.sessions.link(self.base(request))

    def named(self, name: str | None) -> Served:
        """The workflow of this name; the single one for None. Raises Rejected."""
        if name is None and len(self.workflows) == 1:
            return next(iter(self.workflows.values()))
        if name not in self.workflows:
            names = f"its names are {', '.join(self.workflows)}"
            raise Rejected(404, "this server has no workflow of that name", names)
        return self.workflows[name]

    def deployed(self, url: str) -> Served:
        """The workflow behind a deployment's URL; a single workflow for any URL. Raises
        Rejected.
        """
        try:
            name = urlsplit(url).path.strip("/")
        except ValueError:
            raise Rejected(404, f"{url} is not a valid URL of a deployment") from None
        if name in self.workflows or len(self.workflows) != 1:
            return self.named(name)
        return self.named(None)

    async def check(self, served: Served, form: CallForm) -> CheckedCall:
        """The call in a form, ready to run. Raises Rejected for an invalid call."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._checks, self._checked, served, form)

    def start(
        self,
        call: CheckedCall,
        fault: str | None,
        *,
        prompt_id: str | None = None,
        watched: bool = False,
        partner_key: str | None = None,
    ) -> Run:
        """Run a call; with `watched`, it also reports steps and previews. Raises Rejected for an
        unknown fault.
        """
        return Run(
            self._executor,
            self._runs,
            call,
            prompt_id=prompt_id,
            pace=pace_of(fault),
            watched=watched,
            partner_key=partner_key,
        )

    def fault(self, request: Request) -> str | None:
        """The failure to simulate for a call: the one it requests, or the next planned one."""
        asked = request.headers.get(HEADER)
        if asked is None and self.settings.planned_faults:
            return self.settings.planned_faults.popleft()
        return asked

    def base(self, request: Request) -> str:
        """The server's own URL, as the client knows it."""
        return base_url(request.scope)

    def _checked(self, served: Served, form: CallForm) -> CheckedCall:
        params = read_params(form.fields.get("params"))
        workflow, types = overridden(served, form.fields.get("workflow_api") or None)
        check = Check(workflow, types, params, form.files)
        placed = check.placed()
        stored = self._executor.stored(self.settings.inputs)
        if stored is not None:
            check.judge(placed, stored, served.catalog)
        named = {key: f"<{path.name}>" for key, path in check.files.items()}
        values = {str(key): value for key, value in {**check.values, **named}.items()}
        if self.settings.record is not None:
            self.settings.record(recorded(served, params, form.files))
        return CheckedCall(placed, values, check.files)
