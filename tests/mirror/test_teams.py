"""Teams as subscribers."""

from tests.other_projects import assert_passes


def test_members_are_users_and_not_teams_where_teams_subscribe():
    assert_passes("tests/mirror/team_cases.py", settings="tests.settings_team", count=5)
