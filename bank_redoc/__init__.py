"""The script that draws the contract, as data: README.md says which. A layer carries it (infra/contents.py)."""
