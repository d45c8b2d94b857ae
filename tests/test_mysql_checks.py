"""What MySQL and MariaDB must be set to: told apart by answers as they give them, and by one."""

import re
from pathlib import Path

import pytest
from django.db import connection

from polar_django.checks import mysql
from polar_django.checks.mysql import check_mysql
from polar_django.models import Customer, Heartbeat

PAGE = Path(__file__).parents[1] / "docs" / "deployment.md"
TABLE = Customer._meta.db_table


def ids(messages):
    assert all(message.hint for message in messages)
    return [message.id.removeprefix("polar_django.") for message in messages]


class Server:
    """Stands for a connection to MySQL, and for its cursor."""

    vendor, alias = "mysql", "default"

    def __init__(self, level="READ-COMMITTED", charset="utf8mb4", columns=()):
        self.answers = {
            "SHOW VARIABLES": [("tx_isolation", level)],
            "SELECT @@character_set_database": [(charset,)],
            "SELECT table_name": [(TABLE, *column) for column in columns],
        }

    def cursor(self):
        return self

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def execute(self, sql):
        [self.rows] = [rows for start, rows in self.answers.items() if sql.startswith(start)]

    def fetchall(self):
        return self.rows

    def fetchone(self):
        return self.rows[0]


@pytest.fixture
def found(monkeypatch):
    def found(**server):
        monkeypatch.setattr(mysql, "connections", {"default": Server(**server)})
        return check_mysql(databases=["default"])

    return found


NAME = ("name", "utf8mb4", "utf8mb4_general_ci")
KEY = ("id", "utf8mb4", "utf8mb4_nopad_bin")


@pytest.mark.parametrize("level", ["READ-COMMITTED", "SERIALIZABLE"])
def test_a_server_as_it_should_be_has_nothing_wrong(found, level):
    assert found(level=level, columns=[NAME, KEY]) == []


@pytest.mark.parametrize("level", ["REPEATABLE-READ", "READ-UNCOMMITTED"])
def test_snapshots_that_are_older_than_a_lock_are_an_error(found, level):
    (message,) = found(level=level)
    assert ids([message]) == ["E012"]
    assert level in message.msg


def test_a_database_that_cannot_hold_every_letter_is_an_error_before_there_are_tables(found):
    assert ids(found(charset="latin1")) == ["E013"]


def test_tables_count_not_what_new_ones_would_be(found):
    assert found(charset="latin1", columns=[NAME, KEY]) == []
    narrow = ("name", "utf8mb3", "utf8mb3_general_ci")
    (message,) = found(columns=[narrow, KEY])
    assert ids([message]) == ["E013"]
    assert "utf8mb3" in message.msg


def test_a_column_of_names_that_lost_its_collation_is_an_error(found):
    loose = [("id", "utf8mb4", "utf8mb4_unicode_ci"), ("external_id", *NAME[1:])]
    (message,) = found(columns=[NAME, *loose])
    assert ids([message]) == ["E014"]
    assert f"{TABLE}.external_id, {TABLE}.id" in message.msg


def test_other_databases_are_not_asked(db, django_assert_num_queries):
    assert check_mysql(databases=None) == []
    with django_assert_num_queries(3 if connection.vendor == "mysql" else 0):
        assert check_mysql(databases=["default"]) == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif("connection.vendor != 'mysql'", reason="needs MySQL or MariaDB")
def test_a_real_server_is_told_apart_and_mended_as_the_page_says():
    """The page's statements, with a table and a column of ours in them."""
    convert, restore = re.findall(r"(?m)^ALTER TABLE .*;$", PAGE.read_text("utf-8"))
    names = {"polar_django_customer": Heartbeat._meta.db_table, "`external_id`": "`name`"}
    for written, ours in names.items():
        convert, restore = convert.replace(written, ours), restore.replace(written, ours)
    restore = restore.replace(" NULL", " NOT NULL")
    with connection.cursor() as cursor:
        cursor.execute("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        try:
            assert ids(check_mysql(databases=["default"])) == ["E012"]
        finally:
            cursor.execute("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED")
        try:
            cursor.execute(convert)
            assert ids(check_mysql(databases=["default"])) == ["E014"]
        finally:
            cursor.execute(restore)
    assert check_mysql(databases=["default"]) == []
