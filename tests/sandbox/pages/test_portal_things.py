"""The portal's cards, payments, downloads, keys and e-mail, and what a change would cost."""

from typing import Any

import pytest
from django.test import Client

from polar_django.sandbox.engine import (
    catalog,
    files,
    license_checks,
    organization,
    schedule,
    sessions,
)
from polar_django.sandbox.models import (
    ORGANIZATION_ID,
    Customer,
    EmailChange,
    LicenseKey,
    LicenseKeyActivation,
    Order,
    PaymentMethod,
    Product,
    Subscription,
)
from tests.sandbox.conftest import DECLINES, FAILS_LATER, PAYS, Ears, Shop
from tests.sandbox.pages.test_portal import PORTAL, look, open_portal, post


def press(client: Client, token: str, path: str, **data: Any) -> Any:
    return client.post(f"{PORTAL}/{path}", {"customer_session_token": token, **data})


def told(client: Client, answer: Any) -> str:
    """What the portal says after a button."""
    assert answer.status_code == 303, answer.content.decode()
    return client.get(answer["Location"]).content.decode()


@pytest.fixture
def token(shop: Shop) -> str:
    """Ada has Pro."""
    shop.buy(shop.pro)
    return open_portal(Customer.objects.get())


def test_a_card_is_added_chosen_and_removed(client: Client, token: str) -> None:
    first = PaymentMethod.objects.get()
    assert "The card is kept" in told(client, press(client, token, "card", card=FAILS_LATER))
    added = PaymentMethod.objects.exclude(pk=first.pk).get()
    assert Customer.objects.get().default_payment_method == first

    press(client, token, f"cards/{added.pk}/choose")
    assert Customer.objects.get().default_payment_method == added
    press(client, token, f"cards/{first.pk}/choose")
    assert "forgotten" in told(client, press(client, token, f"cards/{added.pk}/remove"))
    assert "0341" not in look(client, token).partition("Add a card")[0]


def test_a_card_that_a_subscription_needs_stays(client: Client, token: str) -> None:
    answer = press(client, token, f"cards/{PaymentMethod.objects.get().pk}/remove")
    assert answer.status_code == 400
    assert "used by an active subscription" in answer.content.decode()


def test_what_a_renewal_could_not_charge_is_paid_in_the_portal(
    client: Client, shop: Shop, ears: Ears
) -> None:
    shop.buy(shop.pro, FAILS_LATER)
    schedule.advance(days=32)
    token = open_portal(Customer.objects.get())
    assert "$10.00 are waiting" in look(client, token)
    order = Order.objects.get(status="pending")

    declined = press(client, token, f"orders/{order.pk}/pay", card=DECLINES)
    assert declined.status_code == 400
    assert "declined" in declined.content.decode()
    assert Subscription.objects.get().status == "past_due"

    ears.events()
    assert "Paid." in told(client, press(client, token, f"orders/{order.pk}/pay", card=PAYS))
    assert Subscription.objects.get().status == "active"
    assert ears.types()[:4] == [
        "subscription.updated",
        "subscription.active",
        "order.updated",
        "order.paid",
    ]
    assert press(client, token, f"orders/{order.pk}/pay", card=PAYS).status_code == 422


def test_after_five_attempts_the_customer_has_to_wait(client: Client, shop: Shop) -> None:
    shop.buy(shop.pro, FAILS_LATER)
    schedule.advance(days=32)
    token = open_portal(Customer.objects.get())
    order = Order.objects.get(status="pending")
    for _ in range(5):
        press(client, token, f"orders/{order.pk}/pay", card=DECLINES)
    assert press(client, token, f"orders/{order.pk}/pay", card=PAYS).status_code == 429


def test_a_change_from_month_to_year_shows_its_sum_first(
    client: Client, shop: Shop, token: str
) -> None:
    yearly = shop.product("Pro, yearly", 10_000, interval="year", benefits=shop.benefits)
    path = f"{PORTAL}/subscriptions/{Subscription.objects.get().pk}/preview"
    query = {"customer_session_token": token, "product_id": yearly.pk, "behavior": "invoice"}
    page = client.get(path, query).content.decode()
    assert "$100.00 per year, instead of Pro\n" in page.replace("</p>", "\n")
    assert "Charged now" in page
    assert "$100.00" in page
    assert Subscription.objects.get().product == shop.pro
    assert Order.objects.count() == 1

    later = client.get(path, {**query, "behavior": "next_period"}).content.decode()
    assert "Nothing is charged now" in later
    press(
        client,
        token,
        f"subscriptions/{Subscription.objects.get().pk}/plan",
        product_id=yearly.pk,
        behavior="invoice",
    )
    assert Subscription.objects.get().product == yearly


