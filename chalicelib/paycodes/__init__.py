"""Receive codes: what a payee shows, face to face, for others to scan and pay (YQ-4.2.2-f2f)."""
