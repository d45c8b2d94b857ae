"""What one visitor paid for is shown to no other by a cache."""

import pytest
from asgiref.sync import async_to_sync
from django.core.cache import cache
from django.http import HttpResponse
from django.test import AsyncClient, Client
from django.urls import path
from django.views import View
from django.views.decorators.cache import cache_control, cache_page
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response
from rest_framework.views import APIView

from polar_django.decorators import requires_benefit
from polar_django.drf.permissions import HasBenefit
from polar_django.mixins import BenefitRequiredMixin
from tests.drf.shop import ByName
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


class Api(APIView):
    permission_classes = [HasBenefit("pro") & IsAuthenticated]

    def get(self, request):
        return Response(SECRET)


class NoStoreApi(Api):
    permission_classes = [HasBenefit("pro")]

    def get(self, request):
        return Response(SECRET, headers={"Cache-Control": "no-store"})


urlpatterns += [
    path("cached/api/", cache_page(60)(Api.as_view())),
    path("cached/api/by-token/", cache_page(60)(Api.as_view(authentication_classes=[ByName]))),
    path("api/", Api.as_view()),
    path("no-store/", NoStoreApi.as_view()),
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


def test_an_api_that_the_project_caches_stays_behind_its_gate(holder):
    client = signed_in(holder)
    for _ in range(2):
        assert client.get("/cached/api/").data == SECRET
    assert Client().get("/cached/api/").status_code == 403
    assert signed_in(person()).get("/cached/api/").status_code == 403


def test_an_api_for_tokens_stays_behind_its_gate(holder):
    address, other = "/cached/api/by-token/", person()
    for _ in range(2):
        shown = Client().get(address, headers={"Authorization": f"Name {holder.username}"})
        assert shown.json() == SECRET
    assert Client().get(address).status_code == 401
    refused = Client().get(address, headers={"Authorization": f"Name {other.username}"})
    assert refused.status_code == 403


def test_what_an_api_says_of_caching_itself_is_kept(holder):
    answer = signed_in(holder).get("/no-store/")
    assert "no-store" in answer["Cache-Control"]
    plain = signed_in(holder).get("/api/")
    assert plain["Cache-Control"] == "private"
    assert {"Cookie", "Authorization"} <= set(plain["Vary"].split(", "))


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
