"""A provider in memory: exactly what is told to it, and any fault when asked for one."""

import uuid
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from datetime import timedelta
from typing import Any

from django.utils import timezone

from polar_django.exceptions import ActionRefused, CustomerConflict, InvalidRequest, ObjectNotFound
from polar_django.providers.base import (
    Capability,
    CheckoutRequest,
    PortalSession,
    Provider,
    SeatInvitation,
    SeatRequest,
)
from polar_django.snapshots import (
    Answer,
    BenefitGrantSnapshot,
    BenefitSnapshot,
    CheckoutSnapshot,
    CustomerSnapshot,
    ObjectSnapshot,
    Observation,
    OrderSnapshot,
    PriceSnapshot,
    ProductSnapshot,
    SeatSnapshot,
    SubscriptionSnapshot,
)
from tests.billing import fake_seats as seats

KINDS = {
    "customers": CustomerSnapshot,
    "products": ProductSnapshot,
    "benefits": BenefitSnapshot,
    "checkouts": CheckoutSnapshot,
    "subscriptions": SubscriptionSnapshot,
    "orders": OrderSnapshot,
    "benefit_grants": BenefitGrantSnapshot,
    "customer_seats": SeatSnapshot,
}


@dataclass
class FakeService:
    """What the provider's server knows. `faults` maps a method to the error it raises."""

    objects: dict[str, ObjectSnapshot] = field(default_factory=dict)
    faults: dict[str, Exception] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    before: dict[str, Any] = field(default_factory=dict)
    invoices: dict[str, str] = field(default_factory=dict)
    discount_codes: set[str] = field(default_factory=set)
    # The seat that each open invitation is for; a token goes out by e-mail only.
    invitations: dict[str, str] = field(default_factory=dict)

    def put(self, snapshot: Any) -> Any:
        self.objects[snapshot.id] = snapshot
        return snapshot

    def all(self, kind: type) -> list[Any]:
        return [item for item in self.objects.values() if type(item) is kind]

    def change(self, key: str, /, **values: Any) -> Any:
        return self.put(replace(self.objects[key], modified_at=timezone.now(), **values))

    def called(self, name: str) -> int:
        return self.calls.count(name)

    def sell(self, key: str, *, price: int = 1200, benefit: str = "", **values: Any) -> Any:
        """A product with one price, and a benefit whose key is given."""
        benefit_ids = ()
        if benefit:
            given = self.put(
                BenefitSnapshot(id=f"benefit-{benefit}", key=benefit, description=benefit.title())
            )
            benefit_ids = (given.id,)
        product = self.put(
            ProductSnapshot(
                id=f"product-{key}",
                key=key,
                name=key.replace("-", " ").title(),
                created_at=timezone.now(),
                benefit_ids=benefit_ids,
                **{"is_recurring": True, "recurring_interval": "month", **values},
            )
        )
        self.put(
            PriceSnapshot(
                id=f"price-{key}", product_id=product.id, price_currency="usd", price_amount=price
            )
        )
        return product

    def pay(self, checkout_id: str, *, grants: bool = True) -> None:
        """The buyer pays: everything the purchase makes exists afterwards."""
        checkout = self.change(checkout_id, status="succeeded")
        product: Any = self.objects[checkout.product_id]
        now = timezone.now()
        made: dict[str, Any] = {"customer_id": checkout.customer_id, "created_at": now}
        subscription = self.put(
            SubscriptionSnapshot(
                id=f"subscription-{checkout_id}",
                product_id=product.id,
                checkout_id=checkout_id,
                status="active",
                current_period_end=now + timedelta(days=30),
                **made,
            )
        )
        self.put(
            OrderSnapshot(
                id=f"order-{checkout_id}",
                product_id=product.id,
                checkout_id=checkout_id,
                subscription_id=subscription.id,
                status="paid",
                paid=True,
                currency="usd",
                total_amount=1200,
                **made,
            )
        )
        for benefit_id in product.benefit_ids if grants else ():
            self.put(
                BenefitGrantSnapshot(
                    id=f"grant-{checkout_id}-{benefit_id}",
                    benefit_id=benefit_id,
                    subscription_id=subscription.id,
                    is_granted=True,
                    granted_at=now,
                    **made,
                )
            )


