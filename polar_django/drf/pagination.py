"""Pages of lists, with Polar's own parameter names."""

from rest_framework.pagination import PageNumberPagination

__all__ = ["BillingPagination"]


class BillingPagination(PageNumberPagination):
    """`?page=2&limit=50`: 20 rows a page, at most 100. One query more, to count."""

    page_size = 20
    page_size_query_param = "limit"
    max_page_size = 100
