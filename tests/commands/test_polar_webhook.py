import json
from io import StringIO
from uuid import uuid4

import httpx
import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from polar_django.models import WebhookDelivery
from polar_django.providers.polar.events import KNOWN_TYPES
from polar_django.providers.registry import get_provider
from polar_django.providers.transport import mounted
from polar_django.sandbox.models import WebhookEndpoint
from polar_django.webhooks.endpoints import webhook_address

URL = "http://testserver/billing/webhooks/polar/"


def run(*args):
    out = StringIO()
    call_command("polar_webhook", *args, stdout=out, no_color=True)
    return out.getvalue()


@pytest.fixture
def unregistered(sandbox, settings):
    """A sandbox that delivers nowhere yet."""
    settings.POLAR_SANDBOX = {**settings.POLAR_SANDBOX, "WEBHOOK_URL": "", "WEBHOOK_SECRET": ""}
    WebhookEndpoint.objects.all().delete()
    return sandbox


def endpoints():
    return list(WebhookEndpoint.objects.filter(deleted_at=None))


def test_ensure_makes_an_endpoint_and_prints_its_secret_once(unregistered):
    said = run("ensure", "--url", "http://testserver")
    (made,) = endpoints()
    assert made.url == URL
    assert set(made.events) == KNOWN_TYPES
    assert (made.format, made.enabled, made.api_version) == ("raw", True, "2026-10")
    assert made.secret in said
    again = run("ensure", "--url", "http://testserver")
    assert made.secret not in again
    assert len(endpoints()) == 1


def test_the_printed_secret_is_what_deliveries_are_believed_by(unregistered, settings):
    told = json.loads(run("ensure", "--url", "http://testserver", "--json"))
    assert told["is_new"]
    assert not told["is_trusted"]
    settings.POLAR_DJANGO = {**settings.POLAR_DJANGO, "WEBHOOK_SECRETS": [told["secret"]]}
    unregistered.buy("ebook")
    unregistered.deliver()
    assert WebhookDelivery.objects.filter(type="order.paid", state="processed").exists()


def test_nothing_secret_is_stored_in_our_tables(unregistered):
    run("ensure", "--url", "http://testserver")
    (made,) = endpoints()
    for table in connection.introspection.table_names():
        if table.startswith("polar_django_"):
            with connection.cursor() as cursor:
                cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
                assert made.secret not in str(cursor.fetchall())


def test_ensure_mends_whatever_is_wrong_and_keeps_the_secret(sandbox):
    (before,) = endpoints()
    WebhookEndpoint.objects.update(enabled=False, format="slack", events=["order.paid"])
    said = run("ensure", "--url", "http://testserver")
    (after,) = endpoints()
    assert (after.enabled, after.format, set(after.events)) == (True, "raw", KNOWN_TYPES)
    assert after.secret == before.secret
    assert "it is disabled" in said
    assert "its format is not raw" in said
    assert "it does not take" in said
    assert "is as it should be" in run("ensure", "--url", "http://testserver")


def test_an_address_without_its_last_slash_is_the_same_endpoint(sandbox):
    WebhookEndpoint.objects.update(url=URL.rstrip("/"), is_configured=False)
    assert "as it should be" in run("ensure", "--url", URL.replace("testserver", "TESTSERVER"))


def test_an_endpoint_of_another_site_is_left_alone(sandbox):
    WebhookEndpoint.objects.update(
        url="https://other.example/billing/webhooks/polar/", is_configured=False, enabled=False
    )
    run("ensure", "--url", "http://testserver")
    assert {(one.url, one.enabled) for one in endpoints()} == {
        ("https://other.example/billing/webhooks/polar/", False),
        (URL, True),
    }


def test_a_new_secret_replaces_the_old_and_is_printed(sandbox, settings):
    (before,) = endpoints()
    WebhookEndpoint.objects.update(is_configured=False)
    settings.POLAR_SANDBOX = {**settings.POLAR_SANDBOX, "WEBHOOK_URL": "", "WEBHOOK_SECRET": ""}
    told = json.loads(run("ensure", "--url", "http://testserver", "--new-secret", "--json"))
    (after,) = endpoints()
    assert told["secret"] == after.secret != before.secret
    assert "none of WEBHOOK_SECRETS" in run("ensure", "--url", "http://testserver")


def test_the_secret_in_use_is_shown_only_when_asked_for(sandbox):
    (known,) = endpoints()
    assert known.secret not in run("ensure", "--url", URL)
    assert known.secret not in run("status", "--json")
    assert known.secret in run("ensure", "--url", URL, "--show-secret")


@pytest.mark.parametrize(
    "url", ["testserver", "ftp://x.example/", "https://me:pw@x.example/", "https://x.example/?a=1"]
)
def test_what_is_no_public_address_is_refused(sandbox, url):
    with pytest.raises(CommandError, match="address"):
        run("ensure", "--url", url)


