"""The recordings of a real server, as one story in the order in which it happened."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["Event", "Step", "as_json", "events", "steps"]


@dataclass(frozen=True, slots=True)
class Step:
    """One request and its answer; without a method, time alone made the scenario happen."""

    scenario: str
    at: float
    method: str = ""
    path: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    # What was sent: JSON, or a text that was not.
    body: Any = None
    status: int = 0
    # What came back: JSON where it can be read as such.
    answer: Any = None


@dataclass(frozen=True, slots=True)
class Event:
    """One delivery: its type, and the envelope that was signed."""

    scenario: str
    type: str
    envelope: dict[str, Any]

    @property
    def data(self) -> dict[str, Any]:
        found: dict[str, Any] = self.envelope["data"]
        return found


def steps(folder: Path) -> list[Step]:
    """Every recorded request, oldest first, and one empty step for each scenario without any."""
    found = [_step(row) for row in _lines(folder / "api.jsonl")]
    known = {step.scenario for step in found}
    for row in _lines(folder / "webhooks.jsonl"):
        if row["endpoint"] == "/hook" and row["scenario"] not in known:
            known.add(row["scenario"])
            found.append(Step(row["scenario"], float(row["received_at"])))
    return sorted(found, key=lambda step: step.at)


def events(folder: Path) -> list[Event]:
    """Every event that the recorder's endpoint got, in order of arrival."""
    return [
        Event(row["scenario"], row["type"], json.loads(row["body"]))
        for row in _lines(folder / "webhooks.jsonl")
        if row["endpoint"] == "/hook"
    ]


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    for line in path.read_text(encoding="utf-8").splitlines():
        yield json.loads(line)


def _step(row: dict[str, Any]) -> Step:
    return Step(
        scenario=row["scenario"],
        at=float(row["at"]),
        method=row["method"],
        path=row["path"],
        headers=tuple(row["request_headers"].items()),
        body=row["request_body"],
        status=row["status"],
        answer=as_json(row["response_body"]),
    )


def as_json(text: str | None) -> Any:
    """A body as JSON where it is JSON, else as it is; None for an empty one."""
    try:
        return json.loads(text or "null")
    except ValueError:
        return text
