from tests.billing.fixtures import service  # noqa: F401
