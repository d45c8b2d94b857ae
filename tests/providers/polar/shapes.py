"""Small payloads of Polar's shapes with values of our own, for clones without recordings."""

import json
from datetime import UTC, datetime

MADE = "2026-11-21T08:00:00.000001Z"
CHANGED = "2026-11-21T09:30:00Z"
ENDS = "2026-12-21T08:00:00.000001Z"
MADE_AT = datetime(2026, 11, 21, 8, 0, 0, 1, tzinfo=UTC)
CHANGED_AT = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)


def customer(**changes):
    return {
        "id": "cus-ada",
        "created_at": MADE,
        "modified_at": None,
        "metadata": {},
        "external_id": "7",
        "email": "ada@example.com",
        "email_verified": False,
        "type": "individual",
        "name": "Ada",
        "billing_name": "Ada",
        "billing_address": {"country": "FR"},
        "tax_id": None,
        "deleted_at": None,
        **changes,
    }


def price(**changes):
    return {
        "id": "pri-pro",
        "created_at": MADE,
        "modified_at": None,
        "source": "catalog",
        "amount_type": "fixed",
        "price_currency": "usd",
        "tax_behavior": None,
        "is_archived": False,
        "product_id": "pro-pro",
        "price_amount": 1000,
        **changes,
    }


def product_base(**changes):
    return {
        "id": "pro-pro",
        "created_at": MADE,
        "modified_at": None,
        "trial_interval": None,
        "trial_interval_count": None,
        "name": "Pro",
        "description": None,
        "visibility": "public",
        "recurring_interval": "month",
        "recurring_interval_count": 1,
        "is_recurring": True,
        "is_archived": False,
        "metadata": {"key": "pro-monthly"},
        **changes,
    }


def benefit(**changes):
    return {
        "id": "ben-pro",
        "created_at": MADE,
        "modified_at": None,
        "type": "feature_flag",
        "description": "Everything in Pro",
        "is_deleted": False,
        "metadata": {"key": "pro", "limit": 5},
        "properties": {},
        **changes,
    }


def product(**changes):
    return product_base(prices=[price()], benefits=[benefit()], medias=[], **changes)


def discount(**changes):
    return {
        "id": "dis-half",
        "created_at": MADE,
        "modified_at": None,
        "name": "Half",
        "code": "HALF",
        "type": "percentage",
        "duration": "repeating",
        "duration_in_months": 3,
        "basis_points": 5000,
        "redemptions_count": 2,
        "metadata": {},
        **changes,
    }


def subscription_base(**changes):
    return {
        "id": "sub-ada",
        "created_at": MADE,
        "modified_at": CHANGED,
        "amount": 1000,
        "currency": "usd",
        "recurring_interval": "month",
        "recurring_interval_count": 1,
        "status": "active",
        "current_period_start": MADE,
        "current_period_end": ENDS,
        "cancel_at_period_end": False,
        "canceled_at": None,
        "started_at": MADE,
        "ends_at": None,
        "ended_at": None,
        "customer_id": "cus-ada",
        "product_id": "pro-pro",
        "discount_id": None,
        "checkout_id": "chk-ada",
        "seats": None,
        "units": None,
        "metadata": {"plan": "pro"},
        **changes,
    }


def subscription(**changes):
    return subscription_base(
        **{
            "customer": customer(),
            "product": product(),
            "prices": [price()],
            "discount": None,
            "meters": [],
            "pending_update": None,
            **changes,
        }
    )


def order(**changes):
    return {
        "id": "ord-ada",
        "created_at": MADE,
        "modified_at": CHANGED,
        "status": "paid",
        "paid": True,
        "subtotal_amount": 1000,
        "discount_amount": 0,
        "net_amount": 1000,
        "tax_amount": 200,
        "total_amount": 1200,
        "applied_balance_amount": 0,
        "due_amount": 1200,
        "refunded_amount": 0,
        "refunded_tax_amount": 0,
        "currency": "usd",
        "billing_reason": "subscription_create",
        "invoice_number": "INK-0001",
        "is_invoice_generated": False,
        "customer_id": "cus-ada",
        "product_id": "pro-pro",
        "discount_id": None,
        "subscription_id": "sub-ada",
        "checkout_id": "chk-ada",
        "metadata": {},
        "customer": customer(),
        "product": product_base(),
        "discount": None,
        "subscription": subscription_base(),
        "items": [],
        "description": "Pro",
        **changes,
    }


