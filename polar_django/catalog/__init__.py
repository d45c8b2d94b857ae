"""A catalogue as a file: what one environment sells, brought to another.

`read_catalog(path)` and `write_catalog(path, …)` are the file; `plan_changes` says what would
change at the provider, `apply_catalog` does it, `export_catalog` makes a file of what stands there.
An object is found again by its `metadata["key"]`, because ids differ between environments.
"""

from polar_django.catalog.applying import apply_catalog
from polar_django.catalog.exporting import Export, export_catalog, write_keys
from polar_django.catalog.files import Catalog, read_catalog, write_catalog
from polar_django.catalog.planning import Change, FieldChange, plan_changes

__all__ = [
    "Catalog",
    "Change",
    "Export",
    "FieldChange",
    "apply_catalog",
    "export_catalog",
    "plan_changes",
    "read_catalog",
    "write_catalog",
    "write_keys",
]
