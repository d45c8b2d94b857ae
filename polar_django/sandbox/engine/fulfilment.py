"""What a confirmed checkout gives: a subscription, an order, grants."""

from datetime import datetime
from functools import partial
from uuid import UUID

from django.db.models import prefetch_related_objects

from polar_django.sandbox import clock
from polar_django.sandbox.engine import billing, grants, metered, orders, rows, seats
from polar_django.sandbox.engine.emit import emit_checkout, emit_order, emit_subscription
from polar_django.sandbox.engine.offers import chosen_prices, keep_offer
from polar_django.sandbox.engine.work import current_work
from polar_django.sandbox.models import Checkout, Customer, Order, Price, Product, Subscription
from polar_django.sandbox.periods import add_interval

__all__ = ["add_subscription", "fulfil"]


def fulfil(checkout_id: UUID) -> None:
    """The job after a confirmed payment.

    Sends subscription.created, .active, .updated (or only .updated for an upgrade), order.created,
    .updated, .paid, checkout.updated; then the grants follow.
    """
    checkout = Checkout.objects.select_related(
        "product", "customer", "discount", "payment_method", "subscription"
    ).get(pk=checkout_id)
    product, customer = checkout.product, checkout.customer
    if product is None or customer is None:
        raise RuntimeError(f"Checkout {checkout.id} was confirmed without a product or a buyer.")
    keep_offer(checkout)
    prices = chosen_prices(checkout)
    subscription = None
    if product.is_recurring:
        subscription = _subscribe(checkout, product, customer, prices)
    if checkout.seats is not None:
        seats.make_team(customer)
    order = billing.add_checkout_order(checkout, product, customer, prices, subscription)
    emit_order(order, "created")
    orders.announce_paid(order)
    seats.open_seats(subscription or order)
    rows.change(checkout, status="succeeded")
    emit_checkout("updated", checkout)
    current_work().later(_grants_job(subscription, order))


def _grants_job(subscription: Subscription | None, order: Order) -> partial[None]:
    if subscription is not None:
        return partial(grants.sync_subscription, subscription.id)
    return partial(grants.sync_order, order.id)


def _subscribe(
    checkout: Checkout, product: Product, customer: Customer, prices: list[Price]
) -> Subscription:
    if checkout.subscription is not None:
        return _upgrade(checkout, checkout.subscription, product, prices)
    subscription = add_subscription(product, customer, prices, checkout=checkout)
    emit_subscription(subscription, "created", "active", "updated")
    return subscription


def _upgrade(
    checkout: Checkout, subscription: Subscription, product: Product, prices: list[Price]
) -> Subscription:
    """A free subscription becomes a paid one: the same row, a new period from now."""
    now = clock.tick()
    trial_end = checkout.trial_end
    rows.change(
        subscription,
        status="trialing" if trial_end else "active",
        product=product,
        amount=checkout.amount - checkout.discount_amount,
        custom_amount=checkout.custom_amount,
        currency=checkout.currency,
        discount=checkout.discount,
        discount_applied_at=now if checkout.discount and not trial_end else None,
        payment_method=checkout.payment_method,
        recurring_interval=product.recurring_interval,
        recurring_interval_count=product.recurring_interval_count or 1,
        anchor_day=(trial_end or now).day,
        current_period_start=now,
        current_period_end=trial_end or _period_end(product, now),
        **_meter_period(product, now, trial_end),
        trial_start=now if trial_end else subscription.trial_start,
        trial_end=trial_end or subscription.trial_end,
        seats=checkout.seats,
        units=checkout.units,
        pending_update=None,
        metadata={**subscription.metadata, **checkout.metadata},
        custom_field_data={**subscription.custom_field_data, **checkout.custom_field_data},
    )
    subscription.prices.set(prices)
    _keep_prices(subscription)
    metered.open_usage(subscription)
    emit_subscription(subscription, "updated")
    return subscription


def add_subscription(
    product: Product,
    customer: Customer,
    prices: list[Price],
    *,
    checkout: Checkout | None = None,
    metadata: dict[str, object] | None = None,
) -> Subscription:
    """The row of a new subscription, active or trialing from now; sends nothing."""
    now = clock.tick()
    trial_end = checkout.trial_end if checkout is not None else None
    subscription = rows.create(
        Subscription,
        status="trialing" if trial_end else "active",
        customer=customer,
        product=product,
        checkout=checkout,
        payment_method=checkout.payment_method if checkout else None,
        amount=checkout.amount - checkout.discount_amount if checkout else 0,
        custom_amount=checkout.custom_amount if checkout else None,
        currency=checkout.currency if checkout else prices[0].price_currency,
        discount=checkout.discount if checkout else None,
        discount_applied_at=now if checkout and checkout.discount and not trial_end else None,
        recurring_interval=product.recurring_interval or "month",
        recurring_interval_count=product.recurring_interval_count or 1,
        anchor_day=(trial_end or now).day,
        current_period_start=now,
        current_period_end=trial_end or _period_end(product, now),
        **_meter_period(product, now, trial_end),
        trial_start=now if trial_end else None,
        trial_end=trial_end,
        started_at=now,
        seats=checkout.seats if checkout else None,
        units=checkout.units if checkout else None,
        metadata=dict(checkout.metadata) if checkout else dict(metadata or {}),
        custom_field_data=dict(checkout.custom_field_data) if checkout else {},
    )
    subscription.prices.set(prices)
    _keep_prices(subscription)
    metered.open_usage(subscription)
    return subscription


def _keep_prices(subscription: Subscription) -> None:
    """Read what it pays once: every event of the purchase shows it."""
    prefetch_related_objects([subscription], "prices__meter")


def _period_end(product: Product, start: datetime) -> datetime:
    return add_interval(
        start,
        product.recurring_interval or "month",
        product.recurring_interval_count or 1,
        anchor_day=start.day,
    )


def _meter_period(
    product: Product, start: datetime, trial_end: datetime | None
) -> dict[str, datetime | None]:
    """None in a trial: it is one period, whose usage is billed when it converts."""
    return {} if trial_end else metered.meter_period(product, start, start.day)
