import threading

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from polar_django.models import WebhookDelivery
from polar_django.models.prepared import Parameter, PreparedInsert, PreparedQuery

pytestmark = pytest.mark.django_db

NAMED = PreparedQuery(
    lambda: User.objects.filter(
        Q(username=Parameter("name", User._meta.get_field("username"))), is_active=True
    ).values_list("username", "is_staff", "date_joined")
)


def test_it_gives_what_the_queryset_gives(ada, grace):
    for user in (ada, grace):
        usual = User.objects.filter(username=user.username)
        assert NAMED.rows("default", name=user.username) == list(
            usual.values_list("username", "is_staff", "date_joined")
        )
    assert NAMED.rows("default", name="nobody") == []


def test_nothing_equals_null(ada):
    assert NAMED.rows("default", name=None) == []


def test_it_is_built_once_and_costs_one_query_each_time(ada, django_assert_num_queries):
    built = []

    def build():
        built.append(threading.get_ident())
        name = Parameter("name", User._meta.get_field("username"))
        return User.objects.filter(username=name).values_list("pk")

    query = PreparedQuery(build)
    with django_assert_num_queries(3):
        for _ in range(3):
            assert query.rows("default", name="ada") == [(ada.pk,)]
    assert len(built) == 1


def test_a_value_that_could_be_sql_is_only_a_value(ada):
    assert NAMED.rows("default", name="' OR 1=1 --") == []


def test_an_insert_writes_what_save_would(django_assert_num_queries):
    now = timezone.now()
    given = {
        "provider": "polar",
        "type": "order.paid",
        "body": b"\x00\xff{}",
        "received_at": now,
        "due_at": now,
    }
    WebhookDelivery(delivery_id="usual", **given).save()
    insert = PreparedInsert(WebhookDelivery)
    with django_assert_num_queries(2):
        for name in ("one", "two"):
            insert.write("default", delivery_id=name, **given)
    usual, one, two = WebhookDelivery.objects.order_by("pk").values()
    for row in (usual, one, two):
        row["body"] = bytes(row["body"])
        del row["id"]
    assert one == {**usual, "delivery_id": "one"}
    assert two == {**usual, "delivery_id": "two"}


def test_an_insert_of_what_is_there_is_refused_by_the_database():
    insert = PreparedInsert(WebhookDelivery)
    values = {"provider": "polar", "delivery_id": "same", "body": b"", "due_at": timezone.now()}
    insert.write("default", received_at=timezone.now(), **values)
    with pytest.raises(IntegrityError), transaction.atomic():
        insert.write("default", received_at=timezone.now(), **values)
    assert WebhookDelivery.objects.count() == 1
