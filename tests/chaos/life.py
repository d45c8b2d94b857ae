"""What customers do in a year: they buy, change their minds, leave, come back.

Most of it happens at the provider, as on its pages; some of it through the shop's own verbs, over a
network that may be broken. What the provider refuses is refused, and counted.
"""

import random
from collections import Counter
from collections.abc import Callable
from typing import Any

import httpx
from django.contrib.auth import get_user_model
from django.db import DatabaseError, close_old_connections

from polar_django.billing import (
    cancel_subscription,
    create_checkout_session,
    revoke_subscription,
    uncancel_subscription,
)
from polar_django.exceptions import PolarDjangoError
from polar_django.models import Subscription
from tests.chaos.seller import Seller

__all__ = ["Life"]

PAYS, DECLINES, FAILS_LATER = "4242424242424242", "4000000000000002", "4000000000000341"
PRODUCTS = (
    *("pro-monthly", "pro-monthly", "pro-yearly", "pro-trial"),
    *("team", "ebook", "app", "by-use"),
)
RUNNING = ["incomplete", "trialing", "active", "past_due", "unpaid", "paused"]
PLANS = {"pro-monthly": "pro", "pro-yearly": "pro", "pro-trial": "trial", "ebook": "ebook"}


class Refused(Exception):
    """The provider said no, as it does when what is asked for makes no sense any more."""


