"""Two lists of events, compared as far as Polar promises an order.

Jobs run beside each other there (`~>` in the description), so each kind of job is a strand of its
own: within one the order counts, between two it does not. Grants come one by one in any order;
states are debounced, so how many there are says nothing, and the last one is compared.
"""

from collections.abc import Sequence

from tests.sandbox.recordings.corpus import Event
from tests.sandbox.recordings.likeness import Likeness

__all__ = ["pairs", "strands"]

Pair = tuple[Event | None, Event | None]


def strands(events: Sequence[Event]) -> dict[str, list[Event]]:
    """By strand: "main" for what one transaction says, one for each kind of job."""
    found: dict[str, list[Event]] = {}
    for event in events:
        found.setdefault(_strand(event), []).append(event)
    return found


def _strand(event: Event) -> str:
    if event.type == "customer.state_changed":
        return "state"
    if event.type.startswith("customer."):
        return "customer"
    if event.type.startswith("benefit_grant."):
        return "grants"
    return "main"


def pairs(theirs: Sequence[Event], ours: Sequence[Event], likeness: Likeness) -> list[Pair]:
    """Which event of ours is which of theirs; None beside what the other side has not."""
    left, right = strands(theirs), strands(ours)
    found: list[Pair] = []
    for name in ("main", "customer"):
        found += _in_order(left.get(name, []), right.get(name, []), likeness)
    found += _grants(left.get("grants", []), right.get("grants", []), likeness)
    states = left.get("state"), right.get("state")
    # The debounce may carry a state into the next scenario, on either side.
    if states[0] and states[1]:
        found.append((states[0][-1], states[1][-1]))
    return found


def _in_order(theirs: list[Event], ours: list[Event], likeness: Likeness) -> list[Pair]:
    """Each of theirs with our next one of that type that is not known to be of another object."""
    found: list[Pair] = []
    start = 0
    for event in theirs:
        wanted = likeness.ours_of.get(event.data["id"])
        for position in range(start, len(ours)):
            other = ours[position]
            is_other = wanted not in (None, other.data["id"])
            if other.type == event.type and not is_other:
                found += [(None, each) for each in ours[start:position]]
                found.append((event, other))
                start = position + 1
                break
        else:
            found.append((event, None))
    return [*found, *((None, each) for each in ours[start:])]


def _grants(theirs: list[Event], ours: list[Event], likeness: Likeness) -> list[Pair]:
    rest = list(ours)
    found: list[Pair] = []
    for event in theirs:
        benefit = likeness.ours_of.get(event.data["benefit_id"], "")
        alike = [
            each for each in rest if each.type == event.type and each.data["benefit_id"] == benefit
        ]
        # A grant that is known must be that one; an unknown one may be any that is unknown too.
        wanted = likeness.ours_of.get(event.data["id"])
        same = [each for each in alike if each.data["id"] == wanted]
        new = [each for each in alike if each.data["id"] not in likeness.theirs_of]
        match = next(iter(same if wanted else new), None)
        if match is not None:
            rest.remove(match)
        found.append((event, match))
    return [*found, *((None, each) for each in rest)]
