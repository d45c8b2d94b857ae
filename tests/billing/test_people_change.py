"""Subscribers who change or go, against the sandbox: the provider is told, once and not in vain."""

import json

import pytest
from django.apps import apps
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models.signals import post_save, pre_delete

from polar_django.billing import delete_customer, ensure_customer, export_customer, update_customer
from polar_django.billing.pushing import push_customers
from polar_django.exceptions import (
    CustomerConflict,
    InvalidRequest,
    ObjectNotFound,
    ProviderUnavailable,
)
from polar_django.mirror.linking import link_customer
from polar_django.models import BenefitGrant, Customer, Subscription
from polar_django.tasks import push_customers as task
from tests.billing.lost_answers import lost_answer


@pytest.fixture
def customer(sandbox, ada) -> Customer:
    return ensure_customer(ada)


@pytest.fixture
def configured(settings):
    def configure(**given):
        settings.POLAR_DJANGO = {**settings.POLAR_DJANGO, **given}

    return configure


def theirs(sandbox, customer):
    return sandbox.api.get(f"/v1/customers/{customer.pk}").json()


def rename(user, **values):
    for name, value in values.items():
        setattr(user, name, value)
    user.save()


def test_a_customer_is_told_by_hand(sandbox, ada, customer):
    rename(ada, first_name="Ada", last_name="Lovelace", email="ada@new.example")
    assert update_customer(ada).name == "Ada Lovelace"
    assert theirs(sandbox, customer)["email"] == "ada@new.example"
    assert Customer.objects.get().email == "ada@new.example"


def test_what_is_the_same_is_not_told_again(sandbox, ada, customer):
    rename(ada, email=ada.email.upper())
    before = theirs(sandbox, customer)["modified_at"]
    assert update_customer(ada) == customer
    assert theirs(sandbox, customer)["modified_at"] == before


def test_what_is_empty_here_stays_there(sandbox, ada, customer):
    sandbox.api.patch(f"/v1/customers/{customer.pk}", json={"name": "Countess"})
    sandbox.deliver()
    rename(ada, email="ada@new.example")
    assert update_customer(ada).name == "Countess"


def test_somebody_who_never_bought_is_no_customer(sandbox, ada):
    assert update_customer(ada) is None
    assert not Customer.objects.exists()


def test_an_address_that_is_another_customers_is_a_conflict(sandbox, ada, eve, customer):
    ensure_customer(eve)
    rename(ada, email=eve.email)
    with pytest.raises(CustomerConflict):
        update_customer(ada)
    assert Customer.objects.get(pk=customer.pk).email == customer.email


def test_an_address_that_is_none_is_refused(sandbox, ada, customer):
    rename(ada, email="not an address")
    with pytest.raises(InvalidRequest):
        update_customer(ada)


def test_a_customer_that_was_deleted_unheard_of_is_none_any_more(sandbox, ada, customer):
    sandbox.api.delete(f"/v1/customers/{customer.pk}")
    rename(ada, email="ada@new.example")
    assert update_customer(ada) is None
    assert Customer.objects.get().deleted_at is not None


def test_by_itself_nobody_is_told(sandbox, ada, customer, django_assert_num_queries):
    ada.first_name = "Augusta"
    with django_assert_num_queries(1):
        ada.save()
    assert push_customers() == 0


def test_with_the_setting_a_saved_user_is_told_by_the_task(sandbox, ada, customer, configured):
    configured(SYNC_PROFILE=True)
    rename(ada, first_name="Ada", email="ada@new.example")
    assert theirs(sandbox, customer)["email"] == customer.email  # nobody waits for the provider
    task()
    assert theirs(sandbox, customer)["email"] == "ada@new.example"
    assert Customer.objects.get().push == ""
    assert push_customers() == 0


def test_a_login_costs_one_query_and_tells_nobody(
    sandbox, ada, customer, configured, django_assert_num_queries
):
    configured(SYNC_PROFILE=True)
    ada.last_login = None
    with django_assert_num_queries(2):
        ada.save(update_fields=["last_login"])
    assert Customer.objects.get().push == ""


def test_what_is_rolled_back_is_not_told(sandbox, ada, customer, configured):
    configured(SYNC_PROFILE=True, ON_SUBSCRIBER_DELETE="delete")
    with transaction.atomic():
        rename(ada, email="ada@new.example")
        get_user_model().objects.filter(pk=ada.pk).delete()
        transaction.set_rollback(True)
    assert push_customers() == 0


def test_without_workers_it_is_told_on_commit(
    sandbox, ada, customer, configured, django_capture_on_commit_callbacks
):
    configured(SYNC_PROFILE=True, PROCESS_INLINE=True)
    with django_capture_on_commit_callbacks(execute=True):
        rename(ada, email="ada@new.example")
    assert theirs(sandbox, customer)["email"] == "ada@new.example"


