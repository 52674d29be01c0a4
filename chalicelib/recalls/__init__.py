"""Recalls (退回请求): a payer asks for a mistaken transfer back, its payee answers; nothing is taken back by force."""
