from datetime import timedelta

import pytest
import time_machine
from django.db import transaction
from django.utils import timezone

from polar_django.sandbox import clock
from polar_django.sandbox.models import ClockState


def test_it_is_real_time_until_it_is_moved(db: None) -> None:
    with time_machine.travel(timezone.now(), tick=False):
        assert clock.now() == timezone.now()


def test_it_ticks_on_from_where_it_was_moved(db: None) -> None:
    with time_machine.travel(timezone.now(), tick=False) as traveller:
        target = clock.now() + timedelta(days=365)
        clock.jump(target)
        assert clock.now() == target
        traveller.shift(timedelta(minutes=5))

        assert clock.now() == target + timedelta(minutes=5)


def test_every_tick_is_later_than_the_one_before_even_when_time_stands_still(db: None) -> None:
    with time_machine.travel(timezone.now(), tick=False):
        ticks = []
        for _ in range(3):
            with transaction.atomic(), clock.running():
                ticks += [clock.tick(), clock.tick()]

    assert ticks == sorted(set(ticks))
    assert ticks[-1] - ticks[0] == timedelta(microseconds=5)


def test_a_jump_to_the_past_changes_nothing(db: None) -> None:
    clock.jump(clock.now() + timedelta(days=10))
    before = ClockState.objects.get().offset_microseconds

    clock.jump(clock.now() - timedelta(days=5))

    assert ClockState.objects.get().offset_microseconds == before


def test_when_real_time_goes_back_virtual_time_does_not(db: None) -> None:
    with time_machine.travel(timezone.now(), tick=False) as traveller:
        with transaction.atomic(), clock.running():
            last = clock.tick()
        traveller.shift(timedelta(hours=-1))

        assert clock.now() >= last
        with transaction.atomic(), clock.running():
            assert clock.tick() > last


def test_a_tick_outside_of_a_transaction_is_a_mistake() -> None:
    with pytest.raises(RuntimeError):
        clock.tick()


def test_a_change_that_fails_leaves_no_trace_in_the_clock(db: None) -> None:
    def fail() -> None:
        with transaction.atomic(), clock.running():
            clock.tick()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()

    assert not ClockState.objects.exists()