class Life:
    """So many people, and what they do; `done` counts it by name, `failed` what the shop could not.

    Reproducible by `rng` as far as the provider's answers are.
    """

    def __init__(self, api: httpx.Client, people: int, rng: random.Random) -> None:
        self.api = api
        self.rng = rng
        self.seller = Seller(api, rng)
        self.done: Counter[str] = Counter()
        self.failed: Counter[str] = Counter()
        self.products = self.seller.products
        users = get_user_model()
        names = [f"person-{number}" for number in range(people)]
        users.objects.bulk_create(users(username=n, email=f"{n}@example.com") for n in names)
        self.people = list(users.objects.order_by("pk"))

    def go_on(self) -> None:
        """The seller and half of the people do something each."""
        self.seller.go_on()
        for person in self.rng.sample(self.people, (len(self.people) + 1) // 2):
            self._act(person)

    def _act(self, person: Any) -> None:
        close_old_connections()
        mine = self._subscriptions(person)
        action = self._choose(mine)
        name = action.__name__.strip("_")
        try:
            action(person, mine)
        except Refused:
            self.done["refused by the provider"] += 1
        except (PolarDjangoError, DatabaseError) as error:
            self.failed[type(error).__name__] += 1
        else:
            self.done[name] += 1

    def _choose(self, mine: list[dict[str, Any]]) -> Callable[[Any, list[dict[str, Any]]], None]:
        if not mine:
            return self.rng.choice((self._buy, self._buy, self._buy, self._buy_in_the_shop))
        actions = [
            *(self._cancel, self._uncancel, self._revoke, self._change_plan, self._pause),
            *(self._cancel_in_the_shop, self._uncancel_in_the_shop, self._revoke_in_the_shop),
            *(self._rename, self._rename, self._seat_somebody, self._empty_a_seat, self._buy),
            *(self._refund, self._use, self._use, self._use_a_key, self._use_a_key),
            *(self._discount, self._stay, self._stay),
        ]
        if self.rng.random() < 0.03:
            return self._delete
        return self.rng.choice(actions)

    # At the provider.

    def _buy(self, person: Any, mine: list[dict[str, Any]]) -> None:
        key = self.rng.choice(PRODUCTS)
        body: dict[str, Any] = {
            "products": [self.products[key]],
            "external_customer_id": str(person.pk),
        }
        if key == "team":
            body["seats"] = self.rng.randint(2, 4)
        if self.rng.random() < 0.3:
            body["discount_id"] = self.rng.choice(self.seller.discounts())["id"]
        self._pay(self._call("POST", "/v1/checkouts/", json=body), person)

    def _pay(self, checkout: dict[str, Any], person: Any) -> None:
        card = self.rng.choices((PAYS, DECLINES, FAILS_LATER), (70, 10, 20))[0]
        self._call(
            "POST",
            f"/v1/checkouts/client/{checkout['client_secret']}/confirm",
            json={
                "confirmation_token_id": card,
                "customer_email": person.email,
                "customer_name": person.username,
                "customer_billing_address": {"country": "NL"},
            },
        )

    def _cancel(self, person: Any, mine: list[dict[str, Any]]) -> None:
        self._patch(mine, {"cancel_at_period_end": True, "customer_cancellation_reason": "other"})

    def _uncancel(self, person: Any, mine: list[dict[str, Any]]) -> None:
        self._patch(mine, {"cancel_at_period_end": False})

    def _revoke(self, person: Any, mine: list[dict[str, Any]]) -> None:
        self._patch(mine, {"revoke": True})

    def _change_plan(self, person: Any, mine: list[dict[str, Any]]) -> None:
        key = self.rng.choice(("pro-monthly", "pro-yearly"))
        when = self.rng.choice(("invoice", "prorate", "next_period"))
        self._patch(mine, {"product_id": self.products[key], "proration_behavior": when})

    def _pause(self, person: Any, mine: list[dict[str, Any]]) -> None:
        subscription = self.rng.choice(mine)
        body = (
            {"resume": True}
            if subscription["status"] == "paused"
            else {"pause_at_period_end": not subscription["pause_at_period_end"]}
        )
        self._patch([subscription], body)

    def _rename(self, person: Any, mine: list[dict[str, Any]]) -> None:
        name = f"{person.username} the {self.rng.choice(('Great', 'Wise', 'Younger', 'Bold'))}"
        path = f"/v1/customers/{mine[0]['customer_id']}"
        self._call("PATCH", path, json={"name": name, "metadata": {"name": name}})

    def _delete(self, person: Any, mine: list[dict[str, Any]]) -> None:
        anonymize = self.rng.choice(("true", "false"))
        path = f"/v1/customers/{mine[0]['customer_id']}"
        self._call("DELETE", path, params={"anonymize": anonymize})

    def _seat_somebody(self, person: Any, mine: list[dict[str, Any]]) -> None:
        subscription = self._team(mine)
        guest = self.rng.choice(self.people)
        self._call(
            "POST",
            "/v1/customer-seats",
            json={
                "subscription_id": subscription["id"],
                "email": guest.email,
                "external_member_id": str(guest.pk),
                "immediate_claim": self.rng.random() < 0.7,
            },
        )

    def _empty_a_seat(self, person: Any, mine: list[dict[str, Any]]) -> None:
        subscription = self._team(mine)
        found = self._call(
            "GET", "/v1/customer-seats", params={"subscription_id": subscription["id"]}
        )
        taken = [seat for seat in found["seats"] if seat["status"] != "revoked"]
        if not taken:
            raise Refused
        self._call("DELETE", f"/v1/customer-seats/{self.rng.choice(taken)['id']}")

    def _refund(self, person: Any, mine: list[dict[str, Any]]) -> None:
        query = {"external_customer_id": str(person.pk), "limit": 100}
        paid = [each for each in self._call("GET", "/v1/orders/", params=query)["items"]
                if each["status"] in ("paid", "partially_refunded")]  # fmt: skip
        if not paid:
            raise Refused
        order = self.rng.choice(paid)
        left = order["net_amount"] - order["refunded_amount"]
        body = {
            "order_id": order["id"],
            "reason": "customer_request",
            "amount": max(1, self.rng.choice((left, left // 2))),
            "revoke_benefits": order["subscription_id"] is None and self.rng.random() < 0.5,
        }
        self._call("POST", "/v1/refunds/", json=body)

    def _use(self, person: Any, mine: list[dict[str, Any]]) -> None:
        events = [
            {
                "name": "ai_usage",
                "external_customer_id": str(person.pk),
                "metadata": {"tokens": self.rng.randint(1, 400)},
            }
            for _ in range(self.rng.randint(1, 3))
        ]
        self._call("POST", "/v1/events/ingest", json={"events": events})

    def _use_a_key(self, person: Any, mine: list[dict[str, Any]]) -> None:
        """It is validated, disabled or enabled; no event tells of that."""
        query = {"customer_id": mine[0]["customer_id"], "limit": 100}
        grants = self._call("GET", "/v1/benefit-grants/", params=query)["items"]
        keys = [each["properties"]["license_key_id"] for each in grants
                if each["properties"].get("license_key_id")]  # fmt: skip
        if not keys:
            raise Refused
        path = f"/v1/license-keys/{self.rng.choice(keys)}"
        key = self._call("GET", path)
        if self.rng.random() < 0.7:
            body = {"key": key["key"], "organization_id": key["organization_id"]}
            self._call("POST", "/v1/license-keys/validate", json={**body, "increment_usage": 2})
        else:
            wanted = "disabled" if key["status"] == "granted" else "granted"
            self._call("PATCH", path, json={"status": wanted})

    def _discount(self, person: Any, mine: list[dict[str, Any]]) -> None:
        chosen = self.rng.choice((None, *(each["id"] for each in self.seller.discounts())))
        self._patch(mine, {"discount_id": chosen})

    def _stay(self, person: Any, mine: list[dict[str, Any]]) -> None:
        """Nothing to do."""

    # In the shop.

    def _buy_in_the_shop(self, person: Any, mine: list[dict[str, Any]]) -> None:
        key = self.rng.choice(tuple(PLANS))
        session = create_checkout_session(
            person, PLANS[key], product=key, success_url="http://127.0.0.1/thanks"
        )
        self._pay(self._call("GET", f"/v1/checkouts/{session.pk}"), person)

    def _cancel_in_the_shop(self, person: Any, mine: list[dict[str, Any]]) -> None:
        cancel_subscription(self._mirrored(mine), reason="unused")

    def _uncancel_in_the_shop(self, person: Any, mine: list[dict[str, Any]]) -> None:
        uncancel_subscription(self._mirrored(mine))

    def _revoke_in_the_shop(self, person: Any, mine: list[dict[str, Any]]) -> None:
        revoke_subscription(self._mirrored(mine))

    def _mirrored(self, mine: list[dict[str, Any]]) -> Subscription:
        row = Subscription.objects.filter(pk=self.rng.choice(mine)["id"]).first()
        if row is None:
            # The delivery is still on its way: the shop shows no button yet.
            raise Refused
        return row

    def _team(self, mine: list[dict[str, Any]]) -> dict[str, Any]:
        teams = [each for each in mine if each["product_id"] == self.products["team"]]
        if not teams:
            raise Refused
        return self.rng.choice(teams)

    def _patch(self, mine: list[dict[str, Any]], body: dict[str, Any]) -> None:
        self._call("PATCH", f"/v1/subscriptions/{self.rng.choice(mine)['id']}", json=body)

    def _subscriptions(self, person: Any) -> list[dict[str, Any]]:
        """Those that still run, paused ones too."""
        query = {"external_customer_id": str(person.pk), "status": RUNNING, "limit": 100}
        found = self._call("GET", "/v1/subscriptions/", params=query)["items"]
        return [each for each in found if each["ended_at"] is None]

    def _call(self, method: str, path: str, **options: Any) -> Any:
        answer = self.api.request(method, path, **options)
        if 400 <= answer.status_code < 500:
            raise Refused(f"{method} {path}: {answer.status_code} {answer.text[:300]}")
        answer.raise_for_status()
        return answer.json() if answer.content else None
