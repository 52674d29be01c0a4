"""The fonts of documents, as data: README.md says which. The documents' layer carries them (infra/contents.py)."""