def test_a_provider_that_is_down_is_told_in_the_next_turn(sandbox, ada, customer, configured):
    configured(SYNC_PROFILE=True)
    rename(ada, email="ada@new.example")
    with lost_answer("PATCH", "/v1/customers/", arrives=False):
        assert push_customers() == 0
    assert push_customers() == 1
    assert theirs(sandbox, customer)["email"] == "ada@new.example"


def test_one_that_the_provider_never_answers_does_not_hold_up_the_others(
    sandbox, ada, eve, customer, configured
):
    ensure_customer(eve)
    configured(SYNC_PROFILE=True)
    rename(ada, email="ada@new.example")
    rename(eve, email="eve@new.example")
    with lost_answer("PATCH", f"/v1/customers/{customer.pk}", arrives=False):
        assert push_customers() == 1
    assert Customer.objects.get(subscriber=eve).email == "eve@new.example"
    assert Customer.objects.get(push="profile") == customer


def test_a_provider_that_is_busy_is_left_alone(sandbox, ada, customer, configured):
    configured(SYNC_PROFILE=True)
    rename(ada, email="ada@new.example")
    with lost_answer("PATCH", "/v1/customers/", arrives=False, status=429, retry_after=60):
        assert push_customers() == 0
    assert Customer.objects.get().push == "profile"


def test_what_is_refused_for_good_is_not_tried_for_ever(sandbox, ada, customer, configured, caplog):
    configured(SYNC_PROFILE=True)
    rename(ada, email="not an address")
    assert push_customers() == 1
    assert push_customers() == 0
    assert "InvalidRequest" in caplog.text
    assert "not an address" not in caplog.text


@pytest.mark.parametrize(
    "wrong",
    [{"ACCESS_TOKEN": "polar_oat_wrong"}, {"API_VERSION": "1999-01"}, {"SERVER": "nowhere"}],
)
def test_a_deletion_waits_until_the_settings_are_right_again(
    sandbox, ada, customer, configured, settings, wrong
):
    configured(ON_SUBSCRIBER_DELETE="delete")
    ada.delete()
    right = settings.POLAR_DJANGO
    configured(**wrong)
    assert push_customers() == 0
    settings.POLAR_DJANGO = right
    assert push_customers() == 1
    assert Customer.objects.get().deleted_at is not None


def test_of_several_linked_customers_the_true_one_is_told(sandbox, ada, customer, configured):
    made = sandbox.api.post("/v1/customers/", json={"email": "old@ada.example"}).json()
    sandbox.deliver()
    Customer.objects.filter(pk=made["id"]).update(subscriber=ada)
    configured(SYNC_PROFILE=True)
    rename(ada, email="ada@new.example")
    assert push_customers() == 1
    assert theirs(sandbox, customer)["email"] == "ada@new.example"


def subscribed(sandbox, customer):
    sandbox.buy("pro-monthly", customer_id=customer.pk)
    sandbox.deliver()
    assert BenefitGrant.objects.active().exists()


def test_a_deleted_customer_has_nothing_left_when_the_verb_returns(sandbox, ada, customer):
    subscribed(sandbox, customer)
    delete_customer(customer)
    assert customer.deleted_at is not None
    assert Subscription.objects.get().has_ended
    assert not BenefitGrant.objects.active().exists()
    assert sandbox.api.get(f"/v1/customers/{customer.pk}").status_code == 404
    sandbox.deliver()
    assert Subscription.objects.get().status == "canceled"
    assert delete_customer(customer).deleted_at is not None


def test_a_deletion_whose_answer_was_lost_is_repeated(sandbox, customer):
    with (
        lost_answer("DELETE", "/v1/customers/"),
        pytest.raises(ProviderUnavailable, match="effect"),
    ):
        delete_customer(customer)
    assert delete_customer(customer).deleted_at is not None


def test_an_anonymized_customer_is_nobody_after_the_delivery(sandbox, ada, customer, monkeypatch):
    """Also where the verb is told of it much later than the delivery was made."""
    provider = type(sandbox.app_provider())
    delete = provider.delete_customer

    def slowly(self, *args, **options):
        delete(self, *args, **options)
        sandbox.advance(days=0.001, deliver=False)

    monkeypatch.setattr(provider, "delete_customer", slowly)
    delete_customer(customer, anonymize=True)
    assert Customer.objects.get().deleted_at is not None
    sandbox.deliver()
    assert Customer.objects.get().email.endswith("@anonymized.polar.sh")


