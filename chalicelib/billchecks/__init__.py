"""Online reconciliation (网上对账): a customer confirms or disputes each monthly bill, and staff follow up."""
