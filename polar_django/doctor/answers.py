"""What an answer to a delivery means: ours, or somebody's who stands in the way."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit

from django.conf import settings as django_settings
from django.shortcuts import resolve_url
from django.urls import NoReverseMatch

from polar_django.doctor.case import Case
from polar_django.doctor.findings import Finding

__all__ = ["Answer", "faults_of_answer"]

_FAILS = "To the provider everything but 2xx is a failure, and it follows no redirect."
_KNOWN = "This delivery is known."


@dataclass(frozen=True, slots=True)
class Answer:
    """`is_ours` where our view gave it; `is_known` where it knew the rehearsal."""

    status: int
    location: str
    is_ours: bool
    is_known: bool
    names_csrf: bool

    @classmethod
    def of(cls, status: int, headers: Mapping[str, str], body: bytes) -> Self:
        try:
            detail = json.loads(body).get("detail")
        except (ValueError, AttributeError):
            detail = None
        return cls(
            status=status,
            location=headers.get("location", ""),
            is_ours=isinstance(detail, str) and not 300 <= status < 400,
            is_known=detail == _KNOWN,
            names_csrf=b"csrf" in body.lower(),
        )


def faults_of_answer(case: Case, answer: Answer, url: str) -> Iterator[Finding]:
    """What is wrong with that answer to a signed delivery to `url`; nothing where all is well."""
    if answer.is_ours and answer.status == case.provider.accepted_status:
        return
    if 300 <= answer.status < 400:
        yield _redirected(answer, url)
    elif answer.is_ours and answer.status in _OURS:
        code, why, fix = _OURS[answer.status]
        yield _finding(code, answer, url, why, fix)
    elif answer.status == 403 and answer.names_csrf:
        yield _finding(
            "delivery-csrf",
            answer,
            url,
            "A provider has no CSRF token. The view is exempt, so something hides that it is.",
            "Let nothing wrap the view of polar_django.urls without functools.wraps, and use "
            "django.middleware.csrf.CsrfViewMiddleware or one that obeys `csrf_exempt`.",
        )
    elif answer.status == 404:
        yield _finding(
            "delivery-not-found",
            answer,
            url,
            _FAILS,
            "Compare the address with where polar_django.urls is included: "
            "python manage.py polar_webhook status",
        )
    elif answer.status >= 500:
        yield _finding(
            "delivery-crashed",
            answer,
            url,
            "It is repeated, and after ten such events the endpoint is disabled.",
            "Look at the error in the project's log.",
        )
    elif answer.status < 300:
        yield _finding(
            "delivery-swallowed",
            answer,
            url,
            "The provider takes it as delivered, and nothing is stored: it is lost.",
            "Let nothing answer this address before the view of polar_django.urls.",
        )
    else:
        yield _finding(
            "delivery-blocked",
            answer,
            url,
            _FAILS,
            f"Let what answers there except {urlsplit(url).path}.",
        )


# What the view itself answers, and should not.
_OURS: Mapping[int, tuple[str, str, str]] = {
    403: (
        "delivery-untrusted",
        "A delivery that is rightly signed is not believed: something changes its body or "
        "headers, or the site runs with other secrets.",
        "Restart the site after changing secrets; let no middleware or proxy change the body.",
    ),
    413: (
        "delivery-too-large",
        "Deliveries of this size are refused, and larger ones are usual.",
        "Raise POLAR_DJANGO['MAX_WEBHOOK_BYTES'], or remove it for the default.",
    ),
    503: (
        "delivery-unconfigured",
        "Deliveries cannot be verified or not be stored.",
        "Set POLAR_WEBHOOK_SECRET where the site runs, and see its log.",
    ),
}


def _redirected(answer: Answer, url: str) -> Finding:
    there, here = urlsplit(answer.location), urlsplit(url)
    target = f"{there.scheme}://{there.netloc}{there.path}" if there.netloc else there.path
    if there.path and there.path == _login_path():
        return _finding(
            "delivery-needs-login",
            answer,
            url,
            "A provider cannot sign in, and follows no redirect.",
            f"Let the middleware that asks for a login except {here.path}, or obey "
            "`login_not_required`.",
        )
    if there.scheme == "https" and here.scheme == "http":
        fix = f"python manage.py polar_webhook ensure --url {target}"
    elif there.path.rstrip("/") == here.path.rstrip("/") and there.scheme == here.scheme == "https":
        fix = (
            "Behind a proxy that ends TLS, set SECURE_PROXY_SSL_HEADER to the header it sends; "
            f"else register {target}."
        )
    else:
        fix = (
            "Register the address it leads to, or stop the redirect: python manage.py "
            f"polar_webhook ensure --url {target}"
        )
    return Finding(
        code="delivery-redirected",
        what=f"A delivery to {url} is answered {answer.status} to {target}.",
        why=_FAILS,
        fix=fix,
    )


def _login_path() -> str:
    try:
        return urlsplit(resolve_url(django_settings.LOGIN_URL)).path
    except NoReverseMatch:
        return ""


def _finding(code: str, answer: Answer, url: str, why: str, fix: str) -> Finding:
    said = f"{answer.status} by our view" if answer.is_ours else f"{answer.status}, not by our view"
    return Finding(code=code, what=f"A delivery to {url} is answered {said}.", why=why, fix=fix)
