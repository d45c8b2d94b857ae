"""Gates that are put up wrongly say so; those put up rightly leave the view as it was."""

import subprocess
import sys

import pytest
from asgiref.sync import async_to_sync, iscoroutinefunction
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpResponse
from django.test import AsyncRequestFactory, RequestFactory
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt
from rest_framework.decorators import api_view, permission_classes
from rest_framework.permissions import AllowAny
from rest_framework.test import force_authenticate
from rest_framework.views import APIView

from polar_django.decorators import requires_benefit, requires_subscription
from polar_django.exceptions import ConfigurationError
from polar_django.gating import Reason, decide, decide_subscription
from polar_django.mixins import BenefitRequiredMixin
from tests.entitlements.worlds import again, grant, person


def view(request):
    """What the view says of itself."""
    return HttpResponse("open")


async def aview(request):
    return HttpResponse("open")


@pytest.mark.parametrize("decorator", [requires_benefit("pro"), requires_subscription("pro")])
def test_a_guarded_view_keeps_its_name_and_kind(decorator):
    guarded = decorator(view)
    assert (guarded.__name__, guarded.__doc__) == ("view", "What the view says of itself.")
    assert not iscoroutinefunction(guarded)
    assert iscoroutinefunction(decorator(aview))
    assert decorator(csrf_exempt(view)).csrf_exempt


@pytest.mark.parametrize("decorator", [requires_benefit("pro"), requires_subscription()])
def test_above_a_view_of_rest_framework_it_raises_and_names_the_permission(decorator):
    for rest_view in [
        api_view()(view),
        csrf_exempt(api_view(["POST"])(view)),
        APIView.as_view(),
        APIView,
    ]:
        with pytest.raises(ImproperlyConfigured, match="HasBenefit"):
            decorator(rest_view)


@pytest.mark.django_db
def test_below_api_view_it_judges_the_user_that_rest_framework_authenticated():
    guarded = api_view()(permission_classes([AllowAny])(requires_benefit("pro")(view)))
    of_the_session, of_the_token = person(), person()

    def call():
        request = RequestFactory().get("/")
        request.user = of_the_session
        force_authenticate(request, of_the_token)
        return guarded(request)

    grant(of_the_session, "pro")
    answer = call()
    assert (answer.status_code, answer.headers["Content-Type"]) == (403, "application/json")
    grant(of_the_token, "pro")
    of_the_token = again(of_the_token)
    assert call().content == b"open"


def test_a_mixin_beside_a_view_of_rest_framework_raises():
    with pytest.raises(ImproperlyConfigured, match="HasBenefit"):
        type("Api", (BenefitRequiredMixin, APIView), {"required_benefits": ["pro"]})


def test_a_decorated_dispatch_of_rest_framework_raises_when_called():
    decorated = method_decorator(requires_benefit("pro"), name="dispatch")(
        type("Api", (APIView,), {})
    )
    with pytest.raises(ImproperlyConfigured, match="HasBenefit"):
        decorated.as_view()(RequestFactory().get("/"))


@pytest.mark.parametrize("decorator", [requires_benefit, requires_subscription])
def test_a_decorator_without_brackets_raises(decorator):
    with pytest.raises(ConfigurationError, match="brackets"):
        decorator(view)


def test_a_gate_for_no_benefit_raises(rf):
    with pytest.raises(ConfigurationError, match="at least one"):
        requires_benefit()
    with pytest.raises(ConfigurationError, match="at least one"):
        decide(rf.get("/"), [])


@pytest.mark.parametrize("named", [[], "", ()])
def test_a_mixin_that_names_no_benefit_raises(rf, named):
    guarded = type("Nothing", (BenefitRequiredMixin, View), {"required_benefits": named})
    with pytest.raises(ImproperlyConfigured, match="required_benefits"):
        guarded.as_view()(rf.get("/"))


def test_a_request_without_a_user_is_a_visitors(rf):
    decision = decide(rf.get("/"), "pro")
    assert (decision.allowed, decision.reason, decision.missing) == (
        False,
        Reason.NO_USER,
        ("pro",),
    )
    assert decide_subscription(rf.get("/")).reason is Reason.NO_USER


@pytest.mark.django_db
def test_an_async_request_that_has_only_auser_is_judged_by_it():
    ada = person()
    grant(ada, "pro")

    async def auser():
        return ada

    request = AsyncRequestFactory().get("/")
    request.auser = auser
    assert async_to_sync(requires_benefit("pro")(aview))(request).content == b"open"


@pytest.mark.django_db
def test_the_user_is_asked_anew_when_another_one_is_put_on_the_request(rf):
    request = rf.get("/")
    request.user = ada = person()
    grant(ada, "pro")
    assert decide(request, "pro").allowed
    request.user = person()
    assert decide(request, "pro").reason is Reason.NO_BENEFIT


@pytest.mark.django_db
def test_the_resolver_is_asked_once_for_each_user_and_never_for_visitors(rf, settings):
    asked = []

    def resolve(request):
        asked.append(request.user)
        return request.user

    settings.POLAR_DJANGO = {"SUBSCRIBER_RESOLVER": resolve}
    request = rf.get("/")
    assert not decide(request, "pro").allowed
    assert asked == []
    request.user = person()
    for _ in range(5):
        decide(request, "pro")
    assert len(asked) == 1


@pytest.mark.django_db
def test_a_subscriber_found_before_the_address_was_resolved_is_found_again(rf, settings):
    default, named = person(), person()
    settings.POLAR_DJANGO = {
        "SUBSCRIBER_RESOLVER": lambda request: named if request.resolver_match else default
    }
    grant(default, "pro")
    request = rf.get("/teams/named/")
    request.user = person()
    assert decide(request, "pro").allowed  # a middleware asks
    request.resolver_match = object()
    assert not decide(request, "pro").allowed


@pytest.mark.django_db
def test_a_signed_in_user_without_a_subscriber_lacks_the_benefit(rf, settings):
    settings.POLAR_DJANGO = {"SUBSCRIBER_RESOLVER": lambda request: None}
    request = rf.get("/")
    request.user = person()
    grant(request.user, "pro")
    assert decide(request, "pro").reason is Reason.NO_BENEFIT


def test_the_gates_load_neither_rest_framework_nor_a_client():
    program = """
import sys
from django.conf import settings
settings.configure(
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "polar_django"]
)
import django
django.setup()
import polar_django.decorators, polar_django.mixins, polar_django.context_processors
import polar_django.templatetags.polar
print({"rest_framework", "httpx", "stripe", "ninja"} & set(sys.modules))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.stdout.strip(), done.stderr) == ("set()", "")
