"""`HasBenefit`: by itself, composed, and judged by the user that REST framework authenticated."""

import pytest
from rest_framework.authentication import BaseAuthentication
from rest_framework.decorators import api_view, permission_classes
from rest_framework.permissions import (
    AllowAny,
    BasePermission,
    IsAdminUser,
    IsAuthenticated,
)
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory, force_authenticate
from rest_framework.views import APIView

from polar_django.drf.permissions import HasBenefit
from polar_django.exceptions import ConfigurationError
from tests.entitlements.worlds import again, grant, person

pytestmark = pytest.mark.django_db


class Nobody(BasePermission):
    def has_permission(self, request, view):
        return False


def holding(*keys, **values):
    ada = person(**values)
    for key in keys:
        grant(ada, key)
    return ada


def call(*permissions, user=None, session_user=None, obj=None):
    class Api(APIView):
        permission_classes = permissions

        def get(self, request):
            if obj is not None:
                self.check_object_permissions(request, obj)
            return Response("open")

    request = APIRequestFactory().get("/")
    if session_user:
        request.user = session_user
    if user:
        force_authenticate(request, user)
    return Api.as_view()(request)


def test_a_holder_passes_and_others_are_told_what_is_missing():
    assert call(HasBenefit("api"), user=holding("api")).data == "open"
    answer = call(HasBenefit("api"), user=holding("pro"))
    assert answer.status_code == 403
    assert answer.data == {
        "code": "benefit_required",
        "benefit": "api",
        "detail": "Your plan does not include this.",
    }


def test_the_error_itself_carries_the_code():
    answer = call(HasBenefit("api"), user=holding())
    assert answer.data["detail"].code == "benefit_required"


def test_a_visitor_is_not_authenticated_rather_than_not_paying():
    answer = call(HasBenefit("api"))
    assert answer.status_code in {401, 403}
    assert answer.data["detail"].code == "not_authenticated"


def test_a_visitor_of_a_view_without_authenticators_lacks_the_benefit():
    view = type("Open", (APIView,), {"authentication_classes": []})
    view.permission_classes = [HasBenefit("api")]
    view.get = lambda self, request: Response("open")
    answer = view.as_view()(APIRequestFactory().get("/"))
    assert (answer.status_code, answer.data["code"]) == (403, "benefit_required")


def test_the_user_of_the_token_is_judged_and_not_that_of_the_session():
    paying, free = holding("api"), holding()
    assert call(HasBenefit("api"), user=free, session_user=paying).status_code == 403
    assert call(HasBenefit("api"), user=paying, session_user=free).status_code == 200


def test_an_authenticator_of_the_view_is_asked():
    paying = holding("api")

    class ByHeader(BaseAuthentication):
        def authenticate(self, request):
            return (paying, None) if request.headers.get("X-Token") == "right" else None

    view = type("Api", (APIView,), {"authentication_classes": [ByHeader]})
    view.permission_classes = [HasBenefit("api")]
    view.get = lambda self, request: Response("open")
    ask = APIRequestFactory().get
    assert view.as_view()(ask("/", headers={"X-Token": "right"})).status_code == 200
    assert view.as_view()(ask("/", headers={"X-Token": "wrong"})).status_code == 403


def test_several_keys_are_any_of_them_or_each():
    pro, both = holding("pro"), holding("pro", "api")
    assert call(HasBenefit("api", "pro"), user=pro).status_code == 200
    answer = call(HasBenefit("api", "pro", all_of=True), user=again(pro))
    assert (answer.status_code, answer.data["benefit"]) == (403, "api")
    assert call(HasBenefit("api", "pro", all_of=True), user=both).status_code == 200


@pytest.mark.parametrize(
    ("permission", "held", "expected"),
    [
        (HasBenefit("api") | HasBenefit("pro"), [], 403),
        (HasBenefit("api") | HasBenefit("pro"), ["pro"], 200),
        (HasBenefit("api") & HasBenefit("pro"), ["pro"], 403),
        (HasBenefit("api") & HasBenefit("pro"), ["pro", "api"], 200),
        (~HasBenefit("api"), [], 200),
        (~HasBenefit("api"), ["api"], 403),
        (IsAuthenticated & HasBenefit("api"), [], 403),
        (IsAuthenticated & HasBenefit("api"), ["api"], 200),
        (HasBenefit("api") & IsAuthenticated, ["api"], 200),
        (IsAdminUser | HasBenefit("api"), [], 403),
        (IsAdminUser | HasBenefit("api"), ["api"], 200),
        (HasBenefit("api") | IsAdminUser, ["api"], 200),
        (IsAuthenticated & (IsAdminUser | ~HasBenefit("trial")), [], 200),
        ((IsAuthenticated & AllowAny) & HasBenefit("api"), [], 403),
        ((IsAuthenticated & AllowAny) & HasBenefit("api"), ["api"], 200),
        (~(HasBenefit("api") | HasBenefit("pro")), ["pro"], 403),
    ],
)
def test_it_composes_with_and_or_not(permission, held, expected):
    ada = holding(*held)
    assert call(permission, user=ada).status_code == expected
    assert call(permission, user=again(ada), obj=object()).status_code == expected


@pytest.mark.parametrize(
    ("permission", "benefit"),
    [
        (HasBenefit("api") | HasBenefit("pro"), ["api", "pro"]),
        (IsAuthenticated & HasBenefit("api"), "api"),
        (HasBenefit("api") & IsAuthenticated, "api"),
        (IsAdminUser | HasBenefit("api"), "api"),
        (IsAuthenticated & (HasBenefit("api") | IsAdminUser), "api"),
    ],
)
def test_a_composed_refusal_names_the_missing_benefits(permission, benefit):
    answer = call(permission, user=holding())
    assert (answer.status_code, answer.data["code"]) == (403, "benefit_required")
    assert answer.data["benefit"] == benefit


@pytest.mark.parametrize(
    "permission",
    [
        ~HasBenefit("api"),
        HasBenefit("api") & Nobody,
        (HasBenefit("never") | AllowAny) & (HasBenefit("api") & Nobody),
    ],
)
def test_a_refusal_for_another_reason_does_not_ask_for_money(permission):
    answer = call(permission, user=holding("api"))
    assert answer.status_code == 403
    assert answer.data["detail"].code == "permission_denied"


def test_one_request_never_answers_for_another():
    permission = HasBenefit("api")
    assert call(permission, user=holding("api")).status_code == 200
    assert call(permission, user=holding()).status_code == 403
    assert call(permission, user=holding("api")).status_code == 200


def test_a_named_subclass_and_a_function_view_work_too():
    class HasApi(HasBenefit):
        benefits = ("api",)

    @api_view()
    @permission_classes([HasApi])
    def view(request):
        return Response("open")

    request = APIRequestFactory().get("/")
    force_authenticate(request, holding("api"))
    assert view(request).status_code == 200


def test_without_a_key_it_is_a_mistake():
    with pytest.raises(ConfigurationError, match="needs a key"):
        HasBenefit()
    with pytest.raises(ConfigurationError, match="text"):
        HasBenefit(["api"])


def test_several_permissions_of_one_request_cost_one_query(django_assert_num_queries):
    ada = holding("api", "pro")
    with django_assert_num_queries(1):
        answer = call(
            HasBenefit("api"), HasBenefit("pro"), HasBenefit("x") | HasBenefit("api"), user=ada
        )
        assert answer.status_code == 200
