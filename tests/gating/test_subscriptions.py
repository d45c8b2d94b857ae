"""`requires_subscription` and its mixin."""

import pytest
from asgiref.sync import async_to_sync
from django.test import AsyncClient

from tests.entitlements.worlds import person, seat, subscription

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.gating.doors")]

ADDRESSES = ["/any-plan/", "/pro-plan/", "/async-plan/", "/plan-mixin/"]


def opened(user):
    client = AsyncClient()
    if user:
        client.force_login(user)

    async def knock(address):
        return (await client.get(address)).content == b"open"

    return [address for address in ADDRESSES if async_to_sync(knock)(address)]


@pytest.mark.parametrize(
    ("product", "status", "expected"),
    [
        ("pro-monthly", "active", ADDRESSES),
        ("pro-yearly", "trialing", ADDRESSES),
        ("team", "active", ["/any-plan/", "/async-plan/"]),
        ("unknown", "active", ["/any-plan/"]),
        ("pro-monthly", "past_due", []),
        ("pro-monthly", "canceled", []),
        ("pro-monthly", "a status of tomorrow", []),
    ],
)
def test_an_active_subscription_to_a_named_plan_opens(product, status, expected):
    ada = person()
    subscription(ada, product, status=status)
    assert opened(ada) == expected


def test_neither_visitors_nor_others_nor_seat_holders_pass():
    owner, ada = person(), person()
    subscription(owner, "pro-monthly")
    seat(owner, ada, "pro")
    assert opened(ada) == []
    assert opened(None) == []


def test_a_program_is_told_which_plan_is_missing(client):
    client.force_login(person())
    answer = client.get("/pro-plan/", headers={"Accept": "application/json"})
    assert answer.status_code == 403
    assert answer.json() == {
        "code": "subscription_required",
        "plan": "pro",
        "detail": "This needs an active subscription.",
    }
    assert client.get("/any-plan/", headers={"Accept": "application/json"}).json()["plan"] is None
