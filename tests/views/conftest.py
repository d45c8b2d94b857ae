from tests.billing.fixtures import ada, eve, service  # noqa: F401
