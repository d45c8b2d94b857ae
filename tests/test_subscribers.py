import uuid

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AnonymousUser, Group
from django.core.exceptions import MultipleObjectsReturned

from polar_django.exceptions import ConfigurationError
from polar_django.models import WebhookDelivery
from polar_django.subscribers import (
    can_manage_billing,
    email_is_verified,
    external_id_of,
    find_subscriber,
    is_same_address,
    primary_key_in,
    profile_of,
    resolve_subscriber,
    subscriber_class,
)


@pytest.fixture
def ada():
    return get_user_model()(
        pk=7, username="ada", email="ada@example.com", first_name="Ada", last_name="Lovelace"
    )


def with_settings(settings, **changes):
    settings.POLAR_DJANGO = {**settings.POLAR_DJANGO, **changes}


def test_the_signed_in_user_is_the_subscriber(rf, ada):
    request = rf.get("/")
    request.user = ada
    assert resolve_subscriber(request) is ada


def test_a_visitor_is_nobody(rf):
    request = rf.get("/")
    assert resolve_subscriber(request) is None
    request.user = AnonymousUser()
    assert resolve_subscriber(request) is None


def test_the_project_may_say_who_subscribes(rf, ada, settings):
    request = rf.get("/")
    request.user = ada
    with_settings(settings, SUBSCRIBER_RESOLVER=lambda request: (request.user, "team"))
    assert resolve_subscriber(request) == (ada, "team")


def test_of_a_visitor_the_project_is_not_asked(rf, settings):
    request = rf.get("/")
    with_settings(settings, SUBSCRIBER_RESOLVER=lambda request: request.user.team)
    assert resolve_subscriber(request) is None
    request.user = AnonymousUser()
    assert resolve_subscriber(request) is None


def test_team_subscribers_without_a_resolver_are_an_error_that_names_it(rf, ada, settings):
    request = rf.get("/")
    request.user = ada
    with_settings(settings, SUBSCRIBER_MODEL="auth.Group")
    assert subscriber_class() is Group
    with pytest.raises(ConfigurationError, match="SUBSCRIBER_RESOLVER"):
        resolve_subscriber(request)


def test_only_users_themselves_manage_their_billing(rf, ada):
    request = rf.get("/")
    request.user = ada
    assert can_manage_billing(request, ada)
    assert not can_manage_billing(request, get_user_model()(pk=8))
    assert not can_manage_billing(request, Group(pk=7))
    assert not can_manage_billing(request, None)
    assert not can_manage_billing(rf.get("/"), ada)


def test_the_project_may_say_who_manages_billing(rf, ada, settings):
    with_settings(settings, CAN_MANAGE_BILLING=lambda request, subscriber: subscriber.pk == 7)
    assert can_manage_billing(rf.get("/"), ada) is True
    assert can_manage_billing(rf.get("/"), Group(pk=1)) is False


def test_the_profile_is_the_users(ada):
    profile = profile_of(ada)
    assert (profile.email, profile.name) == ("ada@example.com", "Ada Lovelace")


def test_the_profile_has_the_address_where_the_user_model_keeps_it():
    class Member:
        EMAIL_FIELD = "mail"
        mail = "ada@example.com"
        get_email_field_name = classmethod(lambda cls: cls.EMAIL_FIELD)

    assert profile_of(Member()).email == "ada@example.com"


def test_the_profile_of_something_without_email_is_empty_not_an_error():
    assert profile_of(Group(name="writers")).email == ""
    assert profile_of(Group(name="writers")).name == "writers"


def test_the_project_may_give_the_profile(ada, settings):
    with_settings(settings, SUBSCRIBER_PROFILE=lambda subscriber: {"email": "x@example.com"})
    profile = profile_of(ada)
    assert (profile.email, profile.name) == ("x@example.com", "")


def test_an_email_is_unverified_unless_the_project_says_so(ada, settings):
    assert email_is_verified(ada) is False
    with_settings(settings, EMAIL_VERIFIED=lambda subscriber: subscriber.pk == 7)
    assert email_is_verified(ada) is True


def test_the_prefix_keeps_staging_and_production_apart(ada, settings):
    assert external_id_of(ada) == "7"
    with_settings(settings, EXTERNAL_ID_PREFIX="staging-")
    assert external_id_of(ada) == "staging-7"
    assert primary_key_in("staging-7") == 7
    assert primary_key_in("7") is None
    assert primary_key_in("production-7") is None


@pytest.mark.parametrize(
    "given",
    [None, "", "007", "7.0", " 7", "7 ", "+7", "seven", "9" * 400, "7\x00", "\u0667", "1_0"],
)
def test_what_is_not_exactly_one_of_our_ids_is_nobodys(given):
    assert primary_key_in(given) is None


def test_ids_of_any_kind_come_back_as_they_went(ada):
    assert primary_key_in(external_id_of(ada)) == 7
    assert primary_key_in("7", WebhookDelivery) == 7
    assert primary_key_in(str(uuid.uuid4())) is None


@pytest.mark.parametrize(
    ("other", "is_same"),
    [
        ("ada@example.com", True),
        ("Ada@EXAMPLE.com", True),
        ("adá@example.com", False),
        ("ada@\u0435xample.com", False),
        ("ada@example.com ", False),
        ("", False),
        (None, False),
    ],
)
def test_an_address_is_the_same_but_for_capitals(other, is_same):
    assert is_same_address("ada@example.com", other) is is_same
    assert is_same_address(other, "ada@example.com") is is_same


@pytest.mark.parametrize(("one", "other"), [("i", "\u0131"), ("k", "\u212a"), ("ss", "\u00df")])
def test_letters_that_become_one_in_capitals_are_two(one, other):
    assert not is_same_address(f"{one}@example.com", f"{other}@example.com")


def test_nobody_has_no_address():
    assert not is_same_address("", "")
    assert not is_same_address(None, None)


@pytest.mark.django_db
def test_a_subscriber_is_found_by_key_or_by_name_and_never_by_chance():
    users = get_user_model().objects
    ada, eve = users.create_user("ada"), users.create_user("eve")
    assert find_subscriber(str(ada.pk)) == find_subscriber("ada") == ada
    assert find_subscriber("nobody") is None
    eve.username = str(ada.pk)
    eve.save()
    with pytest.raises(MultipleObjectsReturned, match=f"pk={ada.pk} or name={ada.pk}"):
        find_subscriber(str(ada.pk))
    assert find_subscriber(f"pk={ada.pk}") == ada
    assert find_subscriber(f"name={ada.pk}") == eve
    assert find_subscriber("pk=ada") is None
    ada.username, eve.username = str(ada.pk), "eve"
    eve.save()
    ada.save()
    assert find_subscriber(str(ada.pk)) == ada
