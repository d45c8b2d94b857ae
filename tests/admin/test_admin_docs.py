"""docs/admin.md names the permissions that there are."""

import re

from django.contrib import admin
from django.contrib.auth.models import Permission

from tests.docs.blocks import ROOT


def test_every_permission_is_described_and_exists(db):
    text = (ROOT / "docs" / "admin.md").read_text("utf-8")
    described = set(re.findall(r"\| `(\w+)` \|$", text, re.M))
    wanted = {
        action.permission.removeprefix("polar_django.")
        for page in admin.site._registry.values()
        for action in getattr(page, "staff_actions", ())
    }
    assert described == wanted | {"view_personal_data"}
    known = Permission.objects.filter(content_type__app_label="polar_django")
    assert described <= set(known.values_list("codename", flat=True))
