"""What a buyer fills in on the pay page. What is required, the engine and its shapes say."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django import forms

from polar_django.sandbox.cards import UnknownCard, find_card, token_for
from polar_django.sandbox.engine.custom_fields import check_answers
from polar_django.sandbox.engine.offers import chosen_prices
from polar_django.sandbox.errors import InvalidRequest
from polar_django.sandbox.models import Checkout, Price
from polar_django.sandbox.pages.countries import COUNTRIES
from polar_django.sandbox.pages.questions import add_questions, form_name, read_answers
from polar_django.sandbox.pages.wording import (
    custom_range_text,
    major_units,
    minor_units,
    price_text,
)
from polar_django.sandbox.pricing import MAXIMUM_CHARGE
from polar_django.sandbox.shapes.checkouts import (
    offered_prices,
    payment_needs,
    required_address_fields,
)

__all__ = ["ADDRESS_FIELDS", "BuyerForm"]

ADDRESS_FIELDS = ("country", "line1", "line2", "postal_code", "city", "state")
# What changes the total.
CHOICES = ("product_id", "amount", "seats", "discount_code", "country")
# Where the engine's complaints about a part of its request belong in this form.
FORM_FIELDS = {
    "amount": "amount",
    "confirmation_token_id": "card",
    "customer_email": "customer_email",
    "discount_code": "discount_code",
    "product_id": "product_id",
    "seats": "seats",
    **{field: field for field in ADDRESS_FIELDS},
}


class CardInput(forms.TextInput):
    """Shows a test card again, and nothing else: it might be a real card's number."""

    def format_value(self, value: Any) -> str | None:
        try:
            find_card(str(value or ""))
        except UnknownCard:
            return None
        return str(value)


