import pytest

from example_project.databases import database_settings, with_database_name


def test_a_sqlite_file_waits_its_turn_and_lets_readers_read():
    entry = database_settings("sqlite:////srv/shop/inkwell.sqlite3")
    assert entry["NAME"] == "/srv/shop/inkwell.sqlite3"
    assert entry["OPTIONS"]["transaction_mode"] == "IMMEDIATE"
    assert "journal_mode=WAL" in entry["OPTIONS"]["init_command"]


def test_a_relative_sqlite_file_and_one_in_memory():
    assert database_settings("sqlite:///shop.db")["NAME"] == "shop.db"
    assert database_settings("sqlite://:memory:")["NAME"] == ":memory:"


def test_a_postgresql_server_on_the_network():
    entry = database_settings("postgresql://ada:p%40ss@db.example:6543/shop?sslmode=require")
    wanted = {"NAME": "shop", "USER": "ada", "PASSWORD": "p@ss", "HOST": "db.example"}
    assert entry.items() >= wanted.items()
    assert entry["PORT"] == "6543"
    assert entry["OPTIONS"] == {"sslmode": "require"}


def test_a_postgresql_server_on_a_socket():
    entry = database_settings("postgresql://postgres:@/postgres?host=/run/shop")
    assert (entry["HOST"], entry["USER"], entry["OPTIONS"]) == ("/run/shop", "postgres", {})


def test_a_mysql_or_mariadb_server():
    entry = database_settings(
        "mysql://ada:p%40ss@127.0.0.1:3307/shop?isolation_level=read+committed"
    )
    wanted = {"ENGINE": "django.db.backends.mysql", "NAME": "shop", "PORT": "3307"}
    assert entry.items() >= {**wanted, "PASSWORD": "p@ss", "HOST": "127.0.0.1"}.items()
    assert entry["OPTIONS"] == {"isolation_level": "read committed"}


def test_another_database_of_the_same_server():
    url = with_database_name("postgresql://postgres:@/postgres?host=/run/shop", "test_shop")
    assert database_settings(url)["NAME"] == "test_shop"
    assert database_settings(url)["HOST"] == "/run/shop"


@pytest.mark.parametrize("url", ["oracle://shop", "sqlite://", "sqlite://file.db", "", "shop.db"])
def test_anything_else_is_refused(url):
    with pytest.raises(ValueError, match=r"sqlite"):
        database_settings(url)
