"""Filters of the sandbox's own templates."""

from datetime import datetime

from django import template

from polar_django.sandbox.cards import Card
from polar_django.sandbox.models import PaymentMethod, Product, Subscription
from polar_django.sandbox.pages import wording
from polar_django.sandbox.pages.countries import COUNTRIES

register = template.Library()

COUNTRY_NAMES = dict(COUNTRIES)


@register.filter
def money(amount: int | None, currency: str) -> str:
    """`{{ order.total_amount|money:order.currency }}` → $11.90."""
    return wording.money(amount, currency)


@register.filter
def moment(time: datetime | None) -> str:
    """`{{ event.created_at|moment }}` → 21 Nov 2026, 08:32."""
    return wording.moment_text(time)


@register.filter
def exact_moment(time: datetime) -> str:
    """With seconds and milliseconds, to see what came first."""
    return f"{wording.moment_text(time)}{time::%S.%f}"[:-3]


@register.filter
def day(time: datetime | None) -> str:
    """`{{ subscription.current_period_end|day }}` → 21 Nov 2026."""
    return "" if time is None else wording.moment_text(time).partition(",")[0]


@register.filter
def price(product: Product) -> str:
    """What a product costs; from its prefetched prices, so no query."""
    prices = [each for each in product.prices.all() if not each.is_archived]
    return wording.price_text(prices, product.recurring_interval, product.recurring_interval_count)


@register.filter
def cost(subscription: Subscription) -> str:
    """What a subscription costs per period. From its prefetched prices, so no query."""
    amount = wording.money(subscription.amount, subscription.currency)
    every = wording.interval_text(
        subscription.recurring_interval, subscription.recurring_interval_count
    )
    use = "use" if any(price.meter_id for price in subscription.prices.all()) else ""
    if not subscription.amount:
        return f"By {use}, billed {every}" if use else "Free"
    return f"{amount} {every}, and {use}" if use else f"{amount} {every}"


@register.filter
def words(text: str | None) -> str:
    """A name of Polar's as words: past_due → past due."""
    return (text or "").replace("_", " ")


@register.filter
def is_web_address(text: str | None) -> bool:
    """Whether an address that the seller gave may become a link: never `javascript:`."""
    return bool(text) and str(text).lower().startswith(("http://", "https://", "/"))


@register.filter
def interval(product: Product) -> str:
    """How often a product is paid: per month, every 3 months, once."""
    return wording.interval_text(product.recurring_interval, product.recurring_interval_count)


@register.filter
def percent(share: float) -> str:
    """A share from 0 to 1 as the form asks for it: 0.3 → 30."""
    return f"{share * 100:g}"


@register.filter
def input_value(time: datetime) -> str:
    """A time as `<input type="datetime-local">` takes it."""
    return f"{time:%Y-%m-%dT%H:%M}"


@register.filter
def number(value: float) -> str:
    """Units without digits that say nothing: 25.0 → 25, 0.5 → 0.5."""
    return f"{value:,.6f}".rstrip("0").rstrip(".")


@register.filter
def effect(card: Card | PaymentMethod) -> str:
    """What a test card does, in words."""
    return wording.CARD_EFFECTS.get(card.behaviour, "")


@register.filter
def country(code: str | None) -> str:
    """`DE` → Germany; a code that the pay page does not offer stays as it is."""
    return COUNTRY_NAMES.get(code or "", code or "")
