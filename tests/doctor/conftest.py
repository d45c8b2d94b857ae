"""An installation in which all is well, for tests that break one thing each."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from io import StringIO
from typing import Any

import httpx
import pytest
from django.core.management import call_command

from polar_django.doctor import deliveries
from polar_django.providers.transport import mounted


@dataclass
class Diagnosis:
    """What polar_doctor said: its findings by code, all of its text, and its exit code."""

    findings: Mapping[str, dict[str, str]]
    report: dict[str, Any] = field(repr=False)
    text: str = field(repr=False)
    exit_code: int

    def only(self, code: str) -> dict[str, str]:
        """The one thing it found, which has to be this."""
        assert list(self.findings) == [code], self.text
        return self.findings[code]


def _run(*args: str) -> tuple[str, int]:
    out = StringIO()
    try:
        call_command("polar_doctor", *args, stdout=out, no_color=True)
    except SystemExit as left:
        return out.getvalue(), int(left.code or 0)
    return out.getvalue(), 0


@pytest.fixture
def diagnose(well: Any) -> Callable[..., Diagnosis]:
    """Run the doctor as an operator does; once as text and once as JSON, which have to agree."""

    def run(*args: str) -> Diagnosis:
        text, exit_code = _run(*args)
        told, same_code = _run(*args, "--json")
        report = json.loads(told)
        findings = {finding["code"]: finding for finding in report["findings"]}
        assert exit_code == same_code
        assert all(f" {code}\n" in text for code in findings)
        return Diagnosis(findings, report, text, exit_code)

    return run


@pytest.fixture
def well(sandbox: Any, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The sandbox with its catalogue, an endpoint that leads here, and no need for workers."""
    monkeypatch.delenv("POLAR_ACCESS_TOKEN", raising=False)
    monkeypatch.delenv("POLAR_WEBHOOK_SECRET", raising=False)
    monkeypatch.setattr(
        deliveries,
        "open_client",
        lambda: httpx.Client(transport=sandbox.transport, follow_redirects=False),
    )
    settings.POLAR_DJANGO = {**settings.POLAR_DJANGO, "PROCESS_INLINE": True}
    return sandbox


@pytest.fixture
def configured(settings: Any) -> Callable[..., None]:
    """Change keys of POLAR_DJANGO."""

    def change(**changes: Any) -> None:
        settings.POLAR_DJANGO = {**settings.POLAR_DJANGO, **changes}

    return change


@pytest.fixture
def answering(well: Any) -> Any:
    """Answer some of the app's calls to the provider in the sandbox's place.

    Takes a function of the request that gives the answer, or None for the sandbox's own.
    """
    open_mounts: list[Any] = []

    def answer(instead: Callable[[httpx.Request], httpx.Response | None]) -> None:
        def handle(request: httpx.Request) -> httpx.Response:
            return instead(request) or well.transport.handle_request(request)

        mount = mounted(httpx.MockTransport(handle))
        mount.__enter__()
        open_mounts.append(mount)

    yield answer
    for mount in reversed(open_mounts):
        mount.__exit__(None, None, None)
