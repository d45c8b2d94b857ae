"""What a buyer may choose of a plan: one of its products, and seats within its bounds."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from polar_django.billing.prices import price_text, prices_of
from polar_django.billing.products import seat_bounds
from polar_django.conf import Plan
from polar_django.models import Benefit, Product

__all__ = ["Offer", "PurchaseForm", "offers_of"]


class PurchaseForm(forms.Form):
    """Everything the browser may say; all else comes from the settings. Both may be left out."""

    product = forms.ChoiceField(
        required=False,
        label=_("What to buy"),
        error_messages={"invalid_choice": _("Choose one of these.")},
    )
    seats = forms.IntegerField(required=False, label=_("Seats"))

    def __init__(self, plan: Plan, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)
        choice: Any = self.fields["product"]
        choice.choices = [(name, name) for name in plan.products]
        bounds = seat_bounds(plan)
        if bounds is None or bounds[0] == bounds[1]:
            del self.fields["seats"]
            return
        self.fields["seats"] = forms.IntegerField(
            required=False,
            label=_("Seats"),
            min_value=bounds[0],
            max_value=bounds[1],
            initial=plan.seats or bounds[0],
        )


@dataclass(frozen=True, slots=True)
class Offer:
    """One product as the page shows it. `name` is what the form sends."""

    name: str
    product: Product
    prices: tuple[str, ...]
    benefits: tuple[str, ...]
    is_chosen: bool


def offers_of(products: Mapping[str, Product], chosen: str) -> list[Offer]:
    """The products in the plan's order, with prices and benefits in words. Two queries."""
    prices = prices_of(products.values())
    wanted = {key for product in products.values() for key in product.benefit_ids}
    benefits = Benefit.objects.filter(is_deleted=False).in_bulk(wanted)
    chosen = chosen if chosen in products else next(iter(products))
    return [
        Offer(
            name=name,
            product=product,
            prices=tuple(price_text(price, product) for price in prices[product.pk]),
            benefits=tuple(
                benefits[key].description
                for key in product.benefit_ids
                if key in benefits and benefits[key].description
            ),
            is_chosen=name == chosen,
        )
        for name, product in products.items()
    ]
