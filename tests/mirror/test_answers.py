from datetime import timedelta

import pytest

from polar_django.mirror.answers import apply_answer, stored_keys
from polar_django.models import BenefitGrant, Subscription, Transition
from polar_django.snapshots import Answer, Observation
from tests.mirror.worlds import apply, at, event, grant, revoked, state, subscription

pytestmark = pytest.mark.django_db


def answered(*snapshots, seconds, took=0.0):
    return Answer(
        provider="polar",
        answered_at=at(seconds),
        took=timedelta(seconds=took),
        observations=tuple(Observation(snapshot=one) for one in snapshots),
    )


def test_an_answer_supersedes_what_was_stored_before_its_request():
    apply(event(subscription("active"), seconds=10.9))
    sent = stored_keys(Subscription.objects.get())
    # The header has whole seconds: 10 may mean 10.99.
    apply_answer(answered(subscription("canceled"), seconds=10), sent=sent)
    assert Subscription.objects.get().status == "canceled"


def test_what_was_stored_while_the_request_was_under_way_is_compared_by_key():
    apply(event(subscription("active"), seconds=1))
    sent = stored_keys(Subscription.objects.get())
    apply(event(subscription("canceled"), seconds=10.5))
    apply_answer(answered(subscription("active"), seconds=10), sent=sent)
    assert Subscription.objects.get().status == "canceled"


def test_a_slow_answer_is_older_than_what_was_heard_of_while_it_was_given():
    apply(event(grant(), seconds=0))
    apply(event(revoked(revoked_at=at(57)), seconds=57))
    apply_answer(answered(grant(), seconds=60, took=4))
    assert not BenefitGrant.objects.active().exists()
    apply_answer(answered(grant(), seconds=60, took=1))
    assert BenefitGrant.objects.active().exists()


def test_a_delivery_of_before_the_change_that_a_slow_answer_tells_of_changes_nothing():
    changed = subscription("canceled", modified_at=at(59))
    apply_answer(answered(changed, seconds=60, took=10))
    apply(event(subscription("active", modified_at=at(40)), seconds=58))
    assert Subscription.objects.get().status == "canceled"


def test_a_delivery_made_before_an_answer_changes_nothing_after_it():
    apply_answer(answered(subscription("canceled"), seconds=60))
    apply(event(subscription("active"), seconds=30))
    assert Subscription.objects.get().status == "canceled"


def test_a_first_copy_tells_nobody_and_a_verb_does():
    apply_answer(answered(subscription("active"), seconds=1), source=None)
    assert not Transition.objects.exists()
    apply_answer(answered(subscription("canceled"), seconds=60))
    assert {t.source for t in Transition.objects.all()} == {"verb"}


class TestWithinTheSecondThatTheHeaderLeavesOut:
    """The answer's key is lower than the moment of the grant in it."""

    def test_a_read_asked_for_after_a_grant_supersedes_it(self):
        apply_answer(answered(grant(granted_at=at(0.1)), seconds=0), source=None)
        sent = stored_keys(BenefitGrant.objects.get())
        apply_answer(answered(revoked(revoked_at=at(0.2)), seconds=0), sent=sent)
        assert not BenefitGrant.objects.active().exists()

    def test_one_that_may_be_older_is_in_doubt_and_not_lost(self):
        apply_answer(answered(grant(granted_at=at(0.1)), seconds=0), source=None)
        applied = apply_answer(answered(revoked(revoked_at=at(0.2)), seconds=0))
        assert applied.unsettled == {("benefitgrant", "grant_1")}

    def test_one_from_long_before_the_grant_is_simply_late(self):
        apply(event(revoked(revoked_at=at(-60)), seconds=-60))
        listed = grant(granted_at=at(0))
        apply(event(state=state(listed), seconds=0, type="customer.state_changed"))
        applied = apply_answer(answered(revoked(revoked_at=at(-60)), seconds=-5))
        assert not applied.unsettled
        assert BenefitGrant.objects.active().exists()
