"""/v1/customer-portal/downloadables/: the files of the benefits that are held"""

from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.http import content_disposition_header
from ninja import Query, Router
from pydantic import UUID4

from polar_django.sandbox import shapes
from polar_django.sandbox.api.addresses import base_url
from polar_django.sandbox.api.lists import LONGEST_PAGE, Paging
from polar_django.sandbox.api.portal_access import has_session, visitor, whose
from polar_django.sandbox.engine import downloads
from polar_django.sandbox.models import BenefitGrant, File

router = Router(auth=has_session)


class Filters(Paging):
    benefit_id: list[UUID4] = []


@router.get("/downloadables/")
def list_downloadables(request: HttpRequest, filters: Query[Filters]) -> Any:
    held = visitor(request).grants.filter(
        granted_at__isnull=False, benefit__type="downloadables", **whose(request)
    )
    if filters.benefit_id:
        held = held.filter(benefit_id__in=filters.benefit_id)
    found = list(_files(held.order_by("created_at")))
    address = f"{base_url(request)}/v1/customer-portal/downloadables"
    limit = min(filters.limit, LONGEST_PAGE)
    start = (filters.page - 1) * limit
    items = []
    for grant, file in found[start : start + limit]:
        ticket = downloads.make_ticket(grant.id, file.id)
        items.append(
            shapes.downloadable(
                file,
                grant_id=str(grant.id),
                benefit_id=str(grant.benefit_id),
                url=f"{address}/{ticket.token}",
                expires_at=ticket.expires_at,
            )
        )
    pagination = {"total_count": len(found), "max_page": -(-len(found) // limit)}
    return {"items": items, "pagination": pagination}


# A browser follows this address without a token: the ticket in it is the authority.
@router.get("/downloadables/{ticket}", auth=None)
def download(request: HttpRequest, ticket: str) -> Any:
    file = downloads.download(ticket)
    answer = HttpResponse(bytes(file.content), content_type="application/octet-stream")
    # Never shown in a page of ours: what a seller uploads may be HTML.
    answer["Content-Disposition"] = content_disposition_header(True, file.name) or "attachment"
    return answer


def _files(held: Any) -> Iterator[tuple[BenefitGrant, File]]:
    """One query for the grants, one per grant."""
    for grant in held:
        ids = grant.properties.get("files", [])
        live = File.objects.filter(pk__in=ids, deleted_at=None, is_uploaded=True).defer("content")
        for file in live.order_by("created_at"):
            yield grant, file
