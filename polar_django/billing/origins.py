"""Where a buyer's request comes from, as far as the project knows."""

from ipaddress import ip_address

from django.http import HttpRequest

from polar_django.conf import get_settings

__all__ = ["ip_address_of"]


def ip_address_of(request: HttpRequest | None) -> str:
    """The buyer's public address, as `CUSTOMER_IP_ADDRESS` says how to know it; else "".

    Nothing is guessed: behind a proxy `REMOTE_ADDR` is the proxy, and what a browser may write
    itself (the first of `X-Forwarded-For`) could name any country. So what is not one public
    address is not passed on. Calls nobody; raises ConfigurationError.
    """
    ask = get_settings().load("customer_ip_address")
    if request is None or ask is None:
        return ""
    try:
        address = ip_address(str(ask(request) or "").strip())
    except ValueError:
        return ""
    address = getattr(address, "ipv4_mapped", None) or address
    return str(address) if address.is_global else ""
