"""Where staff look at an object in Polar's dashboard."""

import pytest

from polar_django.providers.polar.dashboard import dashboard_url

POLAR = "https://polar.sh/to/dashboard"


@pytest.mark.parametrize(
    ("server", "kind", "address"),
    [
        ("production", "customer", f"{POLAR}/customers/id"),
        ("production", "order", f"{POLAR}/sales/id"),
        ("production", "subscription", f"{POLAR}/sales/subscriptions/id"),
        ("production", "benefit", f"{POLAR}/products/benefits"),
        ("production", "benefitgrant", ""),
        ("sandbox", "product", "https://sandbox.polar.sh/to/dashboard/products/id"),
        (
            "http://127.0.0.1:8000/sandbox/",
            "customer",
            "http://127.0.0.1:8000/sandbox/customers/id",
        ),
        ("http://127.0.0.1:8000/sandbox", "order", ""),
    ],
)
def test_an_object_has_a_page_where_one_is_known(server, kind, address):
    assert dashboard_url(server, kind, "id") == address


def test_an_id_cannot_lead_elsewhere():
    assert dashboard_url("production", "customer", "a b?c#d") == f"{POLAR}/customers/a%20b%3Fc%23d"
