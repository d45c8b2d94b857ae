"""No secret and nobody's e-mail address in any log record or error of ours, in the whole test run.

Every record of `polar_django` is read, down to DEBUG and with its traceback, and every message of
an exception from `polar_django.exceptions`, raised anywhere. The test that caused one fails.
"""

import logging
import re
from collections.abc import Iterator
from typing import Any

import pytest

from polar_django.exceptions import PolarDjangoError

SECRETS = re.compile(
    r"polar_oat_\w+|polar_cst_\w+|polar_mst_\w+|polar_c_\w+|polar_whs_\w+|whsec_\w+"
    r"|[\w.+-]+@[\w-]+(?:\.[\w-]+)+"
)
# Text that looks like a secret and is none: names of variables in tracebacks and documentation.
HARMLESS = re.compile(r"@app\.task|@pytest\.fixture")

_found: list[str] = []


def look_at(text: str, where: str) -> None:
    """Keep what should not be there."""
    for match in SECRETS.finditer(HARMLESS.sub("", text)):
        _found.append(f"{match.group()[:60]!r} in {where}: {text[:300]}")


class _Reader(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        extras = " ".join(str(value) for value in vars(record).values() if isinstance(value, str))
        formatted = self.format(record)  # the message, and the traceback where there is one
        look_at(f"{formatted} {extras}", f"a log record of {record.name}")


@pytest.fixture(scope="session", autouse=True)
def every_record_and_error_is_read() -> Iterator[None]:
    logger, reader = logging.getLogger("polar_django"), _Reader(logging.DEBUG)
    logger.addHandler(reader)
    before, make = logger.level, PolarDjangoError.__init__
    logger.setLevel(logging.DEBUG)

    def made(self: PolarDjangoError, *given: Any, **named: Any) -> None:
        make(self, *given, **named)
        look_at(str(self), type(self).__name__)

    PolarDjangoError.__init__ = made  # type: ignore[method-assign]
    yield
    PolarDjangoError.__init__ = make  # type: ignore[method-assign]
    logger.removeHandler(reader)
    logger.setLevel(before)


@pytest.fixture(autouse=True)
def nothing_leaks() -> Iterator[None]:
    _found.clear()
    yield
    leaked, _found[:] = list(_found), []
    assert not leaked, "\n".join(leaked)
