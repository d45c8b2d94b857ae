"""A customer's card: which of the test cards it is, never its number."""

from functools import partial

from polar_django.sandbox import clock
from polar_django.sandbox.cards import Card
from polar_django.sandbox.engine import dunning, rows
from polar_django.sandbox.engine.work import business_transaction
from polar_django.sandbox.errors import PaymentMethodInUseByActiveSubscription
from polar_django.sandbox.models import BILLABLE_STATUSES, Customer, Order, PaymentMethod

__all__ = ["choose_card", "delete_card", "keep_card", "replace_card"]


def keep_card(customer: Customer, card: Card) -> PaymentMethod:
    """The customer's default from now on: what it does and its last four digits. Two queries."""
    method = rows.create(
        PaymentMethod, customer=customer, behaviour=card.behaviour, last4=card.last4
    )
    customer.default_payment_method = method
    customer.save(update_fields=["default_payment_method"])
    return method


def replace_card(customer: Customer, card: Card) -> PaymentMethod:
    """A new card for everything that renews, as in the portal.

    What could not be charged is tried at once: a subscription that was past due recovers, and sends
    subscription.updated, .active, order.updated, .paid. Nothing is sent otherwise.
    """
    with business_transaction() as work:
        method = keep_card(customer, card)
        customer.subscriptions.filter(status__in=(*BILLABLE_STATUSES, "paused")).update(
            payment_method=method
        )
        failed = Order.objects.filter(
            customer=customer, status="pending", next_payment_attempt_at__isnull=False
        )
        for order in failed.order_by("created_at"):
            work.later(partial(dunning.retry_payment, order.id, counts=False))
        return method


def choose_card(customer: Customer, card: PaymentMethod) -> None:
    """Another of the customer's cards is the default now. Sends nothing."""
    with business_transaction():
        customer.default_payment_method = card
        customer.save(update_fields=["default_payment_method"])


def delete_card(card: PaymentMethod) -> None:
    """Forget a card. Raises PaymentMethodInUseByActiveSubscription. Sends nothing."""
    with business_transaction():
        if card.subscriptions.filter(status__in=BILLABLE_STATUSES).exists():
            raise PaymentMethodInUseByActiveSubscription
        rows.change(card, deleted_at=clock.tick())
        Customer.objects.filter(default_payment_method=card).update(default_payment_method=None)
