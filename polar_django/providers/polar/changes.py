"""What can be done to a subscription, in Polar's own calls.

One PATCH takes one kind of change; a key of another kind in the same body is refused.
"""

from datetime import datetime
from typing import Any

from polar_django.exceptions import ObjectNotFound
from polar_django.providers.base import ChargeLine, ChargePreview
from polar_django.providers.polar.answers import object_in
from polar_django.providers.polar.calls import PolarCalls
from polar_django.providers.polar.reading import Json, text, whole_or_zero
from polar_django.snapshots import Answer

__all__ = ["PolarChanges"]


class PolarChanges(PolarCalls):
    """Canceled, changed, moved, paused, ended."""

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

    def change_product(
        self, subscription_id: str, product_id: str, *, proration: str = ""
    ) -> Answer:
        body = {"product_id": product_id, **_proration(proration)}
        return self._change(subscription_id, body)

    def change_seats(self, subscription_id: str, seats: int, *, proration: str = "") -> Answer:
        return self._change(subscription_id, {"seats": seats, **_proration(proration)})

    def preview_change(
        self,
        subscription_id: str,
        *,
        product_id: str = "",
        seats: int | None = None,
        proration: str = "",
    ) -> ChargePreview:
        """A route that Polar has but does not document: a server may not know it."""
        change = {"product_id": product_id} if product_id else {"seats": seats}
        try:
            reply = self.client.preview_change(subscription_id, {**change, **_proration(proration)})
        except ObjectNotFound as error:
            if not error.code:
                raise self._cannot("preview a change: the server knows no such route") from error
            raise
        return _preview(object_in(reply))

    def set_discount(self, subscription_id: str, discount_id: str | None) -> Answer:
        return self._change(subscription_id, {"discount_id": discount_id})

    def set_trial_end(self, subscription_id: str, until: datetime | None) -> Answer:
        end = "now" if until is None else until.isoformat()
        return self._change(subscription_id, {"trial_end": end})

    def clear_pending_update(self, subscription_id: str) -> Answer:
        return self._change(subscription_id, {"pending_update": None})

    def pause_subscription(self, subscription_id: str, *, until: datetime | None = None) -> Answer:
        body: dict[str, Any] = {"pause_at_period_end": True}
        if until is not None:
            body["resumes_at"] = until.isoformat()
        return self._change(subscription_id, body)

    def unschedule_pause(self, subscription_id: str) -> Answer:
        return self._change(subscription_id, {"pause_at_period_end": False})

    def resume_subscription(self, subscription_id: str) -> Answer:
        return self._change(subscription_id, {"resume": True})

    def _change(self, subscription_id: str, body: Json) -> Answer:
        return self._update("subscriptions", subscription_id, body)


def _proration(given: str) -> dict[str, str]:
    return {"proration_behavior": given} if given else {}


def _preview(data: Json) -> ChargePreview:
    def amount(name: str) -> int:
        return whole_or_zero(data.get(f"{name}_amount"))

    lines = data.get("prorations")
    return ChargePreview(
        subtotal_amount=amount("subtotal"),
        discount_amount=amount("discount"),
        net_amount=amount("net"),
        tax_amount=amount("tax"),
        total_amount=amount("total"),
        applied_balance_amount=amount("applied_balance"),
        # Newer than the rest of the answer: without it, nobody's balance is known.
        due_amount=amount("due") if "due_amount" in data else max(0, amount("total")),
        lines=tuple(
            ChargeLine(label=text(line.get("label")), amount=whole_or_zero(line.get("amount")))
            for line in (lines if isinstance(lines, list) else [])
            if isinstance(line, dict)
        ),
    )
