"""Polar as a provider: what the rest of the package asks, in Polar's own calls."""

from collections.abc import Iterator, Mapping
from typing import Any, Self

from polar_django.conf import Settings
from polar_django.exceptions import (
    InvalidRequest,
    MalformedPayload,
    ObjectNotFound,
    ProviderUnavailable,
)
from polar_django.providers.addresses import is_segment
from polar_django.providers.base import (
    Capability,
    Envelope,
    Page,
    PortalSession,
    StateAnswer,
)
from polar_django.providers.polar import events, webhooks
from polar_django.providers.polar.answers import answered_at, object_in, refuse_conflict
from polar_django.providers.polar.bills import PolarBills
from polar_django.providers.polar.changes import PolarChanges
from polar_django.providers.polar.checkouts import PolarCheckouts
from polar_django.providers.polar.customer_state import customer_state
from polar_django.providers.polar.customers import customer
from polar_django.providers.polar.dashboard import dashboard_url
from polar_django.providers.polar.licensing import PolarLicensing
from polar_django.providers.polar.operations import PolarOperations
from polar_django.providers.polar.parsing import PARSERS
from polar_django.providers.polar.raw import PolarRaw
from polar_django.providers.polar.reading import moment, objects
from polar_django.providers.polar.seats import PolarSeats
from polar_django.providers.polar.storefront import PolarSelling
from polar_django.providers.polar.usage import PolarUsage
from polar_django.snapshots import Answer, Event, Observation


class PolarProvider(
    PolarBills,
    PolarChanges,
    PolarCheckouts,
    PolarLicensing,
    PolarOperations,
    PolarRaw,
    PolarSeats,
    PolarSelling,
    PolarUsage,
):
    """Polar, with the token, server and API version of the settings.

    Reading deliveries needs no token; the first call without one raises ConfigurationError.
    """

    capabilities = frozenset(
        {
            Capability.GRANTS,
            Capability.UNCANCEL,
            Capability.CUSTOMER_STATE,
            Capability.MEMBERS,
            Capability.SEATS,
            Capability.INVOICES,
            Capability.LICENSE_KEYS,
            Capability.WEBHOOK_ENDPOINTS,
            Capability.DIAGNOSIS,
            Capability.CHANGES,
            Capability.REFUNDS,
            Capability.PAUSES,
            Capability.DISCOUNT_CODES,
            Capability.FREE_UPGRADES,
            Capability.AD_HOC_PRICES,
            Capability.METERS,
        }
    )

    @classmethod
    def from_settings(cls, settings: Settings, options: Mapping[str, Any]) -> Self:
        return cls(settings)

    def verify_webhook(self, headers: Mapping[str, str], body: bytes) -> Envelope:
        return webhooks.verify(headers, body, self._settings.webhook_secrets)

    def parse_event(self, body: bytes) -> Event:
        return events.parse_event(self.name, body)

    def find_customer(self, external_id: str) -> Answer | None:
        if not external_id:
            return None
        if not is_segment(external_id):
            return self._search_customer("external_id", external_id, query=external_id)
        try:
            return self._answer("customers", self.client.customer_by_external_id(external_id))
        except ObjectNotFound as error:
            if not error.code:  # the route or the API version is unknown, not the customer
                raise
            return None

    def find_customer_by_email(self, email: str) -> Answer | None:
        if not email:
            return None
        return self._search_customer("email", email.lower(), email=email)

    def create_customer(self, *, external_id: str, email: str, name: str) -> Answer:
        body = {"external_id": external_id, "email": email, "name": name or None}
        try:
            return self._answer("customers", self.client.create("customers", body))
        except InvalidRequest as error:
            refuse_conflict(error)
            raise

    def set_external_id(self, customer_id: str, external_id: str) -> Answer:
        try:
            return self._update("customers", customer_id, {"external_id": external_id})
        except InvalidRequest as error:
            refuse_conflict(error)
            raise

    def update_customer(self, customer_id: str, *, email: str = "", name: str = "") -> Answer:
        body = {key: value for key, value in (("email", email), ("name", name)) if value}
        try:
            return self._update("customers", customer_id, body)
        except InvalidRequest as error:
            refuse_conflict(error)
            raise

    def delete_customer(self, customer_id: str, *, anonymize: bool = False) -> None:
        self.client.delete_customer(customer_id, anonymize=anonymize)

    def get_customer(self, customer_id: str) -> Answer:
        return self._get("customers", customer_id)

    def customer_state(self, customer_id: str) -> StateAnswer:
        reply = self.client.customer_state(customer_id)
        try:
            state = customer_state(object_in(reply))
        except MalformedPayload as error:
            raise ProviderUnavailable("The customer state has no id.") from error
        seen = Observation(snapshot=state.customer)
        return StateAnswer(provider=self.name, answered_at=answered_at(reply, (seen,)), state=state)

    def create_portal_session(
        self, customer_id: str, *, return_url: str = "", member_id: str = ""
    ) -> PortalSession:
        body = {"customer_id": customer_id}
        if return_url:
            body["return_url"] = return_url
        if member_id:
            body["member_id"] = member_id
        data = object_in(self.client.create_customer_session(body))
        url = data.get("customer_portal_url")
        if not isinstance(url, str) or not url.startswith(("https://", "http://")):
            raise ProviderUnavailable("The customer session names no portal.")
        return PortalSession(url=url, expires_at=moment(data.get("expires_at")))

    def get_subscription(self, subscription_id: str) -> Answer:
        return self._get("subscriptions", subscription_id)

    def get_product(self, product_id: str) -> Answer:
        return self._get("products", product_id)

    def get_benefit(self, benefit_id: str) -> Answer:
        return self._get("benefits", benefit_id)

    def get_order(self, order_id: str) -> Answer:
        return self._get("orders", order_id)

    def dashboard_url(self, kind: str, object_id: str) -> str:
        return dashboard_url(self._settings.server, kind, object_id)

    def list_objects(self, kind: str, **filters: Any) -> Iterator[Page]:
        if kind not in PARSERS:
            raise self._cannot(f"list {kind} for the mirror")
        try:
            for reply, items in self.client.pages(kind, **filters):
                yield self._page(kind, reply, items)
        except ObjectNotFound as error:
            if not error.code:
                raise self._cannot(f"list {kind}: the server knows no such route") from error
            raise

    def get_object(self, kind: str, object_id: str) -> Answer:
        try:
            return self._get(kind, object_id)
        except ObjectNotFound as error:
            if not error.code:
                raise self._cannot(f"read one of {kind}: the server knows no such route") from error
            raise

    def _search_customer(self, attribute: str, wanted: str, **filters: Any) -> Answer | None:
        """The filters find more than equal values, so that every page is looked through."""
        for reply, items in self.client.pages("customers", **filters):
            for item in objects(items):
                value = getattr(customer(item), attribute) or ""
                if (value.lower() if attribute == "email" else value) == wanted:
                    return self._page("customers", reply, [item])
        return None
