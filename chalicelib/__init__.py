"""The bank: one package per bounded context, and `platform` under them all."""

import gc

# A start makes some hundred thousand objects that all stay: looking among them for what may go, again and again, is a
# tenth of its time. Afterwards cycles are looked for less often than by default; a request leaves few.
gc.set_threshold(20_000, 20, 20)
