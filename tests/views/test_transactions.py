"""No page of ours runs in the project's transaction, whichever database that is of."""

import pytest
from django.db import connections

from polar_django import urls
from polar_django.drf import urls as api_urls
from polar_django.views import transactions
from polar_django.views.transactions import outside_transactions


def test_every_database_is_named(monkeypatch):
    monkeypatch.setattr(transactions, "connections", ["default", "billing"])

    @outside_transactions
    def view(request):
        return None

    assert view._non_atomic_requests == {"default", "billing"}


@pytest.mark.parametrize("pattern", [*urls.urlpatterns, *api_urls.urlpatterns], ids=str)
def test_every_address_of_ours_is_outside(pattern):
    assert pattern.callback._non_atomic_requests == set(connections)
