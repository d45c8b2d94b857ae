import pytest

from polar_django.mirror.absence import Absence
from polar_django.models import Customer
from tests.mirror.worlds import apply, at, customer, event

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("heard_at", "is_asked_for"), [(59.0, True), (60.9, True), (61.1, False)])
def test_what_an_answer_could_have_listed_and_did_not_is_asked_for(heard_at, is_asked_for):
    """The `Date` header says 60: the answer was given before 61."""
    apply(event(customer("cus_new", created_at=at(59)), seconds=heard_at))
    absence = Absence(Customer, "polar")
    assert list(absence.after([], at(60))) == []
    assert [row.pk for rows in absence.at_end() for row in rows] == ["cus_new"] * is_asked_for
