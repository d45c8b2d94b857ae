"""What a refused request is answered, and that nobody is sent to another site."""

from asyncio import sleep
from urllib.parse import parse_qs, urlsplit

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import AnonymousUser
from django.http import HttpResponse
from django.test import RequestFactory

from polar_django.decorators import requires_benefit
from polar_django.exceptions import ConfigurationError
from polar_django.gating import Decision, Reason, refuse
from polar_django.gating.addresses import safe_next, way_back
from tests.entitlements.worlds import person

NO_USER = Decision(False, Reason.NO_USER, ("pro",))
NO_BENEFIT = Decision(False, Reason.NO_BENEFIT, ("pro",))
EITHER = Decision(False, Reason.NO_BENEFIT, ("pro", "team"))

JSON = {"Accept": "application/json"}
BROWSER = {"Accept": "text/html,application/xhtml+xml,application/json;q=0.9,*/*;q=0.8"}
HTMX = {"HX-Request": "true", "Accept": "*/*"}


@pytest.fixture(autouse=True)
def configured(settings):
    settings.POLAR_DJANGO = {"UPGRADE_URL": "/pricing/"}
    settings.LOGIN_URL = "/sign-in/"


def asked(path="/report/?page=2", *, method="get", **options):
    request = getattr(RequestFactory(), method)(path, **options)
    request.user = AnonymousUser()
    return request


def next_of(response):
    return parse_qs(urlsplit(response.url).query).get("next")


def test_a_visitor_is_sent_to_sign_in_and_back():
    response = refuse(asked(), NO_USER)
    assert response.status_code == 302
    assert response.url == "/sign-in/?next=/report/%3Fpage%3D2"


def test_who_lacks_the_benefit_is_sent_to_upgrade_and_back():
    response = refuse(asked("/report/", headers=BROWSER), NO_BENEFIT)
    assert (response.status_code, response.url) == (302, "/pricing/?benefit=pro&next=/report/")


def test_our_own_login_url_goes_before_that_of_django(settings):
    settings.POLAR_DJANGO = {"LOGIN_URL": "/enter/"}
    assert urlsplit(refuse(asked(), NO_USER).url).path == "/enter/"


@pytest.mark.urls("tests.gating.doors")
@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("pricing", "/pricing/?benefit=pro&next=/report/"),
        ("/plans/?from=gate", "/plans/?from=gate&benefit=pro&next=/report/"),
        (
            "https://shop.example.com/plans",
            "https://shop.example.com/plans?benefit=pro&next=/report/",
        ),
    ],
)
def test_the_upgrade_page_is_named_by_path_address_or_url_name(settings, given, expected):
    settings.POLAR_DJANGO = {"UPGRADE_URL": given}
    assert refuse(asked("/report/"), NO_BENEFIT).url == expected


def test_the_upgrade_page_learns_what_was_missing():
    assert refuse(asked("/report/"), EITHER).url == (
        "/pricing/?benefit=pro&benefit=team&next=/report/"
    )
    no_plan = Decision(False, Reason.NO_SUBSCRIPTION, ("yearly",))
    assert refuse(asked("/report/"), no_plan).url == "/pricing/?plan=yearly&next=/report/"
    any_plan = Decision(False, Reason.NO_SUBSCRIPTION)
    assert refuse(asked("/report/"), any_plan).url == "/pricing/?next=/report/"


def test_a_project_answers_in_its_own_way_and_leaves_the_rest_to_us(settings):
    def answer(request, decision):
        if decision.reason is Reason.NO_BENEFIT:
            return HttpResponse(f"Buy {decision.missing[0]}", status=402)

    settings.POLAR_DJANGO = {"REFUSAL": answer, "UPGRADE_URL": "/pricing/"}
    own = refuse(asked(), NO_BENEFIT)
    assert (own.status_code, own.content) == (402, b"Buy pro")
    assert "no-store" in own.headers["Cache-Control"]
    assert refuse(asked(), NO_USER).url.startswith("/sign-in/")


async def ask_first(request, decision):
    await sleep(0)
    return HttpResponse("Buy it", status=402) if decision.missing else None


def test_the_projects_answer_may_be_a_coroutine_function(settings, db):
    settings.POLAR_DJANGO = {
        "REFUSAL": "tests.gating.test_refusals.ask_first",
        "UPGRADE_URL": "/pricing/",
    }
    assert refuse(asked(), NO_BENEFIT).status_code == 402
    assert refuse(asked(), Decision(False, Reason.NO_BENEFIT)).status_code == 302

    async def view(request):
        raise AssertionError

    request = asked()
    request.user = AnonymousUser()
    answer = async_to_sync(requires_benefit("pro")(view))(request)
    assert answer.status_code == 402


def test_a_url_name_that_does_not_exist_says_which_setting_is_wrong(settings):
    settings.POLAR_DJANGO = {"UPGRADE_URL": "prcing"}
    with pytest.raises(ConfigurationError, match=r"UPGRADE_URL.*prcing"):
        refuse(asked(), NO_BENEFIT)


