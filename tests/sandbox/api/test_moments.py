import pytest

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("moment", "status"),
    [
        ("0802-05-09T17:24:00.700000-22:52", 200),
        ("2026-11-21T23:59:59+23:59", 200),
        ("0001-01-01T00:00:00+01:00", 422),
        ("9999-12-31T23:59:59-01:00", 422),
        ("2026-11-21T12:00:00", 422),
    ],
)
def test_a_time_may_have_any_offset_that_ends_within_the_calendar(sandbox, moment, status):
    """schemathesis found that PostgreSQL refuses offsets beyond 15:59."""
    answer = sandbox.api.get("/v1/subscriptions/", params={"started_after": moment})
    assert answer.status_code == status
