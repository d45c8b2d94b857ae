"""What follows an order: its invoice, its receipt, its money back; in Polar's own calls."""

from collections.abc import Mapping
from typing import Any

from polar_django.exceptions import ActionRefused, ObjectNotFound, ProviderUnavailable
from polar_django.providers.polar.answers import object_in
from polar_django.providers.polar.calls import PolarCalls
from polar_django.providers.transport import Reply
from polar_django.snapshots import Answer

__all__ = ["PolarBills"]

_NOTHING_PAID = "RefundUnknownPayment"


class PolarBills(PolarCalls):
    """Invoices, receipts, refunds."""

    def get_invoice_url(self, order_id: str) -> str:
        return _url_in(self.client.invoice(order_id), "invoice")

    def generate_invoice(self, order_id: str) -> None:
        self.client.generate_invoice(order_id)

    def get_receipt_url(self, order_id: str) -> str | None:
        reply = self.client.receipt(order_id)
        # 202: no card has paid it, or the file is being made.
        return None if reply.status == 202 else _url_in(reply, "receipt")

    def refund_order(
        self,
        order_id: str,
        amount: int,
        *,
        reason: str,
        comment: str = "",
        revoke_benefits: bool = False,
        metadata: Mapping[str, str] | None = None,
    ) -> Answer:
        body: dict[str, Any] = {
            "order_id": order_id,
            "amount": amount,
            "reason": reason,
            "revoke_benefits": revoke_benefits,
            "metadata": dict(metadata or {}),
        }
        if comment:
            body["comment"] = comment
        try:
            return self._answer("refunds", self.client.create("refunds", body))
        except ObjectNotFound as error:
            if error.code == _NOTHING_PAID:  # the order is there, and was free
                raise ActionRefused(str(error), status=error.status, code=error.code) from error
            raise


def _url_in(reply: Reply, what: str) -> str:
    url = object_in(reply).get("url")
    if not isinstance(url, str) or not url.startswith(("https://", "http://")):
        raise ProviderUnavailable(f"The {what} has no address.")
    return url