def test_a_whole_address_is_taken_as_it_is():
    given = "https://shop.example/hooks/polar"
    assert webhook_address(given, "polar") == given
    assert webhook_address("https://shop.example/", "polar") == (
        "https://shop.example/billing/webhooks/polar/"
    )


def test_polars_refusal_of_an_address_is_explained(sandbox):
    def refuse(request):
        if request.method == "POST":
            problem = {"loc": ["body", "url"], "msg": "must be https", "type": "value_error"}
            return httpx.Response(422, json={"error": "x", "detail": [problem]})
        return sandbox.transport.handle_request(request)

    with (
        mounted(httpx.MockTransport(refuse)),
        pytest.raises(CommandError, match="https:// only"),
    ):
        run("ensure", "--url", "http://elsewhere.example")


def test_status_is_silent_about_faults_when_all_is_well(sandbox):
    assert "leads here, 42 event types" in run("status")
    (told,) = json.loads(run("status", "--json"))["endpoints"]
    assert (told["leads_here"], told["is_trusted"], told["faults"]) == (True, True, [])


def test_status_fails_where_no_endpoint_leads_here(unregistered):
    with pytest.raises(CommandError, match="ensure --url") as failed:
        run("status")
    assert failed.value.returncode == 1


def test_status_fails_where_the_endpoint_is_disabled(sandbox):
    WebhookEndpoint.objects.update(enabled=False)
    out = StringIO()
    with pytest.raises(CommandError, match="not as it should be"):
        call_command("polar_webhook", "status", stdout=out)
    assert "it is disabled" in out.getvalue()


def test_a_second_endpoint_to_the_same_inbox_is_told(sandbox):
    WebhookEndpoint.objects.create(
        url=URL.rstrip("/"),
        events=["order.paid"],
        secret="s" * 40,
        created_at=endpoints()[0].created_at,
    )
    assert "events come twice" in run("ensure", "--url", URL)


def test_deliveries_are_listed_newest_first_and_failed_ones_alone(sandbox, settings):
    sandbox.buy("ebook")
    settings.POLAR_DJANGO = {**settings.POLAR_DJANGO, "WEBHOOK_SECRETS": ["whsec_wrong"]}
    sandbox.deliver(process=False)
    told = json.loads(run("deliveries", "--failed", "--json"))
    assert {(row["status"], row["succeeded"]) for row in told} == {(403, False)}
    everything = json.loads(run("deliveries", "--limit", "1000", "--json"))
    assert len(everything) > len(told)
    times = [row["attempted_at"] for row in everything]
    assert times == sorted(times, reverse=True)
    said = run("deliveries", "--limit", "2")
    assert "2 deliveries." in said
    assert "buyer@example.com" not in said


def test_an_event_is_redelivered_under_its_own_id(sandbox):
    newest = json.loads(run("deliveries", "--limit", "1", "--json"))[0]
    row = WebhookDelivery.objects.get(delivery_id=newest["event_id"])
    row.delete()
    assert "1 events are sent again." in run("redeliver", newest["event_id"])
    sandbox.deliver()
    assert WebhookDelivery.objects.filter(delivery_id=newest["event_id"]).exists()


def test_an_event_that_is_not_there_is_named(sandbox):
    missing = str(uuid4())
    with pytest.raises(CommandError, match=missing):
        run("redeliver", missing)


def test_another_provider_that_keeps_no_endpoints_says_so(sandbox, settings):
    settings.POLAR_DJANGO = {
        **settings.POLAR_DJANGO,
        "PROVIDERS": {"fake": {"CLASS": "tests.billing.fake_provider.FakeProvider"}},
    }
    assert get_provider("fake").name == "fake"
    with pytest.raises(CommandError, match="cannot manage webhook endpoints"):
        run("status", "--provider", "fake")


@pytest.fixture
def production(sandbox):
    """The endpoint of another environment of the same organization, at the same path."""
    return WebhookEndpoint.objects.create(
        url="https://shop.example/billing/webhooks/polar/",
        events=["order.paid"],
        secret="s" * 40,
        created_at=endpoints()[0].created_at,
    )


def test_the_endpoint_of_another_environment_does_not_lead_here(sandbox, production):
    assert "leads here too" not in run("ensure", "--url", URL)
    told = json.loads(run("status", "--json"))["endpoints"]
    leads_here = {one["url"]: one["leads_here"] for one in told}
    assert leads_here == {URL: True, production.url: False}


def test_where_no_secret_is_believed_each_with_our_path_may_be_ours(production, settings):
    settings.POLAR_DJANGO = {**settings.POLAR_DJANGO, "WEBHOOK_SECRETS": ["whsec_" + "x" * 44]}
    out = StringIO()
    with pytest.raises(CommandError, match="not as it should be"):
        call_command("polar_webhook", "status", "--json", stdout=out)
    assert all(one["leads_here"] for one in json.loads(out.getvalue())["endpoints"])
