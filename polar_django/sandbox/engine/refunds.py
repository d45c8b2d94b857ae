"""Refunds: money back for an order, with or without taking what it gave."""

from collections.abc import Mapping
from functools import partial
from typing import Any
from uuid import UUID

from polar_django.sandbox.engine import grants, rows
from polar_django.sandbox.engine.emit import emit_order, emit_refund
from polar_django.sandbox.engine.work import business_transaction
from polar_django.sandbox.errors import (
    RefundedAlready,
    RefundUnknownPayment,
    RevokeSubscriptionBenefitsProhibited,
    invalid,
)
from polar_django.sandbox.models import PAID_STATUSES, Order, Refund
from polar_django.sandbox.tax import round_half_away

__all__ = ["create_refund"]


def create_refund(data: Mapping[str, Any]) -> Refund:
    """`data` as RefundCreate: order_id, reason, amount (net, minor units), and so on.

    Sends refund.created, order.updated, order.refunded, then refund.updated as the card processor
    reports it; with `revoke_benefits` benefit_grant.revoked. A subscription goes on. Raises
    InvalidRequest, RefundedAlready, RevokeSubscriptionBenefitsProhibited, RefundUnknownPayment.
    """
    with business_transaction() as work:
        order = _refundable_order(data)
        revokes = bool(data.get("revoke_benefits"))
        amount: int = data["amount"]
        tax = _share_of_tax(order, amount)
        refund = rows.create(
            Refund,
            order=order,
            subscription=order.subscription,
            customer=order.customer,
            currency=order.currency,
            reason=data["reason"],
            comment=data.get("comment"),
            amount=amount,
            tax_amount=tax,
            revoke_benefits=revokes,
            metadata=dict(data.get("metadata") or {}),
        )
        emit_refund("created", refund)
        is_whole = amount == order.refundable_amount
        rows.change(
            order,
            status="refunded" if is_whole else "partially_refunded",
            refunded_amount=order.refunded_amount + amount,
            refunded_tax_amount=order.refunded_tax_amount + tax,
        )
        emit_order(order, "updated", "refunded")
        work.later(partial(_report, refund.id))
        if revokes:
            work.later(partial(_take_benefits, order.id))
        return refund


def _refundable_order(data: Mapping[str, Any]) -> Order:
    orders = Order.objects.select_related("customer", "product", "subscription", "discount")
    order = orders.filter(pk=data["order_id"]).first()
    if order is None:
        raise invalid("Order not found", "order_id", value=str(data["order_id"]))
    if order.status == "refunded":
        raise RefundedAlready(f"Order is already fully refunded: {order.id}")
    if data.get("revoke_benefits") and order.subscription_id is not None:
        raise RevokeSubscriptionBenefitsProhibited
    if order.status not in PAID_STATUSES or order.due_amount == 0:
        raise RefundUnknownPayment(f"Order {order.id} has no payment to refund.")
    if data["amount"] > order.refundable_amount:
        message = "Refund amount exceeds refundable amount"
        raise invalid(message, "amount", value=data["amount"])
    return order


def _share_of_tax(order: Order, amount: int) -> int:
    """Pro rata; what is left of it with the last part."""
    if amount == order.refundable_amount:
        return order.refundable_tax_amount
    return round_half_away(order.tax_amount * amount, order.net_amount)


def _report(refund_id: UUID) -> None:
    """The processor says that the money is on its way."""
    refund = Refund.objects.select_related("order").get(pk=refund_id)
    emit_refund("updated", rows.change(refund))


def _take_benefits(order_id: UUID) -> None:
    held = Order.objects.get(pk=order_id).grants.filter(granted_at__isnull=False)
    for grant in held.order_by("created_at"):
        grants.revoke_grant(grant.id)
