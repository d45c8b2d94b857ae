"""The comparison itself can fail."""

from typing import Any

import pytest

from tests.sandbox.recordings.corpus import Event
from tests.sandbox.recordings.likeness import Likeness
from tests.sandbox.recordings.sequences import pairs

THEIRS = ["11111111-0000-4000-8000-000000000001", "11111111-0000-4000-8000-000000000002"]
OURS = ["22222222-0000-4000-8000-000000000001", "22222222-0000-4000-8000-000000000002"]


def differences(likeness: Likeness, theirs: Any, ours: Any) -> list[str]:
    return [each.path for each in likeness.differences("", theirs, ours)]


def test_ids_may_be_others_but_stay_the_same_ones() -> None:
    likeness = Likeness()
    assert differences(likeness, {"id": THEIRS[0]}, {"id": OURS[0]}) == []
    assert differences(likeness, {"product_id": THEIRS[0]}, {"product_id": OURS[1]}) == [
        ".product_id"
    ]
    assert likeness.translate(f"/v1/products/{THEIRS[0]}") == (f"/v1/products/{OURS[0]}", [])
    assert likeness.translate(THEIRS[1]) == (THEIRS[1], [THEIRS[1]])


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ({"a": 1}, {}),
        ({}, {"a": None}),
        ({"a": 0}, {"a": False}),
        ({"a": "x"}, {"a": "y"}),
        ({"a": "2026-11-21T06:36:49.240179Z"}, {"a": None}),
        ({"a": [1, 2]}, {"a": [1]}),
        ({"a": [1, 2]}, {"a": [2, 1]}),
        ({"a": {"b": "1"}}, {"a": {"b": 1}}),
    ],
)
def test_what_differs_is_found(theirs: Any, ours: Any) -> None:
    assert differences(Likeness(), theirs, ours)


def test_times_and_tokens_may_be_others() -> None:
    theirs = {"at": "2026-11-21T06:36:49.240179Z", "token": f"polar_c_{'a' * 40}"}
    ours = {"at": "2027-01-01T00:00:00.000001Z", "token": f"polar_c_{'b' * 40}"}
    assert differences(Likeness(), theirs, ours) == []


def test_a_list_in_another_order_is_a_difference_where_order_counts() -> None:
    likeness = Likeness()
    theirs, ours = [{"id": each} for each in THEIRS], [{"id": each} for each in OURS]
    assert differences(likeness, {"items": theirs}, {"items": ours}) == []
    assert differences(likeness, {"items": theirs}, {"items": ours[::-1]}) == [".items order"]
    assert differences(likeness, {"benefits": theirs}, {"benefits": ours[::-1]}) == []


def event(name: str) -> Event:
    return Event("", name, {"data": {"id": "x", "benefit_id": "x"}})


def test_jobs_run_in_any_order_but_one_transaction_does_not() -> None:
    recorded = [event(name) for name in ("order.created", "customer.created", "order.paid")]
    same = [recorded[1], recorded[0], recorded[2]]
    assert all(left and right for left, right in pairs(recorded, same, Likeness()))
    swapped = [recorded[2], recorded[0], recorded[1]]
    assert any(not (left and right) for left, right in pairs(recorded, swapped, Likeness()))
