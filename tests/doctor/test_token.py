from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest

from polar_django.providers.polar.diagnosis import _SCOPES

NO_SCOPE = {"error": "insufficient_scope", "error_description": "…"}


def test_a_token_that_nobody_knows(diagnose, configured):
    configured(ACCESS_TOKEN="polar_oat_of_yesterday")
    told = diagnose()
    finding = told.only("token-refused")
    assert "POLAR_ACCESS_TOKEN" in finding["fix"]
    assert told.exit_code == 1
    assert "polar_oat_of_yesterday" not in told.text
    # What needs the token is not tried, and is not reported as another fault.
    assert told.report["skipped"]["scopes"] == "token has to be mended first"


def test_a_token_of_polars_other_server(diagnose, configured, answering, well):
    """SERVER says production, the token is of Polar's hosted sandbox."""

    def two_servers(request):
        if request.url.host == "sandbox-api.polar.sh":
            return httpx.Response(200, json={"items": [{"id": "org"}], "pagination": {}})
        return httpx.Response(401, json={"error": "invalid_token"})

    configured(SERVER="production")
    answering(two_servers)
    finding = diagnose().findings["token-of-other-server"]
    assert "belongs to the server 'sandbox'" in finding["what"]
    assert "Set POLAR_DJANGO['SERVER'] to 'sandbox'" in finding["fix"]


def test_the_token_is_shown_to_no_other_server_than_polars(diagnose, configured, answering):
    asked = set()

    def refuse(request):
        asked.add(request.url.host)
        return httpx.Response(401, json={"error": "invalid_token"})

    configured(SERVER="https://sandbox.example")
    answering(refuse)
    assert "token-refused" in diagnose().findings
    assert asked == {"sandbox.example"}


@pytest.mark.parametrize("scope", _SCOPES, ids=lambda scope: scope.name)
def test_a_missing_scope_is_named(scope, diagnose, answering):
    path = scope.route.split("{", maxsplit=1)[0]

    def refuse(request):
        ours = request.url.path.removeprefix("/sandbox")
        exact = ours == path or ("{" in scope.route and ours.startswith(path))
        if request.method == scope.method and exact:
            return httpx.Response(403, json=NO_SCOPE)
        return None

    answering(refuse)
    told = diagnose()
    finding = told.only("scope-missing")
    assert scope.name in finding["what"]
    assert scope.needed_for in finding["why"]
    assert finding["level"] == ("error" if scope.is_vital else "warning")
    assert told.exit_code == (1 if scope.is_vital else 0)


def test_a_strict_run_fails_on_a_warning(diagnose, answering):
    answering(
        lambda request: (
            httpx.Response(403, json=NO_SCOPE) if request.url.path.endswith("/v1/meters/") else None
        )
    )
    assert diagnose().exit_code == 0
    assert diagnose("--strict").exit_code == 1


def test_the_scopes_are_tried_without_changing_anything(diagnose, well):
    def everything():
        return [
            well.api.get(f"/v1/{name}/").json()["pagination"]["total_count"]
            for name in ("customers", "checkouts", "subscriptions", "orders", "refunds", "events")
        ]

    before = everything()
    diagnose()
    assert everything() == before


def test_a_token_for_another_organization(diagnose, configured):
    configured(ORGANIZATION_ID="11111111-1111-4111-8111-111111111111")
    finding = diagnose().findings["organization-other"]
    assert "11111111-1111-4111-8111-111111111111" in finding["what"]
    assert "ORGANIZATION_ID" in finding["fix"]


def test_a_token_for_several_organizations_needs_the_one_that_sells(diagnose, answering):
    two = {"items": [{"id": "one"}, {"id": "two"}], "pagination": {"max_page": 1}}
    answering(
        lambda request: (
            httpx.Response(200, json=two)
            if request.url.path.endswith("/v1/organizations/")
            else None
        )
    )
    assert "ORGANIZATION_ID" in diagnose().only("organization-ambiguous")["fix"]


def test_a_provider_that_does_not_answer(diagnose, answering):
    def silent(request):
        raise httpx.ConnectError("Name or service not known", request=request)

    answering(silent)
    told = diagnose()
    assert "firewall" in told.only("provider-unreachable")["fix"]


def test_a_server_that_is_another_site(diagnose, configured):
    configured(SERVER="http://testserver/no-sandbox-here")
    assert "SERVER" in diagnose().only("server-wrong")["fix"]


@pytest.mark.parametrize(
    ("seconds", "level"), [(-3600, "error"), (3600, "error"), (60, "warning"), (5, None)]
)
def test_a_clock_that_is_off(seconds, level, diagnose, answering, well):
    def dated(request):
        if not request.url.path.endswith("/v1/organizations/"):
            return None
        there = datetime.now(UTC) - timedelta(seconds=seconds)
        answer = well.transport.handle_request(request)
        return httpx.Response(
            200,
            content=answer.read(),
            headers={"Date": format_datetime(there, usegmt=True)},
        )

    answering(dated)
    told = diagnose()
    assert [finding["level"] for finding in told.findings.values()] == ([level] if level else [])
    if level:
        assert "timedatectl" in told.only("clock-wrong")["fix"]


def test_a_clock_of_the_sandbox_that_was_moved_is_no_fault(diagnose, well):
    well.advance(days=40)
    assert diagnose().findings == {}
