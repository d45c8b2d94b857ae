"""Every call of a purchase fails once, before or after its effect; the next click goes on."""

import itertools

import httpx
import pytest
from django.contrib.auth import get_user_model
from django.core.cache import cache
from django.test import Client

from polar_django.entitlements import has_benefit
from polar_django.models import CheckoutSession, Customer, Order, Subscription
from polar_django.sandbox.models import Customer as ProvidersCustomer

PRO = "/billing/checkout/pro/"
MOST_CALLS = 12


class Line:
    """The way to the provider. Each call from `breaks_at` on fails until `mended`."""

    def __init__(self) -> None:
        self.calls = 0
        self.breaks_at: int | None = None
        self.too_late = False

    def break_at(self, call: int, *, too_late: bool) -> None:
        self.calls, self.breaks_at, self.too_late = 0, call, too_late

    def mend(self) -> bool:
        """Whether anything was broken."""
        was_cut = self.breaks_at is not None and self.calls >= self.breaks_at
        self.breaks_at = None
        return was_cut


@pytest.fixture
def line(sandbox, monkeypatch):
    line = Line()
    answer = httpx.WSGITransport.handle_request

    def handle(transport, request):
        if not request.url.path.startswith("/sandbox/v1/"):
            return answer(transport, request)
        line.calls += 1
        if line.breaks_at is None or line.calls < line.breaks_at:
            return answer(transport, request)
        if line.too_late:
            answer(transport, request).read()
        raise httpx.ReadTimeout("no answer", request=request)

    monkeypatch.setattr(httpx.WSGITransport, "handle_request", handle)
    # A safe call is repeated after a moment; nobody needs to wait for it here.
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    return line


def somebody(number):
    cache.clear()
    user = get_user_model().objects.create_user(f"buyer{number}", f"buyer{number}@example.com")
    browser = Client()
    browser.force_login(user)
    return user, browser


@pytest.mark.parametrize("too_late", [False, True])
def test_a_checkout_that_broke_anywhere_is_finished_by_the_next_click(line, sandbox, too_late):
    for number in itertools.count(1):
        assert number < MOST_CALLS
        user, browser = somebody(number)
        line.break_at(number, too_late=too_late)
        answer = browser.post(PRO)
        if not line.mend():
            assert answer.status_code == 303
            break
        assert answer.status_code == 503
        assert "Nothing was charged" in answer.content.decode()
        answer = browser.post(PRO)
        assert answer.status_code == 303
        assert ProvidersCustomer.objects.filter(external_id=str(user.pk)).count() == 1
        assert Customer.objects.get(subscriber=user).external_id == str(user.pk)
        sandbox.pay(answer["Location"])
        sandbox.deliver()
        assert has_benefit(user, "pro")
    # Asked for the customer, made it, made the session.
    assert number > 3


@pytest.mark.parametrize("too_late", [False, True])
def test_a_return_that_broke_anywhere_waits_and_then_goes_on(line, sandbox, too_late):
    for number in itertools.count(1):
        assert number < MOST_CALLS
        user, browser = somebody(number)
        session = CheckoutSession.objects.get(url=browser.post(PRO)["Location"])
        sandbox.pay(session.url)
        line.break_at(number, too_late=too_late)
        answer = browser.get("/billing/return/", {"checkout_id": session.pk})
        was_cut = line.mend()
        if was_cut:
            # Where all that matters had come before the line broke, the buyer need not wait.
            assert answer.status_code in {200, 303}
            cache.clear()
            answer = browser.get("/billing/return/", {"checkout_id": session.pk})
        assert answer.status_code == 303
        assert Subscription.objects.active().get(subscriber=user).product.key == "pro-monthly"
        assert Order.objects.paid().filter(subscriber=user).count() == 1
        assert has_benefit(user, "pro")
        if not was_cut:
            break
    assert number > 2
