"""The way of one webhook through the code, as docs/how-a-webhook-travels.md tells it."""

import inspect
import traceback
from pathlib import Path

import pytest
from django.db import connection

import polar_django
from polar_django.models import Subscription, WebhookDelivery
from polar_django.tasks import drain_inbox
from tests.webhooks.deliveries import post, subscription_body

ROOT = Path(inspect.getfile(polar_django)).parent
PAGE = ROOT.parent / "docs" / "how-a-webhook-travels.md"
# What Django's `save` would be: the statement that was put together before.
ORM = ROOT / "models"
SIX = ["receive", "store", "drain_inbox", "drain", "apply_versions", "write_rows"]


class Ways:
    """The functions of this package that lead to each INSERT, by table."""

    def __init__(self):
        self.to = {}

    def __call__(self, execute, sql, params, many, context):
        for model in (WebhookDelivery, Subscription):
            table = connection.ops.quote_name(model._meta.db_table)
            if sql.startswith(f"INSERT INTO {table} "):
                self.to[model] = [
                    frame.name
                    for frame in traceback.extract_stack()
                    if ROOT in (file := Path(frame.filename)).parents and ORM not in file.parents
                ]
        return execute(sql, params, many, context)


@pytest.mark.django_db
@pytest.mark.usefixtures("wakes")
def test_six_functions_lead_from_the_view_to_the_row(client):
    with connection.execute_wrapper(ways := Ways()):
        post(client, subscription_body())
        drain_inbox()
    assert ways.to[WebhookDelivery] + ways.to[Subscription] == SIX


def test_the_page_names_them():
    told = PAGE.read_text("utf-8").split("```")[0]
    assert [told.index(f"`{name}`") for name in SIX] == sorted(
        told.index(f"`{name}`") for name in SIX
    )
