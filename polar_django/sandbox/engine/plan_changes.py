"""Another product, other seats or units: now or with the next period, billed one way or another."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from uuid import UUID

from polar_django.sandbox import clock
from polar_django.sandbox.engine import (
    billing,
    dunning,
    grants,
    metered,
    proration,
    renewals,
    rows,
    trials,
)
from polar_django.sandbox.engine.emit import emit_order, emit_subscription
from polar_django.sandbox.engine.invoicing import Line
from polar_django.sandbox.engine.organization import get_organization
from polar_django.sandbox.engine.pending import adopt, clear_pending, plan_for, schedule_change
from polar_django.sandbox.engine.plans import Plan, plan_of
from polar_django.sandbox.engine.work import business_transaction, current_work
from polar_django.sandbox.errors import (
    AlreadyCanceledSubscription,
    InactiveSubscription,
    NotASeatBasedSubscription,
    NotAUnitBasedSubscription,
    SeatsAlreadyAssigned,
    invalid,
)
from polar_django.sandbox.models import (
    BILLABLE_STATUSES,
    BillingEntry,
    Order,
    Price,
    Product,
    Subscription,
)

__all__ = ["change_product", "change_seats", "change_units", "check_changeable"]


def check_changeable(subscription: Subscription) -> None:
    """Raises AlreadyCanceledSubscription (ended, or an end is scheduled), InactiveSubscription."""
    if subscription.status == "paused":
        raise InactiveSubscription
    if subscription.status not in BILLABLE_STATUSES or subscription.cancel_at_period_end:
        raise AlreadyCanceledSubscription


def change_product(
    subscription: Subscription, product_id: UUID, behavior: str | None = None
) -> Subscription:
    """Change the plan; `behavior` is prorate, invoice, next_period or reset, by default the
    organization's. Another interval is always billed at once.

    Sends subscription.updated (with invoice after order.created, before order.updated, .paid); then
    grants of the old product are revoked and those of the new one made. In a trial nothing is
    billed; where the new product has none, the trial ends. Raises PaymentFailed (nothing has
    changed then), InvalidRequest, AlreadyCanceledSubscription, InactiveSubscription.
    """
    with business_transaction() as work:
        subscription.refresh_from_db()
        check_changeable(subscription)
        if product_id == subscription.product_id:
            return clear_pending(subscription)
        plan = _plan_for(subscription, product_id)
        behavior = _behavior(behavior)
        if behavior == "next_period":
            schedule_change(subscription, product=plan.product)
        elif subscription.status == "trialing":
            _change_in_trial(subscription, plan)
        else:
            _change_now(subscription, plan, behavior)
        if behavior != "next_period":
            work.later(partial(grants.sync_subscription, subscription.id))
        return subscription


def change_seats(
    subscription: Subscription, seats: int, behavior: str | None = None
) -> Subscription:
    """More or fewer seats, billed as a change of product. The same number again sends nothing.

    Raises NotASeatBasedSubscription, SeatsAlreadyAssigned, and as `change_product`.
    """
    with business_transaction():
        subscription.refresh_from_db()
        price = _price_of(subscription, "seat_based")
        if price is None:
            raise NotASeatBasedSubscription
        check_changeable(subscription)
        tiers = price.seat_tiers or {}
        _check_bounds("seats", seats, tiers.get("minimum_seats"), tiers.get("maximum_seats"))
        taken = subscription.seat_rows.filter(status__in=("pending", "claimed")).count()
        if seats < taken:
            raise SeatsAlreadyAssigned(
                f"Cannot decrease seats to {seats}. Currently {taken} seats are assigned. "
                f"Revoke {taken - seats} seats first."
            )
        return _change_quantity(subscription, behavior, "seats", seats)


def change_units(
    subscription: Subscription, units: int, behavior: str | None = None
) -> Subscription:
    """More or fewer units. Raises NotAUnitBasedSubscription, and as `change_product`."""
    with business_transaction():
        subscription.refresh_from_db()
        price = _price_of(subscription, "unit_based")
        if price is None:
            raise NotAUnitBasedSubscription
        check_changeable(subscription)
        _check_bounds("units", units, price.minimum_units, price.maximum_units)
        return _change_quantity(subscription, behavior, "units", units)


def _change_quantity(
    subscription: Subscription, behavior: str | None, name: str, quantity: int
) -> Subscription:
    old = plan_of(subscription)
    if getattr(old, name) == quantity:
        return clear_pending(subscription)
    if _behavior(behavior) == "next_period":
        schedule_change(
            subscription,
            seats=quantity if name == "seats" else None,
            units=quantity if name == "units" else None,
        )
        return subscription
    plan = replace(old, seats=quantity) if name == "seats" else replace(old, units=quantity)
    if subscription.status == "trialing":
        adopt(subscription, plan)
        emit_subscription(subscription, "updated")
    else:
        _change_now(subscription, plan, _behavior(behavior))
    return subscription


def _change_in_trial(subscription: Subscription, plan: Plan) -> None:
    """Nothing was paid yet, so nothing is billed; the trial is the new product's, or ends."""
    adopt(subscription, plan)
    trial_end = trials.end_of_trial(plan.product, subscription.trial_start or clock.tick())
    if trial_end is None or trial_end <= clock.tick():
        renewals.convert_trial(subscription)
        return
    rows.change(
        subscription,
        trial_end=trial_end,
        current_period_end=trial_end,
        anchor_day=trial_end.day,
    )
    emit_subscription(subscription, "updated")


