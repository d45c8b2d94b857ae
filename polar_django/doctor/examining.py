"""Run the examinations, one after the other; none stops the others, whatever happens in it."""

from polar_django.doctor.case import Case
from polar_django.doctor.examinations import EXAMINATIONS
from polar_django.doctor.findings import Finding, Level, NotApplicable, Report
from polar_django.queues.retries import describe

__all__ = ["examine"]


def examine(provider: str = "", *, public_url: str = "") -> Report:
    """Examine the whole installation, with DEFAULT_PROVIDER or the one named.

    `public_url` is the site's address as the provider sees it: with it, a delivery is sent there.
    Makes about thirty calls to the provider and takes some seconds; changes nothing. Never raises
    for a fault that it is there to find.
    """
    case = Case(provider, public_url)
    findings: list[Finding] = []
    examined: list[str] = []
    skipped: dict[str, str] = {}
    failed: set[str] = set()
    for examination in EXAMINATIONS:
        if blocked := [name for name in examination.needs if name in failed]:
            skipped[examination.name] = f"{blocked[0]} has to be mended first"
            failed.add(examination.name)
            continue
        try:
            found = list(examination.look(case))
        except NotApplicable as reason:
            skipped[examination.name] = str(reason)
            continue
        except Exception as error:
            # Whatever it is, it is the operator's to know, and no reason to look no further.
            found = [_crash(examination.name, error)]
        examined.append(examination.name)
        findings += found
        if any(finding.level == Level.ERROR for finding in found):
            failed.add(examination.name)
    return Report(findings=tuple(findings), examined=tuple(examined), skipped=skipped)


def _crash(name: str, error: Exception) -> Finding:
    return Finding(
        code="examination-failed",
        what=f"The examination of {name} could not be finished: {describe(error)}",
        why="What it looks at may be broken, or not.",
        fix="Mend what the sentence names, and run polar_doctor again.",
    )
