"""What Polar has and no sandbox needs: lists that are empty, and one honest refusal.

Payments, disputes and wallets live at the card processor, event types and dashboards are for
statistics, OAuth is for apps that act for other organizations.
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
# As recorded: what Polar's statistics cover.
METRICS_LIMITS = {
    "min_date": "2023-01-01",
    "intervals": {
        "hour": {"min_days": 0, "max_days": 7},
        "day": {"min_days": 0, "max_days": 366},
        "week": {"min_days": 14, "max_days": 371},
        "month": {"min_days": 60, "max_days": 1460},
        "year": {"min_days": 366, "max_days": 3650},
    },
}


def _nothing(request: HttpRequest, paging: Query[Paging]) -> Any:
    return NOTHING


def _not_found(request: HttpRequest, id: UUID4) -> Any:
    raise ResourceNotFound


def _no_statistics(request: HttpRequest) -> Any:
    raise NotInSandbox("The sandbox keeps no statistics.")


def _no_oauth(request: HttpRequest) -> Any:
    raise NotInSandbox("The sandbox has one access token and no OAuth.")


def _no_oauth_client(request: HttpRequest, client_id: str) -> Any:
    return _no_oauth(request)


for name in ("payments", "disputes", "event-types"):
    router.get(f"/{name}/")(_nothing)
for name in ("payments", "disputes"):
    router.get(f"/{name}/{{id}}")(_not_found)
router.post("/disputes/{id}/accept")(_not_found)
router.patch("/event-types/{id}")(_not_found)

for path in ("/metrics/", "/metrics/export"):
    router.get(path)(_no_statistics)
router.get("/metrics/dashboards")(lambda request: [])
router.post("/metrics/dashboards")(_no_statistics)
router.api_operation(["GET", "PATCH", "DELETE"], "/metrics/dashboards/{id}")(_not_found)


@router.get("/metrics/limits")
def get_metrics_limits(request: HttpRequest) -> Any:
    return METRICS_LIMITS


for path in ("/oauth2/authorize", "/oauth2/userinfo"):
    router.get(path)(_no_oauth)
for name in ("register", "token", "revoke", "introspect"):
    router.post(f"/oauth2/{name}")(_no_oauth)
router.api_operation(["GET", "PUT", "DELETE"], "/oauth2/register/{client_id}")(_no_oauth_client)

portal_router.get("/wallets/")(_nothing)
portal_router.get("/wallets/{id}")(_not_found)
