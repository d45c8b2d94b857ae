"""Where a person looks at an object in Polar's own dashboard.

Polar's addresses carry the name of the organization, which an access token does not tell;
`/to/dashboard/…` leads to the organization that the person who is signed in looked at last.
"""

from collections.abc import Mapping

from polar_django.providers.addresses import segment

__all__ = ["dashboard_url"]

_SITES: Mapping[str, str] = {
    "production": "https://polar.sh/to/dashboard",
    "sandbox": "https://sandbox.polar.sh/to/dashboard",
}
# By the name of our model: the page of one object, or the list it is on.
_PAGES: Mapping[str, str] = {
    "benefit": "products/benefits",
    "checkoutsession": "sales/checkouts/{id}",
    "customer": "customers/{id}",
    "discount": "products/discounts",
    "meter": "products/meters/{id}",
    "order": "sales/{id}",
    "product": "products/{id}",
    "subscription": "sales/subscriptions/{id}",
}


def dashboard_url(server: str, kind: str, object_id: str) -> str:
    """The page about this object; "" where there is none. `kind` is our model's name.

    Of a server named by its address only customers have a page: our sandbox's.
    """
    if server in _SITES:
        page = _PAGES.get(kind)
        return f"{_SITES[server]}/{page.format(id=segment(object_id))}" if page else ""
    if "://" in server and kind == "customer":
        return f"{server.rstrip('/')}/customers/{segment(object_id)}"
    return ""
