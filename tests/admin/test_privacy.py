"""Names and addresses are shown by permission, secrets to nobody, and tokens never."""

import json

import pytest
from django.contrib.admin import site
from django.contrib.auth import get_user_model

from polar_django.admin.redaction import masked, redacted, redacted_text
from polar_django.billing import grant_benefit
from polar_django.models import (
    CheckoutSession,
    Customer,
    Member,
    Order,
    Subscription,
    WebhookDelivery,
)
from tests.admin.clicking import confirm, page

pytestmark = pytest.mark.django_db

PERSON = {
    "id": "cus_1",
    "email": "ada@example.com",
    "name": "Ada Lovelace",
    "avatar_url": "https://gravatar.example/5d41402abc4b2a76b9719d911017c592",
    "billing_address": {"line1": "12 St James's Square", "country": "GB"},
    "tax_id": ["GB123", "gb_vat"],
    "metadata": {"note": "write to ada@example.com", "key": "pro"},
}
SECRETS = {
    "client_secret": "polar_c_0123456789abcdef",
    "customer_session_token": "polar_cst_0123456789",
    "url": "https://pay.example/x?customer_session_token=polar_mst_abc&theme=dark",
    "password": "hunter2",
}


def test_a_person_is_hidden_and_what_is_none_is_kept():
    shown = redacted(PERSON, personal=False)
    text = json.dumps(shown)
    for hidden in ("ada@", "Ada", "gravatar", "St James", "GB123"):
        assert hidden not in text
    assert shown["id"] == "cus_1"
    assert shown["metadata"]["key"] == "pro"
    assert redacted(PERSON, personal=True) == PERSON


def test_a_product_keeps_its_name():
    product = {"name": "Pro", "prices": [{"name": "x", "amount": 1000}], "total_tokens": 12}
    assert redacted(product, personal=False) == product


@pytest.mark.parametrize("personal", [True, False])
def test_secrets_are_shown_to_nobody(personal):
    text = json.dumps(redacted(SECRETS, personal=personal))
    for secret in ("0123456789", "polar_mst_abc", "hunter2"):
        assert secret not in text
    assert "theme=dark" in text


def test_a_license_key_is_cut_to_its_end():
    key = "ACME_1C285B2D-6CE6-4BC7-B8BE-ADB6A7E304DA"
    assert redacted({"key": key}, personal=True) == {"key": "…04DA"}


def test_free_text_loses_addresses_and_tokens():
    text = "polar_oat_abcdefgh12345 of ada@example.com"
    assert redacted_text(text, personal=False) == "[secret] of [personal data]"
    assert "ada@example.com" in redacted_text(text, personal=True)


def test_an_address_is_found_where_it_is_escaped_and_long_words_cost_nothing():
    text = "https://pay.example/?customer_email=ada%40example.com&x=1"
    assert "example.com&" not in redacted_text(text, personal=False)
    long = "a" * 1_000_000
    assert redacted_text(long, personal=False) == long


def test_lists_of_secrets_and_what_a_buyer_filled_in_are_hidden():
    body = {"secrets": ["one", "two"], "custom_field_data": {"birthday": "1815-12-10"}}
    assert redacted(body, personal=False) == {
        "secrets": "[secret]",
        "custom_field_data": "[personal data]",
    }
    assert redacted(body, personal=True)["custom_field_data"] == body["custom_field_data"]


def test_masked_text_tells_two_apart_and_no_more():
    assert masked("ada@example.com", personal=False) == "a…@…"
    assert masked("Ada", personal=False) == "A…"
    assert masked(None, personal=False) == ""


@pytest.fixture
def models():
    return [model for model in site._registry if model._meta.app_label == "polar_django"]


def everything(client, models):
    """All lists, and all rows with their histories, as text."""
    texts = []
    for model in models:
        texts.append(client.get(page(model)).content.decode())
        for row in model.objects.all()[:20]:
            for name in ("change", "history"):
                texts.append(client.get(page(model, name, row.pk)).content.decode())
    return "\n".join(texts)


def test_no_page_shows_an_address_without_the_permission(staff, customer, models):
    # What the provider says of a customer on its own pages: a name that nobody else has.
    Customer.objects.update(name="Augusta King")
    views = [f"view_{model._meta.model_name}" for model in models]
    text = everything(staff(*views), models)
    # The staff's own address is on no page; the user name is the project's, not the mirror's.
    for hidden in ("ada@example.com", "Augusta", "polar_c_", "polar_cst_", "polar_mst_"):
        assert hidden not in text, hidden


def test_who_signs_in_with_an_address_is_called_by_the_key(chief, staff, customer, ada, models):
    """Also where colleagues have written it: as a reason, in a note, as the id at the provider."""
    get_user_model().objects.filter(pk=ada.pk).update(username="ada@example.com")
    grant_benefit(ada, "vip", reason="Promised to ada@example.com")
    confirm(chief, customer, "resync", note="Wrote to ada@example.com")
    Customer.objects.update(external_id="ada@example.com")
    views = [f"view_{model._meta.model_name}" for model in models]
    masked_pages = everything(staff(*views), models)
    assert "ada@example.com" not in masked_pages
    assert f"user {ada.pk}" in masked_pages
    shown = everything(chief, models)
    for said in ("Promised to ada@", "Wrote to ada@", ">ada@example.com</a>"):
        assert said in shown


@pytest.mark.parametrize(
    ("model", "query"),
    [
        (Customer, {"email__startswith": "ada"}),
        (Customer, {"email": "ada@example.com"}),
        (Customer, {"raw__email__startswith": "ada"}),
        (Member, {"name__contains": "A"}),
        (CheckoutSession, {"url__contains": "polar_c_"}),
        (Order, {"customer__email__startswith": "ada"}),
        (WebhookDelivery, {"body__contains": "ada"}),
    ],
)
def test_no_column_can_be_guessed_letter_by_letter(chief, customer, model, query):
    assert chief.get(page(model), query).status_code == 400


def test_rows_are_chosen_by_what_they_point_to(staff, customer):
    client = staff("view_order")
    for query in ({"customer__id__exact": customer.pk}, {"subscriber__id__exact": "0"}):
        answer = client.get(page(Order), {**query, "status": "paid"})
        assert len(answer.context["cl"].result_list) == ("customer__id__exact" in query)


def test_with_the_permission_addresses_are_shown_and_secrets_still_are_not(chief, customer, models):
    text = everything(chief, models)
    assert "ada@example.com" in text
    for hidden in ("polar_c_", "polar_cst_", "polar_mst_", "polar_oat_", "whsec_"):
        assert hidden not in text, hidden


def test_a_member_of_staff_sees_only_the_models_they_may(staff, customer):
    client = staff("view_order")
    assert client.get(page(Order)).status_code == 200
    for model in (Customer, Subscription, Member, CheckoutSession, WebhookDelivery):
        assert client.get(page(model)).status_code == 403
