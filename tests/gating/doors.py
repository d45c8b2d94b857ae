"""Every kind of door, all for the benefit named in the address, each as an address of its own."""

from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.urls import include, path
from django.utils.decorators import method_decorator
from django.views import View
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from polar_django.backends import BenefitBackend
from polar_django.decorators import requires_benefit, requires_subscription
from polar_django.drf.me import EntitlementsView
from polar_django.drf.permissions import HasBenefit
from polar_django.entitlements import (
    aentitlements_for,
    ahas_benefit,
    entitlements_for,
    has_benefit,
    holders_of,
    prefetch_entitlements,
)
from polar_django.mixins import BenefitRequiredMixin, SubscriptionRequiredMixin

OPEN = "open"


def opened(request: HttpRequest, **_: object) -> HttpResponse:
    return HttpResponse(OPEN)


async def aopened(request: HttpRequest, **_: object) -> HttpResponse:
    return HttpResponse(OPEN)


class Sync(View):
    def get(self, request: HttpRequest) -> HttpResponse:
        return opened(request)

    post = get


class Async(View):
    async def get(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse(OPEN)


class ProMixin(BenefitRequiredMixin, Sync):
    required_benefits = ["pro"]


class ProAsyncMixin(BenefitRequiredMixin, Async):
    required_benefits = "pro"


@method_decorator(requires_benefit("pro"), name="dispatch")
class ProDispatch(Sync):
    pass


@method_decorator(requires_benefit("pro"), name="dispatch")
class ProAsyncDispatch(Async):
    pass


@method_decorator([requires_benefit("pro"), requires_benefit("pro")], name="dispatch")
class ProAsyncDispatchTwice(Async):
    pass


class ProAsyncMethod(View):
    @method_decorator(requires_benefit("pro"))
    async def get(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse(OPEN)


class Api(APIView):
    permission_classes = [HasBenefit("pro")]

    def get(self, request: HttpRequest) -> Response:
        return Response(OPEN)


class ComposedApi(Api):
    permission_classes = [AllowAny & (HasBenefit("never") | HasBenefit("pro"))]


class OwnApi(EntitlementsView):
    """`me/entitlements/` lists keys; here it says whether this one is among them."""

    def get(self, request: Request) -> Response:
        held = super().get(request).data
        return Response(OPEN if "pro" in held["keys"] else "")


class InvertedApi(Api):
    permission_classes = [~~HasBenefit("pro")]


def rendered(source: str) -> object:
    def view(request: HttpRequest) -> HttpResponse:
        return HttpResponse(
            engines["django"].from_string("{% load polar %}" + source).render({}, request)
        )

    return view


def asked(request: HttpRequest) -> HttpResponse:
    return HttpResponse(OPEN if has_benefit(request.user, "pro") else "")


def listed(request: HttpRequest) -> HttpResponse:
    entitlements = entitlements_for(request.user)
    return HttpResponse(OPEN if "pro" in entitlements.keys and entitlements.get("pro") else "")


def permitted(request: HttpRequest) -> HttpResponse:
    # Not `has_perm`, which is true of every superuser before any backend is asked.
    return HttpResponse(
        OPEN if BenefitBackend().has_perm(request.user, "polar.benefit_pro") else ""
    )


async def apermitted(request: HttpRequest) -> HttpResponse:
    user = await request.auser()
    held = await BenefitBackend().ahas_perm(user, "polar.benefit_pro")
    return HttpResponse(OPEN if held else "")


async def aasked(request: HttpRequest) -> HttpResponse:
    held = await ahas_benefit(await request.auser(), "pro")
    return HttpResponse(OPEN if held else "")


async def alisted(request: HttpRequest) -> HttpResponse:
    held = await aentitlements_for(await request.auser(), include=("subscriptions", "meters"))
    return HttpResponse(OPEN if "pro" in held and held.meters == {} else "")


def prefetched(request: HttpRequest) -> HttpResponse:
    prefetch_entitlements([request.user])
    return HttpResponse(OPEN if "pro" in entitlements_for(request.user) else "")


def turned_round(request: HttpRequest) -> HttpResponse:
    return HttpResponse(OPEN if holders_of("pro").filter(pk=request.user.pk).exists() else "")


class SubscribersOnly(SubscriptionRequiredMixin, Sync):
    required_plans = ["pro"]


DOORS = {
    "decorator": requires_benefit("pro")(opened),
    "decorator-any": requires_benefit("never", "pro")(opened),
    "decorator-all": requires_benefit("pro", "pro", all_of=True)(opened),
    "async-decorator": requires_benefit("pro")(aopened),
    "decorated-class": requires_benefit("pro")(Sync.as_view()),
    "decorated-async-class": requires_benefit("pro")(Async.as_view()),
    "mixin": ProMixin.as_view(),
    "async-mixin": ProAsyncMixin.as_view(),
    "dispatch": ProDispatch.as_view(),
    "async-dispatch": ProAsyncDispatch.as_view(),
    "async-dispatch-twice": ProAsyncDispatchTwice.as_view(),
    "async-method": ProAsyncMethod.as_view(),
    "api": Api.as_view(),
    "composed-api": ComposedApi.as_view(),
    "inverted-api": InvertedApi.as_view(),
    "tag": rendered('{% benefit "pro" %}open{% else %}{% endbenefit %}'),
    "tag-all": rendered('{% benefit "pro" "pro" all_of=True %}open{% endbenefit %}'),
    "filter": rendered('{% if user|has_benefit:"pro" %}open{% endif %}'),
    "context": rendered('{% if "pro" in entitlements %}open{% endif %}'),
    "function": asked,
    "keys": listed,
    "permission": permitted,
    "async-permission": apermitted,
    "async-function": aasked,
    "prefetched": prefetched,
    "holders": turned_round,
    "own-api": OwnApi.as_view(),
}
# These cost more than the one query, because more was asked.
DEARER = {"async-keys": alisted}

urlpatterns = [
    *(path(f"door/{name}/", view, name=name) for name, view in (DOORS | DEARER).items()),
    path("billing/", include("polar_django.urls")),
    path("pricing/", opened, name="pricing"),
    path("gated-pricing/", requires_benefit("pro")(opened)),
    path("all/", requires_benefit("pro", "export", all_of=True)(opened)),
    path("free/", requires_benefit("read")(opened)),
    path("any-plan/", requires_subscription()(opened)),
    path("pro-plan/", requires_subscription("pro")(opened)),
    path("async-plan/", requires_subscription("pro", "team")(aopened)),
    path("plan-mixin/", SubscribersOnly.as_view()),
    path(
        "fifty/",
        requires_benefit("pro")(
            rendered(
                '{% for i in "1234567890123456789012345" %}{% benefit "pro" %}a{% endbenefit %}'
                '{% if "export" in entitlements %}b{% endif %}{% endfor %}'
            )
        ),
    ),
    path("quiet/", rendered("nothing is asked")),
]
