"""What somebody else writes between a version's reading of a row and its writing of it."""

import pytest

from polar_django.mirror import upsert
from polar_django.mirror.erasing import erase_again, erase_customer
from polar_django.mirror.pushes import note_pushes
from polar_django.models import Customer
from tests.mirror.worlds import apply, customer, event

pytestmark = pytest.mark.django_db


def test_what_is_to_be_told_of_a_customer_is_not_written_over(monkeypatch):
    """`pre_delete` of the project notes it in a transaction of its own, without a lock."""
    load = upsert._load

    def load_and_be_overtaken(*args):
        load(*args)
        note_pushes(Customer.objects.all(), Customer.Push.DELETE)

    apply(event(customer(), seconds=1))
    monkeypatch.setattr(upsert, "_load", load_and_be_overtaken)
    apply(event(customer(name="Ada"), seconds=2))
    row = Customer.objects.get()
    assert (row.name, row.push) == ("Ada", "delete")


def test_what_waited_for_an_erasure_is_found_by_the_next_one(monkeypatch):
    take = upsert.locking.take

    def take_after_an_erasure(names):
        monkeypatch.undo()
        erase_customer(Customer.objects.get())
        take(names)

    apply(event(customer(), seconds=1))
    monkeypatch.setattr(upsert.locking, "take", take_after_an_erasure)
    apply(event(customer(name="Ada"), seconds=2))
    assert Customer.objects.get().name == "Ada"
    assert erase_again() == 1
    assert Customer.objects.get().name is None
