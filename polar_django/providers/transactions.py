"""Calls to a provider from within a database transaction: noticed once, refused where they hang."""

import ipaddress
import logging
from collections.abc import Iterator
from threading import Lock

from django.apps import apps
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

from polar_django.exceptions import UnsafeTransaction

logger = logging.getLogger("polar_django.providers")

_told: set[str] = set()
_telling = Lock()


def check_transaction(call: str, host: str) -> None:
    """Before a call over the network to `host`. Logs once a call that a transaction waits for it.

    Raises UnsafeTransaction where the answer could never come: the sandbox runs in this process
    and writes to SQLite, whose one lock the caller's transaction may hold. From outside that can
    only be told by its address, so that a sandbox of another process is refused too.
    """
    open_ones = list(_open_transactions())
    if not open_ones:
        return
    if (
        any(connection.vendor == "sqlite" for connection in open_ones)
        and is_loopback(host)
        and apps.is_installed("polar_django.sandbox")
    ):
        raise UnsafeTransaction(
            f"{call} goes to the sandbox of this machine within a transaction on SQLite, whose "
            "lock the sandbox would wait for. Call it after the transaction, or in "
            "transaction.on_commit()."
        )
    if all(_is_only_a_tests(connection) for connection in open_ones):
        return
    with _telling:
        if call in _told:
            return
        _told.add(call)
    logger.warning(
        "%s is called within a database transaction, which stays open until the provider answers; "
        "call it before, or in transaction.on_commit(). Said once for each kind of call.",
        call,
    )


def is_loopback(host: str) -> bool:
    """Whether that host of an address is this machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _open_transactions() -> Iterator[BaseDatabaseWrapper]:
    for connection in connections.all(initialized_only=True):
        if connection.in_atomic_block:
            yield connection


def _is_only_a_tests(connection: BaseDatabaseWrapper) -> bool:
    """Django's TestCase wraps each test in transactions that it marks as its own."""
    return all(getattr(block, "_from_testcase", False) for block in connection.atomic_blocks)
