"""What one visitor paid for is shown to no other by a cache."""

import pytest
from asgiref.sync import async_to_sync
from django.core.cache import cache
from django.http import HttpResponse
from django.test import AsyncClient, Client
from django.urls import path
from django.views import View
from django.views.decorators.cache import cache_control, cache_page

from polar_django.decorators import requires_benefit
from polar_django.mixins import BenefitRequiredMixin
from tests.entitlements.worlds import grant, person

SECRET = "only for holders of pro"


def shown(request):
    return HttpResponse(SECRET)


async def ashown(request):
    return HttpResponse(SECRET)


class Shown(BenefitRequiredMixin, View):
    required_benefits = ["pro"]

    def get(self, request):
        return HttpResponse(SECRET)


class AsyncShown(BenefitRequiredMixin, View):
    required_benefits = ["pro"]

    async def get(self, request):
        return HttpResponse(SECRET)


GATED = {
    "decorator": requires_benefit("pro")(shown),
    "async-decorator": requires_benefit("pro")(ashown),
    "mixin": Shown.as_view(),
    "async-mixin": AsyncShown.as_view(),
}

urlpatterns = [
    *(path(f"{name}/", view) for name, view in GATED.items()),
    path("cached/decorator/", cache_page(60)(GATED["decorator"])),
    path("cached/mixin/", cache_page(60)(GATED["mixin"])),
    path("on-purpose/", requires_benefit("pro")(cache_control(public=True)(shown))),
    path("cached-below/", requires_benefit("pro")(cache_page(60)(shown))),
]

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]


@pytest.fixture
def holder():
    cache.clear()
    ada = person()
    grant(ada, "pro")
    return ada


def signed_in(user):
    client = Client()
    client.force_login(user)
    return client


@pytest.mark.parametrize("address", ["/cached/decorator/", "/cached/mixin/", "/cached-below/"])
def test_a_page_that_the_project_caches_stays_behind_its_gate(address, holder):
    client = signed_in(holder)
    for _ in range(2):
        assert client.get(address).content.decode() == SECRET
    assert Client().get(address).status_code == 302
    assert signed_in(person()).get(address).status_code == 302


@pytest.mark.parametrize("name", ["decorator", "mixin"])
def test_no_shared_cache_on_the_way_may_keep_it(name, holder):
    answer = signed_in(holder).get(f"/{name}/")
    assert answer["Cache-Control"] == "private"
    assert "Cookie" in answer["Vary"]


@pytest.mark.parametrize("name", ["async-decorator", "async-mixin"])
def test_nor_what_an_async_view_answers(name, holder):
    client = AsyncClient()
    client.force_login(holder)
    answer = async_to_sync(client.get)(f"/{name}/")
    assert answer.content.decode() == SECRET
    assert answer["Cache-Control"] == "private"
    assert "Cookie" in answer["Vary"]


def test_a_view_that_calls_itself_public_is_taken_at_its_word(holder):
    assert signed_in(holder).get("/on-purpose/")["Cache-Control"] == "public"
