"""From a database address to Django's settings for it. Standard library only."""

from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit, urlunsplit

__all__ = ["database_settings", "with_database_name"]

# Every write transaction takes SQLite's one write lock when it begins: a transaction that reads
# first and writes later is refused under load, whatever the timeout.
SQLITE_OPTIONS = {
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
}
# By scheme: Django's engine, and the database that is there where the address names none.
_SERVERS = {
    "postgres": ("django.db.backends.postgresql", "postgres"),
    "postgresql": ("django.db.backends.postgresql", "postgres"),
    "mysql": ("django.db.backends.mysql", "mysql"),
}


def database_settings(url: str) -> dict[str, Any]:
    """The entry for `DATABASES` that an address stands for.

    Takes `sqlite:///relative/path`, `sqlite:////absolute/path`, `sqlite://:memory:`,
    `postgresql://user:password@host:port/name` and the same with `mysql://` for MySQL and MariaDB;
    a socket (PostgreSQL: its directory) goes into `?host=`. Raises ValueError for anything else.
    """
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        if parts.netloc == ":memory:":
            return {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}
        name = unquote(parts.path).removeprefix("/")
        if parts.netloc or not name:
            raise ValueError(f"A SQLite address looks like sqlite:///path/to/file, not {url!r}.")
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": str(Path(name)),
            "OPTIONS": dict(SQLITE_OPTIONS),
        }
    if parts.scheme in _SERVERS:
        engine, usual_name = _SERVERS[parts.scheme]
        options = {key: values[-1] for key, values in parse_qs(parts.query).items()}
        return {
            "ENGINE": engine,
            "NAME": unquote(parts.path.lstrip("/")) or usual_name,
            "USER": unquote(parts.username or ""),
            "PASSWORD": unquote(parts.password or ""),
            "HOST": options.pop("host", "") or parts.hostname or "",
            "PORT": options.pop("port", "") or str(parts.port or ""),
            "OPTIONS": options,
        }
    raise ValueError(f"Unknown kind of database {parts.scheme!r}: use sqlite, postgresql or mysql.")


def with_database_name(url: str, name: str) -> str:
    """The same server, another database on it: how a test's worker finds the test database."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))
