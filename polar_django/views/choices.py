"""What a buyer may choose of a plan: a product, seats, an amount, a discount code."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from polar_django.billing.money import decimals_of, money_text
from polar_django.billing.plans import PlanOffer, ProductOffer
from polar_django.providers.base import Capability
from polar_django.providers.registry import get_provider

__all__ = ["Choice", "PurchaseForm", "choices_of"]

_LONGEST_CODE = 256


class PurchaseForm(forms.Form):
    """Everything the browser may say; all else comes from the settings. All may be left out."""

    product = forms.ChoiceField(
        required=False,
        label=gettext_lazy("What to buy"),
        error_messages={"invalid_choice": gettext_lazy("Choose one of these.")},
    )

    def __init__(self, offer: PlanOffer, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)
        self._offers = {each.name: each for each in offer.products}
        choice: Any = self.fields["product"]
        choice.choices = [(name, name) for name in self._offers]
        self._add_seats(offer)
        self._add_amount(offer)
        takes_codes = Capability.DISCOUNT_CODES in get_provider().capabilities
        if offer.plan.allow_discount_codes and takes_codes:
            self.fields["discount"] = forms.CharField(
                required=False,
                max_length=_LONGEST_CODE,
                label=_("Discount code"),
                widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none"}),
            )

    def _add_seats(self, offer: PlanOffer) -> None:
        bounds = offer.seat_bounds
        if bounds is not None and bounds[0] != bounds[1]:
            self.fields["seats"] = forms.IntegerField(
                required=False,
                label=_("Seats"),
                min_value=bounds[0],
                max_value=bounds[1],
                initial=offer.plan.seats or bounds[0],
            )

    def _add_amount(self, offer: PlanOffer) -> None:
        bounds = next((each.amount_bounds for each in offer.products if each.amount_bounds), None)
        if bounds is None:
            return
        decimals = decimals_of(bounds.currency)
        # Each product has bounds of its own, so that they are looked at when it is known.
        self.fields["amount"] = forms.DecimalField(
            required=False,
            label=_("Amount in %(currency)s") % {"currency": bounds.currency.upper()},
            min_value=Decimal(0),
            max_digits=12,
            decimal_places=decimals,
            initial=None if not bounds.preset else Decimal(bounds.preset).scaleb(-decimals),
        )

    def clean(self) -> dict[str, Any]:
        """Adds `minor_amount`, the amount in minor units where the product leaves it open."""
        cleaned: dict[str, Any] = super().clean() or {}
        chosen = cleaned.get("product") or next(iter(self._offers))
        bounds = self._offers[chosen].amount_bounds
        given = cleaned.get("amount")
        if bounds is None or given is None:
            return cleaned
        amount = int(given.scaleb(decimals_of(bounds.currency)))
        if bounds.allow(amount):
            cleaned["minor_amount"] = amount
            return cleaned
        least = money_text(bounds.least, bounds.currency)
        if bounds.most is None:
            message = _("At least %(least)s.") % {"least": least}
        else:
            most = money_text(bounds.most, bounds.currency)
            message = _("From %(least)s to %(most)s.") % {"least": least, "most": most}
        self.add_error("amount", message)
        return cleaned


@dataclass(frozen=True, slots=True)
class Choice:
    """One product as the page shows it."""

    offer: ProductOffer
    is_chosen: bool
    trial: str


def choices_of(offer: PlanOffer, chosen: str) -> list[Choice]:
    """The plan's products in its order; the first is chosen where `chosen` is none of them."""
    names = [each.name for each in offer.products]
    chosen = chosen if chosen in names else names[0]
    return [
        Choice(offer=each, is_chosen=each.name == chosen, trial=_trial_text(offer, each))
        for each in offer.products
    ]


def _trial_text(offer: PlanOffer, sold: ProductOffer) -> str:
    plan, product = offer.plan, sold.product
    if not plan.allow_trial or not product.is_recurring:
        return ""
    interval = plan.trial_interval or product.trial_interval or ""
    count = plan.trial_interval_count or product.trial_interval_count or 0
    texts = {
        "day": ngettext("One day free first", "%(count)d days free first", count),
        "week": ngettext("One week free first", "%(count)d weeks free first", count),
        "month": ngettext("One month free first", "%(count)d months free first", count),
        "year": ngettext("One year free first", "%(count)d years free first", count),
    }
    text = texts.get(interval, "") if count else ""
    return text % {"count": count} if "%" in text else text
