"""Files as JSON."""

import base64
from datetime import datetime
from typing import Any

from polar_django.sandbox.models import ORGANIZATION_ID, File
from polar_django.sandbox.shapes.moments import moment, moment_or_none

__all__ = ["benefit_file", "downloadable", "file", "file_upload"]


def _shared(row: File) -> dict[str, Any]:
    checksum = row.checksum_sha256_base64
    return {
        "id": str(row.id),
        "organization_id": str(ORGANIZATION_ID),
        "name": row.name,
        "path": f"{row.service}/{ORGANIZATION_ID}/{row.id}/{row.name}",
        "mime_type": row.mime_type,
        "size": row.size,
        "storage_version": "v1" if row.is_uploaded else None,
        "checksum_etag": str(row.id) if row.is_uploaded else None,
        "checksum_sha256_base64": checksum,
        "checksum_sha256_hex": base64.b64decode(checksum).hex() if checksum else None,
        "last_modified_at": moment_or_none(row.last_modified_at),
        "version": row.version,
        "service": row.service,
        "is_uploaded": row.is_uploaded,
        "size_readable": f"{float(row.size)} B",
    }


def file(row: File, base_url: str) -> dict[str, Any]:
    """FileRead. A picture has a public address, the rest has none."""
    shape = {**_shared(row), "created_at": moment(row.created_at), "flagged_malicious_at": None}
    if row.service != "downloadable":
        shape["public_url"] = f"{base_url}/v1/files/{row.id}/content"
    return shape


def benefit_file(row: File) -> dict[str, Any]:
    """BenefitDownloadableFile: who downloaded it, and how often. One query."""
    seen = list(row.downloads.values_list("customer_id", "member_id"))
    return {
        **_shared(row),
        "created_at": moment(row.created_at),
        "flagged_malicious_at": None,
        "downloaders": len(set(seen)),
        "downloads": len(seen),
    }


def file_upload(row: File, base_url: str, expires_at: datetime) -> dict[str, Any]:
    """FileUpload: one part, to be PUT to its address."""
    path = f"{row.service}/{ORGANIZATION_ID}/{row.id}/{row.name}"
    checksum = row.checksum_sha256_base64
    part: dict[str, Any] = {
        "number": 1,
        "chunk_start": 0,
        "chunk_end": row.size,
        "checksum_sha256_base64": checksum,
        "url": f"{base_url}/v1/files/{row.id}/content",
        "expires_at": moment(expires_at),
        # To be sent with the PUT, as to S3.
        "headers": (
            {"x-amz-checksum-sha256": checksum, "x-amz-sdk-checksum-algorithm": "SHA256"}
            if checksum
            else {}
        ),
    }
    return {**_shared(row), "upload": {"id": str(row.id), "path": path, "parts": [part]}}


def downloadable(
    row: File, *, grant_id: str, benefit_id: str, url: str, expires_at: datetime
) -> dict[str, Any]:
    """DownloadableRead: a file and the address that its holder may open for a while."""
    download = {"url": url, "headers": {}, "expires_at": moment(expires_at)}
    return {
        "id": grant_id,
        "benefit_id": benefit_id,
        "file": {**_shared(row), "download": download},
    }
