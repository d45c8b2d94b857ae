"""A change that waits for the next period."""

from uuid import UUID, uuid4

from polar_django.sandbox import clock, shapes
from polar_django.sandbox.engine import metered
from polar_django.sandbox.engine.discounts import is_applicable
from polar_django.sandbox.engine.emit import emit_subscription
from polar_django.sandbox.engine.plans import Plan, plan_of
from polar_django.sandbox.engine.work import business_transaction
from polar_django.sandbox.models import Product, Subscription
from polar_django.sandbox.shapes.catalog import catalog_prices

__all__ = ["adopt", "apply_pending", "clear_pending", "plan_for", "schedule_change"]


def schedule_change(
    subscription: Subscription,
    *,
    product: Product | None = None,
    seats: int | None = None,
    units: int | None = None,
) -> None:
    """Note the change for the end of the period; an earlier note of the same kind is replaced.

    Sends subscription.updated. `modified_at` stays, as recorded.
    """
    noted = {} if product is not None else subscription.pending_update or {}
    subscription.pending_update = {
        "created_at": shapes.moment(clock.tick()),
        "modified_at": None,
        "id": str(uuid4()),
        "applies_at": shapes.moment(subscription.current_period_end),
        "product_id": str(product.id) if product else noted.get("product_id"),
        "seats": noted.get("seats") if seats is None else seats,
        "units": noted.get("units") if units is None else units,
    }
    subscription.save(update_fields=["pending_update"])
    emit_subscription(subscription, "updated")


def clear_pending(subscription: Subscription) -> Subscription:
    """Drop what waits. Sends subscription.updated; nothing where nothing waits."""
    with business_transaction():
        subscription.refresh_from_db()
        if subscription.pending_update is not None:
            subscription.pending_update = None
            subscription.save(update_fields=["pending_update"])
            emit_subscription(subscription, "updated")
        return subscription


def apply_pending(subscription: Subscription) -> None:
    """Take what waits as the plan from now on. Saves; sends nothing.

    A product that is gone meanwhile changes nothing.
    """
    noted = subscription.pending_update or {}
    plan = plan_of(subscription)
    if noted.get("product_id"):
        product = Product.objects.filter(pk=UUID(noted["product_id"])).first()
        plan = plan if product is None else plan_for(subscription, product)
    adopt(
        subscription,
        Plan(
            product=plan.product,
            prices=plan.prices,
            seats=noted.get("seats") or plan.seats,
            units=noted.get("units") or plan.units,
            custom_amount=plan.custom_amount,
        ),
    )


def plan_for(subscription: Subscription, product: Product) -> Plan:
    """`product` at today's prices in the subscription's currency, for as many seats or units."""
    prices = [
        each for each in catalog_prices(product) if each.price_currency == subscription.currency
    ]
    kinds = {each.amount_type for each in prices}
    return Plan(
        product=product,
        prices=prices,
        seats=subscription.seats if "seat_based" in kinds else None,
        units=subscription.units if "unit_based" in kinds else None,
    )


def adopt(subscription: Subscription, plan: Plan) -> None:
    """Make `plan` the subscription's own; nothing waits then. Two queries or more.

    A discount that is not for the new product goes.
    """
    discount = subscription.discount
    if discount is not None and not is_applicable(discount, plan.product):
        discount = None
    if subscription.status != "trialing" and _meters(plan.product) != _meters(subscription.product):
        period = metered.first_meter_period(subscription, plan.product, clock.tick())
        for name, value in period.items():
            setattr(subscription, name, value)
    subscription.product = plan.product
    subscription.seats = plan.seats
    subscription.units = plan.units
    subscription.custom_amount = plan.custom_amount
    subscription.discount = discount
    subscription.amount = plan.amount(discount, subscription.currency)
    if plan.product.recurring_interval is not None:
        subscription.recurring_interval = plan.product.recurring_interval
        subscription.recurring_interval_count = plan.product.recurring_interval_count or 1
    subscription.pending_update = None
    subscription.modified_at = clock.tick()
    subscription.save()
    subscription.prices.set(plan.prices)


def _meters(product: Product) -> tuple[str | None, int | None]:
    return product.meter_interval, product.meter_interval_count
