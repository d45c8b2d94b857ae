"""A whole Polar within a test: API, payments, signed deliveries, and a clock that can be moved.

No socket is opened and nothing is to be set up but `polar_django.sandbox` in `INSTALLED_APPS`. The
app's HTTP client reaches the sandbox in this thread, and the sandbox's deliveries reach the app's
webhook view the same way; both are the real code, signatures included. Nothing happens behind a
test's back: deliveries go out when it calls `deliver()`.
"""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch
from urllib.parse import urlsplit

import httpx
from django.conf import settings as django_settings
from django.core.handlers.wsgi import WSGIHandler
from django.db.backends.base.base import BaseDatabaseWrapper
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.test import override_settings
from django.urls import get_urlconf, reverse, set_urlconf

from polar_django.billing import create_checkout_session
from polar_django.conf import get_settings
from polar_django.entitlements import refresh_entitlements
from polar_django.models import Subscription
from polar_django.providers.transport import mounted
from polar_django.sandbox import clients, delivery
from polar_django.sandbox.conf import get_settings as sandbox_settings
from polar_django.sandbox.models import Checkout
from polar_django.sandbox.seed import Seeded, seed, seed_file
from polar_django.signing import generate_secret
from polar_django.testing.deliveries import work_off

__all__ = [
    "DECLINES",
    "FAILS_LATER",
    "PAYS",
    "NotPaid",
    "Sandbox",
    "catalogue_of_plans",
    "open_sandbox",
]

BASE_URL = "http://testserver"
URLS = "polar_django.sandbox.standalone_urls"

PAYS = "4242 4242 4242 4242"
DECLINES = "4000 0000 0000 0002"
FAILS_LATER = "4000 0000 0000 0341"

Catalogue = Mapping[str, Mapping[str, Mapping[str, Any]]]


class NotPaid(Exception):
    """The sandbox refused the payment. `status` and `body` are its answer."""

    def __init__(self, answer: httpx.Response) -> None:
        self.status = answer.status_code
        self.body = answer.json()
        super().__init__(f"{self.status} {self.body}")


class Sandbox:
    """What a test can do with the sandbox. Amounts are minor units.

    `api` is an HTTP client with the access token: `sandbox.api.get("/v1/products/")`.
    `product_ids` and `benefit_ids` are by key.
    """

    def __init__(self, transport: httpx.BaseTransport, base_url: str = BASE_URL) -> None:
        self.transport = transport
        self.api = httpx.Client(
            base_url=base_url,
            transport=transport,
            headers={"Authorization": f"Bearer {sandbox_settings().access_token}"},
        )
        self.benefit_ids: dict[str, str] = {}
        self.product_ids: dict[str, str] = {}

    def sell(self, catalogue: Catalogue | Path) -> Seeded:
        """Make what is for sale: a dict, or the TOML file of `polar_catalog`. Returns the ids.

        Raises InvalidRequest for what the API would refuse, KeyError for a key that is not there.
        """
        ids = seed_file(catalogue) if isinstance(catalogue, Path) else seed(catalogue)
        self.benefit_ids.update(ids["benefits"])
        self.product_ids.update(ids["products"])
        return ids

    def confirm(self, checkout: str, **body: Any) -> httpx.Response:
        """Confirm as the pay page does. `checkout` is its address, its secret or its id."""
        row = _find_checkout(checkout)
        return self.api.post(f"/v1/checkouts/client/{row.client_secret}/confirm", json=body)

    def pay(self, checkout: str, card: str = PAYS, *, country: str = "NL", **body: Any) -> Any:
        """Pay a checkout like a buyer; the confirmed session as JSON. Raises NotPaid.

        A buyer whom the session does not know gives an address of their own. Nothing is
        delivered yet: `deliver()` does that.
        """
        row = _find_checkout(checkout)
        if row.customer_id is None and not row.customer_email:
            body.setdefault("customer_email", "buyer@example.com")
        answer = self.confirm(
            checkout,
            **{
                "confirmation_token_id": card,
                "customer_name": "A Buyer",
                "customer_billing_address": {"country": country},
                **body,
            },
        )
        if answer.status_code != 200:
            raise NotPaid(answer)
        return answer.json()

    def buy(self, subscriber: Any, plan: str, card: str = PAYS, **choices: Any) -> Any:
        """A whole purchase of a plan by a subscriber: checkout, payment, deliveries.

        `choices` are those of `create_checkout_session`: `product`, `seats`. Returns the new
        subscription, None for what is bought once. Raises NotPaid.
        """
        choices.setdefault("success_url", f"{BASE_URL}/bought/")
        session = create_checkout_session(subscriber, plan, **choices)
        self.pay(session.pk, card)
        self.deliver()
        refresh_entitlements(subscriber)
        return Subscription.objects.filter(checkout=session.pk).first()

    def deliver(self) -> delivery.Counts:
        """Send every delivery that is due and see it through: mirror, signals, `@on` handlers."""
        counts = delivery.flush()
        work_off()
        return counts

    def advance(self, *, days: float = 0, to: str = "", deliver: bool = True) -> Any:
        """Move the sandbox's clock: what falls due on the way happens. `to` is an ISO time."""
        answer = self.api.post("/_control/clock", json={"to": to} if to else {"advance_days": days})
        assert answer.status_code == 200, answer.text
        if deliver:
            self.deliver()
        return answer.json()

    def chaos(self, **switches: Any) -> None:
        """Break things on purpose: duplicate, drop (shares), reorder, legacy_signature."""
        answer = self.api.post("/_control/chaos", json=switches)
        assert answer.status_code == 200, answer.text

    def deliveries(self, limit: int = 100) -> list[dict[str, Any]]:
        """The delivery log, newest first."""
        answer = self.api.get("/_control/deliveries", params={"limit": limit})
        assert answer.status_code == 200, answer.text
        return list(answer.json())