def _change_now(subscription: Subscription, plan: Plan, behavior: str) -> None:
    now = clock.tick()
    old = plan_of(subscription)
    unused = proration.unused_lines(subscription, old, now)
    interval = (plan.product.recurring_interval, plan.product.recurring_interval_count or 1)
    is_same_interval = interval == (
        subscription.recurring_interval,
        subscription.recurring_interval_count,
    )
    stays = is_same_interval and behavior != "reset"
    metered.close_usage(subscription, but=plan.prices if stays else ())
    adopt(subscription, plan)
    if stays:
        lines = [*unused, *proration.remaining_lines(subscription, plan, now)]
        if behavior == "prorate":
            _bill_later(subscription, lines)
            emit_subscription(subscription, "updated")
            return
    else:
        subscription.anchor_day = now.day
        renewals.begin_period(subscription, now)
        kept = [] if behavior == "reset" else unused
        lines = [*kept, *billing.period_lines(subscription)]
    _bill_now(subscription, lines)


def _bill_later(subscription: Subscription, lines: list[Line]) -> None:
    for line in lines:
        rows.create(
            BillingEntry,
            subscription=subscription,
            price=line.price,
            label=line.label,
            amount=line.amount,
            start_timestamp=line.start,
            end_timestamp=line.end,
        )


def _bill_now(subscription: Subscription, lines: list[Line]) -> None:
    """The order is charged after the event of the change; a refusal takes both back."""
    if not lines:
        emit_subscription(subscription, "updated")
        return
    order: Order = billing.add_change_order(subscription, lines)
    emit_order(order, "created")
    emit_subscription(subscription, "updated")
    current_work().later(partial(dunning.charge_or_refuse, order.id))


def _behavior(asked: str | None) -> str:
    settings = get_organization().settings
    behavior: str = asked or settings["subscription_settings"]["proration_behavior"]
    if behavior == "reset" and not settings["feature_settings"]["reset_proration_behavior_enabled"]:
        message = "The reset behavior is not enabled for this organization."
        raise invalid(message, "proration_behavior", value=behavior)
    return behavior


def _plan_for(subscription: Subscription, product_id: UUID) -> Plan:
    product = Product.objects.filter(pk=product_id, deleted_at=None).first()
    checks: list[tuple[str, Callable[[Product], bool]]] = [
        ("Product is archived.", lambda found: found.is_archived),
        ("Product is not recurring.", lambda found: not found.is_recurring),
    ]
    if product is None:
        raise invalid("Product does not exist.", "product_id", value=str(product_id))
    for message, is_wrong in checks:
        if is_wrong(product):
            raise invalid(message, "product_id", value=str(product_id))
    plan = plan_for(subscription, product)
    kinds = {price.amount_type for price in plan.prices}
    message = ""
    if not plan.prices:
        message = "Product is not available in the subscription's currency."
    elif "custom" in kinds:
        message = "Can't update to a product with custom pricing."
    elif ("seat_based" in kinds) != (subscription.seats is not None):
        message = "Can't switch between seat-based and other products."
    elif ("unit_based" in kinds) != (subscription.units is not None):
        message = "Can't switch between unit-based and other products."
    if message:
        raise invalid(message, "product_id", value=str(product_id))
    return plan


def _price_of(subscription: Subscription, amount_type: str) -> Price | None:
    return subscription.prices.filter(amount_type=amount_type).first()


def _check_bounds(name: str, value: int, least: int | None, most: int | None) -> None:
    if value < (least or 1):
        message = f"Minimum {least or 1} {name} required."
        raise invalid(message, name, value=value, type_="greater_than_equal")
    if most is not None and value > most:
        message = f"Maximum {most} {name} allowed."
        raise invalid(message, name, value=value, type_="less_than_equal")
