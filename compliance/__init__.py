"""What the bank's standards ask for, row by row: where the code says it keeps to it, which tests show it, what is
missing (XJ-7.3.3).

`python -m compliance` (`make compliance`) judges the rows of `requirements.toml` and writes `docs/compliance.md`.
"""