class _Site(WSGIHandler):
    """The sandbox as a site of its own, wherever the project includes it, without its middleware.

    It answers in the middle of the project's own requests, and leaves their URLconf as it was.
    """

    def get_response(self, request: HttpRequest) -> HttpResponseBase:
        outer = get_urlconf()
        request.urlconf = URLS
        try:
            return super().get_response(request)
        finally:
            set_urlconf(outer)


@contextmanager
def open_sandbox(catalogue: Catalogue | Path | None = None) -> Iterator[Sandbox]:
    """Within the block, Polar is the sandbox; it sells `catalogue`, by default what the plans name.

    Needs the test's database. Settings that say where Polar is and what its secrets are, are
    replaced meanwhile. `setUp` of a unittest: `self.enterContext(open_sandbox())`.
    """
    secret = generate_secret()
    with ExitStack() as stack:
        stack.enter_context(
            override_settings(
                POLAR_DJANGO={
                    **getattr(django_settings, "POLAR_DJANGO", {}),
                    "SERVER": BASE_URL,
                    "ACCESS_TOKEN": "polar_oat_sandbox",
                    "WEBHOOK_SECRETS": [secret],
                    "DEFAULT_PROVIDER": "polar",
                    # Ids of the real Polar: here every name is a key.
                    "PRODUCTS": {},
                    "BENEFITS": {},
                    "PROCESS_INLINE": True,
                },
                POLAR_SANDBOX={
                    "ACCESS_TOKEN": "polar_oat_sandbox",
                    # As a secure request, because many projects redirect others.
                    "WEBHOOK_URL": f"https://testserver{reverse('polar:webhook', args=['polar'])}",
                    "WEBHOOK_SECRET": secret,
                    "BASE_URL": BASE_URL,
                    "AUTO_DELIVER": False,
                    "ALLOW_WITHOUT_DEBUG": True,
                },
            )
        )
        # The end of an inner request must not close the connection that the test holds.
        stack.enter_context(
            patch.object(BaseDatabaseWrapper, "close_if_unusable_or_obsolete", lambda self: None)
        )
        project = httpx.WSGITransport(app=WSGIHandler())
        stack.enter_context(
            patch.object(clients, "open_client", lambda: httpx.Client(transport=project))
        )
        with override_settings(MIDDLEWARE=[]):
            site = httpx.WSGITransport(app=_Site())
        stack.enter_context(mounted(site))
        sandbox = Sandbox(site)
        sandbox.sell(catalogue_of_plans() if catalogue is None else catalogue)
        sandbox.deliver()
        yield sandbox


def catalogue_of_plans() -> Catalogue:
    """Something to sell for each product that the plans name: 10.00 USD a month, which gives a
    benefit with the key of the plan; a seat each where the plan sells seats. Long keys are cut in
    what buyers read."""
    benefits: dict[str, Any] = {}
    products: dict[str, Any] = {}
    for key, plan in get_settings().all_plans().items():
        benefits[key] = {"description": f"The benefit of {key}"[:42]}
        has_seats = (plan.seats, plan.min_seats, plan.max_seats) != (None, None, None)
        for name in plan.products:
            product = products.setdefault(
                name,
                {
                    # The API takes 3 to 64 letters.
                    "name": name[:64] if len(name) >= 3 else f"Product {name}",
                    "recurring_interval": "month",
                    "prices": [_PER_SEAT if has_seats else _FIXED],
                    "benefits": [],
                },
            )
            product["benefits"].append(key)
    return {"benefits": benefits, "products": products}


_FIXED: Mapping[str, Any] = {"amount_type": "fixed", "price_amount": 1000}
_PER_SEAT: Mapping[str, Any] = {
    "amount_type": "seat_based",
    "seat_tiers": {
        "seat_tier_type": "volume",
        "tiers": [{"min_seats": 1, "max_seats": None, "price_per_seat": 1000}],
    },
}


def _find_checkout(text: str) -> Checkout:
    name = urlsplit(text).path.rstrip("/").rsplit("/", 1)[-1]
    field = "client_secret" if name.startswith("polar_c_") else "pk"
    return Checkout.objects.get(**{field: name})
