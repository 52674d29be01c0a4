"""Payments to several payees in one confirmation, each with a result of its own (YQ-4.2.2-multi, decision 0034)."""
