"""A project whose settings are as strict as can be."""

from tests.other_projects import assert_passes


def test_buying_works_in_the_strictest_of_projects():
    assert_passes("tests/views/strict_cases.py", settings="tests.settings_strict", count=7)