@pytest.mark.parametrize(
    "headers",
    [
        JSON,
        {"Accept": "application/vnd.api+json"},
        {"X-Requested-With": "XMLHttpRequest"},
        {"Accept": "*/*", "Sec-Fetch-Dest": "empty"},
    ],
)
def test_a_program_gets_json(headers):
    request = asked(headers=headers)
    response = refuse(request, NO_BENEFIT)
    assert response.status_code == 403
    assert response.headers["Content-Type"] == "application/json"
    assert b'"code": "benefit_required"' in response.content
    assert b'"benefit": "pro"' in response.content
    assert b'"benefit": ["pro", "team"]' in refuse(request, EITHER).content
    unknown = refuse(request, NO_USER)
    assert unknown.status_code == 401
    assert b'"code": "login_required"' in unknown.content


def test_who_posts_json_gets_json():
    request = asked(method="post", data="{}", content_type="application/json")
    assert refuse(request, NO_BENEFIT).status_code == 403


@pytest.mark.parametrize("headers", [{}, {"Accept": "*/*"}, BROWSER])
def test_whoever_may_be_a_browser_is_redirected(headers):
    assert refuse(asked(headers=headers), NO_BENEFIT).status_code == 302


def test_htmx_is_told_where_to_go_and_returns_to_the_page_not_the_fragment():
    current = {"HX-Current-URL": "http://testserver/report/?page=2"}
    response = refuse(asked("/fragment/", headers={**HTMX, **current}), NO_BENEFIT)
    assert response.status_code == 200
    assert response.headers["HX-Redirect"] == "/pricing/?benefit=pro&next=/report/%3Fpage%3D2"
    assert response.content == b""
    visitor = refuse(asked("/fragment/", headers={**HTMX, **current}), NO_USER)
    assert visitor.headers["HX-Redirect"] == "/sign-in/?next=/report/%3Fpage%3D2"


def test_htmx_on_another_sites_page_brings_no_way_back():
    elsewhere = {"HX-Current-URL": "https://evil.example/"}
    response = refuse(asked("/fragment/", headers={**HTMX, **elsewhere}), NO_BENEFIT)
    assert response.headers["HX-Redirect"] == "/pricing/?benefit=pro"


def test_after_a_post_the_way_back_is_the_page_of_the_form():
    form = {"Referer": "http://testserver/editor/?draft=1"}
    assert next_of(refuse(asked("/save/", method="post", headers=form), NO_BENEFIT)) == [
        "/editor/?draft=1"
    ]
    assert next_of(refuse(asked("/save/", method="post"), NO_BENEFIT)) is None


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/",
        "//evil.example/",
        "///evil.example/",
        "http://testserver//evil.example/",
        "http://testserver@evil.example/",
        "http://testserver.evil.example/",
        "/\\evil.example/",
        "\\\\evil.example/",
        "\x08//evil.example/",
        "javascript:alert(1)",
        "data:text/html,x",
        "evil.example",
        "http:///evil.example/",
        "",
        None,
    ],
)
def test_no_way_back_leads_to_another_site(address):
    assert safe_next(asked(), address) == ""


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("/report/?page=2#top", "/report/?page=2"),
        ("http://testserver/report/", "/report/"),
        ("http://testserver", "/"),
        ("/a?next=https://evil.example/", "/a?next=https://evil.example/"),
    ],
)
def test_a_way_back_on_this_site_is_kept_as_a_path(address, expected):
    assert safe_next(asked(), address) == expected


def test_a_secure_site_takes_no_insecure_way_back():
    assert safe_next(asked(secure=True), "http://testserver/report/") == ""
    assert safe_next(asked(secure=True), "https://testserver/report/") == "/report/"


def test_a_path_that_looks_like_a_host_stays_on_this_site():
    request = asked()
    request.path = request.path_info = "//evil.example/"
    assert way_back(request) in {"", "/%2Fevil.example/?page=2"}


def test_a_guarded_upgrade_page_explains_itself_instead_of_turning_in_circles(client):
    response = refuse(asked("/pricing/?next=/report/"), NO_BENEFIT)
    assert response.status_code == 403
    assert b"Your plan does not include this." in response.content
    assert b"<strong>pro</strong>" in response.content
    assert "no-store" in response.headers["Cache-Control"]
    assert refuse(asked("/sign-in/"), NO_USER).status_code == 403


def test_without_an_upgrade_page_the_template_is_shown(settings):
    settings.POLAR_DJANGO = {"UPGRADE_URL": ""}
    assert refuse(asked(headers=BROWSER), NO_BENEFIT).status_code == 403
    assert refuse(asked(headers=HTMX), NO_BENEFIT).status_code == 403


@pytest.mark.django_db
@pytest.mark.urls("tests.gating.doors")
def test_the_whole_way_through_a_client(client, settings):
    settings.POLAR_DJANGO = {"UPGRADE_URL": "/gated-pricing/"}
    assert client.get("/door/async-decorator/").url == "/sign-in/?next=/door/async-decorator/"
    client.force_login(person())
    answer = client.get("/door/mixin/", follow=True)
    assert answer.redirect_chain == [("/gated-pricing/?benefit=pro&next=/door/mixin/", 302)]
    assert answer.status_code == 403
    assert client.get("/door/dispatch/", headers=JSON).json() == {
        "code": "benefit_required",
        "benefit": "pro",
        "detail": "Your plan does not include this.",
    }
