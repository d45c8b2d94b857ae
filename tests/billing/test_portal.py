import pytest

from polar_django.billing import create_portal_session, ensure_customer
from polar_django.exceptions import InvalidRequest, ObjectNotFound
from polar_django.models import Customer, Member


def test_every_click_is_a_fresh_session(service, ada):
    ensure_customer(ada)
    first = create_portal_session(ada, "https://shop.example/account/")
    second = create_portal_session(ada)
    assert first.url != second.url
    assert first.url not in repr(first)


def test_somebody_who_never_bought_has_no_portal(service, ada):
    with pytest.raises(ObjectNotFound):
        create_portal_session(ada)
    assert service.called("create_customer") == 0


@pytest.fixture
def team(sandbox, ada):
    """Ada, whom Polar has made a team, because she bought seats."""
    customer = ensure_customer(ada)
    sandbox.buy("team", seats=2, customer_id=customer.pk)
    return customer


def test_who_bought_seats_opens_the_portal_as_the_owner_of_the_team(sandbox, ada, team):
    sandbox.deliver()
    assert Customer.objects.get().type == "team"
    assert "customer_session_token=" in create_portal_session(ada).url


@pytest.mark.parametrize("unheard", ["the team", "its members", "its new owner"])
def test_what_the_mirror_has_not_heard_of_a_team_is_asked_for(sandbox, ada, team, unheard):
    if unheard != "the team":
        sandbox.deliver()
    if unheard == "its members":
        Member.objects.all().delete()
    if unheard == "its new owner":
        Member.objects.update(id="00000000-0000-4000-8000-000000000000")
    assert "customer_session_token=" in create_portal_session(ada).url
    assert Member.objects.filter(role="owner", customer=team).exists()


def test_a_portal_that_is_refused_for_another_reason_stays_shut(sandbox, ada):
    ensure_customer(ada)
    with pytest.raises(InvalidRequest):
        create_portal_session(ada, "://")
