"""The bank's own people and places: branches, and the clerks who sign customers up."""
