from polar_django.billing import grant_benefit, revoke_local_grant
from polar_django.decorators import requires_benefit
from polar_django.doctor.gates import gates_in_urls
from polar_django.models import Benefit, Product


def test_a_plan_whose_product_nobody_knows(diagnose, configured):
    configured(PLANS={"pro": {"products": ["pro-weekly"]}})
    finding = diagnose().only("plan-unknown-product")
    assert "'pro-weekly'" in finding["what"]
    assert "polar_sync products" in finding["fix"]


def test_a_plan_whose_product_is_archived(diagnose, well):
    well.api.patch(f"/v1/products/{well.product_ids['ebook']}", json={"is_archived": True})
    well.deliver()
    finding = diagnose().only("plan-archived-product")
    assert "'ebook'" in finding["what"]


def test_a_plan_whose_product_has_a_double(diagnose, well):
    made = well.api.post(
        "/v1/products/",
        json={
            "name": "Another ebook",
            "prices": [{"amount_type": "fixed", "price_amount": 900, "price_currency": "usd"}],
            "metadata": {"key": "ebook"},
        },
    )
    assert made.status_code == 201, made.text
    well.deliver()
    told = diagnose()
    assert "decided by their age" in told.only("plan-ambiguous-product")["why"]
    assert told.exit_code == 0


def test_a_benefit_id_that_is_none(diagnose, configured, well):
    configured(BENEFITS={"pro": well.benefit_ids["pro"], "beta": "no-such-benefit"})
    finding = diagnose().findings["benefit-unknown"]
    assert "'beta'" in finding["what"]
    assert "polar_sync benefits" in finding["fix"]
    assert diagnose().exit_code == 1


def test_a_gate_that_opens_for_nobody(diagnose, settings, well):
    settings.ROOT_URLCONF = "tests.doctor.urls"
    told = diagnose()
    finding = told.only("gate-unknown-benefit")
    assert "tests.doctor.urls.gated" in finding["what"]
    assert "'reprots'" in finding["what"]
    assert '{"key": "reprots"}' in finding["fix"]
    assert told.exit_code == 0


def test_a_key_of_the_settings_opens_a_gate(diagnose, settings, configured, well):
    settings.ROOT_URLCONF = "tests.doctor.urls"
    configured(FREE_BENEFITS=["reprots"])
    assert diagnose().findings == {}


def test_what_somebody_was_given_by_hand_opens_a_gate(diagnose, settings, well, ada):
    settings.ROOT_URLCONF = "tests.doctor.urls"
    grant_benefit(ada, "reprots")
    assert diagnose().findings == {}
    revoke_local_grant(ada, "reprots")
    diagnose().only("gate-unknown-benefit")


def test_a_benefit_that_the_settings_call_otherwise_does_not_open_its_own_gate(
    diagnose, settings, configured, well
):
    settings.ROOT_URLCONF = "tests.doctor.urls"
    configured(BENEFITS={"premium": well.benefit_ids["pro"]}, FREE_BENEFITS=["reprots"])
    assert "'pro'" in diagnose().only("gate-unknown-benefit")["what"]


def test_every_kind_of_gate_is_found_by_its_urls(settings):
    settings.ROOT_URLCONF = "tests.doctor.urls"
    found = gates_in_urls()
    assert set(found) == {"reprots", "pro", "export"}
    assert {name.rpartition(".")[2] for name in found["pro"]} == {
        "twice_gated",
        "Charts",
        "Things",
        "Method",
    }


def test_a_decorated_view_says_what_it_asks_for():
    @requires_benefit("a", "b")
    def view(request):
        raise AssertionError

    assert view.gate_benefits == ("a", "b")


def test_an_empty_mirror_wants_its_first_copy(diagnose, configured):
    Product.objects.all().delete()
    Benefit.objects.all().delete()
    configured(PLANS={})
    finding = diagnose().only("mirror-empty")
    assert finding["fix"] == "python manage.py polar_sync"
