"""License keys against the sandbox, over HTTP."""

import json
import logging

import httpx
import pytest

from polar_django.billing import (
    activate_license_key,
    deactivate_license_key,
    ensure_customer,
    list_license_keys,
    reveal_license_key,
    rotate_license_key,
    validate_license_key,
)
from polar_django.exceptions import (
    ActionRefused,
    ConfigurationError,
    ForeignObject,
    InvalidRequest,
    NotSupported,
    ObjectNotFound,
    ProviderUnavailable,
)
from polar_django.mirror.linking import link_customer
from polar_django.models import Benefit, Customer, LicenseKey
from polar_django.providers.registry import get_provider
from polar_django.providers.transport import mounted
from polar_django.sandbox.seed import seed
from tests.billing.lost_answers import lost_answer

CATALOGUE = {
    "benefits": {
        "app": {
            "type": "license_keys",
            "description": "A key",
            "properties": {
                "prefix": "acme",
                "expires": None,
                "activations": {"limit": 2, "enable_customer_admin": False},
                "limit_usage": 10,
            },
        },
        "other": {
            "type": "license_keys",
            "description": "Another",
            "properties": {
                "prefix": None,
                "expires": None,
                "activations": None,
                "limit_usage": None,
            },
        },
    },
    "products": {
        "app": {
            "name": "App",
            "recurring_interval": "month",
            "prices": [{"amount_type": "fixed", "price_amount": 900}],
            "benefits": ["app"],
        }
    },
}


@pytest.fixture
def shop(bare_sandbox):
    bare_sandbox.product_ids = seed(CATALOGUE)["products"]
    bare_sandbox.deliver()
    return bare_sandbox


@pytest.fixture
def row(shop, ada) -> LicenseKey:
    """Ada's key, as the mirror has heard of it."""
    shop.buy("app", customer_id=ensure_customer(ada).pk)
    shop.deliver()
    return LicenseKey.objects.get()


@pytest.fixture
def key(row) -> str:
    return reveal_license_key(row)


def unreachable(request):
    raise AssertionError("Nothing is asked of the provider.")


def test_a_subscribers_keys_are_listed_without_a_call(row, ada, eve, django_assert_num_queries):
    with mounted(httpx.MockTransport(unreachable)), django_assert_num_queries(1):
        [found] = list_license_keys(ada)
        assert found.benefit.description == "A key"
    assert found == row
    assert list_license_keys(eve) == []
    assert list_license_keys(ada, user=eve) == []


def test_a_key_is_shown_and_never_kept(row, shop, caplog):
    with caplog.at_level(logging.DEBUG):
        key = reveal_license_key(row)
        validate_license_key(key)
    assert key.startswith("ACME-")
    assert row.display_key.endswith(key[-6:])
    assert row.limit_activations == 2
    for stored in LicenseKey.objects.values():
        assert key not in json.dumps(stored, default=str)
    assert key not in caplog.text


def test_a_good_key_is_good_and_counted(key, row, shop):
    check = validate_license_key(key, increment_usage=3)
    assert check.license_key == row
    assert check.activation is None
    [theirs] = shop.api.get("/v1/license-keys/").json()["items"]
    stored = LicenseKey.objects.get()
    assert (stored.usage, stored.validations) == (3, 1)
    assert (theirs["usage"], theirs["validations"]) == (3, 1)


def test_more_usage_than_is_left_is_refused(key):
    with pytest.raises(ActionRefused):
        validate_license_key(key, increment_usage=11)


def test_a_key_is_good_for_its_own_subscriber_and_benefit_only(key, ada, eve, shop):
    app, other = Benefit.objects.get(key="app"), Benefit.objects.get(key="other")
    ensure_customer(eve)
    assert validate_license_key(key, subscriber=ada, benefit="app")
    assert validate_license_key(key, benefit=app)
    assert validate_license_key(key, benefit=app.pk)
    for wrong in ({"subscriber": eve}, {"benefit": "other"}, {"benefit": other}):
        with pytest.raises(ObjectNotFound):
            validate_license_key(key, **wrong)


def test_a_key_of_any_of_a_subscribers_customers_is_theirs(key, row, shop, ada, eve):
    """One that was claimed from a guest's purchase, say."""
    first, second = ensure_customer(ada), ensure_customer(eve)
    for owner, other in ((first, second), (second, first)):
        link_customer(first, ada, replace=True)
        link_customer(second, ada, replace=True)
        Customer.objects.filter(pk=owner.pk).update(external_id=None)
        Customer.objects.filter(pk=other.pk).update(external_id=str(ada.pk))
        assert validate_license_key(key, subscriber=ada, increment_usage=2).license_key == row
    assert LicenseKey.objects.get().usage == 4
    with pytest.raises(ObjectNotFound):
        validate_license_key("ACME-NO-SUCH-KEY", subscriber=ada)


