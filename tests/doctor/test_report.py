import json
import re
from io import StringIO
from pathlib import Path

from django.core.management import call_command
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from polar_django import doctor
from polar_django.doctor import deliveries
from polar_django.doctor.examinations import EXAMINATIONS
from polar_django.exceptions import ProviderUnavailable
from polar_django.models import WebhookDelivery
from polar_django.webhooks import inbox

PAGE = (Path(__file__).parents[2] / "docs" / "doctor.md").read_text("utf-8")
SOURCES = [path.read_text("utf-8") for path in Path(doctor.__file__).parent.glob("*.py")]


def test_an_installation_in_which_all_is_well(diagnose, settings):
    told = diagnose("--url", "http://testserver")
    assert told.text == f"All is well: {len(told.report['examined'])} examinations.\n"
    assert told.exit_code == 0
    assert told.report["healthy"] is True
    assert told.report["findings"] == []
    # What was skipped has a reason, and nothing was forgotten.
    names = {examination.name for examination in EXAMINATIONS}
    assert set(told.report["examined"]) | set(told.report["skipped"]) == names
    assert set(told.report["skipped"]) == {
        "broker",
        "worker",
        "beat",
        "reconcile",
        "benefits",
        "gates",
        "clock",
    }


def test_it_is_silent_when_asked_to_be(well):
    out = StringIO()
    call_command("polar_doctor", verbosity=0, stdout=out)
    assert out.getvalue() == ""


def test_what_was_not_examined_is_told_when_asked_for(well):
    out = StringIO()
    call_command("polar_doctor", verbosity=2, stdout=out)
    assert "not examined: broker (PROCESS_INLINE is on: no worker is needed)" in out.getvalue()


def test_each_finding_says_what_why_and_what_to_type(diagnose, configured):
    configured(ACCESS_TOKEN="polar_oat_wrong", MAX_WEBHOOK_BYTES=10, PLANS={})
    told = diagnose()
    assert set(told.findings) == {"token-refused", "delivery-too-large"}
    for finding in told.findings.values():
        assert set(finding) == {"code", "what", "why", "fix", "level"}
        assert all(finding.values())
        for part in ("what", "why", "fix"):
            # Wrapped on the terminal, but all of it, and addresses whole.
            assert " ".join(finding[part].split()) in " ".join(told.text.split())
    assert "2 errors, 0 warnings." in told.text


def test_nothing_that_is_printed_is_secret(diagnose, configured, settings):
    configured(
        ACCESS_TOKEN="polar_oat_wrong_and_secret",
        WEBHOOK_SECRETS=["whsec_" + "geheim" * 8],
    )
    told = diagnose("--url", "http://testserver")
    assert told.findings
    for secret in ("polar_oat_wrong", "geheim", settings.POLAR_SANDBOX["WEBHOOK_SECRET"]):
        assert secret not in told.text
        assert secret not in json.dumps(told.report)


def test_settings_that_cannot_be_read_are_the_only_finding(diagnose, settings):
    settings.POLAR_DJANGO = {"ACESS_TOKEN": "x"}
    told = diagnose()
    finding = told.only("polar_django.E001")
    assert "Did you mean 'ACCESS_TOKEN'?" in finding["what"]
    assert "settings.md" in finding["fix"]
    assert told.exit_code == 1


def test_a_project_without_token_and_secret_is_told_so_once(diagnose, configured):
    configured(ACCESS_TOKEN="", WEBHOOK_SECRETS=[])
    told = diagnose()
    assert set(told.findings) == {"polar_django.W001", "polar_django.W002"}


def test_a_migration_that_was_not_applied(diagnose, db):
    applied = MigrationRecorder(connection).migration_qs.filter(app="polar_django")
    applied.delete()
    told = diagnose()
    finding = told.only("migrations-missing")
    assert finding["fix"] == "python manage.py migrate polar_django"
    assert told.report["skipped"]["inbox"] == "database has to be mended first"


def test_a_crash_in_one_examination_is_a_finding_and_stops_no_other(
    diagnose, monkeypatch, configured
):
    def crash(*args):
        raise RuntimeError("ada@example.com is in the way")

    monkeypatch.setattr(inbox, "backlog", crash)
    configured(MAX_WEBHOOK_BYTES=10)
    told = diagnose()
    assert set(told.findings) == {"examination-failed", "delivery-too-large"}
    assert "inbox" in told.findings["examination-failed"]["what"]
    assert "RuntimeError" in told.findings["examination-failed"]["what"]
    assert "ada@example.com" not in told.text


def test_a_provider_that_fails_in_the_middle_leaves_the_rest_examined(diagnose, monkeypatch):
    def fail(*args, **kwargs):
        raise ProviderUnavailable("GET /v1/webhooks/endpoints was answered 500: try again later.")

    monkeypatch.setattr("polar_django.providers.polar.endpoints.PolarEndpoints.all", fail)
    told = diagnose()
    assert "was answered 500" in told.text
    assert "view" in told.report["examined"]
    assert "inbox" in told.report["examined"]


def test_a_provider_that_cannot_be_asked_is_examined_as_far_as_it_goes(
    diagnose, settings, configured
):
    settings.POLAR_DJANGO = {
        **settings.POLAR_DJANGO,
        "PROVIDERS": {"fake": {"CLASS": "tests.doctor.providers.PlainProvider"}},
    }
    configured(PLANS={})
    told = diagnose("--provider", "fake")
    assert "cannot be asked about its token" in told.report["skipped"]["token"]
    assert told.report["skipped"]["endpoint"] == ("fake does not let its endpoints be looked at")
    assert told.only("mirror-empty")["level"] == "warning"


def test_the_rehearsal_is_taken_away_even_when_the_delivery_crashes(diagnose, monkeypatch, well):
    def crash():
        raise RuntimeError

    monkeypatch.setattr(deliveries, "open_client", crash)
    before = WebhookDelivery.objects.count()
    assert "examination-failed" in diagnose("--url", "http://testserver").findings
    assert WebhookDelivery.objects.count() == before


def test_the_page_describes_every_finding_and_no_other():
    described = re.findall(r"^\| `([a-z-]+)` \| (.+) \| (.+) \|$", PAGE, re.MULTILINE)
    used = {code for source in SOURCES for code in re.findall(r'code="([a-z-]+)"', source)}
    # Those of an answer stand in a table, or are handed to a function.
    for source in SOURCES:
        used |= set(re.findall(r'^ +"(delivery-[a-z-]+)",$', source, re.MULTILINE))
        used |= {
            code
            for line in re.findall(r"code=(.+) if is_tls else (.+),", source)
            for code in (part.strip('"') for part in line)
        }
    assert len(used) > 40
    assert [code for code, _, _ in described] == sorted({code for code, _, _ in described})
    assert {code for code, _, _ in described} == used


def test_the_page_lists_the_examinations_in_their_order():
    section = PAGE.partition("## What is examined")[2].partition("\n## ")[0]
    listed = re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)
    assert listed == [examination.name for examination in EXAMINATIONS]


def test_what_an_examination_needs_stands_before_it():
    seen: set[str] = set()
    for examination in EXAMINATIONS:
        assert set(examination.needs) <= seen, examination.name
        seen.add(examination.name)
