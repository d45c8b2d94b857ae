"""Staff at the admin, and a customer who has bought something."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.test import Client

from polar_django.billing import create_checkout_session
from polar_django.models import Customer, UsageEvent
from polar_django.usage import record_usage

HERE = Path(__file__).parent


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """A million rows only where they are asked for: `-m size`."""
    if "size" in config.getoption("markexpr", ""):
        return
    long = [item for item in items if HERE in item.path.parents and item.get_closest_marker("size")]
    if long:
        config.hook.pytest_deselected(items=long)
        items[:] = [item for item in items if item not in long]


@pytest.fixture
def chief(db: None) -> Client:
    """Signed in as somebody who may do everything."""
    client = Client()
    client.force_login(
        get_user_model().objects.create_superuser("chief", "chief@staff.example", "password")
    )
    return client


@pytest.fixture
def staff(db: None) -> Callable[..., Client]:
    """`staff("view_customer", …)`: signed in as staff with these permissions and no others."""

    def hire(*codenames: str) -> Client:
        name = f"staff{get_user_model().objects.count()}"
        user = get_user_model().objects.create_user(name, f"{name}@staff.example", is_staff=True)
        found = Permission.objects.filter(
            content_type__app_label="polar_django", codename__in=codenames
        )
        assert {one.codename for one in found} == set(codenames)
        user.user_permissions.set(found)
        client = Client()
        client.force_login(user)
        return client

    return hire


@pytest.fixture
def customer(sandbox: Any, ada: Any) -> Customer:
    """Ada's customer in the sandbox, who has bought Pro by the month; all of it is mirrored."""
    session = create_checkout_session(ada, "pro", success_url="https://shop.example/")
    sandbox.pay(session.url)
    sandbox.deliver()
    return Customer.objects.get(subscriber=ada)


def dead_usage(subscriber: Any) -> UsageEvent:
    """A usage event that the provider refused to the last."""
    event = record_usage(subscriber, "ai_usage", {"total_tokens": 5})
    UsageEvent.objects.filter(pk=event.pk).update(state="dead", attempts=8, error="No such meter.")
    return event
