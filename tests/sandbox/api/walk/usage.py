"""What is used, and what is told of it: license keys, meters, events, webhooks."""

from typing import Any

from tests.sandbox.api.walk.step import WRONG, Step, Steps
from tests.sandbox.api.walk.world import CALLS, MISSING, World

SPAN: Any = {
    "start_timestamp": "2026-01-01T00:00:00Z",
    "end_timestamp": "2100-01-01T00:00:00Z",
    "interval": "year",
}

USAGE: Steps = {
    "license_keys.list": Step(
        lambda w: w.polar.license_keys.list(benefit_id=w.key.benefit_id).items[0],
        lambda w: w.polar.license_keys.list(benefit_id=WRONG),
        422,
    ),
    "license_keys.get": Step(
        lambda w: w.polar.license_keys.get(w.key.id),
        lambda w: w.polar.license_keys.get(MISSING),
        404,
    ),
    "license_keys.update": Step(
        lambda w: w.polar.license_keys.update(w.key.id, limit_usage=9),
        lambda w: w.polar.license_keys.update(MISSING, limit_usage=9),
        404,
    ),
    "license_keys.validate": Step(
        lambda w: w.polar.license_keys.validate(**w.named(w.key), increment_usage=1),
        lambda w: w.polar.license_keys.validate(
            key="nothing", organization_id=w.key.organization_id
        ),
        404,
    ),
    "license_keys.activate": Step(
        World.activation,
        lambda w: w.polar.license_keys.activate(
            key="nothing", organization_id=w.key.organization_id, label="laptop"
        ),
        404,
    ),
    "license_keys.get_activation": Step(
        lambda w: w.polar.license_keys.get_activation(w.key.id, w.activation().id),
        lambda w: w.polar.license_keys.get_activation(w.key.id, MISSING),
        404,
    ),
    "license_keys.deactivate": Step(
        lambda w: w.polar.license_keys.deactivate(
            **w.named(w.key), activation_id=w.activation().id
        ),
        lambda w: w.polar.license_keys.deactivate(**w.named(w.key), activation_id=MISSING),
        404,
    ),
    "license_keys.rotate": Step(
        lambda w: w.polar.license_keys.rotate(w.key.id),
        lambda w: w.polar.license_keys.rotate(MISSING),
        404,
    ),
    "meters.create": Step(
        lambda w: w.meter, lambda w: w.polar.meters.create(**{**CALLS, "name": "x"}), 422
    ),
    "meters.get": Step(
        lambda w: w.polar.meters.get(w.meter.id), lambda w: w.polar.meters.get(MISSING), 404
    ),
    "meters.list": Step(
        lambda w: w.polar.meters.list(query="Calls").items[0],
        lambda w: w.polar.meters.list(limit=0),
        422,
    ),
    "meters.update": Step(
        lambda w: w.polar.meters.update(w.meter.id, name="API calls"),
        lambda w: w.polar.meters.update(MISSING, name="API calls"),
        404,
    ),
    "meters.quantities": Step(
        lambda w: w.polar.meters.quantities(w.meter.id, **SPAN),
        lambda w: w.polar.meters.quantities(MISSING, **SPAN),
        404,
    ),
    "events.ingest": Step(
        lambda w: w.event,
        lambda w: w.polar.events.ingest(events=[{"name": "call", "customer_id": MISSING}]),
        422,
    ),
    "events.get": Step(
        lambda w: w.polar.events.get(w.event.id), lambda w: w.polar.events.get(MISSING), 404
    ),
    "events.list": Step(
        lambda w: w.polar.events.list(customer_id=w.ada.id),
        lambda w: w.polar.events.list(customer_id=WRONG),
        422,
    ),
    "events.list_names": Step(
        lambda w: w.polar.events.list_names(source="user"),
        lambda w: w.polar.events.list_names(customer_id=WRONG),
        422,
    ),
    "webhooks.create_webhook_endpoint": Step(
        World.new_endpoint,
        lambda w: w.polar.webhooks.create_webhook_endpoint(url=WRONG, format="raw", events=[]),
        422,
    ),
    "webhooks.list_webhook_endpoints": Step(
        lambda w: w.polar.webhooks.list_webhook_endpoints().items[0],
        lambda w: w.polar.webhooks.list_webhook_endpoints(limit=0),
        422,
    ),
    "webhooks.get_webhook_endpoint": Step(
        lambda w: w.polar.webhooks.get_webhook_endpoint(w.endpoint.id),
        lambda w: w.polar.webhooks.get_webhook_endpoint(MISSING),
        404,
    ),
    "webhooks.update_webhook_endpoint": Step(
        lambda w: w.polar.webhooks.update_webhook_endpoint(w.endpoint.id, enabled=False),
        lambda w: w.polar.webhooks.update_webhook_endpoint(MISSING, enabled=False),
        404,
    ),
    "webhooks.reset_webhook_endpoint_secret": Step(
        lambda w: w.polar.webhooks.reset_webhook_endpoint_secret(w.endpoint.id),
        lambda w: w.polar.webhooks.reset_webhook_endpoint_secret(MISSING),
        404,
    ),
    "webhooks.delete_webhook_endpoint": Step(
        lambda w: w.polar.webhooks.delete_webhook_endpoint(w.new_endpoint().id),
        lambda w: w.polar.webhooks.delete_webhook_endpoint(MISSING),
        404,
    ),
    "webhooks.list_webhook_deliveries": Step(
        lambda w: w.polar.webhooks.list_webhook_deliveries(event_type="customer.created"),
        lambda w: w.polar.webhooks.list_webhook_deliveries(endpoint_id=WRONG),
        422,
    ),
    "webhooks.redeliver_webhook_event": Step(
        lambda w: w.polar.webhooks.redeliver_webhook_event(w.sent_event()),
        lambda w: w.polar.webhooks.redeliver_webhook_event(MISSING),
        404,
    ),
}
