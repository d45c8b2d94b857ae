"""The dashboard and the pages behind it, through Django's own client."""

from datetime import timedelta
from typing import Any

import httpx
import pytest
from django.test import Client

from polar_django.sandbox import chaos, clients, clock, delivery
from polar_django.sandbox.models import Customer, Product, Subscription, WebhookEvent
from tests.sandbox.conftest import Shop

HOME = "/sandbox/"


class Receiver:
    """What the sandbox sends to; answers with `status`."""

    def __init__(self) -> None:
        self.status = 202
        self.ids: list[str] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.ids.append(request.headers["webhook-id"])
        return httpx.Response(self.status, text="said the receiver")


@pytest.fixture(autouse=True)
def receiver(monkeypatch: pytest.MonkeyPatch) -> Receiver:
    receiver = Receiver()
    transport = httpx.MockTransport(receiver)
    monkeypatch.setattr(clients, "open_client", lambda: httpx.Client(transport=transport))
    return receiver


def read(client: Client, address: str = HOME) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def press(client: Client, button: str, **data: Any) -> Any:
    return client.post(f"{HOME}{button}", data)


def test_an_empty_sandbox_has_a_dashboard(client: Client, db: None) -> None:
    page = read(client)
    for text in ("No products", "No subscriptions", "No customers", "Nothing was sent yet"):
        assert text in page


def test_the_dashboard_shows_catalogue_people_and_endpoint(client: Client, shop: Shop) -> None:
    shop.buy(shop.pro)
    page = read(client)
    for text in ("$10.00 per month", "What pro gives · What export gives", "ada@example.com"):
        assert text in page
    assert "Any amount from $5.00" in page
    assert "http://testserver/billing/webhooks/polar/" in page
    assert "enabled" in page


@pytest.mark.parametrize(("jump", "days"), [("day", 1), ("week", 7), ("month", 28)])
def test_the_clock_jumps(client: Client, shop: Shop, jump: str, days: int) -> None:
    before = clock.now()
    assert press(client, "clock", jump=jump)["Location"] == f"{HOME}?done=clock"
    assert clock.now() - before >= timedelta(days=days)


def test_the_clock_moves_to_a_time_and_renews_on_the_way(client: Client, shop: Shop) -> None:
    shop.buy(shop.pro)
    to = clock.now() + timedelta(days=63)
    assert press(client, "clock", to=f"{to:%Y-%m-%dT%H:%M}").status_code == 303
    assert Subscription.objects.get().orders.count() == 3
    assert f"{to:%b %Y}" in read(client)


@pytest.mark.parametrize(
    ("to", "status"),
    [
        ("2020-01-01T00:00", 409),
        ("2026-99-99T00:00", 422),
        ("9999-12-31T00:00", 422),
        ("soon", 422),
    ],
)
def test_a_time_that_cannot_be_is_explained(
    client: Client, shop: Shop, to: str, status: int
) -> None:
    before = clock.now()
    assert press(client, "clock", to=to).status_code == status
    assert clock.now() - before < timedelta(hours=1)


def test_the_button_sends_what_is_due(client: Client, shop: Shop, receiver: Receiver) -> None:
    press(client, "flush")
    assert len(receiver.ids) == WebhookEvent.objects.count() > 0
    assert "delivered" in read(client, f"{HOME}deliveries")


def test_a_delivery_shows_its_body_and_every_attempt(
    client: Client, shop: Shop, receiver: Receiver
) -> None:
    receiver.status = 500
    press(client, "flush")
    event = WebhookEvent.objects.filter(type="product.created").earliest("created_at")
    page = read(client, f"{HOME}deliveries/{event.pk}")
    for text in ("retrying", "500", "said the receiver", "&quot;type&quot;: &quot;product.created"):
        assert text in page


def test_redelivering_sends_the_same_id_again(
    client: Client, shop: Shop, receiver: Receiver
) -> None:
    press(client, "flush")
    event = WebhookEvent.objects.earliest("created_at")
    answer = press(client, f"deliveries/{event.pk}/redeliver")
    assert "It is sent again" in client.get(answer["Location"]).content.decode()
    assert receiver.ids.count(str(event.pk)) == 2
    assert event.attempts.count() == 2


