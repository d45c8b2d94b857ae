"""The files that a customer may download, as the portal shows them."""

from dataclasses import dataclass
from uuid import UUID

from django.urls import reverse

from polar_django.sandbox.engine.downloads import make_ticket
from polar_django.sandbox.models import CustomerSession, File
from polar_django.sandbox.pages.portal_door import may_manage

__all__ = ["HeldFile", "held_files"]


@dataclass(frozen=True, slots=True)
class HeldFile:
    """A file and the address under which it is downloaded, for an hour."""

    file: File
    url: str


def held_files(session: CustomerSession) -> list[HeldFile]:
    """The files of all grants that this visitor holds. Two queries, and one per grant."""
    held = session.customer.grants.filter(granted_at__isnull=False, benefit__type="downloadables")
    if not may_manage(session):
        held = held.filter(member=session.member)
    found: dict[UUID, HeldFile] = {}
    for grant in held.order_by("created_at"):
        files = File.objects.filter(
            pk__in=grant.properties.get("files", []), deleted_at=None, is_uploaded=True
        )
        for file in files.exclude(pk__in=list(found)).defer("content").order_by("created_at"):
            rest = f"customer-portal/downloadables/{make_ticket(grant.id, file.id).token}"
            found[file.id] = HeldFile(file, reverse("polar_sandbox:api", kwargs={"rest": rest}))
    return list(found.values())
