"""What an examination may find, and the report they make together."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

__all__ = ["Finding", "Level", "NotApplicable", "Report"]


class Level(StrEnum):
    """An error breaks buying, or access, or will; a warning is worth a look."""

    ERROR = "error"
    WARNING = "warning"


class NotApplicable(Exception):
    """There is nothing to examine here; the message says why, for the report."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One fault: `what` is the case, `why` it matters, `fix` is what to type or to do.

    `code` is stable, and stands in docs/doctor.md. No field holds a token, a secret, a body or an
    e-mail address.
    """

    code: str
    what: str
    why: str
    fix: str
    level: Level = Level.ERROR


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """All that was found, in the order of the examinations; `skipped` says why, by name."""

    findings: tuple[Finding, ...]
    examined: tuple[str, ...]
    skipped: Mapping[str, str]

    @property
    def has_errors(self) -> bool:
        return any(finding.level == Level.ERROR for finding in self.findings)

    def as_data(self) -> dict[str, Any]:
        """The report as JSON has it; the shape is described in docs/doctor.md."""
        return {
            "healthy": not self.findings,
            "findings": [asdict(finding) for finding in self.findings],
            "examined": list(self.examined),
            "skipped": dict(self.skipped),
        }
