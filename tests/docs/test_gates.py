"""docs/gates.md: its code runs, its tables are the code's."""

import re
from decimal import Decimal

import pytest
from asgiref.sync import async_to_sync
from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from rest_framework.test import APIRequestFactory, force_authenticate

from polar_django.conf import AccessPolicy, get_settings
from polar_django.entitlements import has_benefit
from polar_django.gating import Decision, Reason
from polar_django.models import Seat
from polar_django.providers.access import Access, access_of
from polar_django.snapshots import SubscriptionSnapshot
from tests.billing.fixtures import ada, service  # noqa: F401
from tests.billing.teamwork import buy_seats
from tests.docs.blocks import ROOT, blocks
from tests.entitlements.worlds import again, benefit, grant, person
from tests.mirror.worlds import mirror_all

pytestmark = pytest.mark.django_db
PAGE = ROOT / "docs" / "gates.md"
TEXT = PAGE.read_text("utf-8")


def names_of(file):
    """What the page's block of that file defines, once it has run."""
    found = [block for block in blocks(PAGE) if block.file == file]
    names = {}
    for block in found:
        exec(compile(block.text, file, "exec"), names)
    assert found, file
    return names


def asked_by(user, rf):
    request = rf.get("/")
    request.user = user
    return request


def test_every_door_of_the_page_opens_for_holders_only(rf):
    views = names_of("views.py")
    holder, other = person(), person()
    for key in ("pro", "export", "api"):
        grant(holder, key)
    for name in ("report", "live_report", "Export", "Charts"):
        view = getattr(views[name], "as_view", lambda view=views[name]: view)()
        call = async_to_sync(view) if name == "live_report" else view
        assert call(asked_by(again(holder), rf)).status_code == 200, name
        assert call(asked_by(again(other), rf)).status_code == 302, name
    assert views["members_page"](asked_by(holder, rf)).status_code == 302
    for user, status in ((holder, 200), (other, 403)):
        request = APIRequestFactory().get("/")
        force_authenticate(request, again(user))
        assert views["Things"].as_view()(request).status_code == status


def test_the_questions_of_the_page_are_answered():
    tasks = names_of("tasks.py")
    holder, other = person(email="holder@example.com"), person()
    benefit("export", metadata={"projects": "10"})
    grant(holder, "export")
    grant(holder, "pro")
    assert tasks["nightly_export"](other) is None
    told = tasks["nightly_export"](again(holder))
    assert told == {
        "keys": ["export", "pro"],
        "projects": Decimal(10),
        "plan": None,
        "owns the book": False,
    }
    assert async_to_sync(tasks["greet"])(again(holder)) == (True, 0)
    assert tasks["badges"]([again(holder), again(other)]) == [True, False]
    assert list(tasks["mail_everybody_with_pro"]()) == ["holder@example.com"]


def test_the_settings_of_the_page_are_settings(settings):
    named = names_of("settings.py")
    settings.POLAR_DJANGO = named["POLAR_DJANGO"]
    settings.AUTHENTICATION_BACKENDS = named["AUTHENTICATION_BACKENDS"]
    policy = get_settings().access_policy("mine")
    assert policy.past_due_days == 3
    holder = person()
    grant(holder, "pro")
    assert holder.has_perm("polar.benefit_pro")


def test_the_projects_own_answer_is_for_its_case_only(rf):
    answer = names_of("refusals.py")["answer"]
    beta = answer(rf.get("/"), Decision(False, Reason.NO_BENEFIT, ("beta",)))
    assert isinstance(beta, HttpResponse)
    assert answer(rf.get("/"), Decision(False, Reason.NO_BENEFIT, ("pro",))) is None


def test_support_gives_and_takes():
    support = names_of("support.py")
    someone = person()
    support["say_sorry"](someone)
    assert has_benefit(again(someone), "pro")
    support["that_is_enough"](someone)
    assert not has_benefit(again(someone), "pro")


def test_a_team_is_seated(service, ada, rf):  # noqa: F811
    team = names_of("team.py")
    bought = buy_seats(service, ada)
    colleague = person("grace", email="grace@example.com")
    seat = team["add_colleague"](bought, colleague)
    mirror_all()
    assert has_benefit(again(colleague), "team")
    team["invite"](bought, "x@example.com")
    team["accept"](asked_by(person("x"), rf), "token-x@example.com")
    team["remove"](seat)
    assert set(Seat.objects.values_list("status", flat=True)) == {"claimed", "revoked"}


def test_the_policy_table_is_the_policy():
    section = TEXT.partition("## When a subscription gives access")[2].partition("```")[0]
    rows = re.findall(r"^\| `(\w+)` \| ([^|]+) \|", section, re.M)
    assert len(rows) == 8
    end = timezone.now()
    said = {
        "yes": Access(True),
        "no": Access(False),
        "to the end of the paid period": Access(True, end),
    }
    for status, default in rows:
        stands = SubscriptionSnapshot(
            id="sub", status=status, current_period_end=end, past_due_at=end
        )
        assert access_of(stands, AccessPolicy()) == said[default.strip()], status


def test_the_pages_that_it_names_exist():
    assert reverse("polar:seats").endswith("/seats/")
    assert reverse("polar:seat-claim", args=["token"]).endswith("/seats/claim/token/")
