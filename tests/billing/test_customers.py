import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AnonymousUser
from django.utils import timezone

from polar_django.billing import ensure_customer
from polar_django.billing.customers import look_up_customer
from polar_django.exceptions import CustomerConflict, InvalidRequest, ProviderUnavailable
from polar_django.models import Customer, Transition
from polar_django.snapshots import CustomerSnapshot


def test_a_new_subscriber_becomes_a_linked_customer(service, ada):
    customer = ensure_customer(ada)
    assert (customer.subscriber, customer.external_id) == (ada, str(ada.pk))
    assert customer.email == ada.email
    assert Transition.objects.filter(name="customer_linked").count() == 1


def test_the_second_time_costs_no_call(service, ada, django_assert_num_queries):
    first = ensure_customer(ada)
    service.calls.clear()
    with django_assert_num_queries(1):
        assert ensure_customer(ada) == first
    assert service.calls == []


def test_a_customer_the_mirror_has_lost_is_found_by_its_external_id(service, ada):
    first = ensure_customer(ada)
    Customer.objects.all().delete()
    service.calls.clear()
    assert ensure_customer(ada).pk == first.pk
    assert service.calls == ["find_customer"]


def test_a_customer_made_meanwhile_by_another_request_is_used(service, ada):
    def other_request():
        service.put(CustomerSnapshot(id="customer-other", external_id=str(ada.pk), email=ada.email))

    service.before["create_customer"] = other_request
    assert ensure_customer(ada).pk == "customer-other"


def test_a_timed_out_creation_leaves_no_second_customer(service, ada):
    service.put(CustomerSnapshot(id="customer-1", external_id=str(ada.pk), email=ada.email))
    service.faults["find_customer"] = ProviderUnavailable("down")
    with pytest.raises(ProviderUnavailable):
        ensure_customer(ada)
    service.faults.clear()
    assert ensure_customer(ada).pk == "customer-1"
    assert service.called("create_customer") == 0


def test_a_customer_with_a_verified_email_and_no_external_id_is_taken_over(service, ada):
    service.put(CustomerSnapshot(id="customer-legacy", email=ada.email.upper()))
    customer = ensure_customer(ada)
    assert (customer.pk, customer.external_id) == ("customer-legacy", str(ada.pk))
    assert customer.subscriber == ada


def test_an_unverified_email_links_nothing(service, eve):
    service.put(CustomerSnapshot(id="customer-legacy", email=eve.email))
    with pytest.raises(CustomerConflict):
        ensure_customer(eve)
    assert service.called("set_external_id") == 0
    assert not Customer.objects.filter(subscriber=eve).exists()


def test_a_customer_with_somebody_elses_external_id_is_not_taken(service, ada):
    service.put(CustomerSnapshot(id="customer-legacy", email=ada.email, external_id="777"))
    with pytest.raises(CustomerConflict):
        ensure_customer(ada)
    assert service.called("set_external_id") == 0


def test_a_customer_that_staff_linked_to_somebody_else_is_not_taken(service, ada, eve):
    service.put(CustomerSnapshot(id="customer-legacy", email=ada.email))
    Customer.objects.create(
        id="customer-legacy", provider="fake", subscriber=eve, synced_at=timezone.now()
    )
    with pytest.raises(CustomerConflict):
        ensure_customer(ada)
    assert service.called("set_external_id") == 0


def test_an_external_id_written_by_another_meanwhile_is_a_conflict(service, ada):
    service.put(CustomerSnapshot(id="customer-legacy", email=ada.email))
    service.before["set_external_id"] = lambda: service.change("customer-legacy", external_id="9")
    with pytest.raises(CustomerConflict):
        ensure_customer(ada)


def test_a_deleted_customer_is_never_used_again(service, ada):
    first = ensure_customer(ada)
    service.change(first.pk, deleted_at=timezone.now(), email="gone@example.com")
    Customer.objects.update(deleted_at=timezone.now())
    second = ensure_customer(ada)
    assert second.pk != first.pk
    assert second.deleted_at is None


def test_a_subscriber_without_email_is_told_so(service, ada):
    ada.email = ""
    with pytest.raises(InvalidRequest) as caught:
        ensure_customer(ada)
    assert caught.value.code == "email_missing"
    assert service.called("create_customer") == 0


@pytest.mark.parametrize("nobody", [None, AnonymousUser(), get_user_model()(email="x@x.example")])
def test_nobody_in_particular_never_becomes_a_customer(service, nobody):
    with pytest.raises((TypeError, ValueError, AttributeError)):
        ensure_customer(nobody)
    assert service.all(CustomerSnapshot) == []


def test_looking_up_makes_nothing(service, ada):
    assert look_up_customer(ada) is None
    assert service.all(CustomerSnapshot) == []
