"""The module that docs/checkout.md calls pricing.py: what its settings name by its dotted path."""

from tests.docs.blocks import ROOT, blocks

for _block in blocks(ROOT / "docs" / "checkout.md"):
    if _block.file == "pricing.py":
        exec(compile(_block.text, "pricing.py", "exec"), globals())
