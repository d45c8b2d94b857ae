"""License keys follow their grants: the provider sends no event of a key, only of its grant.

A key is revoked with its grant, and granted again with it; one that was disabled by hand stays so.
Everything else of a key (usage, limits) is known from answers.
"""

from collections.abc import Iterable, Iterator

from django.utils import timezone

from polar_django.mirror.tables import Rows, write_rows
from polar_django.mirror.versions import NEVER
from polar_django.models import BenefitGrant, LicenseKey
from polar_django.models.databases import on_primary
from polar_django.models.fields import ID_LENGTH

__all__ = ["follow_grants"]

_BEFORE = {"granted": "revoked", "revoked": "granted"}


def follow_grants(changed: Rows) -> None:
    """Make the keys of these grants, and the written keys, say what the newest grant says.

    A key that is heard of for the first time is written as far as its grant tells. No query where
    no grant names a key and no key was written; else two to four.
    """
    grants = dict(_by_key(changed.get(BenefitGrant, {}).values()))
    written = changed.get(LicenseKey, {}).values()
    if written:
        # An answer that was given before its grant changed may come after that was heard of.
        grants |= _by_key(
            on_primary(BenefitGrant)
            .filter(
                customer__in={key.customer_id for key in written},
                benefit__in={key.benefit_id for key in written},
            )
            .defer("raw")
        )
    if not grants:
        return
    stored = on_primary(LicenseKey).defer("raw").in_bulk(list(grants))
    write_rows(
        LicenseKey,
        [_copy_of(key, grant) for key, grant in grants.items() if key not in stored],
        keep_existing=True,
    )
    late = [key for key in stored.values() if _follow(key, grants[key.pk])]
    on_primary(LicenseKey).bulk_update(late, ["status", "as_of"])


def _by_key(grants: Iterable[BenefitGrant]) -> Iterator[tuple[str, BenefitGrant]]:
    """The grants that come with a key, by its id. One that still waits for something has none."""
    for grant in grants:
        key = grant.properties.get("license_key_id")
        if isinstance(key, str) and 0 < len(key) <= ID_LENGTH and _status(grant):
            yield key, grant


def _status(grant: BenefitGrant) -> str:
    if grant.is_revoked:
        return "revoked"
    return "granted" if grant.is_granted else ""


def _copy_of(key: str, grant: BenefitGrant) -> LicenseKey:
    shown = grant.properties.get("display_key")
    return LicenseKey(
        id=key,
        provider=grant.provider,
        customer_id=grant.customer_id,
        member_id=grant.member_id,
        benefit_id=grant.benefit_id,
        status=_status(grant),
        display_key=shown[:ID_LENGTH] if isinstance(shown, str) else "",
        synced_at=timezone.now(),
    )


def _follow(key: LicenseKey, grant: BenefitGrant) -> bool:
    """Let the key have its grant's status where that is the newer; whether it is another now."""
    status = _status(grant)
    is_older = (key.as_of or NEVER) <= (grant.as_of or NEVER)
    if key.provider != grant.provider or not is_older or key.status != _BEFORE[status]:
        return False
    key.status = status
    # A copy stays one: what it lacks is still to be read.
    key.as_of = grant.as_of if key.as_of else None
    return True