class BuyerForm(forms.Form):
    """The pay page's one form, filled with what the session knows already.

    Building it costs about three queries per offered product.
    """

    product_id = forms.ChoiceField(label="Product", widget=forms.RadioSelect, required=False)
    # In whole units; the engine knows what the price allows.
    amount = forms.DecimalField(
        label="Amount", min_value=0, max_value=MAXIMUM_CHARGE, required=False
    )
    seats = forms.IntegerField(label="Seats", min_value=1, max_value=10_000, required=False)
    discount_code = forms.CharField(label="Discount code", max_length=256, required=False)
    customer_email = forms.EmailField(label="E-mail", max_length=320)
    customer_name = forms.CharField(label="Name", max_length=256, required=False)
    country = forms.ChoiceField(label="Country")
    line1 = forms.CharField(label="Street and number", max_length=256, required=False)
    line2 = forms.CharField(label="Address, second line", max_length=256, required=False)
    postal_code = forms.CharField(label="Postal code", max_length=32, required=False)
    city = forms.CharField(label="City", max_length=128, required=False)
    state = forms.CharField(label="State (two letters)", max_length=64, required=False)
    card = forms.CharField(label="Card number", max_length=32, required=False, widget=CardInput)

    def __init__(
        self, checkout: Checkout, data: Any = None, *, initial: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(data, initial={**_known(checkout), **(initial or {})}, label_suffix="")
        self.checkout = checkout
        prices = chosen_prices(checkout)
        self.needs_card = any(payment_needs(checkout, prices))
        self._offer(checkout)
        self._leave_out(checkout, prices)
        self._describe()
        self.questions = add_questions(self, checkout)

    def _offer(self, checkout: Checkout) -> None:
        """The products to choose from, each with its price; one alone is no choice."""
        links = list(checkout.checkout_products.select_related("product").order_by("order"))
        choices = []
        for link in links:
            product = link.product
            text = price_text(
                offered_prices(link, checkout.currency),
                product.recurring_interval,
                product.recurring_interval_count,
            )
            choices.append((str(product.id), f"{product.name}: {text}"))
        _choice(self, "product_id").choices = choices
        if len(choices) < 2:
            del self.fields["product_id"]
        known = dict(COUNTRIES)
        country = self.initial.get("country")
        more = [(country, country)] if country and country not in known else []
        _choice(self, "country").choices = [("", "Choose a country"), *more, *COUNTRIES]

    def _leave_out(self, checkout: Checkout, prices: Sequence[Price]) -> None:
        """Drop what this session does not ask for."""
        kinds = {price.amount_type for price in prices}
        required = required_address_fields(checkout) if self.needs_card else []
        asked = {*required, "line2"} if "line1" in required else set(required)
        dropped = [field for field in ADDRESS_FIELDS if field not in asked]
        dropped += [] if "custom" in kinds else ["amount"]
        dropped += [] if "seat_based" in kinds else ["seats"]
        dropped += [] if self.needs_card else ["card"]
        if not checkout.allow_discount_codes or not (checkout.amount or self.needs_card):
            dropped.append("discount_code")
        for name in dropped:
            del self.fields[name]
        for name in (*required, "amount", "seats", "card"):
            if name in self.fields:
                self.fields[name].required = True
        if "amount" in self.fields:
            custom = next(price for price in prices if price.amount_type == "custom")
            self.fields["amount"].help_text = custom_range_text(custom)
        if checkout.customer_id is not None and checkout.customer_email:
            self.fields["customer_email"].disabled = True

    def _describe(self) -> None:
        attributes = {
            "amount": {"step": "any", "data-reprices": ""},
            "card": {"inputmode": "numeric", "autocomplete": "off", "spellcheck": "false"},
            "city": {"autocomplete": "address-level2"},
            "country": {"autocomplete": "country", "data-reprices": ""},
            "customer_email": {"autocomplete": "email"},
            "customer_name": {"autocomplete": "name"},
            "discount_code": {"autocomplete": "off"},
            "line1": {"autocomplete": "address-line1"},
            "line2": {"autocomplete": "address-line2"},
            "postal_code": {"autocomplete": "postal-code"},
            "product_id": {"data-reprices": ""},
            "seats": {"data-reprices": ""},
            "state": {"autocomplete": "address-level1"},
        }
        for name, field in self.fields.items():
            field.widget.attrs.update(attributes[name])

    def clean_card(self) -> str:
        """The test card's token; the number itself goes no further."""
        try:
            return token_for(self.cleaned_data["card"])
        except UnknownCard as error:
            raise forms.ValidationError(str(error)) from error

    def clean(self) -> dict[str, Any]:
        """The engine looks at the answers already here, so that all mistakes are told at once."""
        answers = read_answers(self.questions, self.cleaned_data)
        try:
            check_answers(self.checkout.attached_custom_fields, answers, is_final=False)
        except InvalidRequest as error:
            self.add_refusal(error)
        return self.cleaned_data

    def keep_errors_of_choices(self) -> None:
        """Where nobody pays yet, an empty field is no mistake. Call `is_valid` first."""
        for name in list(self.errors):
            if name not in CHOICES or self.has_error(name, "required"):
                del self.errors[name]

    def focus_first_error(self, order: Sequence[str]) -> None:
        """The page begins at the first field with a mistake; `order` is that of the page."""
        for name in order:
            if name in self.errors:
                self.fields[name].widget.attrs["autofocus"] = True
                return

    def repricing(self) -> dict[str, Any]:
        """What differs from the session and changes what it costs. Call `is_valid` first."""
        given = self.update()
        address = given.get("customer_billing_address", {})
        now = {**given, "country": address.get("country", self.initial["country"])}
        stored = {
            "product_id": self.checkout.product_id,
            "amount": self.checkout.amount,
            "seats": self.checkout.seats,
            "discount_code": self.initial["discount_code"],
            "country": self.initial["country"],
        }
        return {name: now[name] for name in stored if name in now and now[name] != stored[name]}

    def update(self) -> dict[str, Any]:
        """Everything that was filled in well, as the engine takes it; no card."""
        cleaned = self.cleaned_data
        data: dict[str, Any] = {
            name: cleaned[name]
            for name in ("customer_name", "customer_email", "seats")
            if cleaned.get(name) and not self.fields[name].disabled
        }
        if cleaned.get("product_id"):
            data["product_id"] = UUID(cleaned["product_id"])
        if cleaned.get("amount") is not None:
            data["amount"] = minor_units(cleaned["amount"], self.checkout.currency)
        code = cleaned.get("discount_code") or None
        # A discount that the seller chose has no code to be typed, and is not taken away.
        if "discount_code" in cleaned and code != self.initial["discount_code"]:
            data["discount_code"] = code
        if self.questions:
            answers = self.checkout.custom_field_data
            data["custom_field_data"] = {**answers, **read_answers(self.questions, cleaned)}
        address = {name: cleaned[name] for name in ADDRESS_FIELDS if cleaned.get(name)}
        if address:
            stored = self.checkout.customer_billing_address or {}
            moved = stored.get("country") != address.get("country")
            data["customer_billing_address"] = address if moved else {**stored, **address}
        return data

    def confirmation(self) -> dict[str, Any]:
        """`update()` with the card's token."""
        token = self.cleaned_data.get("card")
        return {**self.update(), **({"confirmation_token_id": token} if token else {})}

    def add_refusal(self, error: InvalidRequest) -> None:
        """Put the engine's complaints where the buyer can see what they are about."""
        for each in error.errors:
            last = str(each["loc"][-1])
            name = FORM_FIELDS.get(last) or form_name(last)
            self.add_error(name if name in self.fields else None, str(each["msg"]))


def _choice(form: forms.Form, name: str) -> forms.ChoiceField:
    field = form.fields[name]
    assert isinstance(field, forms.ChoiceField)
    return field


def _known(checkout: Checkout) -> dict[str, Any]:
    address = checkout.customer_billing_address or {}
    return {
        "product_id": str(checkout.product_id),
        "amount": major_units(checkout.amount, checkout.currency),
        "seats": checkout.seats,
        "discount_code": checkout.discount.code if checkout.discount else None,
        "customer_email": checkout.customer_email,
        "customer_name": checkout.customer_name,
        **{field: address.get(field) for field in ADDRESS_FIELDS},
    }
