"""What the actions of the admin do: each calls one function for each row, and says what came of it.

Loaded when the first action is confirmed (`actions.StaffAction.work` names these functions). None
is called within a transaction.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from django.db.models import Model

from polar_django import outbox
from polar_django.admin.actions import Outcome
from polar_django.billing import (
    cancel_subscription,
    grant_benefit,
    refund_order,
    revoke_subscription,
    uncancel_subscription,
)
from polar_django.billing.money import money_text
from polar_django.billing.portal import open_portal_for
from polar_django.exceptions import PolarDjangoError
from polar_django.mirror.linking import link_customer, unlink_customer
from polar_django.mirror.local_grants import end_local_grant
from polar_django.mirror.reconcile import reconcile_customer
from polar_django.mirror.walking import Patience
from polar_django.models import (
    BenefitGrant,
    Customer,
    Order,
    Subscription,
    Transition,
    UsageEvent,
    WebhookDelivery,
)
from polar_django.models.databases import on_primary
from polar_django.providers.registry import get_provider
from polar_django.usage.sending import resend_usage
from polar_django.webhooks import inbox, wakeup

__all__ = [
    "cancel",
    "end_benefit",
    "give_benefit",
    "link",
    "open_portal",
    "refund",
    "replay_deliveries",
    "resend",
    "resync",
    "retell",
    "revoke",
    "uncancel",
    "unlink",
]

Values = dict[str, Any]
# Somebody waits before a browser: rather tell them that the provider is away.
_PATIENCE = 20.0


def cancel(rows: Sequence[Subscription], values: Values) -> Iterator[Outcome]:
    """They will not renew. One call each."""
    return _each(
        rows,
        lambda row: cancel_subscription(row, reason=values["reason"], comment=values["comment"]),
    )


def uncancel(rows: Sequence[Subscription], values: Values) -> Iterator[Outcome]:
    """They renew again. One call each."""
    return _each(rows, uncancel_subscription)


def revoke(rows: Sequence[Subscription], values: Values) -> Iterator[Outcome]:
    """They end now. One call each."""
    return _each(rows, revoke_subscription)


def refund(rows: Sequence[Order], values: Values) -> Iterator[Outcome]:
    """Money back, and with `end_access` what it bought taken away. Two calls or three, each."""

    def one(order: Order) -> Outcome:
        ends = bool(values.get("end_access"))
        made = refund_order(
            order,
            values["amount"],
            reason=values["reason"],
            comment=values["note"],
            revoke_benefits=ends and not order.subscription_id,
            request_key=values["request_key"],
        )
        done = f"Refund {made.pk}: {money_text(made.amount, made.currency)} ({made.status})."
        # What fails from here on is no refusal: whoever read one would give the money back again.
        left = _end(order.subscription_id) if ends and order.subscription_id else ""
        return Outcome(row=order, detail=f"{done} {left}".strip(), is_partial=bool(left))

    return _each(rows, one)


def _end(subscription_id: str) -> str:
    """End what a refunded order paid for; why that was not possible, "" where it was."""
    try:
        revoke_subscription(Subscription.objects.get(pk=subscription_id))
    except Subscription.DoesNotExist:
        return "The subscription was not ended: it is not mirrored."
    except PolarDjangoError as error:
        return f"The subscription was not ended: {error}"
    return ""


def resync(rows: Sequence[Customer], values: Values) -> Iterator[Outcome]:
    """Each customer and what it holds as the provider has it. About ten calls each."""
    return _each(rows, _resync)


def _resync(customer: Customer) -> str:
    patience = Patience(attempts=2, longest=2.0, until=time.monotonic() + _PATIENCE)
    found = list(reconcile_customer(get_provider(customer.provider), customer.pk, patience))
    wakeup.wake()
    written = sum(drift.written for drift in found)
    return f"{written} rows differed and were written." if written else "Nothing differed."


def link(rows: Sequence[Customer], values: Values) -> Iterator[Outcome]:
    """Give each to the subscriber, also where it is somebody else's by now if that was said."""

    def one(customer: Customer) -> str:
        link_customer(customer, values["subscriber"], replace=values["replace"])
        wakeup.wake()
        return ""

    return _each(rows, one)


def unlink(rows: Sequence[Customer], values: Values) -> Iterator[Outcome]:
    """Make each nobody's."""
    return _each(rows, unlink_customer)


def open_portal(rows: Sequence[Customer], values: Values) -> Iterator[Outcome]:
    """The way to the provider's page of one customer, as that customer. One call."""
    for row in rows:
        try:
            session = open_portal_for(row)
        except PolarDjangoError as error:
            yield Outcome(row=row, error=str(error))
        else:
            yield Outcome(row=row, redirect=session.url)


def give_benefit(rows: Sequence[Any], values: Values) -> Iterator[Outcome]:
    """A benefit by hand. Calls nobody."""
    grant = grant_benefit(
        values["subscriber"], values["key"], until=values["until"], reason=values["reason"]
    )
    yield Outcome(row=grant)


def end_benefit(rows: Sequence[BenefitGrant], values: Values) -> Iterator[Outcome]:
    """End what was given by hand. Calls nobody."""
    for row in rows:
        ended = end_local_grant(row.pk)
        yield Outcome(row=row, error="" if ended else "This was not given by hand, or has ended.")
    wakeup.wake()


def replay_deliveries(rows: Sequence[WebhookDelivery], values: Values) -> Iterator[Outcome]:
    """Make them pending again, and wake the worker."""
    again = set(inbox.replay(WebhookDelivery.objects.filter(pk__in=[row.pk for row in rows])))
    wakeup.wake()
    for row in rows:
        error = "" if row.pk in again else "A worker has it just now, or its body was purged."
        yield Outcome(row=row, error=error)


def retell(rows: Sequence[Transition], values: Values) -> Iterator[Outcome]:
    """Call the receivers that have not succeeded, or all of them, once more."""
    chosen = Transition.objects.filter(pk__in=[row.pk for row in rows])
    again = set(outbox.replay(chosen, everybody=values["everybody"]))
    wakeup.wake()
    for row in rows:
        yield Outcome(row=row, error="" if row.pk in again else "It waits to be sent already.")


def resend(rows: Sequence[UsageEvent], values: Values) -> Iterator[Outcome]:
    """Make those that gave up due again; `flush_usage` sends them. Two statements."""
    chosen = on_primary(UsageEvent).filter(pk__in=[row.pk for row in rows])
    again = set(chosen.filter(state=UsageEvent.State.DEAD).values_list("pk", flat=True))
    resend_usage(chosen.filter(pk__in=again))
    for row in rows:
        yield Outcome(row=row, error="" if row.pk in again else "It was not given up.")


def _each(rows: Sequence[Any], verb: Callable[[Any], Any]) -> Iterator[Outcome]:
    """Call the verb for each row; what it refuses is told, and the others go on.

    Where a verb returns text, that is the detail; it may also return the outcome itself.
    """
    for row in rows:
        yield _outcome(row, verb)


def _outcome(row: Model, verb: Callable[[Any], Any]) -> Outcome:
    try:
        said = verb(row)
    except PolarDjangoError as error:
        return Outcome(row=row, error=str(error))
    if isinstance(said, Outcome):
        return said
    return Outcome(row=row, detail=said if isinstance(said, str) else "")
