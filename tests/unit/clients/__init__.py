"""The clients of apps (docs/clients.md): what is written by hand, without a bank."""

from infra import clients

clients.use_python()
