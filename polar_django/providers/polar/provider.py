"""Polar as a provider: what the rest of the package asks, in Polar's own calls."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from functools import cached_property
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
    CheckoutRequest,
    Envelope,
    Page,
    PortalSession,
    Provider,
    SeatInvitation,
    SeatRequest,
    StateAnswer,
)
from polar_django.providers.polar import events, webhooks
from polar_django.providers.polar.answers import answered_at, object_in, refuse_conflict, total_in
from polar_django.providers.polar.client import PolarClient
from polar_django.providers.polar.connection import transport_for
from polar_django.providers.polar.customer_state import customer_state
from polar_django.providers.polar.customers import customer
from polar_django.providers.polar.parsing import PARSERS
from polar_django.providers.polar.reading import flag, moment, objects, text
from polar_django.providers.transport import Reply
from polar_django.snapshots import Answer, Event, Observation


class PolarProvider(Provider):
    """Polar, with the token, server and API version of the settings.

    Reading deliveries needs no token; the first call without one raises ConfigurationError.
    """

    name = "polar"
    capabilities = frozenset(
        {
            Capability.GRANTS,
            Capability.UNCANCEL,
            Capability.CUSTOMER_STATE,
            Capability.MEMBERS,
            Capability.SEATS,
            Capability.INVOICES,
        }
    )

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @classmethod
    def from_settings(cls, settings: Settings, options: Mapping[str, Any]) -> Self:
        return cls(settings)

    @cached_property
    def client(self) -> PolarClient:
        """The API itself. Raises ConfigurationError where the settings do not suffice."""
        return PolarClient(transport_for(self._settings))

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

    def create_checkout(self, request: CheckoutRequest) -> Answer:
        body = {
            "products": list(request.product_ids),
            "customer_id": request.customer_id,
            "success_url": request.success_url,
            "return_url": request.return_url or None,
            "seats": request.seats,
            "min_seats": request.min_seats,
            "max_seats": request.max_seats,
            "locale": request.locale or None,
            "metadata": dict(request.metadata),
        }
        given = {name: value for name, value in body.items() if value is not None}
        return self._answer("checkouts", self.client.create("checkouts", given))

    def get_checkout(self, checkout_id: str) -> Answer:
        return self._get("checkouts", checkout_id)

    def create_portal_session(self, customer_id: str, *, return_url: str = "") -> PortalSession:
        body = {"customer_id": customer_id}
        if return_url:
            body["return_url"] = return_url
        data = object_in(self.client.create_customer_session(body))
        url = data.get("customer_portal_url")
        if not isinstance(url, str) or not url.startswith(("https://", "http://")):
            raise ProviderUnavailable("The customer session names no portal.")
        return PortalSession(url=url, expires_at=moment(data.get("expires_at")))

    def get_subscription(self, subscription_id: str) -> Answer:
        return self._get("subscriptions", subscription_id)

    def cancel_subscription(
        self, subscription_id: str, *, reason: str = "", comment: str = ""
    ) -> Answer:
        body: dict[str, Any] = {"cancel_at_period_end": True}
        if reason:
            body["customer_cancellation_reason"] = reason
        if comment:
            body["customer_cancellation_comment"] = comment
        return self._update("subscriptions", subscription_id, body)

    def uncancel_subscription(self, subscription_id: str) -> Answer:
        return self._update("subscriptions", subscription_id, {"cancel_at_period_end": False})

    def revoke_subscription(self, subscription_id: str) -> Answer:
        return self._answer("subscriptions", self.client.delete("subscriptions", subscription_id))

    def get_product(self, product_id: str) -> Answer:
        return self._get("products", product_id)

    def get_benefit(self, benefit_id: str) -> Answer:
        return self._get("benefits", benefit_id)

    def get_order(self, order_id: str) -> Answer:
        return self._get("orders", order_id)

    def get_invoice_url(self, order_id: str) -> str:
        url = object_in(self.client.invoice(order_id)).get("url")
        if not isinstance(url, str) or not url.startswith(("https://", "http://")):
            raise ProviderUnavailable("The invoice has no address.")
        return url

    def generate_invoice(self, order_id: str) -> None:
        self.client.generate_invoice(order_id)

    def assign_seat(self, request: SeatRequest) -> Answer:
        given = {name: value for name, value in asdict(request).items() if value}
        return self._answer("customer_seats", self.client.create("customer_seats", given))

    def revoke_seat(self, seat_id: str) -> Answer:
        return self._answer("customer_seats", self.client.delete("customer_seats", seat_id))

    def resend_seat_invitation(self, seat_id: str) -> Answer:
        return self._answer("customer_seats", self.client.resend_seat(seat_id))

    def get_seat_invitation(self, token: str) -> SeatInvitation:
        data = object_in(self.client.seat_invitation(token))
        return SeatInvitation(
            product_name=text(data.get("product_name")),
            organization_name=text(data.get("organization_name")),
            email=text(data.get("customer_email")),
            can_claim=flag(data.get("can_claim")),
        )

    def claim_seat(self, token: str) -> Answer:
        """The answer's other half, a token that opens the member's portal, is let go."""
        reply = self.client.claim_seat(token)
        return self._page("customer_seats", reply, [object_in(reply).get("seat")])

    def list_objects(self, kind: str, **filters: Any) -> Iterator[Page]:
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

    def _get(self, kind: str, object_id: str) -> Answer:
        return self._answer(kind, self.client.get(kind, object_id))

    def _update(self, kind: str, object_id: str, body: Mapping[str, Any]) -> Answer:
        return self._answer(kind, self.client.update(kind, object_id, body))

    def _answer(self, kind: str, reply: Reply) -> Answer:
        return self._page(kind, reply, [object_in(reply)])

    def _page(self, kind: str, reply: Reply, items: list[Any]) -> Page:
        """Every item must be readable: a list with one left out would tell that it is gone."""
        if not all(isinstance(item, dict) for item in items):
            raise ProviderUnavailable(f"An answer about {kind} holds what is no object.")
        try:
            seen = tuple(found for item in items for found in PARSERS[kind](item))
        except MalformedPayload as error:
            raise ProviderUnavailable(
                f"An answer about {kind} has an object without id."
            ) from error
        return Answer(
            provider=self.name,
            answered_at=answered_at(reply, seen),
            observations=seen,
            total=total_in(reply),
        )

    def _search_customer(self, attribute: str, wanted: str, **filters: Any) -> Answer | None:
        """The filters find more than equal values, so that every page is looked through."""
        for reply, items in self.client.pages("customers", **filters):
            for item in objects(items):
                value = getattr(customer(item), attribute) or ""
                if (value.lower() if attribute == "email" else value) == wanted:
                    return self._page("customers", reply, [item])
        return None
