"""Tax numbers: which kind a country's are, and whether one can be of that country at all."""

import re

from polar_django.sandbox.errors import invalid

__all__ = ["read_tax_id"]

EU = "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK"
EU_COUNTRIES = frozenset(re.findall(r"\w+", EU))
# Polar's names of the kinds; of several in one country the one that companies have.
NAMES = """
    ad_nrt ae_trn ar_cuit au_abn bh_vat bo_tin br_cnpj ca_bn ch_vat cl_tin cn_tin co_nit cr_tin
    do_rcn ec_ruc eg_tin gb_vat ge_vat hk_br id_npwp il_vat in_gst is_vat jp_trn ke_pin kr_brn
    kz_bin li_uid mk_vat mu_tan mx_rfc my_sst ng_tin no_vat nz_gst om_vat pe_ruc ph_tin rs_pib
    ru_inn sa_vat sg_uen sv_nit th_vat tr_tin tw_vat ua_vat us_ein uy_ruc ve_rif vn_tin za_vat
"""
KINDS = {kind[:2].upper(): kind for kind in re.findall(r"\w+", NAMES)}
EU_NUMBER = re.compile(r"[0-9A-Z+*]{2,12}")
US_NUMBER = re.compile(r"\d{2}-?\d{7}")
ANY_NUMBER = re.compile(r"(?=.*\d)[0-9A-Z./-]{4,24}")


def read_tax_id(given: str | None, country: str | None, field: str) -> list[str] | None:
    """The pair of number and kind that Polar keeps. Raises InvalidRequest at `field`.

    Polar reckons each country's check digits; here a number only has to look like one. Without a
    country it is taken as what it begins with, as VAT numbers do.
    """
    if not given:
        return None
    number = re.sub(r"\s", "", given).upper()
    if country is None:
        return [given, KINDS.get(number[:2], "eu_vat")]
    kind = "eu_vat" if country in EU_COUNTRIES else KINDS.get(country)
    if kind is None or not _fits(number, country, kind):
        raise invalid("Invalid tax ID.", field, value=given)
    return [given, kind]


def _fits(number: str, country: str, kind: str) -> bool:
    if kind == "eu_vat":
        # Greece alone writes another code than its own.
        prefix = "EL" if country == "GR" else country
        rest = number.removeprefix(prefix)
        return rest != number and EU_NUMBER.fullmatch(rest) is not None
    pattern = US_NUMBER if country == "US" else ANY_NUMBER
    return pattern.fullmatch(number) is not None
