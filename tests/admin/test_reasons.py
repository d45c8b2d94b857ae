"""Why somebody holds a benefit, and why not any more: each cause has its words."""

from datetime import timedelta

import pytest
from django.contrib.admin import site
from django.utils import timezone

from polar_django.admin.reasons import explained, how_it_ended, state_of, why_held
from polar_django.models import Benefit, BenefitGrant, Customer, Member
from tests.entitlements.worlds import blocked, expired, grant, order, revoked, seat, subscription

pytestmark = pytest.mark.django_db


def made(model, key, **values):
    return model.objects.create(pk=key, provider="polar", synced_at=timezone.now(), **values)


def fresh(row):
    (found,) = explained(BenefitGrant.objects.filter(pk=row.pk), 1)
    return found


def test_a_live_grant_tells_what_gave_it(ada, grace):
    bought = subscription(ada)
    assert "Subscription to prod_pro-monthly" in why_held(
        fresh(grant(ada, subscription=bought)), site
    )
    assert "Purchase of prod_ebook" in why_held(fresh(grant(ada, order=order(ada))), site)
    given = grant(ada, provider="local", reason="A friend")
    assert why_held(fresh(given), site) == "Given by hand: A friend"
    held = seat(ada, grace, subscription=bought)
    assert "seat of grace" in why_held(fresh(held), site)
    assert how_it_ended(fresh(held)) == ""
    assert "no known purchase" in why_held(fresh(grant(ada)), site)


def test_a_purchase_that_has_not_come_yet_is_named_by_its_id(ada):
    early = grant(ada, subscription_id="sub_to_come")
    assert "sub_to_come" in why_held(fresh(early), site)


def test_what_waits_or_has_run_out_says_so(ada):
    assert state_of(fresh(blocked(ada))) == "waiting"
    assert "waits for the customer (action)" in how_it_ended(fresh(blocked(ada)))
    assert state_of(fresh(expired(ada))) == "expired"
    assert "its time was over" in how_it_ended(fresh(expired(ada)))
    soon = grant(ada, expires_at=timezone.now() + timedelta(days=1))
    assert how_it_ended(fresh(soon)).startswith("Until ")


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (lambda ada: {"provider": "local"}, "taken back by hand"),
        (
            lambda ada: {"customer": made(Customer, "cus_x", deleted_at=timezone.now())},
            "the customer was deleted",
        ),
        (
            lambda ada: {"member": made(Member, "mem_x", deleted_at=timezone.now())},
            "the member was removed",
        ),
        (
            lambda ada: {"subscription": subscription(ada, status="canceled")},
            "the subscription ended (canceled)",
        ),
        (lambda ada: {"subscription": subscription(ada, status="past_due")}, "a payment failed"),
        (lambda ada: {"subscription": subscription(ada, status="paused")}, "is paused"),
        (lambda ada: {"order": order(ada, refunded_amount=5)}, "the order was refunded"),
        (
            lambda ada: {"benefit_id": made(Benefit, "ben_x", is_deleted=True).pk},
            "the benefit was deleted",
        ),
        (
            lambda ada: {"subscription": subscription(ada), "is_seat": True},
            "the seat was taken back",
        ),
        (lambda ada: {"subscription": subscription(ada)}, "the product does not include it"),
        (lambda ada: {}, "for no reason that is mirrored"),
    ],
)
def test_a_revoked_grant_tells_why_it_ended(ada, values, words):
    ended = fresh(revoked(ada, revoked_at=timezone.now(), **values(ada)))
    assert words in how_it_ended(ended)
    assert state_of(ended) == "revoked"
