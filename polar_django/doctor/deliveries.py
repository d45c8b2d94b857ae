"""A delivery sent to ourselves: to the view through the project's middleware, and to the public
address over the network."""

from collections.abc import Iterator
from time import monotonic
from urllib.parse import SplitResult, urlsplit

import httpx
from django.conf import settings as django_settings
from django.http.request import split_domain_port, validate_host
from django.test import Client, RequestFactory
from django.urls import get_script_prefix

from polar_django.doctor.answers import Answer, faults_of_answer
from polar_django.doctor.case import Case
from polar_django.doctor.findings import Finding, Level, NotApplicable
from polar_django.doctor.middleware import find_blocking_middleware
from polar_django.webhooks.endpoints import webhook_path
from polar_django.webhooks.rehearsal import BODY, rehearsed, signed_headers

__all__ = ["look_at_address", "look_at_view", "open_client"]

_GIVES_UP = 10.0
_SLOW = 2.0


def look_at_view(case: Case) -> Iterator[Finding]:
    """A signed delivery through this project's own middleware and view, in this process.

    Three statements; nothing of it stays.
    """
    target = _target(case)
    host = target.netloc
    if not validate_host(split_domain_port(host)[0], _allowed_hosts()):
        yield Finding(
            code="host-refused",
            what=f"ALLOWED_HOSTS does not have {target.hostname}, where deliveries are sent.",
            why="Django answers each of them 400.",
            fix=f"Add {target.hostname!r} to ALLOWED_HOSTS.",
        )
        return
    path = target.path
    prefix = get_script_prefix().rstrip("/")
    inner = path.removeprefix(prefix) if path.startswith(f"{prefix}/") else path
    with rehearsed(case.provider_name) as message_id:
        headers = {**signed_headers(case.key, message_id), "host": host}
        secure = target.scheme == "https"
        # The client of Django's tests is the way through all middleware that needs no socket.
        client = Client(enforce_csrf_checks=True, raise_request_exception=False)
        response = client.post(
            inner, data=BODY, content_type="application/json", headers=headers, secure=secure
        )
        answer = Answer.of(response.status_code, response.headers, response.content)
        url = f"{target.scheme}://{host}{path}"
        found = list(faults_of_answer(case, answer, url))
        if found and not answer.is_ours:
            request = RequestFactory().post(
                inner, data=BODY, content_type="application/json", headers=headers, secure=secure
            )
            found = [_with_culprit(each, find_blocking_middleware(request)) for each in found]
    yield from found


def look_at_address(case: Case) -> Iterator[Finding]:
    """A signed delivery to the public address, as the provider would send it. One request."""
    if not case.public_address:
        raise NotApplicable("no --url was given")
    url = case.public_address
    parts = urlsplit(url)
    # A sandbox of our own, reached without TLS itself, delivers without it too.
    if parts.scheme == "http" and not case.settings.server.startswith("http://"):
        yield Finding(
            code="address-insecure",
            what=f"{url} has no TLS.",
            why="Polar delivers to https:// only, and what is sent names customers.",
            fix="Serve the site by https://, and give that address.",
        )
    with rehearsed(case.provider_name) as message_id, open_client() as client:
        headers = {**signed_headers(case.key, message_id), "content-type": "application/json"}
        began = monotonic()
        try:
            response = client.post(url, content=BODY, headers=headers)
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
            yield _unreachable(url, error)
            return
        took = monotonic() - began
    answer = Answer.of(response.status_code, response.headers, response.content)
    found = list(faults_of_answer(case, answer, url))
    yield from found
    if not found and not answer.is_known:
        yield Finding(
            code="address-elsewhere",
            what=f"{url} stores what it is sent, but not in this database.",
            why="Deliveries go to another installation than the one examined.",
            fix="Run polar_doctor where that site runs, or give the address of this one.",
        )
    if took > _SLOW:
        yield Finding(
            code="address-slow",
            what=f"{url} took {took:.1f} seconds to answer a delivery.",
            why="Polar gives up after ten, and counts that as a failure.",
            fix="Look for slow middleware, and for too few web processes.",
            level=Level.WARNING,
        )


def open_client() -> httpx.Client:
    """What speaks to the public address. Tests replace it with one that stays inside."""
    return httpx.Client(timeout=_GIVES_UP, follow_redirects=False)


def _target(case: Case) -> SplitResult:
    """Where the delivery is for: the known address, else our path on a host that we allow."""
    if case.address:
        return urlsplit(case.address)
    named = [host.lstrip(".") for host in _allowed_hosts() if host != "*"]
    scheme = "https" if django_settings.SECURE_SSL_REDIRECT else "http"
    host = named[0] if named else "localhost"
    return urlsplit(f"{scheme}://{host}{webhook_path(case.provider_name)}")


def _allowed_hosts() -> list[str]:
    """As `HttpRequest.get_host` has them."""
    if django_settings.DEBUG and not django_settings.ALLOWED_HOSTS:
        return [".localhost", "127.0.0.1", "[::1]"]
    return list(django_settings.ALLOWED_HOSTS)


def _with_culprit(finding: Finding, culprit: str) -> Finding:
    if not culprit:
        return finding
    return Finding(
        code=finding.code,
        what=f"{finding.what} It is {culprit} that answers.",
        why=finding.why,
        fix=finding.fix,
        level=finding.level,
    )


def _unreachable(url: str, error: Exception) -> Finding:
    text = str(error).lower()
    is_tls = "certificate" in text or "ssl" in text
    return Finding(
        code="address-untrusted" if is_tls else "address-unreachable",
        what=f"{url} cannot be reached from here ({type(error).__name__}"
        + (": its certificate is not accepted)." if is_tls else ")."),
        why="A provider that cannot reach it either delivers nothing.",
        fix="Renew the certificate, with its whole chain."
        if is_tls
        else "Check the address, DNS and the web server. From inside some networks a public "
        "address cannot be reached: then run polar_doctor from outside.",
    )
