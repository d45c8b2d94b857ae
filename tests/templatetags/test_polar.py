"""`{% load polar %}`."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.auth.models import AnonymousUser
from django.template import Context, Template, TemplateSyntaxError
from django.utils.functional import SimpleLazyObject, empty

from polar_django.exceptions import UnknownPlan
from polar_django.models import Product
from tests.entitlements.worlds import grant, person
from tests.mirror.worlds import mirror_all

pytestmark = [pytest.mark.urls("tests.gating.doors")]


def render(source, request=None, **values):
    context = Context({"request": request, **values} if request else values)
    return Template("{% load polar %}" + source).render(context)


@pytest.fixture
def request_of(rf):
    def make(user=None, path="/pricing/", **options):
        request = rf.get(path, **options)
        request.user = user or AnonymousUser()
        return request

    return make


@pytest.mark.django_db
def test_the_block_shows_one_of_its_two_parts(request_of):
    ada = person()
    grant(ada, "pro")
    source = '{% benefit "pro" %}yes{% else %}no{% endbenefit %}'
    assert render(source, request_of(ada)) == "yes"
    assert render(source, request_of(person())) == "no"
    assert render(source, request_of()) == "no"
    assert render(source) == "no"


@pytest.mark.django_db
def test_the_block_takes_variables_several_keys_and_all_of(request_of):
    ada = person()
    grant(ada, "pro")
    for source, expected in [
        ("{% benefit key %}yes{% endbenefit %}", "yes"),
        ('{% benefit "team" key %}yes{% endbenefit %}', "yes"),
        ('{% benefit "team" key all_of=True %}yes{% endbenefit %}', ""),
        ('{% benefit "team" key all_of=False %}yes{% endbenefit %}', "yes"),
        ("{% benefit unknown %}yes{% else %}no{% endbenefit %}", "no"),
        ('{% benefit "pro" %}{% benefit "x" %}{% else %}in{% endbenefit %}{% endbenefit %}', "in"),
    ]:
        assert render(source, request_of(ada), key="pro") == expected, source


@pytest.mark.parametrize(
    "source",
    [
        "{% benefit %}{% endbenefit %}",
        '{% benefit "pro" each=True %}{% endbenefit %}',
        "{% benefit all_of=True %}{% endbenefit %}",
        '{% benefit "pro" %}',
    ],
)
def test_a_block_written_wrongly_is_a_syntax_error(source):
    with pytest.raises(TemplateSyntaxError):
        render(source)


@pytest.mark.django_db
def test_the_filter_asks_about_any_object_and_denies_what_is_none():
    ada = person()
    grant(ada, "pro")
    source = '{{ someone|has_benefit:"pro" }}'
    assert render(source, someone=ada) == "True"
    assert render(source, someone=person()) == "False"
    for nobody in [None, "", AnonymousUser(), "ada", 1, []]:
        assert render(source, someone=nobody) == "False"
    assert render('{% if missing|has_benefit:"pro" %}yes{% endif %}') == ""


def test_the_filter_and_the_block_agree_about_what_is_free_for_visitors(request_of, settings):
    settings.POLAR_DJANGO = {**settings.POLAR_DJANGO, "FREE_BENEFITS": ["read"]}
    source = '{{ user|has_benefit:"read" }}{% benefit "read" %} yes{% endbenefit %}'
    assert render(source, request_of(), user=AnonymousUser()) == "True yes"
    assert render('{{ nobody|has_benefit:"read" }}') == "False"


def test_the_checkout_address_names_the_plan(request_of):
    assert render("{% checkout_url 'pro' %}") == "/billing/checkout/pro/"
    assert render("{% checkout_url 'pro' %}", request_of()) == "/billing/checkout/pro/"


def test_the_checkout_address_brings_back_to_where_a_gate_sent_the_visitor_from(request_of):
    arrived = request_of(path="/pricing/?next=/report/%3Fpage%3D2")
    address = render("{% autoescape off %}{% checkout_url 'pro' %}{% endautoescape %}", arrived)
    assert parse_qs(urlsplit(address).query) == {"next": ["/report/?page=2"]}
    assert render("{% checkout_url 'pro' next='' %}", arrived) == "/billing/checkout/pro/"
    assert render("{% checkout_url 'pro' next='/here/' %}", arrived).endswith("?next=/here/")


def test_the_checkout_address_may_bring_a_discount_and_still_leads_back(request_of):
    source = "{% autoescape off %}{% checkout_url 'pro' discount='A&B 20' %}{% endautoescape %}"
    assert render(source) == "/billing/checkout/pro/?discount=A%26B+20"
    address = render(source, request_of(path="/pricing/?next=/report/"))
    assert parse_qs(urlsplit(address).query) == {"discount": ["A&B 20"], "next": ["/report/"]}


@pytest.mark.parametrize("evil", ["https://evil.example/", "//evil.example", "javascript:alert(1)"])
def test_no_billing_link_brings_to_another_site(request_of, evil):
    arrived = request_of(data={"next": evil})
    assert render("{% checkout_url 'pro' %}", arrived) == "/billing/checkout/pro/"
    assert "evil" not in render("{% checkout_url 'pro' next=evil %}", arrived, evil=evil)
    assert "alert" not in render("{% checkout_button 'pro' next=evil %}", arrived, evil=evil)


@pytest.mark.parametrize("tag", ["checkout_url", "checkout_button"])
def test_a_plan_that_the_settings_do_not_name_is_a_mistake(tag):
    with pytest.raises(UnknownPlan, match="no 'prro'"):
        render("{% " + tag + " 'prro' %}")


def test_the_checkout_button_is_a_form_that_posts_with_a_token(request_of):
    request = request_of(path="/pricing/?next=/report/")
    html = render('{% checkout_button "pro" label=text %}', request, text="Go <pro>")
    assert html.startswith('<form method="post" action="/billing/checkout/pro/"')
    assert re.search(r'name="csrfmiddlewaretoken" value="\w{64}"', html)
    assert '<input type="hidden" name="next" value="/report/">' in html
    assert '<button type="submit">Go &lt;pro&gt;</button>' in html
    assert request.META["CSRF_COOKIE"]


def test_the_button_has_a_text_of_its_own_and_no_empty_fields():
    html = render('{% checkout_button "pro" %}')
    assert '<button type="submit">Continue to payment</button>' in html
    assert "<input" not in html


def test_the_portal_link():
    assert render("{% portal_url %}") == "/billing/portal/"


@pytest.mark.django_db
def test_plans_are_listed_with_what_they_cost_and_give(service, django_assert_num_queries):
    mirror_all()
    source = (
        "{% polar_plans as plans %}{% for plan in plans %}{{ plan.key }}:"
        "{% for product in plan.products %} {{ product.name }} {% polar_price product %}"
        "{% for benefit in product.benefits %} ({{ benefit.description }}){% endfor %};{% endfor %}"
        "{% if plan.seat_bounds %} {{ plan.seat_bounds.0 }}-{{ plan.seat_bounds.1 }}{% endif %}\n"
        "{% endfor %}"
    )
    service.calls.clear()
    with django_assert_num_queries(3):
        shown = render(source)
    assert shown.splitlines() == [
        "pro: pro-monthly $12.00 a month (Pro); pro-yearly $120.00 a year (Pro);",
        "team: team $12.00 a month (Team); 2-50",
    ]
    assert service.calls == []
    named = render("{% polar_plans 'team' as plans %}{{ plans.0.key }} {{ plans|length }}")
    assert named == "team 1"
    with pytest.raises(UnknownPlan):
        render("{% polar_plans 'unknown' as plans %}")


def half_for_subscribers(request, subscriber):
    amount = 1200 if subscriber is None else 600
    return {"pro-monthly": {"amount_type": "fixed", "price_amount": amount}}


PRICES = "{% polar_plans as plans %}{% polar_price plans.0.products.0 %}"


@pytest.mark.django_db
def test_a_computed_price_is_that_of_whoever_looks(service, request_of, settings):
    mirror_all()
    plans = {"pro": {"products": ["pro-monthly"], "prices": half_for_subscribers}}
    settings.POLAR_DJANGO = {**settings.POLAR_DJANGO, "PLANS": plans}
    assert render(PRICES, request_of(person())) == "$6.00 a month"
    assert render(PRICES, request_of()) == "$12.00 a month"
    assert render(PRICES) == "$12.00 a month"


@pytest.mark.django_db
def test_where_no_price_is_computed_nobody_asks_who_looks(service, request_of):
    def ask():
        raise AssertionError("A page of fixed prices may be shown without a session.")

    mirror_all()
    request = request_of()
    request.user = SimpleLazyObject(ask)
    assert render(PRICES, request) == "$12.00 a month"


@pytest.mark.django_db
def test_an_archived_or_unknown_product_is_not_on_offer(service):
    mirror_all()
    Product.objects.filter(key="pro-monthly").update(is_archived=True)
    Product.objects.filter(key="team").delete()
    shown = render(
        "{% polar_plans as plans %}{% for plan in plans %}{{ plan.products|length }}{% endfor %}"
    )
    assert shown == "10"


@pytest.mark.django_db
def test_the_price_of_a_product(service, django_assert_num_queries):
    mirror_all()
    product = Product.objects.get(key="pro-yearly")
    with django_assert_num_queries(1):
        assert render("{% polar_price product %}", product=product) == "$120.00 a year"
    for nothing in (None, "pro", ""):
        assert render("{% polar_price product %}", product=nothing) == ""


def test_an_embedded_button_brings_its_script_and_says_how_to_frame(rf):
    request = rf.get("/")
    text = render('{% checkout_button "pro" embed=True theme="dark" %}', request=request)
    assert '<form method="post" action="/billing/checkout/pro/"' in text
    assert "data-polar-embed" in text
    assert 'data-polar-theme="dark"' in text
    assert '<input type="hidden" name="embed" value="1">' in text
    assert '<script src="/static/polar/embed.js" defer></script>' in text
    plain = render('{% checkout_button "pro" %}', request=request)
    assert "script" not in plain
    assert "embed" not in plain


@pytest.mark.parametrize("where", ["argument", "context", "request"])
def test_the_script_carries_the_nonce_that_the_policy_asks_for(rf, where):
    request = rf.get("/")
    if where == "request":
        request.csp_nonce = "abc123"
    option = 'nonce="abc123"' if where == "argument" else ""
    context = {"csp_nonce": "abc123"} if where == "context" else {}
    template = f'{{% checkout_button "pro" embed=True {option} %}}'
    assert ' nonce="abc123" defer>' in render(template, request=request, **context)


class NonceOnDemand(SimpleLazyObject):
    """As Django 6 and django-csp make one: false until somebody has read it."""

    def __bool__(self):
        return self._wrapped is not empty


@pytest.mark.parametrize("where", ["context", "request"])
def test_a_nonce_that_nobody_has_read_yet_is_read(rf, where):
    request = rf.get("/")
    nonce = NonceOnDemand(lambda: "abc123")
    if where == "request":
        request.csp_nonce = nonce
    context = {"csp_nonce": nonce} if where == "context" else {}
    button = '{% checkout_button "pro" embed=True %}'
    assert ' nonce="abc123" defer>' in render(button, request=request, **context)


def test_the_script_may_stand_elsewhere(rf, settings):
    settings.POLAR_DJANGO = {
        **settings.POLAR_DJANGO,
        "EMBED_SCRIPT": "https://cdn.example/embed.js?a=1&b=2",
    }
    text = render('{% checkout_button "pro" embed=True %}', request=rf.get("/"))
    assert '<script src="https://cdn.example/embed.js?a=1&amp;b=2" defer>' in text


def test_another_theme_is_an_error(rf):
    with pytest.raises(TemplateSyntaxError, match="light"):
        render('{% checkout_button "pro" embed=True theme="blue" %}', request=rf.get("/"))
