"""What a verb was answered: into the mirror, and its news on the way."""

from collections.abc import Mapping
from datetime import datetime

from polar_django.mirror.answers import apply_answer
from polar_django.snapshots import Answer
from polar_django.webhooks import wakeup

__all__ = ["write_answer"]


def write_answer(
    answer: Answer, *, sent: Mapping[str, datetime | None] | None = None, source: str = "verb"
) -> None:
    """Apply the answer (`mirror.answers.apply_answer`), and wake the worker that tells of it.

    Without the wake-up the signals would wait for the sweeper. Inside a transaction of the
    caller's they are sent once it is committed.
    """
    if apply_answer(answer, sent=sent, source=source).transitions:
        wakeup.wake()
