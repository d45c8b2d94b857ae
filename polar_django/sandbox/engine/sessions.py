"""Portal sessions."""

from collections.abc import Mapping
from typing import Any

from polar_django.sandbox.models import CustomerSession


def create_customer_session(data: Mapping[str, Any]) -> CustomerSession:
    """`data`: customer_id or external_customer_id, return_url, member_id, external_member_id. Raises InvalidRequest."""
    raise NotImplementedError


def find_session(token: str) -> CustomerSession | None:
    """The live session of a token (polar_mst_ or polar_cst_), None when unknown or over. One query."""
    raise NotImplementedError
