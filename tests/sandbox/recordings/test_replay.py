"""The recorded story, acted again on the sandbox, and compared field by field."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from polar_django.sandbox import clients
from tests.sandbox.polars_schema import Judge
from tests.sandbox.recordings import acting, exceptions
from tests.sandbox.recordings.corpus import steps
from tests.sandbox.recordings.story import Scenario, Story
from tests.sandbox_fixtures import SandboxInTests

pytestmark = pytest.mark.corpus


def table(scenarios: list[Scenario]) -> str:
    """One line for each scenario, and its differences below it."""
    lines = [f"{'scenario':44}{'asked':>6}{'events':>12}{'excepted':>10}{'differences':>13}"]
    for each in scenarios:
        counts = f"{len(each.theirs)}/{len(each.ours)}"
        lines.append(
            f"{each.name:44}{each.requests:>6}{counts:>12}{each.excepted:>10}"
            f"{len(each.differences):>13}"
        )
        lines += [f"      {difference}" for difference in each.differences]
    return "\n".join(lines)


def test_the_recorded_story_happens_again(
    bare_sandbox: SandboxInTests,
    corpus: Path,
    polars_schema: Judge,
    monkeypatch: pytest.MonkeyPatch,
    settings: Any,
    time_machine: Any,
) -> None:
    # On the day that was recorded: some texts name days, and months are not of one length.
    time_machine.move_to(steps(corpus)[0].at)
    # The recorder's endpoint is the only one.
    alone = {"WEBHOOK_URL": "", "WEBHOOK_SECRET": ""}
    settings.POLAR_SANDBOX = {**settings.POLAR_SANDBOX, **alone}
    monkeypatch.setattr(clients, "open_client", acting.receiver)

    # No token by itself: some requests were sent without one.
    api = httpx.Client(transport=bare_sandbox.transport)
    scenarios = list(Story(corpus, api).scenarios.values())
    shown = table(scenarios)
    print(shown)
    # Polar crashes where the sandbox does, as recorded; a status that is not is a difference below.
    polars_schema.complaints[:] = [
        each for each in polars_schema.complaints if not each.endswith(" 500 crashed")
    ]

    differing = {each.name for each in scenarios if each.differences}
    assert differing - exceptions.EXPECTED.keys() == set(), shown
    assert exceptions.EXPECTED.keys() - differing == set(), "these are alike now: take them out"
