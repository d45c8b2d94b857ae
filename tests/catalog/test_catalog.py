"""The catalogue file against the sandbox over HTTP: apply, diff, export, and what is refused."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from polar_django.catalog import apply_catalog, export_catalog, plan_changes, read_catalog
from polar_django.exceptions import CatalogError
from polar_django.models import Benefit, Discount, Meter, Price, Product
from polar_django.providers.registry import get_provider
from polar_django.sandbox.models import Product as SandboxProduct
from polar_django.sandbox.reset import reset
from polar_django.sandbox.seed import seed_file
from tests.catalog.shop import SHOP

pytestmark = pytest.mark.django_db


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "catalog.toml"
    path.write_text(SHOP, "utf-8")
    return path


@pytest.fixture
def editor(bare_sandbox: Any) -> Any:
    return get_provider().catalog_editor()


@pytest.fixture
def written(bare_sandbox: Any, editor: Any, file: Path) -> Any:
    """The shop of the file stands in the sandbox."""
    list(apply_catalog(editor, read_catalog(file)))
    return editor


class Refusing:
    """An editor that fails the test where something is written."""

    def __init__(self, editor: Any) -> None:
        self.objects = editor.objects

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"{name} was called")


def rewrite(file: Path, before: str, after: str) -> Any:
    text = file.read_text("utf-8")
    assert before in text
    file.write_text(text.replace(before, after), "utf-8")
    return read_catalog(file)


def product(editor: Any, key: str) -> Any:
    found = [item for item in editor.objects("products") if item["metadata"].get("key") == key]
    assert len(found) == 1
    return found[0]


def test_everything_in_the_file_is_made_and_mirrored(editor, file):
    done = [
        (change.kind, change.key, change.action)
        for change in apply_catalog(editor, read_catalog(file))
    ]

    assert done[0] == ("meters", "tokens", "create")
    assert len(done) == 10
    assert {action for *_, action in done} == {"create"}
    monthly = Product.objects.get(key="pro-monthly")
    assert monthly.benefit_ids == [
        Benefit.objects.get(key=key).pk for key in ("pro", "keys", "credit")
    ]
    assert Benefit.objects.get(key="pro").metadata["limit"] == 5
    assert Benefit.objects.get(key="credit").properties["meter_id"] == Meter.objects.get().pk
    assert (
        Price.objects.get(product=monthly, amount_type="metered_unit").meter == Meter.objects.get()
    )
    spring = Discount.objects.get(code="SPRING")
    assert spring.basis_points == 2500
    (applies_to,) = spring.raw["products"]
    assert applies_to["id"] == monthly.pk


def test_the_second_apply_writes_nothing(written, file):
    assert list(apply_catalog(Refusing(written), read_catalog(file))) == []


def test_applying_reads_what_stands_once(written, file, monkeypatch):
    read: list[str] = []
    objects = written.objects
    monkeypatch.setattr(written, "objects", lambda kind: read.append(kind) or objects(kind))

    list(apply_catalog(written, rewrite(file, 'name = "Team"', 'name = "For teams"')))

    assert read == ["meters", "benefits", "products", "discounts"]


def test_an_export_makes_the_same_shop_in_an_empty_place(bare_sandbox, written, file, tmp_path):
    other = tmp_path / "exported.toml"
    call_command("polar_catalog", "export", str(other))
    assert plan_changes(written, read_catalog(other)) == []
    reset()
    assert len(plan_changes(written, read_catalog(other))) == 10

    list(apply_catalog(written, read_catalog(other)))

    assert plan_changes(written, read_catalog(other)) == []
    assert plan_changes(written, read_catalog(file)) == []


def test_the_sandbox_is_seeded_with_the_same_file(editor, file):
    seed_file(file)

    assert plan_changes(editor, read_catalog(file)) == []


def test_a_changed_value_is_the_only_one_that_is_sent(written, file):
    catalog = rewrite(file, 'description = "By the month."', 'description = "Every month."')

    (change,) = apply_catalog(written, catalog)

    assert change.body == {"description": "Every month."}
    assert Product.objects.get(key="pro-monthly").description == "Every month."
    assert plan_changes(written, catalog) == []


def test_a_new_amount_is_a_new_price_and_the_others_stay(written, file):
    before = {price["id"]: price for price in product(written, "pro-monthly")["prices"]}
    catalog = rewrite(file, "price_amount = 900", "price_amount = 1100")

    list(apply_catalog(written, catalog))

    after = {price["id"]: price for price in product(written, "pro-monthly")["prices"]}
    (kept,) = before.keys() & after.keys()
    assert before[kept]["amount_type"] == "metered_unit"
    assert [p["price_amount"] for p in after.values() if p["amount_type"] == "fixed"] == [1100]
    assert plan_changes(written, catalog) == []


def test_metadata_and_properties_that_the_file_does_not_name_are_kept(bare_sandbox, written, file):
    keys = Benefit.objects.get(key="keys")
    bare_sandbox.api.patch(
        f"/v1/benefits/{keys.pk}",
        json={"type": "license_keys", "metadata": {"key": "keys", "colour": "red"}},
    )
    catalog = rewrite(file, "limit_usage = 3", "limit_usage = 4")

    list(apply_catalog(written, catalog))

    stands = next(item for item in written.objects("benefits") if item["id"] == keys.pk)
    assert stands["metadata"] == {"key": "keys", "colour": "red"}
    assert stands["properties"]["limit_usage"] == 4
    assert stands["properties"]["prefix"] == "INK"


def test_the_order_of_benefits_is_the_files(written, file):
    catalog = rewrite(file, '["pro", "keys", "credit"]', '["credit", "pro"]')

    (change,) = apply_catalog(written, catalog)

    assert [(field.name, field.before, field.after) for field in change.fields] == [
        ("benefits", ["pro", "keys", "credit"], ["credit", "pro"])
    ]
    names = {row.pk: row.key for row in Benefit.objects.all()}
    assert [names[b["id"]] for b in product(written, "pro-monthly")["benefits"]] == [
        "credit",
        "pro",
    ]
    assert plan_changes(written, catalog) == []


def test_a_benefit_that_the_file_does_not_describe_stays_with_its_product(
    bare_sandbox, written, file
):
    other = bare_sandbox.api.post(
        "/v1/benefits/", json={"type": "custom", "description": "By hand", "properties": {}}
    ).json()
    book = product(written, "book")
    listed = [*(each["id"] for each in book["benefits"]), other["id"]]
    bare_sandbox.api.post(f"/v1/products/{book['id']}/benefits", json={"benefits": listed})

    assert plan_changes(written, read_catalog(file)) == []


def test_what_cannot_be_changed_is_said_before_anything_is_written(written, file):
    rewrite(file, 'description = "By the month."', 'description = "Every month."')
    catalog = rewrite(file, 'type = "feature_flag"', 'type = "custom"')

    with pytest.raises(CatalogError, match=r"benefits\.flag cannot become"):
        list(apply_catalog(Refusing(written), catalog))


def test_an_archived_product_in_the_file_is_sold_again(bare_sandbox, written, file):
    book = product(written, "book")
    bare_sandbox.api.patch(f"/v1/products/{book['id']}", json={"is_archived": True})

    (change,) = apply_catalog(written, read_catalog(file))

    assert change.body == {"is_archived": False}
    assert product(written, "book")["is_archived"] is False


def test_pruning_archives_what_has_a_key_and_is_in_no_file(bare_sandbox, written, file):
    bare_sandbox.api.post(
        "/v1/products/",
        json={"name": "No key", "prices": [{"amount_type": "fixed", "price_amount": 100}]},
    )
    text = file.read_text("utf-8")
    a, b = text.index("[products.book]"), text.index("[discounts.spring]")
    file.write_text(text[:a] + text[b:], "utf-8")
    catalog = read_catalog(file)
    assert plan_changes(written, catalog) == []

    (change,) = apply_catalog(written, catalog, prune=True)

    assert (change.key, change.action) == ("book", "archive")
    assert list(SandboxProduct.objects.filter(is_archived=True).values_list("name", flat=True)) == [
        "The book"
    ]
    assert Product.objects.get(key="book").is_archived


def test_a_refusal_names_the_object_and_another_run_does_the_rest(editor, file):
    broken = rewrite(file, "price_amount = 900", "price_amount = 7")

    with pytest.raises(CatalogError, match=r"products\.pro-monthly was refused"):
        list(apply_catalog(editor, broken))
    assert Benefit.objects.filter(key="pro").exists()

    mended = rewrite(file, "price_amount = 7", "price_amount = 900")
    done = [f"{change.kind}.{change.key}" for change in apply_catalog(editor, mended)]
    assert done == [
        "products.pro-monthly",
        "products.team",
        "products.book",
        "discounts.spring",
        "discounts.ten",
    ]
    assert plan_changes(editor, mended) == []


def test_two_objects_with_one_key_are_an_error_that_names_both(bare_sandbox, written, file):
    body = {"name": "Twin", "metadata": {"key": "book"}}
    twin = bare_sandbox.api.post(
        "/v1/products/", json={**body, "prices": [{"amount_type": "fixed", "price_amount": 100}]}
    ).json()

    with pytest.raises(CatalogError, match=twin["id"]):
        plan_changes(written, read_catalog(file))


def test_what_the_settings_call_by_a_key_needs_none_in_its_metadata(bare_sandbox, editor, settings):
    made = bare_sandbox.api.post(
        "/v1/products/",
        json={"name": "Old", "prices": [{"amount_type": "fixed", "price_amount": 100}]},
    ).json()
    settings.POLAR_DJANGO = {**settings.POLAR_DJANGO, "PRODUCTS": {"old": made["id"]}}

    export = export_catalog(get_provider().catalog_editor())

    assert list(export.catalog["products"]) == ["old"]
    assert plan_changes(editor, export.catalog)[0].action == "update"  # it gets the key


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[benefit.pro]", r"Unknown table \[benefit\]"),
        ("[products.x]\nname = 'X'", r"\[products\.x\] lacks 'prices'"),
        ("[products.x]\nname='X'\nprices=[]\nbenefits=['no']", r"no \[benefits\.no\]"),
        ("[products.x]\nname='X'\nprices=[3]", "must be a list of tables"),
        ("[benefits]\npro = 3", r"benefits\.pro must be a table"),
        ("[benefits.x]\ndescription='x'\nproperties={meter='m'}", r"no \[meters\.m\]"),
        ("[discounts.x]\nname='x'\ntype='fixed'\nduration='once'\nends_at=2026-01-01", "offset"),
        ("x = ", "is not TOML"),
    ],
)
def test_a_file_that_does_not_do_is_refused_with_what_to_write(tmp_path, text, says):
    file = tmp_path / "catalog.toml"
    file.write_text(text)
    with pytest.raises(CatalogError, match=says):
        read_catalog(file)


def test_the_file_in_the_documentation_can_be_applied(editor, tmp_path):
    page = (Path(__file__).parents[2] / "docs" / "catalog.md").read_text("utf-8")
    file = tmp_path / "catalog.toml"
    file.write_text(page.split("```toml\n")[1].split("```")[0], "utf-8")

    assert len(list(apply_catalog(editor, read_catalog(file)))) == 5
    assert plan_changes(editor, read_catalog(file)) == []


class TestCommand:
    def test_diff_exits_with_1_where_something_differs_and_shows_what(self, written, file, capsys):
        call_command("polar_catalog", "diff", str(file))
        assert capsys.readouterr().out == "Nothing differs.\n"
        rewrite(file, "price_amount = 900", "price_amount = 1100")
        rewrite(file, 'name = "Team"', 'name = "For teams"')

        with pytest.raises(SystemExit) as exit:
            call_command("polar_catalog", "diff", str(file))

        assert exit.value.code == 1
        shown = capsys.readouterr().out
        assert "~ products.pro-monthly" in shown
        assert "prices: 1 kept, 1 archived, new: " in shown
        assert '    name: "Team" → "For teams"' in shown
        assert "2 to change" in shown

    def test_nobody_is_asked_where_nobody_sits(self, editor, file, monkeypatch):
        monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)
        with pytest.raises(CommandError, match="--yes"):
            call_command("polar_catalog", "apply", str(file))
        assert not SandboxProduct.objects.exists()

    def test_apply_with_yes_tells_what_it_did_and_json_is_for_scripts(self, editor, file, capsys):
        call_command("polar_catalog", "apply", str(file), "--yes")
        assert "done: products.team" in capsys.readouterr().out

        call_command("polar_catalog", "apply", str(file), "--json")
        assert json.loads(capsys.readouterr().out) == []

    def test_an_export_does_not_replace_a_file_unasked(self, written, file):
        with pytest.raises(CommandError, match="--force"):
            call_command("polar_catalog", "export", str(file))
        assert file.read_text("utf-8") == SHOP

    def test_objects_without_a_key_get_one_and_the_provider_is_told_on_request(
        self, bare_sandbox, editor, tmp_path, capsys
    ):
        for _ in range(2):
            bare_sandbox.api.post(
                "/v1/products/",
                json={
                    "name": "Old & gold",
                    "prices": [{"amount_type": "fixed", "price_amount": 100}],
                },
            )
        file = tmp_path / "new.toml"

        call_command("polar_catalog", "export", str(file))
        assert "products.old-gold, products.old-gold-2" in capsys.readouterr().out
        assert len(plan_changes(editor, read_catalog(file))) == 2

        call_command("polar_catalog", "export", str(file), "--force", "--write-keys")
        assert plan_changes(editor, read_catalog(file)) == []
        assert set(Product.objects.values_list("key", flat=True)) == {"old-gold", "old-gold-2"}
