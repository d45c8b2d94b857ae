"""Services of tier C: what the sandbox leaves out answers as an empty place, or says so."""

from typing import Any

from tests.sandbox.api.walk.step import WRONG, Step, Steps
from tests.sandbox.api.walk.world import MISSING

NOT_HERE = 501
NOBODY: Any = {"request_access_token": "polar_oat_of_nobody"}
SPAN: Any = {"start_date": "2026-01-01", "end_date": "2026-02-01", "interval": "day"}
CLIENT: Any = {"redirect_uris": ["https://shop.example"], "client_name": "Shop"}

ABSENT: Steps = {
    "disputes.list": Step(
        lambda w: w.polar.disputes.list(), lambda w: w.polar.disputes.list(limit=0), 422
    ),
    "disputes.get": Step(
        lambda w: w.polar.disputes.get(MISSING), lambda w: w.polar.disputes.get(WRONG), 422, 404
    ),
    "disputes.accept": Step(
        lambda w: w.polar.disputes.accept(MISSING),
        lambda w: w.polar.disputes.accept(WRONG),
        422,
        404,
    ),
    "event_types.list": Step(
        lambda w: w.polar.event_types.list(), lambda w: w.polar.event_types.list(limit=0), 422
    ),
    "event_types.update": Step(
        lambda w: w.polar.event_types.update(MISSING, label="Calls"),
        lambda w: w.polar.event_types.update(WRONG, label="Calls"),
        422,
        404,
    ),
    "payments.list": Step(
        lambda w: w.polar.payments.list(), lambda w: w.polar.payments.list(limit=0), 422
    ),
    "payments.get": Step(
        lambda w: w.polar.payments.get(MISSING), lambda w: w.polar.payments.get(WRONG), 422, 404
    ),
    "organizations.create": Step(
        lambda w: w.polar.organizations.create(name="Acme", slug="acme"),
        lambda w: w.polar.organizations.create(name="Acme", slug="acme", **NOBODY),
        401,
        403,
    ),
    "metrics.get": Step(
        lambda w: w.polar.metrics.get(**SPAN),
        lambda w: w.polar.metrics.get(**SPAN, **NOBODY),
        401,
        NOT_HERE,
    ),
    "metrics.export": Step(
        lambda w: w.polar.metrics.export(**SPAN),
        lambda w: w.polar.metrics.export(**SPAN, **NOBODY),
        401,
        NOT_HERE,
    ),
    "metrics.limits": Step(
        lambda w: w.polar.metrics.limits(), lambda w: w.polar.metrics.limits(**NOBODY), 401
    ),
    "metrics.list_dashboards": Step(
        lambda w: w.polar.metrics.list_dashboards(),
        lambda w: w.polar.metrics.list_dashboards(**NOBODY),
        401,
    ),
    "metrics.create_dashboard": Step(
        lambda w: w.polar.metrics.create_dashboard(name="Mine"),
        lambda w: w.polar.metrics.create_dashboard(name="Mine", **NOBODY),
        401,
        NOT_HERE,
    ),
    "metrics.get_dashboard": Step(
        lambda w: w.polar.metrics.get_dashboard(MISSING),
        lambda w: w.polar.metrics.get_dashboard(WRONG),
        422,
        404,
    ),
    "metrics.update_dashboard": Step(
        lambda w: w.polar.metrics.update_dashboard(MISSING, name="Mine"),
        lambda w: w.polar.metrics.update_dashboard(WRONG, name="Mine"),
        422,
        404,
    ),
    "metrics.delete_dashboard": Step(
        lambda w: w.polar.metrics.delete_dashboard(MISSING),
        lambda w: w.polar.metrics.delete_dashboard(WRONG),
        422,
        404,
    ),
    "oauth2.authorize": Step(
        lambda w: w.polar.oauth2.authorize(),
        lambda w: w.polar.oauth2.authorize(**NOBODY),
        401,
        NOT_HERE,
    ),
    "oauth2.request_token": Step(
        lambda w: w.polar.oauth2.request_token(),
        lambda w: w.polar.oauth2.request_token(**NOBODY),
        401,
        NOT_HERE,
    ),
    "oauth2.revoke_token": Step(
        lambda w: w.polar.oauth2.revoke_token(),
        lambda w: w.polar.oauth2.revoke_token(**NOBODY),
        401,
        NOT_HERE,
    ),
    "oauth2.introspect_token": Step(
        lambda w: w.polar.oauth2.introspect_token(),
        lambda w: w.polar.oauth2.introspect_token(**NOBODY),
        401,
        NOT_HERE,
    ),
    "oauth2.userinfo": Step(
        lambda w: w.polar.oauth2.userinfo(),
        lambda w: w.polar.oauth2.userinfo(**NOBODY),
        401,
        NOT_HERE,
    ),
    "oauth2.clients.oauth2.create_client": Step(
        lambda w: w.polar.oauth2.clients.oauth2.create_client(**CLIENT),
        lambda w: w.polar.oauth2.clients.oauth2.create_client(**CLIENT, **NOBODY),
        401,
        NOT_HERE,
    ),
    "oauth2.clients.oauth2.get_client": Step(
        lambda w: w.polar.oauth2.clients.oauth2.get_client("mine"),
        lambda w: w.polar.oauth2.clients.oauth2.get_client("mine", **NOBODY),
        401,
        NOT_HERE,
    ),
    "oauth2.clients.oauth2.update_client": Step(
        lambda w: w.polar.oauth2.clients.oauth2.update_client("mine", client_id="mine", **CLIENT),
        lambda w: w.polar.oauth2.clients.oauth2.update_client(
            "mine", client_id="mine", **CLIENT, **NOBODY
        ),
        401,
        NOT_HERE,
    ),
    "oauth2.clients.oauth2.delete_client": Step(
        lambda w: w.polar.oauth2.clients.oauth2.delete_client("mine"),
        lambda w: w.polar.oauth2.clients.oauth2.delete_client("mine", **NOBODY),
        401,
        NOT_HERE,
    ),
}
