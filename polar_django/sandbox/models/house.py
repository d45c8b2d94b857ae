"""The sandbox itself: its one organization, its clock, and what it breaks on purpose."""

import uuid

from django.db import models

from polar_django.sandbox.models.base import Row, Singleton

# The same in every sandbox: a project may put it into its settings, and no query is needed.
ORGANIZATION_ID = uuid.UUID("5a9db0c5-0000-4000-8000-706f6c617200")


class Organization(Row):
    """The one organization. `settings` holds the objects of Polar's Organization by their names."""

    name = models.CharField(max_length=64, default="Sandbox")
    slug = models.CharField(max_length=64, default="sandbox")
    email = models.CharField(max_length=320, null=True)
    website = models.TextField(null=True)
    settings = models.JSONField(default=dict)


class ClockState(Singleton):
    """How far virtual time is ahead of real time, and the latest time handed out.

    Its row is also the sandbox's write lock: every business transaction begins by updating it.
    """

    offset_microseconds = models.BigIntegerField(default=0)
    latest = models.DateTimeField(null=True)
    writes = models.BigIntegerField(default=0)


class Chaos(Singleton):
    """What goes wrong on purpose: shares from 0 to 1, and switches."""

    duplicate = models.FloatField(default=0)
    drop = models.FloatField(default=0)
    reorder = models.BooleanField(default=False)
    legacy_signature = models.BooleanField(default=False)
    delay_states = models.BooleanField(default=False)
    omit_api_version = models.BooleanField(default=False)
    single_canceled = models.BooleanField(default=False)
    rate_limits = models.BooleanField(default=False)
