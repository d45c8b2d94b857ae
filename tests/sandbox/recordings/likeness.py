"""Whether two JSON documents say the same, when ids, tokens and times are each side's own.

An id of theirs stands for one id of ours from its first appearance on; where it later stands beside
another one, that is a difference like any other. So "ids aside" does not mean "ids ignored".
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

__all__ = ["MISSING", "OWN", "Difference", "Likeness"]

# Made by each server for itself: UUIDs, tokens with a prefix, series of numbers, times.
OWN = re.compile(
    r"(?P<uuid>[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})"
    r"|(?P<token>polar_[a-z]+_[A-Za-z0-9]{16,}|whsec_[A-Za-z0-9+/=]{16,})"
    # An invoice's number names the organization and the customer: ACME-XDSYKNWWNZ-0001.
    r"|(?P<series>\b[A-Z]{3,20}-[A-Z]{10}(?=-\d{4}\b))"
    # A license key, of which only the end is shown.
    r"|(?P<key>\*{4}-[A-Z0-9]{6})"
    r"|(?P<time>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|\+00:00))"
)
# Lists whose order says nothing: found again by the id of what is in them.
UNORDERED = {"benefits", "granted_benefits", "active_meters", "active_subscriptions", "products"}


@dataclass(frozen=True, slots=True)
class Difference:
    """At `path`, theirs and ours are not the same."""

    path: str
    theirs: Any
    ours: Any

    def __str__(self) -> str:
        return f"{self.path}: recorded {_short(self.theirs)}, here {_short(self.ours)}"


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 120 else f"{text[:120]}…"


class Missing:
    """Stands for a key or an item that one side has not."""

    def __repr__(self) -> str:
        return "nothing"


MISSING = Missing()


@dataclass(slots=True)
class Likeness:
    """Remembers which id of theirs is which of ours."""

    ours_of: dict[str, str] = field(default_factory=dict)
    theirs_of: dict[str, str] = field(default_factory=dict)

    def translate(self, text: str) -> tuple[str, list[str]]:
        """`text` with our ids and tokens in place of theirs, and those that nothing is known of."""
        unknown: list[str] = []

        def ours(match: re.Match[str]) -> str:
            found = self.ours_of.get(match[0].lower())
            if found is None and match.lastgroup != "time":
                unknown.append(match[0])
            return found or match[0]

        return OWN.sub(ours, text), unknown

    def differences(self, path: str, theirs: Any, ours: Any) -> Iterator[Difference]:
        """Where they differ, in order; binds ids that are seen for the first time."""
        if isinstance(theirs, dict) and isinstance(ours, dict):
            theirs = {self.ours_of.get(key, key): value for key, value in theirs.items()}
            # The id first: what it is bound to decides how the rest is read.
            for key in sorted(theirs.keys() | ours.keys(), key=lambda key: (key != "id", key)):
                yield from self.differences(
                    f"{path}.{key}", theirs.get(key, MISSING), ours.get(key, MISSING)
                )
        elif isinstance(theirs, list) and isinstance(ours, list):
            yield from self._lists(path, theirs, ours)
        elif isinstance(theirs, str) and isinstance(ours, str):
            if path.endswith(".payload"):
                # A body that was sent, inside of an answer: the order of its keys says nothing.
                yield from self.differences(path, json.loads(theirs), json.loads(ours))
            elif not self._same_text(theirs, ours):
                yield Difference(path, theirs, ours)
        elif theirs != ours or isinstance(theirs, bool) != isinstance(ours, bool):
            yield Difference(path, theirs, ours)

    def _lists(self, path: str, theirs: list[Any], ours: list[Any]) -> Iterator[Difference]:
        if self._others(theirs, ours):
            if path.rpartition(".")[2] not in UNORDERED:
                yield Difference(f"{path} order", _listed(theirs), _listed(ours))
            ours = self._in_their_order(theirs, ours)
        for position in range(max(len(theirs), len(ours))):
            left = theirs[position] if position < len(theirs) else MISSING
            right = ours[position] if position < len(ours) else MISSING
            if left is not MISSING or right is not MISSING:
                yield from self.differences(f"{path}[]", left, right)

    def _others(self, theirs: list[Any], ours: list[Any]) -> bool:
        """Whether the lists have other objects, or the same in another order, as far as known."""
        left = [_names(item)[:1] for item in theirs]
        right = [_names(item)[:1] for item in ours]
        known = [[self.ours_of.get(name, "").lower() for name in names] for names in left]
        return len(left) != len(right) or any(
            mine != other
            for names, mine, other in zip(left, known, right, strict=True)
            if names and (mine[0] or (other and other[0] in self.theirs_of))
        )

    def _in_their_order(self, theirs: list[Any], ours: list[Any]) -> list[Any]:
        """Ours, put where the same object stands in theirs; the others fill the gaps."""
        rest = list(ours)
        places: list[Any] = []
        for item in theirs:
            own = {self.ours_of.get(name) for name in _names(item)[:1]} - {None}
            about = {self.ours_of.get(name) for name in _names(item)[1:]} - {None}
            # What is known is that one and no other; the rest may be about the same benefit.
            found = next(
                (
                    each
                    for each in rest
                    if (
                        own & set(_names(each))
                        if own or (_names(each)[:1] and _names(each)[0] in self.theirs_of)
                        else about & set(_names(each))
                    )
                ),
                None,
            )
            if found is not None:
                rest.remove(found)
            places.append(found)
        new = [each for each in rest if not set(_names(each)) & self.theirs_of.keys()]
        for position, item in enumerate(theirs):
            is_new = not any(name in self.ours_of for name in _names(item))
            if places[position] is None and is_new and new:
                places[position] = new.pop(0)
                rest.remove(places[position])
        return [*(MISSING if each is None else each for each in places), *rest]

    def _same_text(self, theirs: str, ours: str) -> bool:
        left, right = list(OWN.finditer(theirs)), list(OWN.finditer(ours))
        if [each.lastgroup for each in left] != [each.lastgroup for each in right]:
            return False
        if OWN.sub("*", theirs) != OWN.sub("*", ours):
            return False
        pairs = [
            (each[0].lower(), other[0])
            for each, other in zip(left, right, strict=True)
            if each.lastgroup != "time"
        ]
        return all(self._bind(mine, other) for mine, other in pairs)

    def _bind(self, theirs: str, ours: str) -> bool:
        key = ours.lower()
        if theirs not in self.ours_of and key not in self.theirs_of:
            self.ours_of[theirs], self.theirs_of[key] = ours, theirs
        return self.ours_of.get(theirs, "").lower() == key


def _listed(items: list[Any]) -> list[Any]:
    return [
        item.get("name") or item.get("type") if isinstance(item, dict) else item for item in items
    ]


def _names(item: Any) -> list[str]:
    """How an item of a list is known: its own id, or that of the benefit or meter it is about."""
    if not isinstance(item, dict):
        return [item.lower()] if isinstance(item, str) else []
    return [str(item[key]).lower() for key in ("id", "benefit_id", "meter_id") if item.get(key)]
