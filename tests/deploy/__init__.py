"""The packaged bank on the local engine, and who speaks to it. The walk-through needs the Python client."""

from infra import clients

clients.use_python()