class FakeProvider(Provider):
    name = "fake"
    capabilities = frozenset(
        {
            Capability.GRANTS,
            Capability.UNCANCEL,
            Capability.AD_HOC_PRICES,
            Capability.DISCOUNT_CODES,
            Capability.FREE_UPGRADES,
        }
    )
    service = FakeService()

    @classmethod
    def from_settings(cls, settings: Any, options: Any) -> "FakeProvider":
        return cls()

    def verify_webhook(self, headers, body):
        raise NotImplementedError

    def parse_event(self, body):
        raise NotImplementedError

    def _call(self, method: str) -> None:
        self.service.calls.append(method)
        if hook := self.service.before.pop(method, None):
            hook()
        if method in self.service.faults:
            raise self.service.faults[method]

    def _answer(self, *snapshots: Any) -> Answer:
        return Answer(
            provider=self.name,
            answered_at=timezone.now(),
            observations=tuple(
                Observation(snapshot=item, embedded=self._embedded_in(item)) for item in snapshots
            ),
        )

    def _embedded_in(self, item: Any) -> tuple[Any, ...]:
        """As Polar does: products and grants come with their benefits."""
        ids = getattr(item, "benefit_ids", None) or (getattr(item, "benefit_id", None),)
        return tuple(self.service.objects[key] for key in ids if key in self.service.objects)

    def _customers(self, **wanted: Any) -> list[Any]:
        return [
            item
            for item in self.service.all(CustomerSnapshot)
            if item.deleted_at is None
            and all(
                str(getattr(item, key) or "").lower() == value.lower()
                for key, value in wanted.items()
            )
        ]

    def find_customer(self, external_id: str) -> Answer | None:
        self._call("find_customer")
        found = self._customers(external_id=external_id)
        return self._answer(*found) if found else None

    def find_customer_by_email(self, email: str) -> Answer | None:
        self._call("find_customer_by_email")
        found = self._customers(email=email)
        return self._answer(*found) if found else None

    def create_customer(self, *, external_id: str, email: str, name: str) -> Answer:
        self._call("create_customer")
        if self._customers(email=email) or self._customers(external_id=external_id):
            raise CustomerConflict("The e-mail or external id is taken.")
        made = CustomerSnapshot(
            id=f"customer-{uuid.uuid4()}", external_id=external_id, email=email, name=name
        )
        return self._answer(self.service.put(made))

    def set_external_id(self, customer_id: str, external_id: str) -> Answer:
        self._call("set_external_id")
        customer: Any = self.service.objects[customer_id]
        if customer.external_id not in (None, external_id):
            raise InvalidRequest("Customer external ID cannot be updated.")
        return self._answer(self.service.change(customer_id, external_id=external_id))

    def create_checkout(self, request: CheckoutRequest) -> Answer:
        self._call("create_checkout")
        key = f"checkout-{uuid.uuid4()}"
        made = CheckoutSnapshot(
            id=key,
            customer_id=request.customer_id,
            product_id=request.product_ids[0],
            url=f"https://pay.example/checkout/{key}",
            success_url=request.success_url.replace("{CHECKOUT_ID}", key),
            created_at=timezone.now(),
            expires_at=timezone.now() + timedelta(days=1),
            seats=request.seats,
            amount=request.amount,
            subscription_id=request.subscription_id or None,
            metadata=dict(request.metadata),
            raw={
                "id": key,
                "products": list(request.product_ids),
                "return_url": request.return_url,
                "asked": asdict(request),
            },
        )
        return self._answer(self.service.put(made))

    def apply_discount_code(self, checkout: Any, code: str) -> Answer:
        self._call("apply_discount_code")
        if code.casefold() not in self.service.discount_codes:
            raise InvalidRequest("Discount does not exist.")
        raw = {**self.service.objects[checkout["id"]].raw, "discount": {"code": code}}
        return self._answer(self.service.change(checkout["id"], raw=raw))

    def get_checkout(self, checkout_id: str) -> Answer:
        self._call("get_checkout")
        return self._get(checkout_id)

    def create_portal_session(
        self, customer_id: str, *, return_url: str = "", member_id: str = ""
    ) -> PortalSession:
        self._call("create_portal_session")
        return PortalSession(
            url=f"https://pay.example/portal?token={uuid.uuid4()}", expires_at=None
        )

    def get_subscription(self, subscription_id: str) -> Answer:
        self._call("get_subscription")
        return self._get(subscription_id)

    def cancel_subscription(
        self, subscription_id: str, *, reason: str = "", comment: str = ""
    ) -> Answer:
        self._call("cancel_subscription")
        row: Any = self.service.objects[subscription_id]
        if row.cancel_at_period_end or row.status == "canceled":
            raise ActionRefused("Already canceled.", status=403, code="AlreadyCanceledSubscription")
        return self._answer(
            self.service.change(
                subscription_id,
                cancel_at_period_end=True,
                ends_at=row.current_period_end,
                customer_cancellation_reason=reason or None,
                customer_cancellation_comment=comment or None,
            )
        )

    def uncancel_subscription(self, subscription_id: str) -> Answer:
        self._call("uncancel_subscription")
        row: Any = self.service.objects[subscription_id]
        if not row.cancel_at_period_end or row.status == "canceled":
            raise ActionRefused("Nothing is scheduled.", status=400, code="BadRequest")
        return self._answer(
            self.service.change(subscription_id, cancel_at_period_end=False, ends_at=None)
        )

    def revoke_subscription(self, subscription_id: str) -> Answer:
        self._call("revoke_subscription")
        row: Any = self.service.objects[subscription_id]
        if row.status == "canceled":
            raise ActionRefused("Already canceled.", status=403, code="AlreadyCanceledSubscription")
        return self._answer(
            self.service.change(
                subscription_id,
                status="canceled",
                ended_at=timezone.now(),
                cancel_at_period_end=False,
            )
        )

    def get_invoice_url(self, order_id: str) -> str:
        self._call("get_invoice_url")
        if order_id not in self.service.invoices:
            raise ObjectNotFound("There is no invoice.", status=404)
        return self.service.invoices[order_id]

    def generate_invoice(self, order_id: str) -> None:
        self._call("generate_invoice")
        self.service.invoices[order_id] = f"https://pay.example/invoice/{order_id}"

    def assign_seat(self, request: SeatRequest) -> Answer:
        self._call("assign_seat")
        return self._answer_seat(seats.assign(self.service, request))

    def revoke_seat(self, seat_id: str) -> Answer:
        self._call("revoke_seat")
        return self._answer_seat(seats.revoke(self.service, seat_id))

    def resend_seat_invitation(self, seat_id: str) -> Answer:
        self._call("resend_seat_invitation")
        return self._answer_seat(seats.resend(self.service, seat_id))

    def get_seat_invitation(self, token: str) -> SeatInvitation:
        self._call("get_seat_invitation")
        return seats.invitation(self.service, token)

    def claim_seat(self, token: str) -> Answer:
        self._call("claim_seat")
        return self._answer_seat(seats.claim(self.service, token))

    def _answer_seat(self, seat: SeatSnapshot) -> Answer:
        member = self.service.objects.get(seat.member_id)
        seen = Observation(snapshot=seat, embedded=(member,) if member else ())
        return Answer(provider=self.name, answered_at=timezone.now(), observations=(seen,))

    def list_objects(self, kind: str, **filters: Any) -> Iterator[Answer]:
        self._call(f"list {kind}")
        newest_first = filters.pop("sorting", "") == "-created_at"
        rows = [
            item
            for item in self.service.all(KINDS.get(kind, type(None)))
            if all(getattr(item, name) == value for name, value in filters.items())
        ]
        if newest_first:
            rows.reverse()
        if kind == "products":
            prices = self.service.all(PriceSnapshot)
            rows = [*rows, *(price for price in prices)]
        for start in range(0, len(rows), 2):
            yield self._answer(*rows[start : start + 2])

    def _get(self, key: str) -> Answer:
        if key not in self.service.objects:
            raise ObjectNotFound("Not found.", status=404, code="ResourceNotFound")
        return self._answer(self.service.objects[key])