def test_the_switches_are_set_and_shown(client: Client, shop: Shop) -> None:
    press(client, "chaos", duplicate="30", drop="", reorder="on")
    assert chaos.read() == chaos.Trouble(duplicate=0.3, reorder=True)
    assert 'value="30"' in read(client)
    press(client, "chaos")
    assert chaos.read() == chaos.Trouble()


@pytest.mark.parametrize("share", ["120", "-1", "many", "nan"])
def test_a_share_that_cannot_be_is_refused(client: Client, shop: Shop, share: str) -> None:
    assert press(client, "chaos", duplicate=share).status_code == 422
    assert chaos.read() == chaos.Trouble()


def test_a_reset_asks_first_and_then_deletes_everything(client: Client, shop: Shop) -> None:
    shop.buy(shop.pro)
    press(client, "clock", jump="day")
    assert "Delete everything" in read(client, f"{HOME}reset")
    assert Product.objects.exists()
    assert press(client, "reset").status_code == 303
    assert not Product.objects.exists()
    assert not Customer.objects.exists()


def test_a_customer_s_page_tells_what_happened(client: Client, shop: Shop) -> None:
    shop.buy(shop.pro)
    customer = Customer.objects.get()
    page = read(client, f"{HOME}customers/{customer.pk}")
    for text in ("subscription.created", "Pro: active", "order.paid", "paid, $10.00", "granted"):
        assert text in page
    assert page.index("customer.state_changed") < page.index("subscription.created")
    assert str(customer.pk) in read(client, f"{HOME}customers")


def test_the_dashboard_opens_a_customer_s_portal(client: Client, shop: Shop) -> None:
    shop.buy(shop.pro)
    answer = press(client, f"customers/{Customer.objects.get().pk}/portal")
    assert "Your purchases" in client.get(answer["Location"]).content.decode()


def test_many_deliveries_come_in_pages(client: Client, shop: Shop) -> None:
    for number in range(30):
        shop.product(f"Book {number}", 100)
    first, second = read(client, f"{HOME}deliveries"), read(client, f"{HOME}deliveries?page=2")
    assert "Older" in first
    assert "Newer" in second
    assert "Older" in read(client, f"{HOME}deliveries?page=none")


@pytest.mark.parametrize("button", ["clock", "flush", "chaos", "reset"])
def test_another_site_cannot_press_the_buttons(shop: Shop, button: str) -> None:
    answer = Client(enforce_csrf_checks=True).post(f"{HOME}{button}", {"jump": "day"})
    assert answer.status_code == 403
    assert Product.objects.exists()


@pytest.mark.parametrize("kind", ["deliveries", "customers"])
def test_what_does_not_exist_is_not_found(client: Client, shop: Shop, kind: str) -> None:
    assert client.get(f"{HOME}{kind}/{shop.pro.pk}").status_code == 404


def test_names_are_text_never_markup(client: Client, shop: Shop) -> None:
    shop.buy(shop.product("<b>Bold</b>", 100), customer_name="<script>alert(1)</script>")
    customer = Customer.objects.get()
    for address in (HOME, f"{HOME}customers", f"{HOME}customers/{customer.pk}"):
        page = read(client, address)
        assert "<b>Bold" not in page
        assert "<script>" not in page


def test_the_pages_bring_their_own_stylesheet(client: Client, db: None) -> None:
    answer = client.get(f"{HOME}_assets/sandbox.css")
    assert answer["Content-Type"] == "text/css"
    assert client.get(f"{HOME}_assets/nothing.css").status_code == 404


def test_any_event_can_be_triggered_for_the_newest_object(
    client: Client, shop: Shop, receiver: Receiver
) -> None:
    delivery.flush()
    receiver.ids.clear()
    assert ">product.updated</option>" in read(client)
    answer = press(client, "trigger", type="product.updated")
    assert answer["Location"].endswith("?done=trigger")
    assert "sent to every endpoint" in read(client, answer["Location"])
    (event,) = WebhookEvent.objects.filter(type="product.updated", body__contains='"Gift"')[:1]
    assert receiver.ids == [str(event.id)]


def test_an_event_without_an_object_is_explained(client: Client, db: None) -> None:
    answer = press(client, "trigger", type="order.paid")
    assert answer.status_code == 400
    assert "There is no order yet" in answer.content.decode()
