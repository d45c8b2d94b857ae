"""What the seller does: stocks the shop before the year, and changes it while people buy."""

import random
from collections import Counter
from typing import Any

import httpx

__all__ = ["Seller"]

CODES = ("SPRING", "SUMMER", "AUTUMN")


class Seller:
    """`done` counts the changes by name. What the provider refuses is left."""

    def __init__(self, api: httpx.Client, rng: random.Random) -> None:
        self.api = api
        self.rng = rng
        self.done: Counter[str] = Counter()
        self.meter = self._stock()
        self.products = self._by_key("/v1/products/")
        self.benefits = self._by_key("/v1/benefits/")

    def go_on(self) -> None:
        """One change, most of the time."""
        actions = (self._change_a_price, self._change_benefits, self._change_a_discount, self._rest)
        action = self.rng.choice(actions)
        action()
        self.done[f"seller: {action.__name__.strip('_')}"] += 1

    def discounts(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._call("GET", "/v1/discounts/")["items"]
        return found

    def _stock(self) -> str:
        """A meter and what is sold by it, which no file can describe by key; and discounts."""
        meter = self._call(
            "POST",
            "/v1/meters/",
            json={
                "name": "Tokens",
                "metadata": {"key": "tokens"},
                "filter": {
                    "conjunction": "and",
                    "clauses": [{"property": "name", "operator": "eq", "value": "ai_usage"}],
                },
                "aggregation": {"func": "sum", "property": "tokens"},
            },
        )
        credits_ = self._call(
            "POST",
            "/v1/benefits/",
            json={
                "type": "meter_credit",
                "description": "1000 tokens",
                "metadata": {"key": "tokens"},
                "properties": {"units": 1000, "rollover": True, "meter_id": meter["id"]},
            },
        )
        product = self._call(
            "POST",
            "/v1/products/",
            json={
                "name": "By use",
                "metadata": {"key": "by-use"},
                "recurring_interval": "month",
                "prices": [
                    {"amount_type": "fixed", "price_amount": 500},
                    {
                        "amount_type": "metered_unit",
                        "meter_id": meter["id"],
                        "unit_amount": "0.125",
                    },
                ],
            },
        )
        self._call(
            "POST", f"/v1/products/{product['id']}/benefits", json={"benefits": [credits_["id"]]}
        )
        for number, code in enumerate(CODES):
            self._make_discount(code, 1000 * (number + 1))
        return str(meter["id"])

    def _make_discount(self, code: str, basis_points: int) -> None:
        duration = self.rng.choice(("once", "forever"))
        body = {"name": code.title(), "type": "percentage", "basis_points": basis_points}
        self._call("POST", "/v1/discounts/", json={**body, "code": code, "duration": duration})

    def _change_a_price(self) -> None:
        key = self.rng.choice(("pro-monthly", "pro-yearly", "ebook"))
        amount = self.rng.randint(5, 90) * 100
        price = {"amount_type": "fixed", "price_amount": amount}
        self._call("PATCH", f"/v1/products/{self.products[key]}", json={"prices": [price]})

    def _change_benefits(self) -> None:
        """Everybody who has bought it gets more, or less."""
        extra = self.rng.sample(("export", "app"), self.rng.randint(0, 2))
        benefits = [self.benefits[key] for key in ("pro", *extra)]
        path = f"/v1/products/{self.products['pro-yearly']}/benefits"
        self._call("POST", path, json={"benefits": benefits})

    def _change_a_discount(self) -> None:
        chosen = self.rng.choice(self.discounts())
        path = f"/v1/discounts/{chosen['id']}"
        if self.rng.random() < 0.3:
            self._call("DELETE", path)
            self._make_discount(chosen["code"], chosen["basis_points"])
        else:
            # Its terms stand once somebody has used it.
            self._call("PATCH", path, json={"name": f"Offer {self.rng.randint(1, 99)}"})

    def _rest(self) -> None:
        """Nothing to change."""

    def _by_key(self, path: str) -> dict[str, str]:
        found = self._call("GET", path, params={"limit": 100})["items"]
        return {each["metadata"]["key"]: each["id"] for each in found}

    def _call(self, method: str, path: str, **options: Any) -> Any:
        answer = self.api.request(method, path, **options)
        answer.raise_for_status()
        return answer.json() if answer.content else None
