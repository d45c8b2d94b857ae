"""The whole recorded story on one sandbox: scenario by scenario, answers and events compared."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

import httpx
from django.core.exceptions import ObjectDoesNotExist

from polar_django.sandbox import delivery
from tests.sandbox.recordings import acting, corpus, exceptions, sequences
from tests.sandbox.recordings.corpus import Event, Step
from tests.sandbox.recordings.likeness import OWN, Difference, Likeness

__all__ = ["HOOK", "Scenario", "Story"]

# Where the recorder listened.
HOOK = "http://127.0.0.1:9911/hook"


@dataclass(slots=True)
class Scenario:
    """What came of one recorded scenario."""

    name: str
    requests: int = 0
    theirs: list[Event] = field(default_factory=list)
    ours: list[Event] = field(default_factory=list)
    differences: list[Difference] = field(default_factory=list)
    # Differences that `exceptions` gives a reason for.
    excepted: int = 0

    def note(self, found: Iterator[Difference]) -> None:
        for each in found:
            if exceptions.allowed(self.name, each):
                self.excepted += 1
            else:
                self.differences.append(each)


class Story:
    """Acts everything once. `scenarios` in recorded order."""

    def __init__(self, folder: Path, api: httpx.Client) -> None:
        self.api = api
        self.likeness = Likeness()
        self.scenarios: dict[str, Scenario] = {}
        self._portal_token = ""
        self._seen: set[Any] = set()
        self._play(corpus.steps(folder), corpus.events(folder))

    def _play(self, steps: list[Step], events: list[Event]) -> None:
        positions: Counter[str] = Counter()
        last = {_home(step.scenario): step for step in steps}
        for step in steps:
            if step.scenario == exceptions.TOO_MANY:
                continue
            name = _home(step.scenario)
            scenario = self.scenarios.setdefault(name, Scenario(name))
            place = (step.scenario, positions[step.scenario])
            if fate := acting.before(*place):
                try:
                    fate()
                except ObjectDoesNotExist as error:
                    scenario.note(iter([Difference("fate", "something to strike", str(error))]))
            if place in acting.UNHEARD:
                acting.new_events(self._seen, HOOK, name)
            positions[step.scenario] += 1
            attempts = 1 if step.scenario in acting.ONE_ATTEMPT else delivery.ATTEMPTS
            with patch.object(delivery, "ATTEMPTS", attempts):
                if step.method and place not in exceptions.IGNORED_STEPS:
                    self._ask(step, scenario)
                scenario.ours += acting.new_events(self._seen, HOOK, name)
            if last[name] is step:
                scenario.theirs = [each for each in events if _home(each.scenario) == name]
                scenario.note(self._events(scenario))

    def _ask(self, step: Step, scenario: Scenario) -> None:
        what = f"{step.method} {OWN.sub('*', step.path.partition('?')[0])}"
        scenario.requests += 1
        try:
            answer = acting.send(self.api, step, self.likeness, self._portal_token)
        except acting.Unreachable as missing:
            scenario.note(iter([Difference(f"{what} needs", str(missing), None)]))
            return
        ours = corpus.as_json(answer.text)
        if answer.status_code != step.status:
            shown = (step.status, step.answer), (answer.status_code, ours)
            scenario.note(iter([Difference(f"{what} status", *shown)]))
            return
        scenario.note(self.likeness.differences(what, step.answer, ours))
        if step.path.startswith("/v1/customer-sessions") and isinstance(ours, dict):
            self._portal_token = ours.get("token", self._portal_token)

    def _events(self, scenario: Scenario) -> Iterator[Difference]:
        known = [each for each in scenario.theirs if not exceptions.by_itself(each)]
        theirs = exceptions.told_once(known)
        for left, right in sequences.pairs(theirs, scenario.ours, self.likeness):
            name = getattr(left, "type", None), getattr(right, "type", None)
            if left is None or right is None or left.type != right.type:
                yield Difference("events", *name)
            else:
                yield from self.likeness.differences(left.type, left.envelope, right.envelope)


def _home(scenario: str) -> str:
    """The scenario that something is counted to."""
    return exceptions.SPILLS.get(scenario, scenario)
