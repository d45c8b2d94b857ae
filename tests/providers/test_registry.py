import subprocess
import sys

import pytest

from polar_django.exceptions import ConfigurationError, NotSupported
from polar_django.providers.base import Provider
from polar_django.providers.polar.provider import PolarProvider
from polar_django.providers.registry import get_provider, known_providers


class Ledger(PolarProvider):
    """A provider of a project's own."""

    name = "ledger"

    @classmethod
    def from_settings(cls, settings, options):
        made = cls(settings)
        made.options = options
        return made


class NoProvider:
    name = "none"


def configured(settings, **changes):
    settings.POLAR_DJANGO = {**settings.POLAR_DJANGO, **changes}


def test_the_default_provider_is_polar_and_there_is_one():
    assert isinstance(get_provider(), PolarProvider)
    assert get_provider("polar") is get_provider()


def test_a_change_of_settings_makes_a_new_one(settings):
    before = get_provider()
    configured(settings, ACCESS_TOKEN="polar_oat_other")
    assert get_provider() is not before


def test_a_project_can_register_its_own(settings):
    options = {"CLASS": "tests.providers.test_registry.Ledger", "BOOK": "red"}
    configured(settings, PROVIDERS={"ledger": options}, DEFAULT_PROVIDER="ledger")
    assert known_providers() == ("ledger", "polar")
    assert isinstance(get_provider(), Ledger)
    assert get_provider().options == options
    assert isinstance(get_provider("polar"), PolarProvider)


@pytest.mark.parametrize(
    ("name", "path", "reason"),
    [
        ("ledger", "tests.providers.nowhere.Ledger", "cannot be loaded"),
        ("none", "tests.providers.test_registry.NoProvider", "is no"),
        ("book", "tests.providers.test_registry.Ledger", "calls itself 'ledger'"),
    ],
)
def test_a_class_that_cannot_be_one_is_a_mistake_in_the_settings(settings, name, path, reason):
    configured(settings, PROVIDERS={name: {"CLASS": path}})
    with pytest.raises(ConfigurationError, match=reason):
        get_provider(name)


def test_an_unknown_name_says_which_are_known():
    with pytest.raises(ConfigurationError, match=r"no provider 'paper' \(known: polar\)"):
        get_provider("paper")


@pytest.mark.parametrize(
    "call", ["get_customer", "get_product", "get_benefit", "get_order", "customer_state"]
)
def test_what_a_provider_does_not_offer_is_not_supported(call):
    with pytest.raises(NotSupported, match="polar cannot"):
        getattr(Provider, call)(get_provider(), "x")


def test_the_registry_loads_no_http_client():
    told = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys, polar_django.providers.registry;"
            "print(sorted({'httpx', 'ninja', 'rest_framework', 'stripe'} & set(sys.modules)))",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.strip() == "[]"
