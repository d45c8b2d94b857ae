"""Teams as subscribers."""

from tests.other_projects import assert_passes


def test_buying_works_where_teams_subscribe():
    assert_passes("tests/views/team_cases.py", settings="tests.settings_team", count=9)
