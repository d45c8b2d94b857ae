"""The OpenAPI description that drf-spectacular makes of the API, without help from us."""

import pytest
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from rest_framework.views import APIView


@pytest.fixture
def schema(monkeypatch):
    monkeypatch.setattr(APIView, "schema", AutoSchema())
    GENERATOR_STATS.reset()
    with GENERATOR_STATS.silence():
        found = SchemaGenerator(urlconf="polar_django.drf.urls").get_schema(public=True)
    return found


def test_every_endpoint_is_described_without_a_guess(schema):
    assert set(schema["paths"]) == {
        "/checkout-sessions/",
        "/me/entitlements/",
        "/me/license-keys/",
        "/me/license-keys/{id}/reveal/",
        "/me/license-keys/{id}/rotate/",
        "/me/orders/",
        "/me/orders/{id}/",
        "/me/orders/{id}/invoice/",
        "/me/orders/{id}/receipt/",
        "/me/seats/",
        "/me/seats/{id}/resend/",
        "/me/seats/{id}/revoke/",
        "/me/subscriptions/",
        "/me/subscriptions/{id}/",
        "/me/subscriptions/{id}/cancel/",
        "/me/subscriptions/{id}/change-preview/",
        "/me/subscriptions/{id}/change-product/",
        "/me/subscriptions/{id}/change-seats/",
        "/me/subscriptions/{id}/changes/",
        "/me/subscriptions/{id}/end/",
        "/me/subscriptions/{id}/keep-plan/",
        "/me/subscriptions/{id}/pause/",
        "/me/subscriptions/{id}/resume/",
        "/me/subscriptions/{id}/uncancel/",
        "/me/usage/",
        "/plans/",
        "/portal-sessions/",
        "/seats/claim/",
    }
    assert not GENERATOR_STATS._error_cache
    assert not GENERATOR_STATS._warn_cache


def test_operations_have_names_of_their_own(schema):
    operations = [
        operation["operationId"]
        for item in schema["paths"].values()
        for method, operation in item.items()
        if method in {"get", "post"}
    ]
    assert len(operations) == len(set(operations)) == len(schema["paths"]) + 1  # seats has two


def test_what_a_checkout_takes_and_gives(schema):
    shape = schema["components"]["schemas"]["CheckoutSession"]["properties"]
    assert shape["url"]["readOnly"]
    assert shape["product"]["writeOnly"]


def answer_of(schema, path, method, status):
    content = schema["paths"][path][method]["responses"][status]["content"]
    return content["application/json"]["schema"]


def test_what_comes_back_is_what_is_described(schema):
    plans = answer_of(schema, "/plans/", "get", "200")
    assert (plans["type"], plans["items"]["$ref"]) == ("array", "#/components/schemas/Plan")
    assert "$ref" in answer_of(schema, "/portal-sessions/", "post", "201")
    assert "$ref" in answer_of(schema, "/checkout-sessions/", "post", "201")
    cancel = schema["components"]["schemas"]["Cancel"]["properties"]
    assert cancel["cancel_at_period_end"]["readOnly"]
    assert cancel["reason"]["writeOnly"]
