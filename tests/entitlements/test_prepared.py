import threading

import pytest
from django.contrib.auth.models import User
from django.db.models import Q

from polar_django.models.prepared import Parameter, PreparedQuery

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
