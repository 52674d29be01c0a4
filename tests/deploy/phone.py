"""A phone that speaks plain HTTP: what the bank answers, as it is."""

from __future__ import annotations

import json
from typing import Any

import requests

TIMEOUT_S = 60


class Phone:
    """The customer's app, or a screen of staff: keeps the token of its session."""

    def __init__(self, base_url: str) -> None:
        self._base_url = base_url
        self._headers: dict[str, str] = {"Accept-Language": "zh-CN"}

    def authorize(self, token: str) -> None:
        """Use this access token from now on."""
        self._headers["Authorization"] = f"Bearer {token}"

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        """One request; status and body."""
        answer = requests.request(
            method, self._base_url + path, json=body, headers={**self._headers, **headers}, timeout=TIMEOUT_S
        )
        return answer.status_code, answer.json() if answer.content else None

    def expect(self, status: int, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """The same; fails when the status is another."""
        found, answer = self.call(method, path, body, **headers)
        assert found == status, f"{method} {path}: {found} {json.dumps(answer, ensure_ascii=False)}"
        return answer
