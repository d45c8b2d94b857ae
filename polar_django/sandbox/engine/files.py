"""Files: announced, uploaded, and downloaded by those who hold a benefit with them."""

import base64
import hashlib
from collections.abc import Mapping
from typing import Any

from polar_django.sandbox import clock
from polar_django.sandbox.engine import rows
from polar_django.sandbox.engine.work import business_transaction
from polar_django.sandbox.errors import invalid
from polar_django.sandbox.models import File

__all__ = ["complete_upload", "create_file", "delete_file", "receive_content", "update_file"]


def create_file(data: Mapping[str, Any]) -> File:
    """Announce a file; `data` as FileCreate. Its bytes come in one PUT. Sends nothing."""
    names = ("name", "mime_type", "size", "service", "version", "checksum_sha256_base64")
    with business_transaction():
        return rows.create(File, **{name: data[name] for name in names if name in data})


def receive_content(file: File, content: bytes) -> File:
    """The bytes of an announced file. Raises InvalidRequest where they are not that many."""
    if len(content) != file.size:
        message = f"The file was announced with {file.size} bytes."
        raise invalid(message, value=len(content))
    digest = base64.b64encode(hashlib.sha256(content).digest()).decode()
    with business_transaction():
        return rows.change(file, content=content, checksum_sha256_base64=digest)


def complete_upload(file: File) -> File:
    """All parts are there; from now on the file can be downloaded."""
    with business_transaction():
        return rows.change(file, is_uploaded=True, last_modified_at=clock.tick())


def update_file(file: File, data: Mapping[str, Any]) -> File:
    """Change name or version."""
    values = {name: data[name] for name in ("name", "version") if data.get(name) is not None}
    with business_transaction():
        return rows.change(file, **values)


def delete_file(file: File) -> None:
    """Gone from lists and downloads."""
    with business_transaction():
        rows.change(file, deleted_at=clock.tick())
