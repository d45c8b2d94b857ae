"""Refunds: money back for an order, with or without taking what it gave."""

from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from polar_django.sandbox import clock
from polar_django.sandbox.engine import grants, rows
from polar_django.sandbox.engine.emit import emit_order, emit_refund
from polar_django.sandbox.engine.payments import was_charged
from polar_django.sandbox.engine.work import business_transaction, current_work
from polar_django.sandbox.errors import (
    RefundedAlready,
    RefundUnknownPayment,
    RevokeSubscriptionBenefitsProhibited,
    invalid,
)
from polar_django.sandbox.models import PAID_STATUSES, Order, Refund
from polar_django.sandbox.tax import round_half_away

__all__ = ["create_refund", "settle_refund"]

# By what the card does: whether the refund is pending at first, and what becomes of it in a day.
SLOW_CARDS = {"refunds_later": (True, "succeeded"), "refund_fails": (False, "failed")}
SETTLES_AFTER = timedelta(days=1)


def create_refund(data: Mapping[str, Any]) -> Refund:
    """`data` as RefundCreate: order_id, reason, amount (net, minor units), and so on.

    Sends refund.created, order.updated, order.refunded, then refund.updated as the card processor
    reports it; with `revoke_benefits` benefit_grant.revoked. To some cards the money takes a day:
    then refund.created alone, pending. A subscription goes on. Raises InvalidRequest,
    RefundedAlready, RevokeSubscriptionBenefitsProhibited, RefundUnknownPayment.
    """
    with business_transaction() as work:
        order = _refundable_order(data)
        takes_time, settles_as = SLOW_CARDS.get(_behaviour(order), (False, None))
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
            revoke_benefits=bool(data.get("revoke_benefits")),
            metadata=dict(data.get("metadata") or {}),
            status="pending" if takes_time else "succeeded",
            settles_at=clock.tick() + SETTLES_AFTER if settles_as else None,
            settles_as=settles_as,
        )
        emit_refund("created", refund)
        if not takes_time:
            work.later(partial(_report, refund.id))
            _give_back(order, refund)
        return refund


def settle_refund(refund_id: UUID) -> None:
    """The processor's last word. Sends refund.updated; then order.updated, and .refunded if paid.

    What failed after it had succeeded is taken back: the order is paid again, its benefits stay
    away. Nothing where nothing is awaited.
    """
    with business_transaction():
        refund = Refund.objects.select_related("order").get(pk=refund_id)
        if refund.settles_as is None:
            return
        order = _orders().get(pk=refund.order_id)
        status = refund.settles_as
        emit_refund("updated", rows.change(refund, status=status, settles_at=None, settles_as=None))
        if status == "succeeded":
            _give_back(order, refund)
            return
        left = order.refunded_amount - refund.amount
        rows.change(
            order,
            status="partially_refunded" if left else "paid",
            refunded_amount=left,
            refunded_tax_amount=order.refunded_tax_amount - refund.tax_amount,
        )
        emit_order(order, "updated")


def _give_back(order: Order, refund: Refund) -> None:
    is_whole = refund.amount == order.refundable_amount
    rows.change(
        order,
        status="refunded" if is_whole else "partially_refunded",
        refunded_amount=order.refunded_amount + refund.amount,
        refunded_tax_amount=order.refunded_tax_amount + refund.tax_amount,
    )
    emit_order(order, "updated", "refunded")
    if refund.revoke_benefits:
        current_work().later(partial(_take_benefits, order.id))


def _behaviour(order: Order) -> str:
    return order.payment_method.behaviour if order.payment_method is not None else ""


def _orders() -> QuerySet[Order]:
    return Order.objects.select_related(
        "customer", "product", "subscription", "discount", "payment_method"
    )


def _refundable_order(data: Mapping[str, Any]) -> Order:
    order = _orders().filter(pk=data["order_id"]).first()
    if order is None:
        raise invalid("Order not found", "order_id", value=str(data["order_id"]))
    if order.status == "refunded":
        raise RefundedAlready(f"Order is already fully refunded: {order.id}")
    if data.get("revoke_benefits") and order.subscription_id is not None:
        raise RevokeSubscriptionBenefitsProhibited
    if order.status not in PAID_STATUSES or not was_charged(order):
        raise RefundUnknownPayment(f"Order {order.id} has no payment to refund.")
    if data["amount"] > order.refundable_amount - _pending(order)[0]:
        message = "Refund amount exceeds refundable amount"
        raise invalid(message, "amount", value=data["amount"])
    return order


def _share_of_tax(order: Order, amount: int) -> int:
    """Pro rata; what is left of it with the last part."""
    pending, pending_tax = _pending(order)
    if amount == order.refundable_amount - pending:
        return order.refundable_tax_amount - pending_tax
    return round_half_away(order.tax_amount * amount, order.net_amount)


def _pending(order: Order) -> tuple[int, int]:
    """What is on its way already, and its tax."""
    underway = list(order.refunds.filter(status="pending"))
    return sum(each.amount for each in underway), sum(each.tax_amount for each in underway)


def _report(refund_id: UUID) -> None:
    """The processor says that the money is on its way."""
    refund = Refund.objects.select_related("order").get(pk=refund_id)
    emit_refund("updated", rows.change(refund))


def _take_benefits(order_id: UUID) -> None:
    held = Order.objects.get(pk=order_id).grants.filter(granted_at__isnull=False)
    for grant in held.order_by("created_at"):
        grants.revoke_grant(grant.id)
