"""What is sold: benefits, products, discounts, custom fields, files, and who sells."""

from tests.sandbox.api.walk.step import WRONG, Step, Steps
from tests.sandbox.api.walk.world import MISSING, World

CATALOGUE: Steps = {
    "benefits.create": Step(
        World.benefit,
        lambda w: w.polar.benefits.create(type="custom", description="x", properties={}),
        422,
    ),
    "benefits.get": Step(
        lambda w: w.polar.benefits.get(w.benefits["pro"]),
        lambda w: w.polar.benefits.get(MISSING),
        404,
    ),
    "benefits.list": Step(
        lambda w: w.polar.benefits.list(type="custom"),
        lambda w: w.polar.benefits.list(limit=0),
        422,
    ),
    "benefits.update": Step(
        lambda w: w.polar.benefits.update(w.benefits["pro"], type="custom", description="All"),
        lambda w: w.polar.benefits.update(MISSING, type="custom", description="All"),
        404,
    ),
    "benefits.delete": Step(
        lambda w: w.polar.benefits.delete(w.benefit().id),
        lambda w: w.polar.benefits.delete(MISSING),
        404,
    ),
    "benefits.files": Step(
        lambda w: w.polar.benefits.files(w.file_benefit.id).items[0].downloads,
        lambda w: w.polar.benefits.files(MISSING),
        404,
    ),
    "benefits.grants": Step(
        lambda w: w.polar.benefits.grants(w.grant.benefit_id, customer_id=w.ada.id).items[0],
        lambda w: w.polar.benefits.grants(MISSING),
        404,
    ),
    "benefit_grants.list": Step(
        lambda w: w.polar.benefit_grants.list(customer_id=w.ada.id, is_granted=True).items[0],
        lambda w: w.polar.benefit_grants.list(customer_id=WRONG),
        422,
    ),
    "products.create": Step(
        World.product, lambda w: w.polar.products.create(name="Thing", prices=[]), 422
    ),
    "products.get": Step(
        lambda w: w.polar.products.get(w.products["team"]),
        lambda w: w.polar.products.get(MISSING),
        404,
    ),
    "products.list": Step(
        lambda w: w.polar.products.list(sorting=["-price_amount"], is_archived=False).items[0],
        lambda w: w.polar.products.list(page=0),
        422,
    ),
    "products.update": Step(
        lambda w: w.polar.products.update(w.products["ebook"], name="The book"),
        lambda w: w.polar.products.update(w.products["ebook"], recurring_interval="month"),
        422,
    ),
    "products.update_benefits": Step(
        lambda w: w.polar.products.update_benefits(
            w.products["ebook"], benefits=[w.benefits["pro"]]
        ),
        lambda w: w.polar.products.update_benefits(w.products["ebook"], benefits=[MISSING]),
        422,
    ),
    "products.delete": Step(
        lambda w: w.polar.products.delete(w.product().id),
        lambda w: w.polar.products.delete(w.subscription.product_id),
        409,
    ),
    "discounts.create": Step(
        lambda w: w.discount,
        lambda w: w.polar.discounts.create(
            type="percentage", name="Half", duration="once", basis_points=20_000
        ),
        422,
    ),
    "discounts.get": Step(
        lambda w: w.polar.discounts.get(w.discount.id),
        lambda w: w.polar.discounts.get(MISSING),
        404,
    ),
    "discounts.list": Step(
        lambda w: w.polar.discounts.list(query="Half"),
        lambda w: w.polar.discounts.list(limit=0),
        422,
    ),
    "discounts.update": Step(
        lambda w: w.polar.discounts.update(w.discount.id, name="Less"),
        lambda w: w.polar.discounts.update(MISSING, name="Less"),
        404,
    ),
    "discounts.delete": Step(
        lambda w: w.polar.discounts.delete(w.discount.id),
        lambda w: w.polar.discounts.delete(MISSING),
        404,
    ),
    "custom_fields.create": Step(
        lambda w: w.field,
        lambda w: w.polar.custom_fields.create(
            type="text", slug="no slug!", name="Size", properties={}
        ),
        422,
    ),
    "custom_fields.get": Step(
        lambda w: w.polar.custom_fields.get(w.field.id),
        lambda w: w.polar.custom_fields.get(MISSING),
        404,
    ),
    "custom_fields.list": Step(
        lambda w: w.polar.custom_fields.list(type="text"),
        lambda w: w.polar.custom_fields.list(limit=0),
        422,
    ),
    "custom_fields.update": Step(
        lambda w: w.polar.custom_fields.update(w.field.id, type="text", name="Your size"),
        lambda w: w.polar.custom_fields.update(MISSING, type="text", name="Your size"),
        404,
    ),
    "custom_fields.delete": Step(
        lambda w: w.polar.custom_fields.delete(w.field.id),
        lambda w: w.polar.custom_fields.delete(MISSING),
        404,
    ),
    "files.create": Step(
        World.announced_file,
        lambda w: w.polar.files.create(
            name="", mime_type="text/plain", size=1, service="downloadable", upload={"parts": []}
        ),
        422,
    ),
    "files.uploaded": Step(
        lambda w: w.complete(w.announced_file()),
        lambda w: w.polar.files.uploaded(MISSING, id="x", path="x", parts=[]),
        404,
    ),
    "files.list": Step(
        lambda w: w.polar.files.list(ids=w.file.id).items[0],
        lambda w: w.polar.files.list(ids=WRONG),
        422,
    ),
    "files.update": Step(
        lambda w: w.polar.files.update(w.file.id, version="2"),
        lambda w: w.polar.files.update(MISSING, version="2"),
        404,
    ),
    "files.delete": Step(
        lambda w: w.polar.files.delete(w.file.id), lambda w: w.polar.files.delete(MISSING), 404
    ),
    "organizations.list": Step(
        lambda w: w.polar.organizations.list().items[0],
        lambda w: w.polar.organizations.list(request_access_token="polar_oat_of_nobody"),
        401,
    ),
    "organizations.get": Step(
        lambda w: w.polar.organizations.get(w.polar.organizations.list().items[0].id),
        lambda w: w.polar.organizations.get(MISSING),
        404,
    ),
    "organizations.update": Step(
        lambda w: w.polar.organizations.update(
            w.polar.organizations.list().items[0].id, name="Acme"
        ),
        lambda w: w.polar.organizations.update(MISSING, name="Acme"),
        404,
    ),
}
