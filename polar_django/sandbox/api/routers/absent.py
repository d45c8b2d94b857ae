"""What Polar has and no sandbox needs: lists that are empty, and one honest refusal.

Payments, disputes and wallets live at the card processor, event types are names for statistics.
"""

from typing import Any

from django.http import HttpRequest
from ninja import Query, Router
from pydantic import UUID4

from polar_django.sandbox.api.lists import Paging
from polar_django.sandbox.api.portal_access import has_session
from polar_django.sandbox.api.refusals import NotInSandbox
from polar_django.sandbox.errors import ResourceNotFound

router = Router()
portal_router = Router(auth=has_session)

NOTHING = {"items": [], "pagination": {"total_count": 0, "max_page": 0}}


def _nothing(request: HttpRequest, paging: Query[Paging]) -> Any:
    return NOTHING


def _not_found(request: HttpRequest, id: UUID4) -> Any:
    raise ResourceNotFound


def _refuse(request: HttpRequest) -> Any:
    raise NotInSandbox("The sandbox keeps no statistics and exports nothing.")


for name in ("payments", "disputes", "event-types"):
    router.get(f"/{name}/")(_nothing)
for name in ("payments", "disputes"):
    router.get(f"/{name}/{{id}}")(_not_found)
for path in ("/metrics/", "/metrics/limits", "/metrics/export", "/orders/export"):
    router.get(path)(_refuse)
router.get("/metrics/dashboards")(_refuse)
portal_router.get("/wallets/")(_nothing)
portal_router.get("/wallets/{id}")(_not_found)
