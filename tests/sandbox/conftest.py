"""A small shop in the sandbox, and ears for its events. No delivery leaves by itself here."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest

from polar_django.sandbox.engine import catalog, checkouts, confirmation, schedule
from polar_django.sandbox.models import Benefit, Checkout, Product, WebhookEvent
from polar_django.sandbox.outcomes import Confirmation
from tests.sandbox.polars_schema import Judge

PAYS = "4242 4242 4242 4242"
DECLINES = "4000 0000 0000 0002"
FAILS_LATER = "4000 0000 0000 0341"
BASE_URL = "http://sandbox.test"


class Ears:
    """What the sandbox said since one last asked."""

    def __init__(self) -> None:
        self._heard: set[Any] = set()

    def types(self) -> list[str]:
        return [type_ for type_, _ in self.events()]

    def events(self) -> list[tuple[str, dict[str, Any]]]:
        """(type, data) in the order in which they were written."""
        new = [
            row for row in WebhookEvent.objects.order_by("created_at") if row.pk not in self._heard
        ]
        self._heard |= {row.pk for row in new}
        return [(row.type, json.loads(row.body or "{}")["data"]) for row in new]

    def data(self, event_type: str) -> dict[str, Any]:
        """The data of the only new event of that type."""
        (found,) = [data for type_, data in self.events() if type_ == event_type]
        return found


class Shop:
    """`pro` (monthly, two benefits), `free` (monthly, one), `ebook` (once), `gift` (any price)."""

    def __init__(self) -> None:
        self.benefits = [_benefit("pro"), _benefit("export")]
        self.pro = self.product("Pro", 1_000, interval="month", benefits=self.benefits)
        self.free = self.product("Free", 0, interval="month", benefits=self.benefits[:1])
        self.ebook = self.product("Ebook", 1_500, benefits=self.benefits[1:])
        self.gift = catalog.create_product(
            {"name": "Gift", "prices": [{"amount_type": "custom", "minimum_amount": 500}]}
        )

    def product(
        self,
        name: str,
        amount: int,
        *,
        interval: str | None = None,
        benefits: Any = (),
        **more: Any,
    ) -> Product:
        price = {"amount_type": "fixed", "price_amount": amount}
        product = catalog.create_product(
            {"name": name, "recurring_interval": interval, "prices": [price], **more}
        )
        return catalog.set_product_benefits(product, [each.id for each in benefits])

    def open(self, product: Product, **data: Any) -> Checkout:
        data.setdefault("customer_email", "ada@example.com")
        return checkouts.create_checkout({"products": [product.id], **data}, base_url=BASE_URL)

    def confirm(
        self, checkout: Checkout, card: str | None = PAYS, *, country: str = "NL", **data: Any
    ) -> Confirmation:
        body: dict[str, Any] = {"customer_billing_address": {"country": country}, **data}
        if card is not None:
            body["confirmation_token_id"] = card
        return confirmation.confirm_checkout(checkout, body)

    def buy(
        self, product: Product, card: str | None = PAYS, *, country: str = "NL", **data: Any
    ) -> Confirmation:
        return self.confirm(self.open(product, **data), card, country=country)

    def roll_to(self, time: datetime) -> None:
        """Move the clock just past `time`."""
        schedule.move_to(time + timedelta(minutes=1))


def _benefit(key: str) -> Benefit:
    data: Mapping[str, Any] = {
        "type": "custom",
        "description": f"What {key} gives",
        "metadata": {"key": key},
    }
    return catalog.create_benefit(data)


@pytest.fixture(autouse=True)
def everything_fits_polars_schema(polars_schema: Judge) -> None:
    """In every test of the sandbox, whether it asks for it or not."""


@pytest.fixture
def shop(db: None) -> Shop:
    return Shop()


@pytest.fixture
def ears(shop: Shop) -> Ears:
    """Deaf to how the shop was made."""
    ears = Ears()
    ears.events()
    return ears
