"""What a member of staff is shown of stored text: never a secret, personal data by permission.

The mirror keeps the provider's whole objects, and the inbox whole bodies: addresses, names, and now
and then the secret of a pay page. Secrets are shown to nobody. Personal data is shown to those who
have the permission `polar_django.view_personal_data`, rows to those who may view their model.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from django.db.models import Model
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

__all__ = [
    "masked",
    "may_view",
    "may_view_personal_data",
    "named",
    "pretty",
    "redacted",
    "redacted_text",
]

SECRET = "[secret]"
PERSONAL = "[personal data]"

_SECRET_NAME = re.compile(r"secret|token|password|authorization|signature", re.IGNORECASE)
_PERSONAL_NAME = re.compile(
    r"(^|_)(e?mails?|phone|ip|ip_address|address|tax_id|avatar_url|avatar|username)$"
    r"|^(first|last|billing|customer|customer_billing|full|display|user|public)_name$"
    r"|^(?:customer_)?cancellation_comment$|^custom_field_data$",
    re.IGNORECASE,
)
# Also as it stands in an address, where "@" is escaped. Looked for from where a word begins only:
# from each of its letters, a long word without an address would be read once for each.
_LOCAL = r"[\w.!#$%&'*+/=?^`{|}~-]"
_EMAIL = re.compile(rf"(?<!{_LOCAL}){_LOCAL}+?(?:@|%40)[\w-]+(?:\.[\w-]+)+")
_TOKEN = re.compile(
    r"\b(?:polar_(?:oat|pat|cst|mst|whs|cl|ci|cs|c|at_[ou]|rt_[ou])_|whsec_|[sr]k_(?:live|test)_)"
    r"[\w+/=.-]{6,}"
)
_TOKEN_IN_ADDRESS = re.compile(r"([?&][\w-]*(?:secret|token)[\w-]*=)[^&#\s\"']+", re.IGNORECASE)


def may_view_personal_data(request: HttpRequest) -> bool:
    """Whether this member of staff is shown names and addresses."""
    return bool(request.user.has_perm("polar_django.view_personal_data"))


def may_view(request: HttpRequest, model: type[Model]) -> bool:
    """Whether this member of staff is shown rows of a model of ours, on whatever page."""
    return bool(request.user.has_perm(f"polar_django.view_{model._meta.model_name}"))


def redacted_text(text: str, *, personal: bool) -> str:
    """Free text without tokens and, unless `personal`, without e-mail addresses."""
    text = _TOKEN.sub(SECRET, _TOKEN_IN_ADDRESS.sub(rf"\1{SECRET}", text))
    return text if personal else _EMAIL.sub(PERSONAL, text)


def redacted(value: Any, *, personal: bool) -> Any:
    """A JSON value without secrets and, unless `personal`, without personal data."""
    if isinstance(value, str):
        return redacted_text(value, personal=personal)
    if isinstance(value, list):
        return [redacted(item, personal=personal) for item in value]
    if isinstance(value, Mapping):
        # "name" is a person's where an address stands beside it; a product has a name too.
        is_person = not personal and ("email" in value or "customer_email" in value)
        return {
            redacted_text(str(key), personal=personal): _member(key, item, personal, is_person)
            for key, item in value.items()
        }
    return value


def _member(key: Any, value: Any, personal: bool, is_person: bool) -> Any:
    name = str(key)
    if isinstance(value, str | list) and value and _SECRET_NAME.search(name):
        return SECRET
    # A license key has the name "key", beside the part of it that may be shown.
    if name == "key" and isinstance(value, str) and len(value) >= 16 and " " not in value:
        return f"…{value[-4:]}"
    if not personal and value and (_PERSONAL_NAME.search(name) or (is_person and name == "name")):
        return PERSONAL
    return redacted(value, personal=personal)


def masked(value: str | None, *, personal: bool) -> str:
    """A column with a name or an address: whole, or what tells two of them apart."""
    if not value or personal:
        return value or ""
    return f"{value[0]}…@…" if "@" in value else f"{value[0]}…"


def named(row: Any, *, personal: bool) -> str:
    """A row in its own words; where these are an address, as of users who sign in with it, by key.

    No queries.
    """
    words = str(row)
    if personal or not _EMAIL.search(words):
        return words
    return f"{row._meta.verbose_name} {row.pk}"


def pretty(value: Any, *, personal: bool) -> SafeString | str:
    """A JSON value as a readable block of HTML, redacted; "" where there is nothing."""
    if value in (None, "", {}, []):
        return ""
    text = json.dumps(redacted(value, personal=personal), indent=2, ensure_ascii=False)
    return format_html('<pre class="polar-json">{}</pre>', text)
