"""The access token: known, of this server and organization, and allowed to do what we do."""

from collections.abc import Iterator
from datetime import timedelta

from django.utils import timezone

from polar_django.doctor.case import Case
from polar_django.doctor.findings import Finding, Level, NotApplicable
from polar_django.exceptions import (
    AuthenticationFailed,
    ConfigurationError,
    ProviderError,
    ProviderUnavailable,
)
from polar_django.providers.base import Capability
from polar_django.providers.diagnosis import Account, Diagnosis

__all__ = ["look_at_clock", "look_at_scopes", "look_at_token"]

# Signatures more than five minutes off are refused; a clock that far gone is drifting.
_TOLERANCE = timedelta(minutes=5)
_NOTICEABLE = timedelta(seconds=30)


def look_at_token(case: Case) -> Iterator[Finding]:
    """Whose the token is. One call, two where it is refused."""
    diagnosis = _diagnosis(case)
    try:
        account = diagnosis.account()
    except AuthenticationFailed as error:
        yield _refused(case, diagnosis, error)
    except ProviderUnavailable as error:
        yield Finding(
            code="provider-unreachable",
            what=f"{case.provider_name} at {case.settings.server!r} does not answer: {error}",
            why="Nothing can be bought, and nothing be repaired.",
            fix="Check POLAR_DJANGO['SERVER'], and that this machine may speak to it: firewall, "
            "proxy, DNS.",
        )
    except ProviderError as error:
        yield Finding(
            code="server-wrong",
            what=f"What answers at {case.settings.server!r} is not {case.provider_name}: {error}",
            why="Nothing can be bought, and nothing be repaired.",
            fix='Set POLAR_DJANGO[\'SERVER\'] to "production", "sandbox" or the sandbox\'s own '
            "base URL, without a path of the API."
            + (" Check ORGANIZATION_ID, too." if case.settings.organization_id else ""),
        )
    else:
        yield from _organizations(case, account)


def look_at_clock(case: Case) -> Iterator[Finding]:
    """Whether this machine's clock agrees with the provider's. One call."""
    before = timezone.now()
    there = _diagnosis(case).account().server_date
    if there is None:
        raise NotApplicable("the provider's answers have no Date header")
    here = before + (timezone.now() - before) / 2
    off = abs(here - there)
    if off <= _NOTICEABLE:
        return
    yield Finding(
        code="clock-wrong",
        what=f"This machine's clock is {off.total_seconds():.0f} seconds "
        f"{'ahead of' if here > there else 'behind'} the provider's.",
        why="A delivery whose signature is more than five minutes off is answered 403.",
        fix="Turn on time synchronization: timedatectl set-ntp true",
        level=Level.ERROR if off >= _TOLERANCE - _NOTICEABLE else Level.WARNING,
    )


def look_at_scopes(case: Case) -> Iterator[Finding]:
    """What the token may not do. About twenty calls, none of which changes anything."""
    for scope in _diagnosis(case).missing_scopes():
        yield Finding(
            code="scope-missing",
            what=f"The access token lacks the scope {scope.name}.",
            why=f"Without it, this site cannot {scope.needed_for}.",
            fix=f"In Polar's dashboard, under Settings → Developers, give the token {scope.name}, "
            "or make a new one with it and put that into POLAR_ACCESS_TOKEN.",
            level=Level.ERROR if scope.is_vital else Level.WARNING,
        )


def _diagnosis(case: Case) -> Diagnosis:
    if Capability.DIAGNOSIS not in case.provider.capabilities:
        raise NotApplicable(f"{case.provider_name} cannot be asked about its token")
    try:
        return case.provider.diagnosis()
    except ConfigurationError:
        if case.settings.access_token.strip():
            raise
        # The examination of the settings says that there is no token.
        raise NotApplicable("there is no access token") from None


def _refused(case: Case, diagnosis: Diagnosis, error: AuthenticationFailed) -> Finding:
    if error.status == 403:
        return Finding(
            code="scope-missing",
            what="The access token lacks the scope organizations:read.",
            why="Whose the token is cannot be told.",
            fix="In Polar's dashboard, under Settings → Developers, give the token "
            "organizations:read.",
        )
    if elsewhere := diagnosis.server_of_token():
        return Finding(
            code="token-of-other-server",
            what=f"The access token belongs to the server {elsewhere!r}, but "
            f"POLAR_DJANGO['SERVER'] is {case.settings.server!r}.",
            why="Every call is refused; nothing can be bought.",
            fix=f"Set POLAR_DJANGO['SERVER'] to {elsewhere!r}, or use a token of "
            f"{case.settings.server!r}.",
        )
    return Finding(
        code="token-refused",
        what=f"The access token is not known at {case.settings.server!r}.",
        why="Every call is refused; nothing can be bought.",
        fix="Make a new organization access token in Polar's dashboard, under Settings → "
        "Developers, and put it into POLAR_ACCESS_TOKEN or POLAR_DJANGO['ACCESS_TOKEN']. Our own "
        "sandbox knows the token of POLAR_SANDBOX['ACCESS_TOKEN'].",
    )


def _organizations(case: Case, account: Account) -> Iterator[Finding]:
    wanted, known = case.settings.organization_id, account.organization_ids
    if not known:
        yield Finding(
            code="organization-missing",
            what="The access token sees no organization.",
            why="Nothing can be sold by nobody.",
            fix="Make the token in the settings of the organization that sells.",
        )
    elif wanted and wanted not in known:
        yield Finding(
            code="organization-other",
            what=f"The access token is not for the organization {wanted}, which "
            f"POLAR_DJANGO['ORGANIZATION_ID'] names, but for {', '.join(known[:3])}.",
            why="Buyers would pay another seller, or every call is refused.",
            fix="Use a token of that organization, or correct ORGANIZATION_ID.",
        )
    elif not wanted and len(known) > 1:
        yield Finding(
            code="organization-ambiguous",
            what=f"The access token is for {len(known)} organizations.",
            why="What is made with it belongs to none of them, and is refused.",
            fix="Name the one that sells in POLAR_DJANGO['ORGANIZATION_ID'], or use a token of its "
            "own.",
        )
