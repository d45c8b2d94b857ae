"""How fast it is, against something else in the same run: `python3 -m tests.benchmarks`.

Ratios only: a figure in seconds says more of the machine than of the code.
"""
