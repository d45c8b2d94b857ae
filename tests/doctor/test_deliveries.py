import httpx
import pytest

from polar_django.doctor import deliveries
from polar_django.models import WebhookDelivery
from tests.sandbox_fixtures import BASE_URL

HERE = "tests.doctor.middlewares"
URL = "http://testserver/billing/webhooks/polar/"


def outside(monkeypatch, answer):
    """What is sent to the public address is answered by that function."""
    monkeypatch.setattr(
        deliveries,
        "open_client",
        lambda: httpx.Client(transport=httpx.MockTransport(answer)),
    )


def registered_with_tls(settings):
    settings.POLAR_SANDBOX = {
        **settings.POLAR_SANDBOX,
        "WEBHOOK_URL": URL.replace("http:", "https:"),
    }


@pytest.fixture
def with_middleware(settings):
    """Add a middleware of the tests, at the end or at the beginning."""

    def add(name, *, first=False):
        path = f"{HERE}.{name}"
        known = list(settings.MIDDLEWARE)
        settings.MIDDLEWARE = [path, *known] if first else [*known, path]
        return path

    return add


def test_a_rehearsal_leaves_nothing_behind(diagnose, well):
    before = set(WebhookDelivery.objects.values_list("pk", flat=True))
    assert diagnose("--url", "http://testserver").findings == {}
    assert set(WebhookDelivery.objects.values_list("pk", flat=True)) == before


def test_a_middleware_that_wants_a_login_of_everybody(diagnose, with_middleware):
    path = with_middleware("login_required_everywhere")
    finding = diagnose().findings["delivery-needs-login"]
    assert path in finding["what"]
    assert "/billing/webhooks/polar/" in finding["fix"]


def test_djangos_own_login_middleware_is_no_fault(diagnose, settings):
    settings.MIDDLEWARE = [
        *settings.MIDDLEWARE,
        "django.contrib.auth.middleware.LoginRequiredMiddleware",
    ]
    assert diagnose().findings == {}


def test_a_csrf_middleware_that_knows_no_exemption(diagnose, with_middleware):
    path = with_middleware("StrictCsrf")
    finding = diagnose().only("delivery-csrf")
    assert path in finding["what"]


def test_a_redirect_to_https(diagnose, settings):
    settings.SECURE_SSL_REDIRECT = True
    # The provider is asked in this process as well.
    settings.SECURE_REDIRECT_EXEMPT = [r"^sandbox/"]
    finding = diagnose().only("delivery-redirected")
    assert "answered 301 to https://testserver" in finding["what"]
    assert "django.middleware.security.SecurityMiddleware" in finding["what"]
    assert f"polar_webhook ensure --url {URL.replace('http:', 'https:')}" in finding["fix"]


def test_a_redirect_to_https_behind_a_proxy_that_django_does_not_believe(
    diagnose, settings, monkeypatch, well
):
    """From outside; in this process there is no proxy, and nothing is wrong."""
    registered_with_tls(settings)
    outside(
        monkeypatch,
        lambda request: httpx.Response(301, headers={"Location": str(request.url)}),
    )
    finding = diagnose("--url", "https://testserver").only("delivery-redirected")
    assert "SECURE_PROXY_SSL_HEADER" in finding["fix"]


def test_a_redirect_to_another_spelling(diagnose, with_middleware):
    path = with_middleware("without_slash")
    finding = diagnose().only("delivery-redirected")
    assert path in finding["what"]
    assert "polar_webhook ensure --url /billing/webhooks/polar" in finding["fix"]


def test_a_host_that_django_refuses(diagnose, settings, well):
    settings.ALLOWED_HOSTS = ["shop.example", "testserver"]
    finding = diagnose("--url", "https://www.shop.example").findings["host-refused"]
    assert "www.shop.example" in finding["fix"]


def test_a_middleware_that_refuses_programs(diagnose, with_middleware):
    path = with_middleware("known_browsers_only", first=True)
    finding = diagnose("--url", "http://testserver").findings["delivery-blocked"]
    assert "answered 403, not by our view" in finding["what"]
    assert path  # it is first, so that the provider in this process is refused too


def test_a_middleware_that_crashes(diagnose, with_middleware, well, monkeypatch):
    path = with_middleware("crashing")
    finding = diagnose().findings["delivery-crashed"]
    assert path in finding["what"]
    assert "log" in finding["fix"]


def test_a_page_that_takes_deliveries_and_stores_nothing(diagnose, with_middleware):
    path = with_middleware("maintenance")
    finding = diagnose().findings["delivery-swallowed"]
    assert path in finding["what"]
    assert "lost" in finding["why"]


def test_a_limit_that_no_delivery_passes(diagnose, configured):
    configured(MAX_WEBHOOK_BYTES=10)
    assert "MAX_WEBHOOK_BYTES" in diagnose().only("delivery-too-large")["fix"]


def test_a_body_that_somebody_changes(diagnose, with_middleware):
    with_middleware("changes_the_body")
    assert "change the body" in diagnose().findings["delivery-untrusted"]["fix"]


def test_an_address_where_the_inbox_is_not(diagnose, well):
    told = diagnose("--url", "http://testserver/hooks/polar/")
    assert "answered 404" in told.findings["delivery-not-found"]["what"]


def test_an_address_that_nobody_reaches(diagnose, monkeypatch, well):
    def refused(request):
        raise httpx.ConnectError("Connection refused", request=request)

    outside(monkeypatch, refused)
    assert "DNS" in diagnose("--url", "http://testserver").only("address-unreachable")["fix"]


def test_a_certificate_that_nobody_accepts(diagnose, monkeypatch, well):
    def refused(request):
        raise httpx.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED] expired", request=request)

    outside(monkeypatch, refused)
    told = diagnose("--url", "http://testserver")
    assert "certificate" in told.only("address-untrusted")["fix"]


def test_an_address_that_is_another_installation(diagnose, monkeypatch, well):
    outside(monkeypatch, lambda request: httpx.Response(202, json={"detail": "Stored."}))
    told = diagnose("--url", "http://testserver")
    assert "not in this database" in told.only("address-elsewhere")["what"]


def test_an_address_that_is_slow(diagnose, monkeypatch, well):
    times = iter([0.0, 3.5] * 2)
    known = {"detail": "This delivery is known."}
    outside(monkeypatch, lambda request: httpx.Response(202, json=known))
    monkeypatch.setattr(deliveries, "monotonic", lambda: next(times))
    told = diagnose("--url", "http://testserver")
    assert "3.5 seconds" in told.findings["address-slow"]["what"]
    assert told.exit_code == 0


def test_an_address_without_tls(diagnose, settings, well, configured, answering):
    settings.ALLOWED_HOSTS = ["shop.example", "testserver"]
    configured(SERVER="production")
    answering(
        lambda request: well.transport.handle_request(
            httpx.Request(
                request.method,
                f"{BASE_URL}{request.url.raw_path.decode()}",
                headers={name: request.headers[name] for name in ("authorization",)},
                content=request.read(),
            )
        )
    )
    told = diagnose("--url", "http://shop.example")
    assert "https://" in told.findings["address-insecure"]["fix"]


def test_the_site_itself_answers_a_delivery_over_http(diagnose, live_server, monkeypatch, well):
    """Through a socket, and the whole stack behind it."""
    monkeypatch.undo()
    told = diagnose("--url", live_server.url)
    assert "address" in told.report["examined"]
    assert {code for code in told.findings if code.startswith(("delivery", "address"))} == set()
