"""License keys against the sandbox: no event tells of them, so their grants and answers must."""

from datetime import timedelta

import pytest
from django.utils import timezone

from polar_django.mirror.answers import apply_answer, stored_keys
from polar_django.mirror.reconcile import reconcile_customer
from polar_django.mirror.walking import Patience
from polar_django.models import BenefitGrant, LicenseKey
from polar_django.providers.polar import client
from polar_django.providers.registry import get_provider
from polar_django.sandbox import models as theirs
from polar_django.sandbox.seed import seed
from polar_django.snapshots import LicenseKeySnapshot
from tests.mirror.losses import customer, differences, lose_deliveries, mend
from tests.mirror.worlds import apply, at, event, grant, mirror_all, revoked, state

pytestmark = pytest.mark.usefixtures("waits")

CATALOGUE = {
    "benefits": {
        "app": {
            "type": "license_keys",
            "description": "A key",
            "properties": {
                "prefix": "acme",
                "activations": {"limit": 2, "enable_customer_admin": True},
                "limit_usage": 10,
            },
        }
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
COMES_WITH = {"properties": {"license_key_id": "key_1", "display_key": "****-ABCDEF"}}


@pytest.fixture
def owner(bare_sandbox):
    """The id of a customer who has bought what a key comes with; nothing is delivered yet."""
    bare_sandbox.product_ids = seed(CATALOGUE)["products"]
    pk = customer(bare_sandbox, "ada")
    bare_sandbox.buy("app", customer_id=pk)
    return pk


def their_key():
    return theirs.LicenseKey.objects.get()


def key_snapshot(**values):
    return LicenseKeySnapshot(
        id="key_1", **{"customer_id": "cus_ada", "benefit_id": "ben_pro", **values}
    )


def test_a_grants_delivery_shows_the_end_of_its_key(bare_sandbox, owner):
    bare_sandbox.deliver()
    key, shown = LicenseKey.objects.get(), BenefitGrant.objects.get()
    assert (key.pk, key.customer_id, key.benefit_id) == (
        str(their_key().pk),
        owner,
        shown.benefit_id,
    )
    assert key.member_id == shown.member_id is not None
    assert key.display_key == their_key().display_key
    assert key.is_valid


def test_a_revoked_purchase_takes_its_key_along_and_a_regranted_one_brings_it_back(
    bare_sandbox, owner
):
    bare_sandbox.deliver()
    mend()
    assert LicenseKey.objects.get().as_of is not None
    for status in ("revoked", "granted"):
        bare_sandbox.api.patch(f"/v1/license-keys/{their_key().pk}", json={"status": status})
        bare_sandbox.deliver()
        assert BenefitGrant.objects.get().is_granted == (status == "granted")
        assert LicenseKey.objects.get().status == status


def test_a_first_copy_has_the_keys_with_their_limits(bare_sandbox, owner):
    lose_deliveries()
    mirror_all()
    key = LicenseKey.objects.get()
    assert (key.limit_activations, key.limit_usage, key.usage) == (2, 10, 0)
    assert key.customer.pk == owner
    assert differences() == {}


def test_the_key_itself_is_nowhere_in_the_mirror(bare_sandbox, owner):
    bare_sandbox.deliver()
    mend()
    row = LicenseKey.objects.values().get()
    assert row["raw"]["display_key"] == their_key().display_key
    assert their_key().key not in str(row)
    answer = get_provider().get_object("license_keys", row["id"])
    assert answer.first.key == their_key().key
    assert their_key().key not in repr(answer)
    assert their_key().key not in str(BenefitGrant.objects.values().get())


def test_what_no_event_tells_of_a_key_reconcile_finds(bare_sandbox, owner):
    bare_sandbox.deliver()
    mend()
    body = {"key": their_key().key, "organization_id": str(theirs.ORGANIZATION_ID)}
    answer = bare_sandbox.api.post("/v1/license-keys/validate", json={**body, "increment_usage": 3})
    assert answer.status_code == 200
    bare_sandbox.api.patch(f"/v1/license-keys/{their_key().pk}", json={"status": "disabled"})
    assert differences()["license_keys"] == ([], [str(their_key().pk)], [])
    mend()
    key = LicenseKey.objects.get()
    assert (key.usage, key.validations, key.status) == (3, 1, "disabled")
    assert not key.is_valid
    assert differences() == {}


def test_one_customers_keys_are_read_with_the_customer(bare_sandbox, owner):
    lose_deliveries()
    assert list(reconcile_customer(get_provider(), owner, Patience()))
    assert LicenseKey.objects.get().limit_usage == 10
    their_key_row = their_key()
    their_key_row.usage = 7
    their_key_row.save()
    list(reconcile_customer(get_provider(), owner, Patience()))
    assert LicenseKey.objects.get().usage == 7


def test_keys_on_many_pages_are_all_copied(bare_sandbox, owner, monkeypatch):
    monkeypatch.setattr(client, "PAGE_SIZE", 2)
    for number in range(4):
        bare_sandbox.buy("app", customer_id=customer(bare_sandbox, f"buyer{number}"))
    lose_deliveries()
    mirror_all()
    assert LicenseKey.objects.exclude(as_of=None).count() == 5
    assert differences() == {}


def test_a_key_the_provider_does_not_know_is_not_valid(bare_sandbox, owner):
    bare_sandbox.deliver()
    mend()
    stranger = LicenseKey.objects.get()
    stranger.pk = "00000000-0000-4000-8000-000000000000"
    stranger.save(force_insert=True)
    assert differences()["license_keys"] == ([], [], [stranger.pk])
    mend()
    stranger.refresh_from_db()
    assert not stranger.is_valid
    assert differences() == {}


@pytest.mark.django_db
class TestInAnyOrder:
    def test_a_late_grant_does_not_revive_a_revoked_key(self):
        apply(event(revoked(revoked_at=at(10), **COMES_WITH), seconds=10))
        apply(event(grant(**COMES_WITH), seconds=0))
        assert LicenseKey.objects.get().status == "revoked"

    def test_a_disabled_key_stays_disabled_through_its_grants(self):
        apply(event(key_snapshot(status="disabled"), seconds=5))
        apply(event(revoked(revoked_at=at(10), **COMES_WITH), seconds=10))
        apply(event(grant(**COMES_WITH), seconds=20))
        assert LicenseKey.objects.get().status == "disabled"

    def test_an_answer_from_before_the_revocation_leaves_the_key_revoked(self):
        apply(event(revoked(revoked_at=at(10), **COMES_WITH), seconds=10))
        apply(event(key_snapshot(limit_usage=3), seconds=8))
        key = LicenseKey.objects.get()
        assert (key.status, key.limit_usage) == ("revoked", 3)
        apply(event(key_snapshot(limit_usage=3), seconds=9))
        assert LicenseKey.objects.get().status == "revoked"

    def test_an_answer_newer_than_its_grant_is_believed(self):
        apply(event(grant(**COMES_WITH), seconds=0))
        apply(event(key_snapshot(status="revoked"), seconds=10))
        apply(event(grant(**COMES_WITH), seconds=5))
        assert LicenseKey.objects.get().status == "revoked"

    def test_a_state_fills_the_gap_too(self):
        apply(event(state=state(grant(**COMES_WITH)), type="customer.state_changed"))
        assert LicenseKey.objects.get().display_key == "****-ABCDEF"

    def test_properties_of_another_shape_name_no_key(self):
        for number, named in enumerate((None, 7, "", "k" * 300, {"id": "key"})):
            apply(event(grant(f"grant_{number}", properties={"license_key_id": named})))
        assert not LicenseKey.objects.exists()


@pytest.mark.django_db
def test_an_expired_key_is_not_valid():
    apply(event(key_snapshot(expires_at=timezone.now() - timedelta(days=1))))
    assert not LicenseKey.objects.get().is_valid


@pytest.mark.django_db
def test_grants_without_keys_cost_no_query_more(django_assert_num_queries):
    with django_assert_num_queries(9) as plain:  # two of them for one never seen: its own lock
        apply(event(grant()))
    assert not [query for query in plain if "licensekey" in query["sql"]]


@pytest.mark.django_db
def test_an_answer_supersedes_what_stood_when_it_was_asked_for(bare_sandbox, owner):
    bare_sandbox.deliver()
    mend()
    row = LicenseKey.objects.get()
    sent = stored_keys(row)
    bare_sandbox.api.patch(f"/v1/license-keys/{row.pk}", json={"usage": 4})
    apply_answer(get_provider().get_object("license_keys", row.pk), sent=sent)
    row.refresh_from_db()
    assert row.usage == 4
