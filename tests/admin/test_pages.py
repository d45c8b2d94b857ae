"""Every list and every page of a row opens, shows what it should, and hides what it must."""

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from django.contrib import admin
from django.core.management import call_command
from django.db import connection
from django.db.models import Model
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from polar_django import models
from polar_django.billing import grant_benefit
from polar_django.models import WriteLock
from tests.webhooks.deliveries import stored

pytestmark = pytest.mark.django_db

SHOWN = [
    model
    for model in vars(models).values()
    if isinstance(model, type) and issubclass(model, Model) and model is not WriteLock
]


def address(model, page="changelist", *args):
    return reverse(f"admin:polar_django_{model._meta.model_name}_{page}", args=args)


def test_what_points_to_rows_that_have_not_come_is_shown_all_the_same(chief, customer):
    models.Subscription.objects.update(discount_id="dis_x", checkout_id="che_x", product_id="p_x")
    models.Order.objects.update(subscription_id="sub_x", checkout_id="che_x", product_id="p_x")
    models.BenefitGrant.objects.update(benefit_id="ben_x", order_id="ord_x", member_id="mem_x")
    for model in (models.Subscription, models.Order, models.BenefitGrant):
        assert chief.get(address(model)).status_code == 200
        text = chief.get(address(model, "change", model.objects.first().pk)).content.decode()
        assert "_x (not in the mirror)" in text
    assert chief.get(address(models.Customer, "change", customer.pk)).status_code == 200


@pytest.mark.parametrize("model", SHOWN, ids=lambda model: model.__name__)
def test_every_model_has_a_list_and_pages(model, chief, customer):
    assert admin.site.is_registered(model)
    assert chief.get(address(model)).status_code == 200
    assert chief.get(address(model), {"q": "ada@example.com"}).status_code == 200
    for row in model.objects.all()[:3]:
        assert chief.get(address(model, "change", row.pk)).status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        b'{"type":"order.paid","data":{"name":"\\ud83d"}}',
        b'{"type":"order.paid","data":{"name":"\\u0000"}}',
        b'{"a":' * 500 + b"1" + b"}" * 500,
        b"[" * 200_000,
        b"\xff\xfe",
    ],
    ids=["half a character", "NUL", "deep", "deeper", "no text"],
)
def test_the_page_of_a_delivery_opens_whatever_was_sent(chief, body):
    row = stored()
    models.WebhookDelivery.objects.filter(pk=row.pk).update(body=body)
    assert chief.get(address(models.WebhookDelivery, "change", row.pk)).status_code == 200


@pytest.mark.parametrize("key", ["abc", "9" * 30, "-1", "1_5F2"])
def test_an_action_on_a_row_that_cannot_be_is_not_found(chief, key):
    one = address(models.WebhookDelivery, "do_one", key, "replay")
    assert chief.get(one).status_code == 404
    assert chief.post(one, {"confirmed": "yes"}).status_code == 404
    several = address(models.WebhookDelivery, "do", "replay")
    chosen = {"confirmed": "yes", "_selected_action": [key]}
    assert chief.post(several, chosen).status_code == 404


def refused(request):
    return False


@pytest.fixture
def east(settings):
    """A project where midnight comes earlier than in UTC."""
    settings.TIME_ZONE = "Europe/Berlin"


@pytest.fixture
def for_good(ada, db):
    """A grant whose end is the last moment there is, which has no hour in Berlin."""
    return grant_benefit(ada, "vip", until=datetime.max.replace(tzinfo=UTC))


def test_an_end_that_no_time_zone_knows_is_shown_as_it_is(chief, customer, for_good, east):
    for where in (
        address(models.BenefitGrant),
        address(models.BenefitGrant, "change", for_good.pk),
        address(models.Customer, "change", customer.pk),
    ):
        answer = chief.get(where)
        assert answer.status_code == 200, where
        assert "9999" in answer.content.decode()


def test_the_list_of_what_was_given_shows_an_end_that_no_time_zone_knows(for_good, east, capsys):
    call_command("polar_grant", "list")
    assert "9999-12-31T23:59" in capsys.readouterr().out


def test_news_are_about_our_own_rows_also_where_the_shop_has_an_order_too(
    chief, customer, monkeypatch
):
    """A model of the same name, registered after ours, with a row that has the same id."""

    class Order:
        class _meta:
            app_label, model_name = "shop", "order"

    theirs = SimpleNamespace(has_module_permission=refused)
    monkeypatch.setitem(admin.site._registry, Order, theirs)
    news = models.Transition.objects.filter(object_type="order").first()
    text = chief.get(address(models.Transition, "change", news.pk)).content.decode()
    assert address(models.Order, "change", news.object_id) in text


def test_the_list_of_grants_reads_no_whole_objects(chief, customer):
    with CaptureQueriesContext(connection) as queries:
        assert chief.get(address(models.BenefitGrant)).status_code == 200
    (read,) = [q["sql"] for q in queries if '"polar_django_product"' in q["sql"]]
    assert '"raw"' not in read
