"""The pay page inside a frame of the shop's own page.

The frame speaks to the page around it with `postMessage`, as Polar's does: `loaded`, `close`,
`confirmed`, `success`. Only the session's `embed_origin` is told anything.
"""

from dataclasses import dataclass
from typing import Literal, cast
from urllib.parse import urlencode, urlsplit

from django.http import HttpRequest, HttpResponse

from polar_django.sandbox.models import Checkout

__all__ = ["Frame", "frame_of", "in_frame"]

Theme = Literal["light", "dark"]
THEMES = ("light", "dark")


@dataclass(frozen=True, slots=True)
class Frame:
    """How the page is framed. `origin` is who may be told; "" tells nobody."""

    origin: str
    theme: Theme | None

    @property
    def query(self) -> str:
        """What keeps the page in its frame from one request to the next."""
        theme = {"theme": self.theme} if self.theme else {}
        return f"?{urlencode({'embed': 'true', **theme})}"


def frame_of(request: HttpRequest, checkout: Checkout) -> Frame | None:
    """The frame that the address asks for, None for a page of its own."""
    if request.GET.get("embed") != "true":
        return None
    theme = request.GET.get("theme")
    known = cast("Theme", theme) if theme in THEMES else None
    return Frame(_origin(checkout.embed_origin or ""), known)


def _origin(address: str) -> str:
    """`https://shop.example/x` → `https://shop.example`; "" for what is no web address."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https") or not parts.netloc:
        return ""
    return f"{parts.scheme}://{parts.netloc}"


def in_frame(answer: HttpResponse, frame: Frame | None) -> HttpResponse:
    """Allow the shop's page, and nobody else, to show `answer` in a frame."""
    if frame is None:
        return answer
    # Said by the older header, nobody could: Django's middleware would add DENY.
    answer.xframe_options_exempt = True
    # Characters that would end the directive cannot be in an origin.
    allowed = frame.origin if frame.origin and not set(frame.origin) & set(" ;,\r\n") else "*"
    answer["Content-Security-Policy"] = f"frame-ancestors {allowed}"
    return answer
