"""Teams as subscribers."""

from tests.other_projects import assert_passes


def test_the_admin_works_where_teams_subscribe():
    assert_passes("tests/admin/team_cases.py", settings="tests.settings_team", count=2)
