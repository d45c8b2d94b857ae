"""The judge that hears every answer and every event is awake."""

import json

import pytest

from polar_django.sandbox import shapes
from polar_django.sandbox.models import Product
from tests.sandbox.conftest import Shop
from tests.sandbox.polars_schema import OPENAPI, Judge
from tests.sandbox_fixtures import SandboxInTests

pytestmark = pytest.mark.skipif(not OPENAPI.is_file(), reason="needs ../shared/spec/openapi")


def test_answers_and_events_are_heard(sandbox: SandboxInTests, polars_schema: Judge) -> None:
    answers, events = polars_schema.answers, polars_schema.events
    sandbox.buy("pro-monthly", customer_email="ada@example.com")
    assert polars_schema.answers == answers + 2
    assert polars_schema.events > events + 10


def test_a_product_without_its_prices_is_complained_of(
    sandbox: SandboxInTests, polars_schema: Judge, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = shapes.product
    monkeypatch.setattr(shapes, "product", lambda row: whole(row) | {"prices": None})
    sandbox.api.patch(
        f"/v1/products/{sandbox.product_ids['ebook']}", json={"description": "A book"}
    )
    complaints = " ".join(polars_schema.complaints)
    polars_schema.complaints.clear()
    assert "PATCH /v1/products/" in complaints
    assert "product.updated" in complaints


@pytest.mark.parametrize(
    ("method", "path", "status", "body"),
    [
        ("GET", "/v1/nothing/", 200, {}),
        ("GET", "/v1/products/", 201, {}),
        ("GET", "/v1/products/", 422, {"error": "Wrong"}),
        ("GET", "/v1/products/x", 404, {"message": "no"}),
        ("DELETE", "/v1/benefits/x", 204, {"left": "over"}),
    ],
)
def test_an_answer_that_polar_would_not_give_is_complained_of(
    method: str, path: str, status: int, body: object
) -> None:
    judge = Judge()
    judge.hear_answer(method, path, status, json.dumps(body).encode())
    assert judge.complaints


def test_an_event_that_is_not_polars_is_complained_of(shop: Shop) -> None:
    judge = Judge()
    body = {"type": "product.sold", "data": shapes.product(Product.objects.first() or shop.pro)}
    judge.hear_event("product.sold", json.dumps(body))
    assert judge.complaints
