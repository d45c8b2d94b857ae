"""One method of the official client: how it succeeds, and how it is refused."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from polar.base import PolarClientError, PolarDeserializationError, PolarServerError

from tests.sandbox.api.walk.world import World

Call = Callable[[World], object]


@dataclass(frozen=True, slots=True)
class Step:
    """`good` succeeds and loads, or answers `answers`, where the sandbox leaves the route out.

    `bad` is refused with `status`.
    """

    good: Call
    bad: Call
    status: int | str
    answers: int = 200


Steps = Mapping[str, Step]

# The client cannot load its own error where Polar's 422 has a text in place of a list.
UNREADABLE = "unreadable"
# What the client's own types would forbid.
WRONG: Any = "not an id"


def outcome(call: Call, world: World) -> Any:
    """The status the client raised; 200 for anything it could load."""
    try:
        call(world)
    except (PolarClientError, PolarServerError) as error:
        return error.status_code
    except PolarDeserializationError:
        return UNREADABLE
    return 200
