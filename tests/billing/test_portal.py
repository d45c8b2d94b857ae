import pytest

from polar_django.billing import create_portal_session, ensure_customer
from polar_django.exceptions import ObjectNotFound


def test_every_click_is_a_fresh_session(service, ada):
    ensure_customer(ada)
    first = create_portal_session(ada, "https://shop.example/account/")
    second = create_portal_session(ada)
    assert first.url != second.url
    assert first.url not in repr(first)


def test_somebody_who_never_bought_has_no_portal(service, ada):
    with pytest.raises(ObjectNotFound):
        create_portal_session(ada)
    assert service.called("create_customer") == 0