def test_somebody_who_never_bought_has_no_key(key, eve):
    with pytest.raises(ObjectNotFound):
        validate_license_key(key, subscriber=eve)


def test_a_benefit_key_that_says_nothing_clear_is_refused_before_the_call(key):
    Benefit.objects.create(id="twin", provider="polar", key="app", synced_at="2026-01-01T00:00Z")
    with pytest.raises(InvalidRequest) as refused:
        validate_license_key(key, benefit="app")
    assert refused.value.code == "ambiguous_benefit"


@pytest.mark.parametrize("wrong", ["ACME-NO-SUCH-KEY", "", "ключ", "a" * 5000])
def test_a_key_that_nobody_has_is_not_found(row, wrong):
    with pytest.raises(ObjectNotFound):
        validate_license_key(wrong)


def test_a_revoked_key_is_good_no_more(key, row, shop):
    shop.api.patch(f"/v1/license-keys/{row.pk}", json={"status": "revoked"})
    with pytest.raises(ObjectNotFound):
        validate_license_key(key)


def test_a_place_is_taken_asked_about_and_freed(key, row, ada):
    activation = activate_license_key(
        key, "laptop", subscriber=ada, conditions={"os": "linux"}, meta={"host": "a"}
    )
    assert activation.license_key_id == row.pk
    assert dict(activation.meta) == {"host": "a"}
    check = validate_license_key(key, activation_id=activation.id, conditions={"os": "linux"})
    assert check.activation.id == activation.id
    with pytest.raises(ObjectNotFound):
        validate_license_key(key, activation_id=activation.id, conditions={"os": "mac"})
    assert deactivate_license_key(key, activation.id) is True
    assert deactivate_license_key(key, activation.id) is False
    with pytest.raises(ObjectNotFound):
        validate_license_key(key, activation_id=activation.id)


def test_a_key_is_not_activated_for_somebody_else(key, eve, shop, row):
    ensure_customer(eve)
    with pytest.raises(ObjectNotFound):
        activate_license_key(key, "laptop", subscriber=eve)
    assert shop.api.get(f"/v1/license-keys/{row.pk}").json()["activations"] == []


def test_no_more_places_than_there_are(key):
    activate_license_key(key, "one")
    activate_license_key(key, "two")
    with pytest.raises(ActionRefused) as refused:
        activate_license_key(key, "three")
    assert refused.value.code == "NotPermitted"


def test_a_new_key_makes_the_old_one_void(key, row, ada):
    fresh = rotate_license_key(row, subscriber=ada)
    assert fresh != key
    assert row.display_key.endswith(fresh[-6:])
    assert validate_license_key(fresh).license_key == row
    with pytest.raises(ObjectNotFound):
        validate_license_key(key)


def test_a_revoked_key_is_not_rotated(row, shop):
    shop.api.patch(f"/v1/license-keys/{row.pk}", json={"status": "revoked"})
    with pytest.raises(ActionRefused) as refused:
        rotate_license_key(row)
    assert refused.value.code == "RotateNotPermitted"


@pytest.mark.parametrize("verb", [reveal_license_key, rotate_license_key])
def test_another_subscribers_key_is_foreign(row, eve, verb):
    with pytest.raises(ForeignObject):
        verb(row, subscriber=eve)


def test_the_organization_is_asked_for_once(key, monkeypatch):
    provider = get_provider()
    provider._found_organization = ""
    asked = []
    client = type(provider.client)
    original = client.organizations
    monkeypatch.setattr(client, "organizations", lambda self: (asked.append(1), original(self))[1])
    validate_license_key(key)
    validate_license_key(key)
    assert len(asked) == 1


def test_a_token_of_several_organizations_must_name_one(key, monkeypatch):
    provider = get_provider()
    provider._found_organization = ""
    client = type(provider.client)
    original = client.organizations

    def two(self):
        reply = original(self)
        reply.data["items"] *= 2
        return reply

    monkeypatch.setattr(client, "organizations", two)
    with pytest.raises(ConfigurationError, match="ORGANIZATION_ID"):
        validate_license_key(key)


def test_a_lost_answer_does_not_say_that_a_place_was_taken(key, row, shop):
    with (
        lost_answer("POST", "/license-keys/activate"),
        pytest.raises(ProviderUnavailable, match="effect"),
    ):
        activate_license_key(key, "laptop")
    assert len(shop.api.get(f"/v1/license-keys/{row.pk}").json()["activations"]) == 1


def test_a_provider_without_keys_says_so(service):
    with pytest.raises(NotSupported):
        validate_license_key("anything")
