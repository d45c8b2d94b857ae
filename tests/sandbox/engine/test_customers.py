import pytest

from polar_django.sandbox import errors
from polar_django.sandbox.engine import customers, sessions
from polar_django.sandbox.models import BenefitGrant, Customer, Member, Subscription
from tests.sandbox.conftest import Ears, Shop

ADA = {"email": "ada@example.com", "external_id": "u-1", "name": "Ada"}


def test_a_customer_comes_with_its_owner(ears: Ears) -> None:
    customer = customers.create_customer(ADA)

    events = ears.events()
    assert [name for name, _ in events] == [
        "member.created",
        "customer.created",
        "customer.state_changed",
    ]
    assert events[0][1]["role"] == "owner"
    assert events[0][1]["customer_id"] == str(customer.id)
    assert events[1][1]["external_id"] == "u-1"


@pytest.mark.parametrize(
    ("data", "field", "message"),
    [
        ({"email": "ADA@example.com"}, "email", "with this email address already exists"),
        (
            {"email": "b@example.com", "external_id": "u-1"},
            "external_id",
            "with this external ID already exists",
        ),
    ],
)
def test_email_and_external_id_belong_to_one_customer(
    ears: Ears, data: dict[str, str], field: str, message: str
) -> None:
    customers.create_customer(ADA)
    ears.events()

    with pytest.raises(errors.InvalidRequest, match=message) as refused:
        customers.create_customer(data)

    assert refused.value.errors[0]["loc"] == ["body", field]
    assert refused.value.errors[0]["input"] == data[field]
    assert ears.types() == []


def test_external_ids_differ_by_case(ears: Ears) -> None:
    customers.create_customer(ADA)
    customers.create_customer({"email": "b@example.com", "external_id": "U-1"})

    found = customers.find_by_external_id("U-1")

    assert found is not None
    assert found.email == "b@example.com"


def test_an_external_id_is_set_once_and_then_fixed(ears: Ears) -> None:
    customer = customers.create_customer({"email": "ada@example.com"})
    customers.update_customer(customer, {"external_id": "u-1"})
    customers.update_customer(customer, {"external_id": "u-1"})

    for other in ("u-2", None, ""):
        with pytest.raises(errors.InvalidRequest, match="cannot be updated"):
            customers.update_customer(customer, {"external_id": other})


def test_an_update_sends_even_where_nothing_changes(ears: Ears) -> None:
    customer = customers.create_customer(ADA)
    ears.events()

    customers.update_customer(customer, {"name": "Ada"})

    assert ears.types() == ["customer.updated", "customer.state_changed"]


def test_a_new_email_is_not_verified(ears: Ears) -> None:
    customer = customers.create_customer(ADA)
    Customer.objects.update(email_verified=True)

    customers.update_customer(customer, {"email": "ada@new.example"})

    assert Customer.objects.get().email_verified is False


def test_deleting_takes_everything_away_and_frees_the_external_id(shop: Shop, ears: Ears) -> None:
    shop.buy(shop.pro, external_customer_id="u-1")
    ears.events()

    customers.delete_customer(Customer.objects.get())

    events = ears.events()
    assert [name for name, _ in events] == [
        "member.deleted",
        "subscription.updated",
        "subscription.canceled",
        "subscription.revoked",
        "customer.deleted",
        "customer.state_changed",
        "benefit_grant.revoked",
        "benefit_grant.revoked",
        "customer.state_changed",
    ]
    deleted = next(data for name, data in events if name == "customer.deleted")
    assert deleted["external_id"] is None
    assert deleted["deleted_at"] is not None
    assert Subscription.objects.get().status == "canceled"
    assert not BenefitGrant.objects.filter(granted_at__isnull=False).exists()
    again = customers.create_customer({"email": "ada@example.com", "external_id": "u-1"})
    assert again.pk != deleted["id"]


def test_anonymizing_keeps_the_external_id_and_hides_the_person(ears: Ears) -> None:
    customer = customers.create_customer(ADA)
    ears.events()

    customers.delete_customer(customer, anonymize=True)

    data = ears.data("customer.deleted")
    assert data["external_id"] == "u-1"
    assert data["email"].endswith("@anonymized.polar.sh")
    assert "Ada" not in str(data)
    assert data["metadata"]["__external_id"] == "u-1"
    assert "__anonymized_at" in data["metadata"]


def test_a_team_needs_an_owner_or_an_email(ears: Ears) -> None:
    with pytest.raises(errors.InvalidRequest):
        customers.create_customer({"type": "team"})

    customers.create_customer(
        {"type": "team", "owner": {"email": "boss@example.com", "external_id": "b-1"}}
    )

    assert Member.objects.get().external_id == "b-1"


def test_an_owner_is_not_deleted_but_a_member_is(ears: Ears) -> None:
    customer = customers.create_customer(ADA)
    member = customers.create_member(customer, {"email": "bob@example.com"})
    ears.events()

    with pytest.raises(errors.InvalidRequest):
        customers.delete_member(customer.members.get(role="owner"))
    customers.delete_member(member)

    assert ears.types() == ["member.deleted"]


def test_a_portal_session_is_a_members_and_lives_an_hour(ears: Ears) -> None:
    customer = customers.create_customer(ADA)

    session = sessions.create_customer_session({"external_customer_id": "u-1"})

    assert session.token.startswith("polar_mst_")
    assert session.member == customer.members.get()
    found = sessions.find_session(session.token)
    assert found == session
    assert sessions.find_session("polar_mst_unknown") is None


def test_a_session_ends_with_the_hour_or_with_its_customer(ears: Ears) -> None:
    customer = customers.create_customer(ADA)
    session = sessions.create_customer_session({"customer_id": customer.id})
    customers.delete_customer(customer)

    assert sessions.find_session(session.token) is None


def test_a_session_for_nobody_is_refused(ears: Ears) -> None:
    with pytest.raises(errors.InvalidRequest, match="Customer does not exist") as refused:
        sessions.create_customer_session({"external_customer_id": "missing"})

    assert refused.value.errors[0]["loc"] == ["body", "external_customer_id"]


def test_the_owners_address_follows_the_customers_without_an_event(ears: Ears) -> None:
    customer = customers.create_customer(ADA)
    ears.events()

    customers.update_customer(customer, {"email": "new@example.com"})

    assert customer.members.get().email == "new@example.com"
    assert ears.types() == ["customer.updated", "customer.state_changed"]


def test_an_owner_with_another_address_keeps_it(ears: Ears) -> None:
    team = customers.create_customer(
        {"type": "team", "email": "team@example.com", "owner": {"email": "ada@example.com"}}
    )

    customers.update_customer(team, {"email": "new@example.com"})

    assert team.members.get().email == "ada@example.com"
