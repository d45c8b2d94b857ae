"""`@on`: functions of the project that wait for an event type.

    # polar_handlers.py, in any installed app
    from polar_django.webhooks import WebhookEvent, on

    @on("subscription.past_due")
    def remind(event: WebhookEvent) -> None: ...

The modules are imported when Django starts. Handlers run in the worker after the mirror has been
written and committed, each retried alone when it raises: at least once, so that one must bear to
hear of the same delivery twice. One that takes longer than five minutes hears of it again while it
runs: leave long work to a task of your own.
"""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    # Handlers may be imported before the models are.
    from polar_django.models import WebhookDelivery

__all__ = ["Handler", "WebhookEvent", "handlers_for", "name_of", "on"]

EVERY_TYPE = "*"


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookEvent:
    """What a handler is given.

    `timestamp` is the provider's clock when it made the event. `data` is the provider's JSON
    object as it was then, which the mirror's rows may have overtaken. `subscriber` is None while
    the customer is unclaimed, and where the event is about no customer.
    """

    type: str
    timestamp: datetime
    provider: str
    data: Mapping[str, Any] = field(repr=False)
    delivery: "WebhookDelivery" = field(repr=False)
    customer_id: str | None = None
    subscriber: Any | None = field(default=None, repr=False)


Handler = Callable[[WebhookEvent], Any]
_Function = TypeVar("_Function", bound=Handler)
_handlers: dict[str, list[Handler]] = {}


def on(*types: str) -> Callable[[_Function], _Function]:
    """Register a function, sync or async, for those event types; "*" is every type.

    It takes one WebhookEvent. Returns the function as it is.
    """
    if not types or not all(isinstance(name, str) for name in types):
        raise TypeError('@on takes event types: @on("order.paid"), or @on("*") for all.')

    def register(handler: _Function) -> _Function:
        for name in types:
            registered = _handlers.setdefault(name, [])
            if handler not in registered:
                registered.append(handler)
        return handler

    return register


def handlers_for(event_type: str) -> list[Handler]:
    """Those that wait for this type, in the order of registration, each once."""
    waiting = [*_handlers.get(event_type, ()), *_handlers.get(EVERY_TYPE, ())]
    return list(dict.fromkeys(waiting))


def name_of(receiver: Callable[..., Any]) -> str:
    """The dotted name under which a receiver is remembered as done."""
    named = inspect.unwrap(receiver)
    name = getattr(named, "__qualname__", type(named).__qualname__)
    return f"{getattr(named, '__module__', '')}.{name}"
