"""Recorded deliveries: a real server's, where they lie beside this checkout, and the sandbox's."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

OWN = Path(__file__).with_name("sandbox.jsonl")
CORPUS = Path(__file__).resolve().parents[3] / "shared" / "corpus" / "webhooks.jsonl"
# The secret those deliveries were signed with; that server is gone.
SECRET = "oracle_secret_0123456789_0123456789abcdef"


@dataclass(frozen=True)
class Recording:
    type: str
    received_at: float
    headers: dict[str, str]
    body: str

    @cached_property
    def envelope(self) -> dict[str, Any]:
        return json.loads(self.body)

    @property
    def data(self) -> dict[str, Any]:
        return self.envelope["data"]

    @property
    def order(self) -> tuple[datetime, str]:
        timestamp = datetime.fromisoformat(self.envelope["timestamp"])
        return timestamp, self.data.get("modified_at") or ""


def read(file: Path) -> list[Recording]:
    with file.open(encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return [Recording(row["type"], row["received_at"], row["headers"], row["body"]) for row in rows]


def newest_versions(recordings: list[Recording]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The last thing said of each object: (the part of the type before the dot, its JSON).

    A customer is also told of, whole, in each of its states.
    """
    newest: dict[tuple[str, str], Recording] = {}
    for one in recordings:
        key = (one.type.split(".")[0], one.data["id"])
        if key not in newest or one.order >= newest[key].order:
            newest[key] = one
    for (kind, _), one in newest.items():
        lists = {"active_subscriptions", "granted_benefits", "active_meters"}
        yield kind, {name: value for name, value in one.data.items() if name not in lists}


def newest_meters(recordings: list[Recording]) -> dict[str, dict[str, Any]]:
    """Each customer meter as the latest state shows it."""
    states = [one for one in recordings if one.type == "customer.state_changed"]
    return {
        meter["id"]: meter
        for one in sorted(states, key=lambda one: one.order)
        for meter in one.data["active_meters"]
    }