@pytest.mark.parametrize(
    ("policy", "is_deleted", "is_anonymous"),
    [("keep", False, False), ("delete", True, False), ("anonymize", True, True)],
)
def test_a_deleted_users_customer_is_dealt_with_as_the_project_says(
    sandbox, ada, customer, configured, policy, is_deleted, is_anonymous
):
    configured(ON_SUBSCRIBER_DELETE=policy)
    subscribed(sandbox, customer)
    get_user_model().objects.filter(pk=ada.pk).delete()
    push_customers()
    sandbox.deliver()
    row = Customer.objects.get()
    assert (row.deleted_at is not None) is is_deleted
    assert row.email.endswith("@anonymized.polar.sh") is is_anonymous
    assert row.subscriber is None
    assert Subscription.objects.get().has_ended is is_deleted


def test_a_deletion_is_not_undone_by_a_profile_that_changed_before(
    sandbox, ada, customer, configured
):
    configured(SYNC_PROFILE=True, ON_SUBSCRIBER_DELETE="delete")
    rename(ada, email="ada@new.example")
    ada.delete()
    assert Customer.objects.get().push == "delete"
    assert push_customers() == 1
    assert Customer.objects.get().deleted_at is not None


def test_a_delivery_does_not_take_away_what_is_still_to_be_told(sandbox, ada, customer, configured):
    configured(SYNC_PROFILE=True)
    rename(ada, email="ada@new.example")
    sandbox.api.patch(f"/v1/customers/{customer.pk}", json={"name": "Countess"})
    sandbox.deliver()
    assert Customer.objects.get().push == "profile"


@pytest.fixture
def made_late():
    """Make a model of the project's after the start, as an `admin.py` does; it is gone again."""
    made = []

    def make(name, *bases, **meta):
        options = type("Meta", (), {"app_label": "auth", **meta})
        made.append(type(name, bases, {"__module__": __name__, "Meta": options}))
        return made[-1]

    yield make
    for model in made:
        del apps.all_models["auth"][model._meta.model_name]
    apps.clear_cache()


def test_who_is_saved_and_deleted_as_a_proxy_is_the_same_subscriber(
    sandbox, ada, customer, configured, made_late
):
    staff = made_late("Staff", get_user_model(), proxy=True)
    trainee = made_late("Trainee", staff, proxy=True)
    configured(SYNC_PROFILE=True, ON_SUBSCRIBER_DELETE="delete")
    rename(staff.objects.get(pk=ada.pk), email="ada@new.example")
    assert push_customers() == 1
    assert theirs(sandbox, customer)["email"] == "ada@new.example"
    trainee.objects.get(pk=ada.pk).delete()
    assert push_customers() == 1
    assert Customer.objects.get().deleted_at is not None


def test_whose_model_has_a_table_more_is_heard_when_it_is_saved(ada, made_late):
    # Deleting one deletes the row above too, and Django tells of both; saving tells of one.
    teacher = made_late("Teacher", get_user_model())
    assert post_save.has_listeners(teacher)
    assert not pre_delete.has_listeners(teacher)


def test_models_of_nobody_who_buys_are_not_listened_to(made_late):
    for model in (Group, made_late("Squad", Group, proxy=True)):
        assert not post_save.has_listeners(model)
        assert not pre_delete.has_listeners(model)


def test_a_deletion_that_cannot_be_noted_is_an_error_in_the_log(db, settings, ada, caplog):
    settings.POLAR_DJANGO = {"ON_SUBSCRIBER_DELETE": "nonsense"}
    key = ada.pk
    ada.delete()
    [told] = [each for each in caplog.records if each.levelname == "ERROR"]
    assert f"auth.User {key} is deleted" in told.getMessage()
    assert "goes on being charged" in told.getMessage()


@pytest.mark.parametrize("key", ["SYNC_PROFILE", "ON_SUBSCRIBER_DELETE"])
def test_broken_settings_do_not_keep_anybody_from_saving_a_user(db, settings, ada, key):
    settings.POLAR_DJANGO = {key: "nonsense"}
    ada.save()
    ada.delete()


def test_everything_the_provider_knows_is_exported_and_no_secret(sandbox, ada, eve, customer):
    subscribed(sandbox, customer)
    whole = export_customer(ada)
    assert whole["customer"]["email"] == ada.email
    assert [len(whole[kind]) for kind in ("subscriptions", "orders", "checkouts")] == [1, 1, 1]
    assert len(whole["benefit_grants"]) == 2
    text = json.dumps(whole)
    assert "polar_c_" not in text
    with pytest.raises(ObjectNotFound):
        export_customer(eve)


def test_all_that_somebody_is_at_the_provider_is_exported(sandbox, ada, eve, customer):
    other = ensure_customer(eve)
    sandbox.buy("ebook", customer_id=other.pk)
    subscribed(sandbox, customer)
    link_customer(other, ada, replace=True)
    whole = export_customer(ada)
    assert whole["customer"]["email"] == ada.email
    assert [row["email"] for row in whole["other_customers"]] == [eve.email]
    assert len(whole["orders"]) == 2
