"""The reference in Chromium, served by the deployed bank under its own policy; pictures of it are in build/pictures."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page

from infra.local.stack import Bank
from tests.deploy.test_site_in_a_browser import PICTURES, TIMEOUT_MS, WIDTHS, browser, needs_chromium

__all__ = ["browser"]

pytestmark = needs_chromium

# Redoc's own mark, in the corner of its menu: the policy keeps the browser from asking another host for it.
MARK = "https://cdn.redoc.ly/redoc/logo-mini"


def drawn(page: Page, address: str) -> list[str]:
    """Open the reference and wait until it is drawn; every host that was asked."""
    answered: list[str] = []
    complaints: list[str] = []
    page.set_default_timeout(TIMEOUT_MS)
    page.on("response", lambda answer: answered.append(urlsplit(answer.url).netloc))
    page.on("console", lambda one: complaints.append(one.text) if one.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    answer = page.goto(address, timeout=TIMEOUT_MS)
    assert answer is not None
    assert answer.status == 200
    page.get_by_role("heading", name="Rural Bank").first.wait_for()
    assert [one for one in complaints if MARK not in one] == []
    return answered


@pytest.mark.parametrize("size", WIDTHS)
def test_the_contract_is_drawn_from_this_host_alone(
    deployed: tuple[Bank, dict[str, Any]], browser: Browser, size: str
) -> None:
    bank, _ = deployed
    context = browser.new_context(viewport={"width": WIDTHS[size], "height": 800})
    page = context.new_page()
    hosts = drawn(page, f"{bank.base_url}/docs")
    assert set(hosts) == {urlsplit(bank.base_url).netloc}
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=PICTURES / f"reference-{size}.png")
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    # nor does it offer to hand the contract on to others
    actions = page.get_by_test_id("page-actions")
    assert actions.count() > 0
    assert not actions.first.is_visible()
    context.close()


def test_an_operation_is_found_and_shown(deployed: tuple[Bank, dict[str, Any]], browser: Browser) -> None:
    bank, _ = deployed
    context = browser.new_context(viewport={"width": WIDTHS["desk"], "height": 800})
    page = context.new_page()
    drawn(page, f"{bank.base_url}/docs")
    page.keyboard.press("Control+k")
    page.keyboard.type("Confirm a transfer")
    page.get_by_text("/v1/transfers/{transfer_id}/confirmation").first.wait_for()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="确认转账").first.wait_for()
    header = page.get_by_text("App-Version").first
    header.wait_for()
    assert header.is_visible()
    page.screenshot(path=PICTURES / "reference-operation.png")
    context.close()