def checkout(**changes):
    return {
        "id": "chk-ada",
        "created_at": MADE,
        "modified_at": CHANGED,
        "status": "succeeded",
        "client_secret": "polar_c_own",
        "url": "http://127.0.0.1:8000/sandbox/checkout/polar_c_own",
        "expires_at": ENDS,
        "success_url": "http://127.0.0.1:8000/return/",
        "amount": 1000,
        "total_amount": 1200,
        "currency": "usd",
        "seats": None,
        "product_id": "pro-pro",
        "discount_id": None,
        "customer_id": "cus-ada",
        "external_customer_id": "7",
        "subscription_id": None,
        "metadata": {},
        "product": product(),
        "products": [product()],
        "discount": None,
        **changes,
    }


def benefit_grant(**changes):
    return {
        "id": "gra-ada",
        "created_at": MADE,
        "modified_at": CHANGED,
        "granted_at": MADE,
        "is_granted": True,
        "revoked_at": None,
        "is_revoked": False,
        "subscription_id": "sub-ada",
        "order_id": None,
        "customer_id": "cus-ada",
        "member_id": "mem-ada",
        "benefit_id": "ben-pro",
        "error": None,
        "customer": customer(),
        "member": member(),
        "benefit": benefit(),
        "properties": {},
        "previous_properties": None,
        **changes,
    }


def member(**changes):
    return {
        "id": "mem-ada",
        "created_at": MADE,
        "modified_at": None,
        "customer_id": "cus-ada",
        "email": "ada@example.com",
        "name": "Ada",
        "external_id": "7",
        "role": "owner",
        **changes,
    }


def seat(**changes):
    return {
        "id": "sea-1",
        "created_at": MADE,
        "modified_at": CHANGED,
        "subscription_id": "sub-ada",
        "order_id": None,
        "status": "claimed",
        "customer_id": "cus-ada",
        "member_id": "mem-ada",
        "member": member(),
        "email": "ada@example.com",
        "claimed_at": MADE,
        "revoked_at": None,
        **changes,
    }


def refund(**changes):
    return {
        "id": "ref-1",
        "created_at": MADE,
        "modified_at": None,
        "status": "succeeded",
        "reason": "customer_request",
        "amount": 400,
        "tax_amount": 80,
        "currency": "usd",
        "order_id": "ord-ada",
        "subscription_id": "sub-ada",
        "customer_id": "cus-ada",
        "revoke_benefits": False,
        "metadata": {},
        **changes,
    }


def customer_state(**changes):
    subscription_entry = subscription_base()
    del subscription_entry["customer_id"]
    return customer(
        **{
            "active_subscriptions": [subscription_entry],
            "granted_benefits": [
                {
                    "id": "gra-ada",
                    "created_at": MADE,
                    "modified_at": CHANGED,
                    "granted_at": MADE,
                    "benefit_id": "ben-pro",
                    "benefit_type": "feature_flag",
                    "benefit_metadata": {"key": "pro"},
                    "properties": {"note": "x"},
                }
            ],
            "active_meters": [
                {
                    "id": "cme-1",
                    "created_at": MADE,
                    "modified_at": CHANGED,
                    "meter_id": "met-tokens",
                    "consumed_units": 25.5,
                    "credited_units": 100,
                    "balance": 74.5,
                }
            ],
            **changes,
        }
    )


def meter(**changes):
    return {
        "id": "met-tokens",
        "created_at": MADE,
        "modified_at": None,
        "name": "Tokens",
        "metadata": {"key": "tokens"},
        **changes,
    }


def delivered(event_type, data, timestamp=CHANGED, **more):
    """The body of a delivery, written as Polar writes it: compact, in UTF-8."""
    envelope = {"type": event_type, "timestamp": timestamp, "data": data, **more}
    return json.dumps(envelope, separators=(",", ":"), ensure_ascii=False).encode()
