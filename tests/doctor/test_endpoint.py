from datetime import timedelta

import pytest

from polar_django.sandbox.models import WebhookEndpoint

URL = "http://testserver/billing/webhooks/polar/"


@pytest.fixture
def endpoint(well):
    """The one endpoint; the sandbox's settings do not bring it in step again."""
    WebhookEndpoint.objects.filter(is_configured=True).update(enabled=True)
    return WebhookEndpoint.objects


def test_no_endpoint_at_all(diagnose, well, settings):
    settings.POLAR_SANDBOX = {**settings.POLAR_SANDBOX, "WEBHOOK_URL": "", "WEBHOOK_SECRET": ""}
    WebhookEndpoint.objects.all().delete()
    told = diagnose()
    finding = told.only("endpoint-missing")
    assert "none at all" in finding["what"]
    assert "polar_webhook ensure --url https://your.site" in finding["fix"]
    assert told.exit_code == 1


def test_an_endpoint_at_another_address(diagnose, well, settings):
    settings.POLAR_SANDBOX = {
        **settings.POLAR_SANDBOX,
        "WEBHOOK_URL": "http://testserver/hooks/",
    }
    told = diagnose("--url", "http://testserver")
    finding = told.findings["endpoint-missing"]
    assert "http://testserver/hooks/" in finding["what"]
    assert f"--url {URL}" in finding["fix"]


@pytest.mark.parametrize(
    ("change", "code", "named"),
    [
        ({"enabled": False}, "endpoint-disabled", "ten events"),
        ({"format": "slack"}, "endpoint-format", "chat messages"),
        ({"api_version": "2026-04"}, "endpoint-version", "2026-04"),
        ({"events": ["order.paid"]}, "endpoint-events", "benefit_grant.revoked"),
    ],
)
def test_an_endpoint_that_is_not_as_it_should_be(change, code, named, diagnose, endpoint):
    endpoint.update(**change)
    finding = diagnose().findings[code]
    assert named in f"{finding['what']} {finding['why']}"
    assert f"polar_webhook ensure --url {URL}" in finding["fix"]


def test_an_endpoint_without_an_event_that_nothing_here_needs(diagnose, endpoint):
    (row,) = endpoint.all()
    endpoint.update(events=[name for name in row.events if name != "organization.updated"])
    assert diagnose().findings == {}


def test_two_endpoints_that_lead_here(diagnose, endpoint):
    (row,) = endpoint.all()
    row.pk, row.url, row.is_configured = None, URL.rstrip("/"), False
    row.save(force_insert=True)
    assert "comes twice" in diagnose().only("endpoint-twice")["why"]


def test_a_secret_that_is_not_the_endpoints(diagnose, configured, endpoint):
    configured(WEBHOOK_SECRETS=["whsec_" + "b3RoZXI" * 6])
    told = diagnose()
    finding = told.only("secret-other")
    assert "answered 403" in finding["why"]
    assert "--show-secret" in finding["fix"]
    (row,) = endpoint.all()
    assert row.secret not in told.text


def test_one_of_several_secrets_is_enough(diagnose, configured, endpoint, settings):
    known = settings.POLAR_DJANGO["WEBHOOK_SECRETS"]
    configured(WEBHOOK_SECRETS=["whsec_" + "b3RoZXI" * 6, *known])
    assert diagnose().findings == {}


def test_deliveries_that_failed_within_a_day(diagnose, configured, well, settings):
    known = settings.POLAR_DJANGO["WEBHOOK_SECRETS"]
    well.buy("ebook")
    configured(WEBHOOK_SECRETS=["whsec_" + "b3RoZXI" * 6])
    well.deliver(process=False)
    configured(WEBHOOK_SECRETS=known)
    finding = diagnose().only("deliveries-failing")
    assert "with 403" in finding["what"]
    assert "polar_webhook redeliver" in finding["fix"]


def test_deliveries_that_succeeded_at_the_second_attempt_are_no_fault(
    diagnose, configured, well, settings
):
    known = settings.POLAR_DJANGO["WEBHOOK_SECRETS"]
    well.buy("ebook")
    configured(WEBHOOK_SECRETS=["whsec_" + "b3RoZXI" * 6])
    well.deliver(process=False)
    configured(WEBHOOK_SECRETS=known)
    well.advance(days=0.05)
    well.deliver()
    assert diagnose().findings == {}


@pytest.fixture
def production(endpoint):
    """The endpoint of another environment of the same organization, made before ours."""
    (row,) = endpoint.all()
    return endpoint.create(
        url="https://shop.example/billing/webhooks/polar/",
        events=["order.paid"],
        secret="s" * 40,
        created_at=row.created_at - timedelta(days=1),
    )


def test_the_endpoint_of_another_environment_is_not_ours_to_mend(diagnose, production):
    told = diagnose()
    assert told.findings == {}
    assert "shop.example" not in told.text


def test_our_own_endpoint_is_examined_beside_another_environments(diagnose, endpoint, production):
    endpoint.exclude(pk=production.pk).update(enabled=False)
    assert f"--url {URL}" in diagnose().only("endpoint-disabled")["fix"]


def test_where_none_is_believed_nothing_is_said_to_be_deleted_for_sure(
    diagnose, configured, production
):
    configured(WEBHOOK_SECRETS=["whsec_" + "b3RoZXI" * 6])
    assert "--url https://your.site" in diagnose().findings["endpoint-twice"]["fix"]
    told = diagnose("--url", "http://testserver")
    assert told.findings["secret-other"]["what"].count(URL) == 1
    assert "endpoint-twice" not in told.findings
