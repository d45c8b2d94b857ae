"""`requires_subscription` and its mixin."""

from inspect import isawaitable

import pytest
from asgiref.sync import async_to_sync
from django.http import HttpResponse
from django.test import AsyncClient
from django.views import View

from polar_django.mixins import BenefitRequiredMixin, SubscriptionRequiredMixin
from tests.entitlements.worlds import grant, person, seat, subscription

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


class BenefitAndPlan(BenefitRequiredMixin, SubscriptionRequiredMixin, View):
    required_benefits = ["pro"]
    required_plans = ["pro"]

    def get(self, request):
        return HttpResponse("open")


class PlanAndBenefit(SubscriptionRequiredMixin, BenefitRequiredMixin, View):
    required_benefits = ["pro"]
    required_plans = ["pro"]

    async def get(self, request):
        return HttpResponse("open")


async def awaited(answer):
    return await answer


@pytest.mark.parametrize("view", [BenefitAndPlan, PlanAndBenefit])
def test_of_two_mixins_both_are_asked(rf, view):
    subscriber, holder, both = person(), person(), person()
    for user in (subscriber, both):
        subscription(user, "pro-monthly")
    for user in (holder, both):
        grant(user, "pro")

    def status(user):
        request = rf.get("/")
        request.user = user
        answer = view.as_view()(request)
        return (async_to_sync(awaited)(answer) if isawaitable(answer) else answer).status_code

    assert [status(user) for user in (subscriber, holder, both)] == [302, 302, 200]
