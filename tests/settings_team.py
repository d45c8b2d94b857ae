"""The same project where a team, not a user, is what subscribes."""

from tests import settings as base
from tests.settings import *  # noqa: F403 (a settings module is its names)

INSTALLED_APPS = [*base.INSTALLED_APPS, "tests.teams"]

POLAR_DJANGO = {
    **base.POLAR_DJANGO,
    "SUBSCRIBER_MODEL": "teams.Team",
    "SUBSCRIBER_RESOLVER": "tests.teams.access.team_of",
    "SUBSCRIBER_PROFILE": "tests.teams.access.profile_of",
    "CAN_MANAGE_BILLING": "tests.teams.access.owns",
}
