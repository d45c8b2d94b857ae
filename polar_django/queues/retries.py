"""When failed work is tried again, and what is kept of its error."""

import traceback
from datetime import timedelta

from polar_django.exceptions import ForeignObject, MalformedPayload, PolarDjangoError

# Quick at first, for a lock or a short outage; then for as long as a bug needs to be mended.
DELAYS = tuple(timedelta(seconds=s) for s in (10, 60, 300, 1800, 7200, 21600, 86400))
MAX_ATTEMPTS = len(DELAYS) + 1
# How long a claim holds. Longer than a batch takes; a killed worker's work comes back after it.
LEASE = timedelta(minutes=5)
# The same bytes cannot succeed later.
PERMANENT: tuple[type[Exception], ...] = (MalformedPayload, ForeignObject)


class WorkerKilled(PolarDjangoError):
    """The process ended in the middle of the work, each time: out of memory, or by a signal."""


def delay_after(attempts: int, error: Exception | None = None) -> timedelta | None:
    """How long to wait after so many attempts; None where there is to be no other."""
    if attempts >= MAX_ATTEMPTS or isinstance(error, PERMANENT):
        return None
    return DELAYS[max(attempts, 1) - 1]


def describe(error: BaseException) -> str:
    """An error in a sentence that holds no body and no e-mail.

    Our own errors promise that of their message. Those of others quote values (a database names
    the duplicate address), so of them only the place is kept.
    """
    if isinstance(error, PolarDjangoError):
        return str(error)
    frames = traceback.extract_tb(error.__traceback__)
    if not frames:
        return f"{type(error).__name__}."
    # File names are cut to the package's part: where it is installed is nobody's business.
    file = "/".join(frames[-1].filename.replace("\\", "/").split("/")[-3:])
    return f"{type(error).__name__} in {frames[-1].name} ({file}, line {frames[-1].lineno})."
