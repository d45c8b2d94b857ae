"""A customer's card: which of the test cards it is, never its number."""

from functools import partial

from polar_django.sandbox import clock
from polar_django.sandbox.cards import Card
from polar_django.sandbox.engine import dunning, rows
from polar_django.sandbox.engine.work import business_transaction
from polar_django.sandbox.errors import PaymentMethodInUseByActiveSubscription
from polar_django.sandbox.models import BILLABLE_STATUSES, Customer, Order, PaymentMethod

__all__ = ["add_card", "choose_card", "delete_card", "keep_card", "replace_card"]


def add_card(customer: Customer, card: Card) -> PaymentMethod:
    """One card more, charged for nothing yet: what it does and its last four digits."""
    with business_transaction():
        return rows.create(
            PaymentMethod, customer=customer, behaviour=card.behaviour, last4=card.last4
        )


def keep_card(customer: Customer, card: Card) -> PaymentMethod:
    """The customer's default for what they buy from now on."""
    method = add_card(customer, card)
    _make_default(customer, method)
    return method


def replace_card(customer: Customer, card: Card) -> PaymentMethod:
    """A new card for everything that renews, as in the portal; see `choose_card`."""
    with business_transaction():
        method = add_card(customer, card)
        choose_card(customer, method)
        return method


def choose_card(customer: Customer, method: PaymentMethod) -> None:
    """One of the customer's cards for everything that renews.

    What could not be charged is tried at once: a subscription that was past due recovers, and sends
    subscription.updated, .active, order.updated, .paid. Nothing is sent otherwise. What a canceled
    subscription owes is left alone, as at Polar (`schedule_retry_for_past_due_orders`).
    """
    with business_transaction() as work:
        _make_default(customer, method)
        customer.subscriptions.filter(status__in=(*BILLABLE_STATUSES, "paused")).update(
            payment_method=method
        )
        failed = Order.objects.filter(
            customer=customer, status="pending", next_payment_attempt_at__isnull=False
        ).exclude(subscription__cancel_at_period_end=True)
        for order in failed.order_by("created_at"):
            work.later(partial(dunning.retry_payment, order.id, counts=False))


def _make_default(customer: Customer, method: PaymentMethod) -> None:
    customer.default_payment_method = method
    customer.save(update_fields=["default_payment_method"])


def delete_card(card: PaymentMethod) -> None:
    """Forget a card. Another one takes its place: the default if that is left, else the newest.

    Raises PaymentMethodInUseByActiveSubscription where there is no other. Sends nothing.
    """
    with business_transaction():
        other = _other_card(card)
        running = card.subscriptions.filter(status__in=BILLABLE_STATUSES)
        if other is None and running.exists():
            raise PaymentMethodInUseByActiveSubscription
        running.update(payment_method=other)
        rows.change(card, deleted_at=clock.tick())
        Customer.objects.filter(default_payment_method=card).update(default_payment_method=other)


def _other_card(card: PaymentMethod) -> PaymentMethod | None:
    others = card.customer.payment_methods.filter(deleted_at=None).exclude(pk=card.pk)
    default, newest = card.customer.default_payment_method_id, others.order_by("-created_at")
    return next((each for each in newest if each.pk == default), newest.first())
