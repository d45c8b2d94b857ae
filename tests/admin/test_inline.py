"""Billing in the project's own admin of its users."""

import pytest
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Permission
from django.contrib.messages.storage.fallback import FallbackStorage
from django.test import RequestFactory

from polar_django.admin import CustomerInline
from polar_django.billing import grant_benefit

pytestmark = pytest.mark.django_db


class ShopUserAdmin(UserAdmin):
    inlines = [CustomerInline]


@pytest.fixture
def visit(db):
    """Ask the user admin of a project for a user's page, or post it, as that member of staff."""

    def visit(user, by, data=None):
        factory = RequestFactory()
        request = factory.post("/", data) if data is not None else factory.get("/")
        request.user, request.session = by, {}
        request._dont_enforce_csrf_checks = True
        request._messages = FallbackStorage(request)
        page = ShopUserAdmin(get_user_model(), admin.site)
        response = page.change_view(request, str(user.pk))
        return response.render() if hasattr(response, "render") else response

    return visit


@pytest.fixture
def boss(db):
    return get_user_model().objects.create_superuser("boss")


def test_a_users_page_shows_what_they_hold_and_why(customer, ada, boss, visit):
    grant_benefit(ada, "vip", reason="A friend")
    text = visit(ada, boss).content.decode()
    assert customer.pk in text
    assert "Subscription to Pro, monthly" in text
    assert "A friend" in text
    assert f"/do/give/?subscriber={ada.pk}" in text


def test_who_never_was_a_customer_can_be_given_a_benefit_too(grace, boss, visit):
    text = visit(grace, boss).content.decode()
    assert "Has never been a customer." in text
    assert f"/do/give/?subscriber={grace.pk}" in text


def test_staff_who_may_not_see_customers_see_nothing_of_it(customer, ada, staff, visit):
    client = staff("view_order")
    clerk = get_user_model().objects.get(pk=client.session["_auth_user_id"])
    clerk.user_permissions.add(*_may_edit_users())
    text = visit(ada, get_user_model().objects.get(pk=clerk.pk)).content.decode()
    assert 'name="username"' in text
    assert customer.pk not in text


def test_staff_who_may_see_customers_alone_see_neither_purchases_nor_benefits(
    customer, ada, staff, visit
):
    grant_benefit(ada, "vip", reason="A friend")
    client = staff("view_customer")
    clerk = get_user_model().objects.get(pk=client.session["_auth_user_id"])
    clerk.user_permissions.add(*_may_edit_users())
    text = visit(ada, get_user_model().objects.get(pk=clerk.pk)).content.decode()
    assert customer.pk in text
    assert "Pro, monthly" not in text
    assert "A friend" not in text


def _may_edit_users():
    return Permission.objects.filter(codename__in=["view_user", "change_user"])


def test_saving_a_user_changes_nothing_of_billing(customer, ada, boss, visit):
    before = type(customer).objects.values().get()
    page = visit(ada, boss)
    values = {
        "username": "ada",
        "first_name": "Augusta",
        "is_active": "on",
        "date_joined_0": "2026-01-01",
        "date_joined_1": "12:00:00",
        "polar_customers-TOTAL_FORMS": "0",
        "polar_customers-INITIAL_FORMS": "0",
    }
    assert "polar_customers-TOTAL_FORMS" in page.content.decode()
    assert visit(ada, boss, values).status_code == 302
    ada.refresh_from_db()
    assert ada.first_name == "Augusta"
    assert type(customer).objects.values().get() == before


def test_the_panel_costs_four_queries(customer, ada, boss, django_assert_num_queries):
    inline = CustomerInline(get_user_model(), admin.site)
    request = RequestFactory().get("/")
    request.user = boss
    with django_assert_num_queries(4):
        inline.get_formset(request, ada)
        assert inline.shown["panels"]
