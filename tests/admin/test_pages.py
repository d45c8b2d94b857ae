"""Every list and every page of a row opens, shows what it should, and hides what it must."""

import pytest
from django.contrib import admin
from django.db.models import Model
from django.urls import reverse

from polar_django import models
from polar_django.models import WriteLock

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
