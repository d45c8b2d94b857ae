"""The settings, as the system checks judge them."""

from collections.abc import Iterator

from django.conf import settings as django_settings
from django.core.checks import ERROR, WARNING, CheckMessage

from polar_django import checks
from polar_django.doctor.case import Case
from polar_django.doctor.findings import Finding, Level

__all__ = ["from_check", "look_at_settings"]


def look_at_settings(case: Case) -> Iterator[Finding]:
    """What `manage.py check` says of us, and whether the provider can be loaded. No queries."""
    messages = [*checks.check_settings(), *checks.check_addresses()]
    if not django_settings.DEBUG:
        messages += checks.check_published_secrets()
    yield from (from_check(message) for message in messages if message.level >= WARNING)
    if not any(message.level >= ERROR for message in messages):
        # A provider of the project's own may refuse its settings with words of its own.
        assert case.provider


def from_check(message: CheckMessage) -> Finding:
    """A system check's message as a finding, under its own id."""
    return Finding(
        code=str(message.id),
        what=message.msg,
        why="A system check of the project's own settings fails.",
        fix=message.hint or "See docs/checks.md.",
        level=Level.ERROR if message.level >= ERROR else Level.WARNING,
    )
