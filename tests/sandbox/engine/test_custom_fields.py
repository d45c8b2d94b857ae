from typing import Any
from uuid import uuid4

import pytest

from polar_django.sandbox import errors
from polar_django.sandbox.engine import catalog, checkouts, custom_fields
from polar_django.sandbox.models import CustomField, Order, Product
from tests.sandbox.conftest import Shop


def field(kind: str, **properties: Any) -> CustomField:
    data = {"type": kind, "slug": kind, "name": kind.title(), "properties": properties}
    return custom_fields.create_custom_field(data)


def asking(shop: Shop, *fields: CustomField, required: bool = True) -> Product:
    attached = [{"custom_field_id": each.id, "required": required} for each in fields]
    return catalog.update_product(shop.ebook, {"attached_custom_fields": attached})


def test_a_required_answer_may_wait_until_confirmation(shop: Shop) -> None:
    product = asking(shop, field("text"))
    checkout = shop.open(product)

    with pytest.raises(errors.InvalidRequest) as refused:
        shop.confirm(checkout)
    (error,) = refused.value.errors
    assert (error["type"], error["loc"]) == ("missing", ["body", "custom_field_data", "text"])

    shop.confirm(checkout, custom_field_data={"text": "Hello", "unknown": 1})
    assert Order.objects.get().custom_field_data == {"text": "Hello"}


@pytest.mark.parametrize(
    ("kind", "properties", "good", "bad"),
    [
        ("text", {"min_length": 3, "max_length": 5}, "four", "no"),
        ("text", {"max_length": 5}, "four", "too long"),
        ("text", {}, "four", 4),
        ("number", {"ge": 1, "le": 9}, 9, 10),
        ("number", {"ge": 1}, 1, 0),
        ("number", {}, 4, "4"),
        ("date", {"ge": 86_400}, "1970-01-02", "1970-01-01"),
        ("date", {}, "2026-11-21", "tomorrow"),
        ("checkbox", {}, True, "yes"),
        ("select", {"options": [{"value": "a", "label": "A"}]}, "a", "b"),
    ],
)
def test_an_answer_fits_its_question(
    shop: Shop, kind: str, properties: dict[str, Any], good: Any, bad: Any
) -> None:
    checkout = shop.open(asking(shop, field(kind, **properties)))

    with pytest.raises(errors.InvalidRequest) as refused:
        checkouts.update_checkout_by_buyer(checkout, {"custom_field_data": {kind: bad}})
    assert refused.value.errors[0]["loc"] == ["body", "custom_field_data", kind]

    shop.confirm(checkout, custom_field_data={kind: good})
    assert Order.objects.get().custom_field_data == {kind: good}


def test_a_required_box_has_to_be_ticked(shop: Shop) -> None:
    checkout = shop.open(asking(shop, field("checkbox")))

    with pytest.raises(errors.InvalidRequest):
        shop.confirm(checkout, custom_field_data={"checkbox": False})


def test_an_optional_question_may_stay_open(shop: Shop) -> None:
    shop.buy(asking(shop, field("text"), required=False))

    assert Order.objects.get().custom_field_data == {}


def test_a_slug_is_one_fields_only(shop: Shop) -> None:
    made = field("text")
    with pytest.raises(errors.InvalidRequest, match="slug already exists"):
        field("text")

    custom_fields.delete_custom_field(made)
    assert field("text").slug == made.slug


def test_an_unknown_field_cannot_be_attached(shop: Shop) -> None:
    attached = [{"custom_field_id": uuid4(), "required": True}]
    with pytest.raises(errors.InvalidRequest, match="Custom field does not exist"):
        catalog.update_product(shop.ebook, {"attached_custom_fields": attached})
