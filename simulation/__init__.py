"""A deterministic simulation of the whole bank in one process: `python -m simulation` or `make simulate`."""
