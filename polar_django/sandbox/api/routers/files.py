"""/v1/files/: announce, PUT the bytes, say that they are there"""

import base64
from datetime import timedelta
from typing import Annotated, Any, Literal

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from ninja import Query, Router
from pydantic import UUID4, AfterValidator, Field

from polar_django.sandbox import clock, shapes
from polar_django.sandbox.api.addresses import base_url
from polar_django.sandbox.api.finding import find
from polar_django.sandbox.api.inputs.fields import Body, Organizational, sent
from polar_django.sandbox.api.lists import Paging, page
from polar_django.sandbox.engine import files
from polar_django.sandbox.errors import ResourceNotFound
from polar_django.sandbox.models import File

router = Router()

Name = Annotated[str, Field(min_length=1, max_length=255)]
Service = Literal["downloadable", "product_media", "organization_avatar"]
LIFETIME = timedelta(hours=1)
# What a column holds.
MOST_BYTES = 2**63 - 1


def _check_base64(value: str) -> str:
    try:
        base64.b64decode(value, validate=True)
    except ValueError as error:
        raise ValueError("the checksum is not base64") from error
    return value


Checksum = Annotated[str, Field(max_length=64), AfterValidator(_check_base64)]


class FileCreate(Organizational):
    """POST /v1/files/; parts are taken as one."""

    name: Name
    mime_type: Name
    size: Annotated[int, Field(ge=0, le=MOST_BYTES)]
    service: Service
    checksum_sha256_base64: Checksum | None = None
    version: Name | None = None
    upload: dict[str, Any]


class FilePatch(Body):
    """PATCH /v1/files/{id}."""

    name: Name | None = None
    version: Name | None = None


class Filters(Paging):
    organization_id: list[UUID4] = []
    ids: list[UUID4] = []


def _all() -> QuerySet[File]:
    return File.objects.filter(deleted_at=None).defer("content")


@router.get("/")
def list_files(request: HttpRequest, filters: Query[Filters]) -> Any:
    rows = _all().filter(is_uploaded=True)
    if filters.ids:
        rows = rows.filter(pk__in=filters.ids)
    address = base_url(request)
    return page(rows.order_by("-created_at"), filters, lambda row: shapes.file(row, address))


@router.post("/", response={201: dict[str, Any]})
def create_file(request: HttpRequest, body: FileCreate) -> Any:
    file = files.create_file(body.data())
    return shapes.file_upload(file, base_url(request), clock.now() + LIFETIME)


# As at the storage that Polar uses, an address that nobody can guess is the authority.
@router.put("/{id}/content", auth=None)
def receive_content(request: HttpRequest, id: UUID4) -> Any:
    file = files.receive_content(find(_all().filter(is_uploaded=False), id), request.body)
    answer = HttpResponse(status=200)
    answer["ETag"] = f'"{file.id}"'
    return answer


@router.get("/{id}/content", auth=None)
def send_content(request: HttpRequest, id: UUID4) -> Any:
    """Pictures only: files to download have addresses of their holders."""
    shown = File.objects.filter(deleted_at=None, is_uploaded=True).exclude(service="downloadable")
    file = find(shown, id)
    if not file.content:
        raise ResourceNotFound
    answer = HttpResponse(bytes(file.content), content_type="application/octet-stream")
    answer["Content-Disposition"] = "attachment"
    return answer


@router.post("/{id}/uploaded")
def complete_upload(request: HttpRequest, id: UUID4) -> Any:
    return shapes.file(files.complete_upload(find(_all(), id)), base_url(request))


@router.patch("/{id}")
def update_file(request: HttpRequest, id: UUID4, body: FilePatch) -> Any:
    return shapes.file(files.update_file(find(_all(), id), sent(body)), base_url(request))


@router.delete("/{id}", response={204: None})
def delete_file(request: HttpRequest, id: UUID4) -> None:
    files.delete_file(find(_all(), id))
