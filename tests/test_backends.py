"""Benefits as Django's permissions, where the backend is installed."""

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.decorators import permission_required
from django.contrib.auth.models import AnonymousUser
from django.http import HttpResponse
from django.template import engines

from polar_django.backends import BenefitBackend
from tests.entitlements.worlds import again, grant, person, revoked

pytestmark = pytest.mark.django_db

BOTH = ["django.contrib.auth.backends.ModelBackend", "polar_django.backends.BenefitBackend"]


@pytest.fixture(autouse=True)
def installed(settings):
    settings.AUTHENTICATION_BACKENDS = BOTH


@pytest.fixture
def ada():
    ada = person("ada")
    grant(ada, "pro")
    grant(ada, "pro-monthly")
    revoked(ada, "export")
    return ada


def test_a_benefit_is_a_permission(ada):
    assert ada.has_perm("polar.benefit_pro")
    assert ada.has_perms(["polar.benefit_pro", "polar.benefit_pro-monthly"])
    assert not ada.has_perm("polar.benefit_export")
    assert not ada.has_perm("polar.pro")
    assert not ada.has_perm("benefit_pro")
    assert not person().has_perm("polar.benefit_pro")


def test_templates_and_views_see_it(ada, rf, client):
    request = rf.get("/")
    request.user = ada
    source = (
        "{% if perms.polar.benefit_pro %}in{% endif %}{% if perms.polar.benefit_x %}x{% endif %}"
    )
    assert engines["django"].from_string(source).render({}, request) == "in"
    view = permission_required("polar.benefit_pro")(lambda request: HttpResponse("open"))
    assert view(request).content == b"open"
    request.user = person()
    assert view(request).status_code == 302


def test_all_permissions_of_a_user_list_what_is_held(ada):
    assert ada.get_all_permissions() == {"polar.benefit_pro", "polar.benefit_pro-monthly"}
    assert ada.has_module_perms("polar")
    assert not ada.has_module_perms("polar_django")
    assert not person().has_module_perms("polar")


def test_a_permission_on_an_object_is_never_given(ada):
    assert not ada.has_perm("polar.benefit_pro", obj=ada)
    assert ada.get_all_permissions(obj=ada) == set()


def test_superusers_hold_everything_and_the_inactive_nothing(ada):
    assert person(is_superuser=True).has_perm("polar.benefit_never")
    ada.is_active = False
    ada.save()
    ada = again(ada)
    assert not ada.has_perm("polar.benefit_pro")
    assert ada.get_all_permissions() == set()


def test_visitors_have_what_is_free(settings):
    assert not AnonymousUser().has_perm("polar.benefit_read")
    settings.POLAR_DJANGO = {"FREE_BENEFITS": ["read"]}
    assert AnonymousUser().has_perm("polar.benefit_read")


def test_staff_pass_where_the_settings_say_so(settings):
    staff = person(is_staff=True)
    assert not staff.has_perm("polar.benefit_never")
    settings.POLAR_DJANGO = {"STAFF_BYPASS": True}
    assert again(staff).has_perm("polar.benefit_never")


def test_async_code_asks_the_same(ada):
    assert async_to_sync(ada.ahas_perm)("polar.benefit_pro")
    assert not async_to_sync(ada.ahas_perm)("polar.benefit_export")
    assert async_to_sync(ada.ahas_module_perms)("polar")
    assert "polar.benefit_pro" in async_to_sync(ada.aget_all_permissions)()


def test_fifty_questions_cost_one_query(ada, django_assert_num_queries):
    fresh = again(ada)
    backend = BenefitBackend()
    with django_assert_num_queries(1):
        assert all(backend.has_perm(fresh, "polar.benefit_pro") for _ in range(50))
        assert backend.get_all_permissions(fresh)


def test_the_backend_signs_nobody_in(ada, client, settings):
    settings.AUTHENTICATION_BACKENDS = BOTH[1:]
    assert not client.login(username="ada", password="x")
