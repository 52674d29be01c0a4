"""The bank: one package per bounded context, and `platform` under them all."""
