"""Inkwell, a small shop that uses polar_django and its sandbox: `python3 -m example_project`.

An older Python is turned away here, in words it understands: the next file is beyond it.
"""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 (a Python that old does read this line)
    sys.exit("This needs Python 3.11 or later; this is %d.%d." % sys.version_info[:2])  # noqa: UP031
