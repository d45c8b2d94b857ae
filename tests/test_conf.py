import pytest

from polar_django.conf import Settings, beat_schedule, get_settings, subscriber_model
from polar_django.exceptions import ConfigurationError, UnknownPlan


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch):
    monkeypatch.delenv("POLAR_ACCESS_TOKEN", raising=False)
    monkeypatch.delenv("POLAR_WEBHOOK_SECRET", raising=False)


def test_a_project_that_sets_nothing_has_working_defaults(settings):
    del settings.POLAR_DJANGO
    assert get_settings() == Settings()
    assert get_settings().api_version == "2026-10"
    assert get_settings().process_inline is False


def test_settings_are_read_once_and_again_after_a_change(settings):
    settings.POLAR_DJANGO = {"SERVER": "sandbox"}
    first = get_settings()
    assert get_settings() is first
    settings.POLAR_DJANGO = {"SERVER": "production"}
    assert get_settings().server == "production"


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ({"ACESS_TOKEN": "x"}, "ACCESS_TOKEN"),
        ({"WEBHOOK_SECRET": "x"}, "WEBHOOK_SECRETS"),
        ({"access_token": "x"}, "ACCESS_TOKEN"),
        ({"PLANS": {"pro": {"product": ["x"]}}}, "products"),
        ({"PLANS": {"pro": {"products": ["x"], "max_seat": 2}}}, "max_seats"),
    ],
)
def test_a_misspelt_key_is_an_error_that_names_the_right_one(settings, given, meant):
    settings.POLAR_DJANGO = given
    with pytest.raises(ConfigurationError, match=meant):
        get_settings()


@pytest.mark.parametrize(
    "given",
    [
        {"ACCESS_TOKEN": 5},
        {"WEBHOOK_SECRETS": "one"},
        {"WEBHOOK_SECRETS": [5]},
        {"PLANS": ["pro"]},
        {"PLANS": {"pro": {}}},
        {"PLANS": {"pro": {"products": []}}},
        {"PLANS": {"pro": {"products": "pro-monthly"}}},
        {"PLANS": {"team": {"products": ["team"], "seats": 0}}},
        {"PLANS": {"team": {"products": ["team"], "seats": True}}},
        {"PRODUCTS": {"pro": None}},
        {"PROCESS_INLINE": "yes"},
        {"REQUEST_TIMEOUT": 0},
        {"MAX_WEBHOOK_BYTES": "1MB"},
        {"CAN_MANAGE_BILLING": 5},
    ],
)
def test_a_value_of_the_wrong_type_is_an_error_that_names_its_key(settings, given):
    settings.POLAR_DJANGO = given
    with pytest.raises(ConfigurationError, match=next(iter(given))):
        get_settings()


def test_a_secret_is_in_no_message(settings):
    settings.POLAR_DJANGO = {"WEBHOOK_SECRETS": "whsec_verysecret"}
    with pytest.raises(ConfigurationError) as caught:
        get_settings()
    assert "verysecret" not in str(caught.value)


def test_none_leaves_the_default(settings):
    settings.POLAR_DJANGO = {"SERVER": None, "WEBHOOK_SECRETS": None}
    assert get_settings().server == "production"


def test_secrets_may_come_from_the_environment(settings, monkeypatch):
    monkeypatch.setenv("POLAR_ACCESS_TOKEN", "token")
    monkeypatch.setenv("POLAR_WEBHOOK_SECRET", "whsec")
    settings.POLAR_DJANGO = {}
    assert get_settings().access_token == "token"
    assert get_settings().webhook_secrets == ("whsec",)
    settings.POLAR_DJANGO = {"ACCESS_TOKEN": "mine", "WEBHOOK_SECRETS": ["a", "b"]}
    assert get_settings().access_token == "mine"
    assert get_settings().webhook_secrets == ("a", "b")


def test_settings_cannot_be_changed_by_accident(settings):
    with pytest.raises(AttributeError):
        get_settings().server = "elsewhere"


def test_an_unknown_plan_says_which_there_are(settings):
    settings.POLAR_DJANGO = {"PLANS": {"pro": {"products": ["a"]}, "team": {"products": ["b"]}}}
    assert get_settings().plan("pro").products == ("a",)
    with pytest.raises(UnknownPlan, match="pro, team"):
        get_settings().plan("gold")


def test_a_function_may_be_given_itself_or_by_its_path(settings):
    settings.POLAR_DJANGO = {"EMAIL_VERIFIED": bool, "CAN_MANAGE_BILLING": "builtins.callable"}
    assert get_settings().load("email_verified") is bool
    assert get_settings().load("can_manage_billing") is callable
    assert get_settings().load("subscriber_resolver") is None


def test_a_path_that_leads_nowhere_names_its_setting(settings):
    settings.POLAR_DJANGO = {"EMAIL_VERIFIED": "nowhere.at_all"}
    with pytest.raises(ConfigurationError, match="EMAIL_VERIFIED"):
        get_settings().load("email_verified")


def test_subscribers_are_users_unless_said_otherwise(settings):
    assert subscriber_model() == "auth.User"
    settings.POLAR_DJANGO = {"SUBSCRIBER_MODEL": "teams.Team"}
    assert subscriber_model() == "teams.Team"


def test_the_beat_schedule_names_tasks_that_expire_before_the_next_run():
    schedule = beat_schedule()
    assert "polar_django.tasks.sweep_inbox" in {entry["task"] for entry in schedule.values()}
    for entry in schedule.values():
        assert entry["options"]["expires"] <= entry["schedule"]


def test_the_settings_do_not_show_their_secrets(settings):
    settings.POLAR_DJANGO = {"ACCESS_TOKEN": "polar_oat_x", "WEBHOOK_SECRETS": ["whsec_x"]}
    assert "polar_oat_x" not in repr(get_settings())
    assert "whsec_x" not in repr(get_settings())
