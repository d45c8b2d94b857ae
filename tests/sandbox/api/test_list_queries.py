"""A page of a list costs as many queries for many rows as for few."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from polar_django.billing import ensure_customer
from tests.entitlements.worlds import person

pytestmark = pytest.mark.django_db

LISTS = [
    *("/v1/subscriptions/", "/v1/orders/", "/v1/checkouts/"),
    *("/v1/customers/", "/v1/benefit-grants/", "/v1/members/"),
]


@pytest.fixture
def sold(sandbox) -> Callable[[str], None]:
    """Sells the person of that name a plan for some months."""

    def sell(name: str) -> None:
        customer = ensure_customer(person(name, email=f"{name}@example.com"))
        sandbox.buy("pro-monthly", customer_id=customer.pk)
        sandbox.advance(days=40)

    return sell


def test_the_queries_of_a_list_do_not_grow_with_its_rows(sandbox, sold):
    def asked() -> dict[str, tuple[int, int]]:
        found = {}
        for path in LISTS:
            with CaptureQueriesContext(connection) as queries:
                answer = sandbox.api.get(path, params={"limit": 100})
            found[path] = len(answer.json()["items"]), len(queries)
        return found

    sold("ada")
    few = asked()
    sold("bob")
    sold("eve")
    many = asked()
    for path in LISTS:
        assert many[path][0] > few[path][0], path
        assert many[path][1] == few[path][1], path
