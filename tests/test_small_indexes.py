"""What is rare among many rows is found by an index, also where none can hold some rows only."""

import pytest
from django.db import connection
from django.db.models import Q

from polar_django.models import BenefitGrant, Seat, Transition, UsageEvent, WebhookDelivery
from polar_django.models.indexes import SmallIndex

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("model", "name", "small", "full"),
    [
        (WebhookDelivery, "polar_delivery_due", ["due_at"], ["state", "due_at"]),
        (Transition, "polar_transition_due", ["due_at"], ["state", "due_at"]),
        (UsageEvent, "polar_usage_due", ["due_at"], ["state", "due_at"]),
        (Seat, "polar_seat_taken", ["subscription_id"], ["subscription_id", "status"]),
        (BenefitGrant, "polar_grant_live_user", ["user_id", "benefit_id"], None),
    ],
)
def test_the_columns_of_an_index_are_those_that_the_database_can_use(model, name, small, full):
    with connection.cursor() as cursor:
        known = connection.introspection.get_constraints(cursor, model._meta.db_table)
    has_small_ones = connection.features.supports_partial_indexes
    assert known[name]["columns"] == (small if has_small_ones or full is None else full)


@pytest.mark.skipif("not connection.features.supports_partial_indexes", reason="has none")
def test_where_there_are_small_indexes_it_is_one():
    index = next(each for each in Seat._meta.indexes if each.name == "polar_seat_taken")
    editor = connection.SchemaEditorClass(connection, collect_sql=True)
    assert " WHERE " in str(index.create_sql(Seat, editor))


def test_an_index_is_remade_from_what_a_migration_keeps_of_it():
    index = SmallIndex(fields=["a"], where=Q(b=1), otherwise=["b", "a"], name="c")
    assert index.clone() == index
    assert index != SmallIndex(fields=["a"], where=Q(b=2), otherwise=["b", "a"], name="c")
    assert index != SmallIndex(fields=["a"], where=Q(b=1), name="c")
    assert index.condition is None, "Django warns of each on MySQL"