def test_more_seats_show_their_sum_first(client: Client, shop: Shop) -> None:
    tiers = [{"min_seats": 1, "max_seats": None, "price_per_seat": 500}]
    per_seat = {"amount_type": "seat_based", "seat_tiers": {"tiers": tiers}}
    shop.buy(shop.product("Team", 0, interval="month", prices=[per_seat]), seats=2)
    customer = Customer.objects.get()
    owner = customer.members.get(role="owner")
    data = {"customer_id": customer.id, "member_id": owner.id}
    token = sessions.create_customer_session(data).token
    path = f"{PORTAL}/subscriptions/{Subscription.objects.get().pk}/preview"
    query = {"customer_session_token": token, "seats": "4", "behavior": "prorate"}
    page = client.get(path, query).content.decode()
    assert "4 seats of Team" in page
    assert "Instead of 2" in page
    assert "On the next invoice" in page
    assert client.get(path, {**query, "seats": "many"}).status_code == 422
    assert Subscription.objects.get().seats == 2


def test_a_preview_is_the_customers_own(client: Client, shop: Shop, token: str) -> None:
    shop.buy(shop.free, card=None, customer_email="eve@example.com")
    eve = open_portal(Customer.objects.get(email="eve@example.com"))
    ada = Subscription.objects.get(product=shop.pro)
    path = f"{PORTAL}/subscriptions/{ada.pk}/preview"
    query = {"customer_session_token": eve, "product_id": Product.objects.last().pk}
    assert client.get(path, query).status_code == 404
    assert client.get(path, {**query, "customer_session_token": ""}).status_code == 401


def test_a_file_is_downloaded_by_who_holds_it_only(client: Client, shop: Shop) -> None:
    data = {"name": "book.txt", "mime_type": "text/html", "size": 4, "service": "downloadable"}
    file = files.create_file(data)
    files.receive_content(file, b"Once")
    files.complete_upload(file)
    benefit = catalog.create_benefit(
        {"type": "downloadables", "description": "Book", "properties": {"files": [str(file.id)]}}
    )
    catalog.set_product_benefits(shop.pro, [benefit.id])
    shop.buy(shop.pro)
    token = open_portal(Customer.objects.get())
    address = look(client, token).split('href="/sandbox/v1/customer-portal/downloadables/')[1]
    address = "/sandbox/v1/customer-portal/downloadables/" + address.partition('"')[0]

    answer = client.get(address)
    assert answer.content == b"Once"
    assert answer["Content-Disposition"] == 'attachment; filename="book.txt"'
    assert answer["Content-Type"] == "application/octet-stream"
    assert file.downloads.get().customer == Customer.objects.get()
    assert client.get(f"/sandbox/v1/files/{file.id}/content").status_code == 404
    assert client.get(address[:-3] + "xyz").status_code == 404

    post(client, token, "cancel")
    schedule.advance(minutes=61)
    assert client.get(address).status_code == 404


@pytest.mark.parametrize("may_see", [True, False])
def test_a_place_of_a_key_is_freed_where_the_seller_allows_it(
    client: Client, shop: Shop, may_see: bool
) -> None:
    activations = {"limit": 1, "enable_customer_admin": may_see}
    benefit = catalog.create_benefit(
        {
            "type": "license_keys",
            "description": "A key",
            "properties": {"activations": activations},
        }
    )
    catalog.set_product_benefits(shop.pro, [benefit.id])
    shop.buy(shop.pro)
    known = {"key": LicenseKey.objects.get().key, "organization_id": ORGANIZATION_ID}
    activation = license_checks.activate_key({**known, "label": "laptop"})
    token = open_portal(Customer.objects.get())
    assert ("In use: laptop" in look(client, token)) is may_see

    answer = press(client, token, f"activations/{activation.id}/remove")
    assert answer.status_code == (303 if may_see else 404)
    live = LicenseKeyActivation.objects.filter(deleted_at=None)
    assert live.exists() is not may_see


def test_an_email_changes_once_the_mails_link_is_followed(client: Client, token: str) -> None:
    assert "New address" not in look(client, token)
    assert press(client, token, "email", email="new@example.com").status_code == 403
    settings = organization.get_organization().settings["customer_portal_settings"]
    organization.update_organization(
        {"customer_portal_settings": {**settings, "customer": {"allow_email_change": True}}}
    )
    assert press(client, token, "email", email="nothing").status_code == 422
    assert "mail with a link" in told(
        client, press(client, token, "email", email="new@example.com")
    )
    customer = Customer.objects.get()
    assert customer.email == "ada@example.com"
    assert "new@example.com" in client.get(f"/sandbox/customers/{customer.pk}").content.decode()

    link = f"{PORTAL}/email/{EmailChange.objects.get().token}"
    assert "new@example.com" in client.get(link).content.decode()
    assert "counts from now on" in told(client, client.post(link))
    customer.refresh_from_db()
    assert (customer.email, customer.email_verified) == ("new@example.com", True)
    assert client.post(link).status_code == 401
