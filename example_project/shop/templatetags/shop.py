"""How Inkwell shows money and states."""

from django import template

from polar_django.models import Order, Product

register = template.Library()

_SIGNS = {"usd": "$", "eur": "€", "gbp": "£"}
_STATES = {"active": "Active", "trialing": "In trial", "past_due": "Payment failed"}


@register.filter
def money(amount: int | None, currency: str) -> str:
    """Minor units as people write them; Inkwell sells in currencies of two decimals only."""
    if amount is None:
        return ""
    return f"{_SIGNS.get(currency, currency.upper() + ' ')}{amount / 100:,.2f}".replace(".00", "")


@register.filter
def dictkey(products: dict[str, Product], key: str) -> Product | None:
    """The product of that key; a template cannot write a dash after a dot."""
    return products.get(key)


@register.filter
def price(product: Product | None) -> str:
    """The first current price of a product."""
    for item in product.prices.all() if product else ():
        if not item.is_archived and item.price_amount is not None:
            return money(item.price_amount, item.price_currency)
    return ""


@register.filter
def state(status: str) -> str:
    return _STATES.get(status, status.replace("_", " ").capitalize())


@register.filter
def order_state(order: Order) -> str:
    return "Refunded" if order.status == "refunded" else "Paid" if order.paid else "Open"
