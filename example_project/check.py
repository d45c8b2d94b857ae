"""`--check`: a buyer's way through the shop over HTTP: buy, get in, cancel, get out."""

import re
import time
from collections.abc import Callable
from html import unescape
from urllib.parse import urljoin

import httpx

PATIENCE = 60.0  # seconds for what a worker does in the background


class CheckFailed(Exception):
    """A step did not do what the shop promises; the message says which."""


def walk(here: str) -> None:
    """Buy the monthly plan as Ada, see the gate open, cancel, see it close. Raises CheckFailed."""
    with httpx.Client(base_url=here, timeout=PATIENCE, follow_redirects=True) as buyer:
        step("the pricing page shows the plan", lambda: "$9" in buyer.get("/pricing/").text)
        _sign_in(buyer, "ada")
        page = buyer.get("/write/")
        _expect(page.url.path == "/pricing/", f"/write/ was open before paying ({page.url.path})")

        checkout = buyer.get("/billing/checkout/pro/", params={"next": "/write/"})
        _expect(checkout.status_code == 200, f"the checkout page answered {checkout.status_code}")
        pay_page = _submit(buyer, checkout)
        _expect("/sandbox/checkout/" in str(pay_page.url), f"no pay page, but {pay_page.url}")
        with_total = _submit(buyer, pay_page, country="NL", action="update")
        landed = _submit(buyer, with_total, country="NL", card="4242 4242 4242 4242", action="pay")
        step("the paid page opens", lambda: buyer.get("/write/").url.path == "/write/", landed)
        # Each fact comes with a delivery of its own, and workers take them as they can.
        step("the export API opens", lambda: buyer.get("/api/export/").status_code == 200)
        step("the account page shows the renewal", lambda: "Renews on" in _account(buyer))

        portal = buyer.get("/billing/portal/")
        _expect("/sandbox/portal" in str(portal.url), f"no portal, but {portal.url}")
        _submit(buyer, portal, containing="cancel")
        step("the account page says it ends", lambda: "will not renew" in _account(buyer))
        _expect(buyer.get("/write/").url.path == "/write/", "access ended with the cancellation")

        moved = buyer.post("/sandbox/_control/clock", json={"advance_days": 32})
        _expect(moved.status_code == 200, f"the sandbox's clock answered {moved.status_code}")
        step("the page closes when the period ends", lambda: _is_closed(buyer))
        step("the export API closes", lambda: buyer.get("/api/export/").status_code == 403)


def step(what: str, holds: Callable[[], bool], shown: httpx.Response | None = None) -> None:
    """Wait until the claim holds, and say so."""
    deadline = time.monotonic() + PATIENCE
    while not holds():
        if time.monotonic() > deadline:
            where = f" (last page: {shown.status_code} {shown.url.path})" if shown else ""
            raise CheckFailed(f"not so after {PATIENCE:.0f} s: {what}{where}")
        time.sleep(0.2)
    print(f"  ok  {what}", flush=True)


def _account(buyer: httpx.Client) -> str:
    return buyer.get("/account/").text


def _is_closed(buyer: httpx.Client) -> bool:
    return buyer.get("/write/").url.path == "/pricing/"


def _expect(holds: bool, otherwise: str) -> None:
    if not holds:
        raise CheckFailed(otherwise)


def _sign_in(buyer: httpx.Client, name: str) -> None:
    page = buyer.get("/accounts/login/")
    fields = {"username": name, "password": "inkwell", "csrfmiddlewaretoken": _token(page.text)}
    answer = buyer.post("/accounts/login/", data=fields)
    _expect("Sign out" in answer.text, "signing in failed")


def _token(html: str) -> str:
    found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', html)
    return found.group(1) if found else ""


def _submit(
    buyer: httpx.Client, page: httpx.Response, *, containing: str = "", **filled: str
) -> httpx.Response:
    """Send the page's form (the first whose tag or buttons hold the text), as a browser would."""
    for tag, inner in re.findall(r"(?s)(<form\b[^>]*>)(.*?)</form>", page.text):
        is_ours = 'method="post"' in tag and "logout" not in tag
        if is_ours and containing in (tag + inner).lower():
            action = re.search(r'action="([^"]*)"', tag)
            target = unescape(action.group(1)) if action else ""
            return buyer.post(
                urljoin(str(page.url), target or str(page.url)), data={**_fields(inner), **filled}
            )
    raise CheckFailed(f"{page.url.path} has no form to send {containing}")


def _fields(form: str) -> dict[str, str]:
    """What a browser sends untouched: inputs with a value, checked choices, the first button."""
    sent: dict[str, str] = {}
    for tag in re.findall(r"<input\b[^>]*>", form):
        name, value = _attribute(tag, "name"), _attribute(tag, "value")
        kind = _attribute(tag, "type")
        if name and (kind not in {"radio", "checkbox"} or re.search(r"\bchecked\b", tag)):
            sent.setdefault(name, value)
    for name, inner in re.findall(r'(?s)<select\b[^>]*name="([^"]+)"[^>]*>(.*?)</select>', form):
        options = re.findall(r"<option\b[^>]*>", inner)
        chosen = [option for option in options if "selected" in option] or options
        sent[name] = _attribute(chosen[0], "value") if chosen else ""
    for tag in re.findall(r"<button\b[^>]*>", form)[:1]:
        if name := _attribute(tag, "name"):
            sent[name] = _attribute(tag, "value")
    return sent


def _attribute(tag: str, name: str) -> str:
    found = re.search(rf'\b{name}="([^"]*)"', tag)
    return unescape(found.group(1)) if found else ""
