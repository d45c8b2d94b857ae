"""Teams as subscribers."""

from tests.other_projects import assert_passes


def test_gates_hold_where_teams_subscribe():
    assert_passes("tests/gating/team_cases.py", settings="tests.settings_team", count=7)
