"""Who waits for a transition, and what each is called with."""

import inspect
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from asgiref.sync import async_to_sync
from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.db.models import Model
from django.dispatch import Signal

from polar_django import signals
from polar_django.exceptions import MalformedPayload, NotSupported
from polar_django.models import Customer, Transition, WebhookDelivery
from polar_django.models.databases import on_primary
from polar_django.providers.registry import get_provider
from polar_django.webhooks.dispatch import WebhookEvent, handlers_for, name_of

_SIGNALS: Mapping[str, Signal] = {name: getattr(signals, name) for name in signals.__all__}
# The outbox entries of a delivery are named by its event type, all others by a signal.
_DELIVERY = WebhookDelivery._meta.model_name

Call = Callable[["Surroundings"], Any]


@dataclass(frozen=True, slots=True)
class Receiver:
    """`name` is what is remembered when it is done; `call` raises what the receiver raises."""

    name: str
    call: Call = field(repr=False)


@dataclass(slots=True)
class Surroundings:
    """The rows that a batch of transitions is about; one query a table, however many."""

    rows: dict[str, dict[Any, Model]] = field(default_factory=dict)
    subscribers: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, transitions: Sequence[Transition]) -> "Surroundings":
        found = cls()
        ids: dict[str, set[str]] = {}
        for transition in transitions:
            ids.setdefault(transition.object_type, set()).add(transition.object_id)
        for table, keys in ids.items():
            if (model := _model_of(table)) is None:
                continue
            rows = on_primary(model)
            if _has_subscriber(model):
                rows = rows.select_related("subscriber")
            found.rows[table] = {str(key): row for key, row in rows.in_bulk(keys).items()}
        customers = {item.customer_id for item in transitions if item.customer_id}
        if customers:
            linked = on_primary(Customer).filter(pk__in=customers, subscriber__isnull=False)
            for customer in linked.select_related("subscriber").defer("raw"):
                found.subscribers[customer.pk] = customer.subscriber
        return found

    def instance_of(self, transition: Transition) -> Any | None:
        """The row as it is now, None if it is gone."""
        return self.rows.get(transition.object_type, {}).get(transition.object_id)

    def subscriber_of(self, transition: Transition) -> Any | None:
        """Whose it is: the row's own word, else the customer's."""
        own = getattr(self.instance_of(transition), "subscriber", None)
        return own or self.subscribers.get(transition.customer_id or "")


def receivers_of(transition: Transition) -> Sequence[Receiver]:
    """All that wait for it now, in order of registration. No queries.

    A name that this version does not know, which a newer one has written, has a receiver that
    fails: the newer worker shall have its turn.
    """
    if transition.object_type == _DELIVERY and transition.name not in _SIGNALS:
        handlers = handlers_for(transition.name)
        return [
            Receiver(name, _handler_call(transition, handler)) for name, handler in _named(handlers)
        ]
    signal, sender = _SIGNALS.get(transition.name), _model_of(transition.object_type)
    if signal is None or sender is None:
        return [Receiver("polar_django", _refuse)]
    # Django offers no public way to call some of the receivers: `send_robust` calls all of them.
    found, found_async = signal._live_receivers(sender)
    return [
        Receiver(name, _signal_call(transition, signal, sender, function))
        for name, function in _named([*found, *found_async])
    ]


def _refuse(_: Surroundings) -> None:
    raise NotSupported("This version of polar_django knows no such signal or model.")


def _named(functions: Sequence[Callable[..., Any]]) -> Iterator[tuple[str, Callable[..., Any]]]:
    """Functions under names that differ, also where one is registered as methods of two objects."""
    seen: dict[str, int] = {}
    for function in functions:
        name = name_of(function)
        seen[name] = seen.get(name, 0) + 1
        yield (name if seen[name] == 1 else f"{name}#{seen[name]}"), function


def _signal_call(
    transition: Transition, signal: Signal, sender: type[Model], receiver: Callable[..., Any]
) -> Call:
    return lambda around: _run(
        receiver,
        signal=signal,
        sender=sender,
        instance=around.instance_of(transition),
        subscriber=around.subscriber_of(transition),
        transition=transition,
    )


def _handler_call(transition: Transition, handler: Callable[..., Any]) -> Call:
    return lambda around: _run(handler, _event_of(transition, around))


def _run(function: Callable[..., Any], *args: Any, **named: Any) -> Any:
    # Asked of the result: a callable object or a wrapper does not tell that it is async.
    result = function(*args, **named)
    return async_to_sync(_wait_for)(result) if inspect.isawaitable(result) else result


async def _wait_for(result: Awaitable[Any]) -> Any:
    return await result


def _event_of(transition: Transition, around: Surroundings) -> WebhookEvent:
    delivery = around.instance_of(transition)
    if not isinstance(delivery, WebhookDelivery):
        raise MalformedPayload("The delivery has been deleted, and with it what it said.")
    if not delivery.body:
        raise MalformedPayload("The delivery's body was emptied with age (INBOX_BODY_DAYS).")
    event = get_provider(delivery.provider).parse_event(bytes(delivery.body))
    return WebhookEvent(
        type=event.type,
        timestamp=event.timestamp,
        provider=event.provider,
        data=event.data,
        delivery=delivery,
        customer_id=transition.customer_id,
        subscriber=around.subscriber_of(transition),
    )


def _model_of(object_type: str) -> type[Model] | None:
    try:
        return apps.get_model("polar_django", object_type)
    except LookupError:
        return None


def _has_subscriber(model: type[Model]) -> bool:
    try:
        model._meta.get_field("subscriber")
    except FieldDoesNotExist:
        return False
    return True
