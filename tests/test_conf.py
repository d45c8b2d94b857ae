from types import SimpleNamespace

import pytest

from polar_django.conf import Plan, Settings, beat_schedule, get_settings, subscriber_model
from polar_django.exceptions import ConfigurationError, UnknownPlan


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch):
    monkeypatch.delenv("POLAR_ACCESS_TOKEN", raising=False)
    monkeypatch.delenv("POLAR_WEBHOOK_SECRET", raising=False)


def test_a_project_that_sets_nothing_has_working_defaults(settings):
    settings.POLAR_DJANGO = {}  # deleting alone tells nobody, and what was read is kept
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
        {"FREE_BENEFITS": {"pro": True}},
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


def test_a_text_in_place_of_a_list_is_told_what_to_write(settings):
    settings.POLAR_DJANGO = {"FREE_BENEFITS": "pro"}
    with pytest.raises(ConfigurationError) as caught:
        get_settings()
    assert str(caught.value) == (
        "POLAR_DJANGO['FREE_BENEFITS'] must be a list of texts, even of one: ['…']."
    )


@pytest.mark.parametrize("given", [None, [], "x"])
def test_settings_that_are_no_dict_say_so(settings, given):
    settings.POLAR_DJANGO = given
    for read in (get_settings, subscriber_model):
        with pytest.raises(ConfigurationError, match="POLAR_DJANGO must be a dict"):
            read()


@pytest.mark.parametrize("prefix", ["9", "staging", "stage-2"])
def test_a_prefix_behind_which_a_key_could_be_another_is_refused(settings, prefix):
    settings.POLAR_DJANGO = {"EXTERNAL_ID_PREFIX": prefix}
    with pytest.raises(ConfigurationError, match="must end in a separator"):
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


def pro_for(request):
    return {"products": ["pro"], "seats": 3 if request is None else request.seats}


def plans_for(request):
    return {"pro": pro_for(request), "lazy": pro_for}


def wrong_plans(request):
    return {"pro": {"product": ["pro"]}}


@pytest.mark.parametrize(
    "plans",
    [
        plans_for,
        "tests.test_conf.plans_for",
        {"pro": pro_for},
        {"pro": "tests.test_conf.pro_for"},
    ],
)
def test_plans_may_be_computed_for_a_request(settings, plans):
    settings.POLAR_DJANGO = {"PLANS": plans}
    asked = SimpleNamespace(seats=7)
    assert get_settings().plan("pro", asked).seats == 7
    assert get_settings().plan("pro").seats == 3
    assert get_settings().all_plans(asked)["pro"].products == ("pro",)
    assert get_settings().written_plans() == {}
    with pytest.raises(UnknownPlan, match="gold"):
        get_settings().plan("gold", asked)


@pytest.mark.parametrize(
    ("plans", "said"),
    [
        (wrong_plans, "Did you mean 'products'"),
        (lambda request: None, "must be a dict"),
        ("tests.test_conf.nothing", "nothing"),
        ({"pro": lambda request: {"products": []}}, "names no product"),
    ],
)
def test_a_computed_plan_is_checked_as_strictly(settings, plans, said):
    settings.POLAR_DJANGO = {"PLANS": plans}
    with pytest.raises(ConfigurationError, match=said):
        get_settings().plan("pro")


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ({"trial_interval": "month"}, "go together"),
        ({"trial_interval": "decade", "trial_interval_count": 1}, "one of day"),
        ({"min_amount": 900, "max_amount": 100}, "min_amount ≤"),
        ({"amount": 9.5}, "whole number"),
        ({"metadata": {"k": ["no"]}}, "must be text"),
        ({"metadata": {"k" * 41: "no"}}, "is no key"),
        ({"metadata": {f"k{n}": 1 for n in range(51)}}, "at most 50"),
        ({"guests": "yes"}, "True or False"),
        ({"prices": {"other": {"amount_type": "free"}}}, "not among its products"),
        ({"prices": {"pro": []}}, "list of prices"),
        ({"prices": {"pro": {"amount_type": "barter"}}}, "must be one of custom"),
        ({"prices": {"pro": {"amount_type": "fixed"}}}, "needs 'price_amount'"),
        ({"prices": {"pro": {"amount_type": "fixed", "price_amount": -1}}}, "minor units"),
        ({"prices": {"pro": {"amount_type": "fixed", "price_amout": 1}}}, "mean 'price_amount'"),
        ({"prices": {"pro": {"amount_type": "free", "price_currency": "euro"}}}, "three letters"),
        (
            {"prices": {"pro": {"amount_type": "metered_unit", "meter": "a", "unit_amount": 0}}},
            "above 0",
        ),
        ({"prices": {"pro": {"amount_type": "metered_unit", "unit_amount": 1}}}, "'meter'"),
        ({"prices": 5}, "dotted path"),
    ],
)
def test_a_plan_that_cannot_work_stops_the_project_at_start(settings, option, said):
    settings.POLAR_DJANGO = {"PLANS": {"pro": {"products": ["pro"], **option}}}
    with pytest.raises(ConfigurationError, match=said):
        get_settings()


def test_every_kind_of_price_can_be_set():
    plan = Plan.from_options(
        "all",
        {
            "products": ["pro"],
            "prices": {
                "pro": [
                    {"amount_type": "fixed", "price_amount": 900, "price_currency": "EUR"},
                    {"amount_type": "custom", "minimum_amount": 100, "preset_amount": 500},
                    {"amount_type": "free"},
                    {"amount_type": "seat_based", "price_per_seat": 300},
                    {"amount_type": "metered_unit", "meter": "tokens", "unit_amount": "0.05"},
                ]
            },
        },
    )
    prices = plan.prices["pro"]
    assert prices[0]["price_currency"] == "eur"
    assert prices[-1]["unit_amount"] == "0.05"
