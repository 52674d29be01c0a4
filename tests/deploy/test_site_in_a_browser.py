"""The site in Chromium, served by the deployed bank: on a phone and on a desk, without JavaScript, and for everybody.

Pictures of what was seen are in build/pictures, for people to look at.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from infra.local.stack import Bank
from tests.architecture.source import ROOT
from tests.deploy.test_deployed_bank import logged_in

CHROMIUM = shutil.which("chromium")
# Whoever installs the browser for these tests says so, and then they are not skipped; or that it does not start there.
SAID = os.environ.get("CHROMIUM")

needs_chromium = pytest.mark.skipif(
    SAID != "required" and (CHROMIUM is None or SAID == "unusable"),
    reason="no Chromium that starts here: apt install chromium has these tests run",
)
pytestmark = [pytest.mark.requirement("NB-5.1.8-6"), needs_chromium]

WIDTHS = {"phone": 360, "desk": 1280}
TIMEOUT_MS = 60_000
PICTURES = ROOT / "build" / "pictures"
# A finding of less weight is none that keeps anybody from reading the page.
SERIOUS = {"serious", "critical"}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as player:
        # As root, as in CI, Chromium starts without its sandbox only; what it opens is ours. Containers have little
        # shared memory.
        arguments = ["--no-sandbox", "--disable-dev-shm-usage"]
        chromium = player.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def receipt(deployed: tuple[Bank, dict[str, Any]]) -> dict[str, Any]:
    """The first receipt that the walk left."""
    bank, demo = deployed
    phone = logged_in(bank, demo["customers"][0])
    transfer = phone.expect(200, "GET", "/v1/transfers")["transfers"][-1]
    found: dict[str, Any] = phone.expect(200, "GET", f"/v1/transfers/{transfer['id']}/receipt")
    return found


def opened(context: BrowserContext, address: str) -> Page:
    """A page that is there, and had nothing to complain of."""
    complaints: list[str] = []
    page = context.new_page()
    page.set_default_timeout(TIMEOUT_MS)
    page.on("console", lambda message: complaints.append(message.text))
    page.on("requestfailed", lambda request: complaints.append(request.url))
    answer = page.goto(address, timeout=TIMEOUT_MS)
    assert answer is not None
    assert (answer.status, complaints) == (200, [])
    return page


def seen(page: Page, name: str) -> None:
    """Whoever looks at the page can read it: it fits its width, and axe has nothing serious to say."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=PICTURES / f"{name}.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), name
    found = Axe().run(page).response["violations"]
    assert [(one["id"], one["help"]) for one in found if one["impact"] in SERIOUS] == [], name


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", WIDTHS)
def test_every_page_is_readable(
    deployed: tuple[Bank, dict[str, Any]], browser: Browser, receipt: dict[str, Any], size: str, scheme: str
) -> None:
    bank, _ = deployed
    for language in ("zh", "en"):
        context = browser.new_context(
            viewport={"width": WIDTHS[size], "height": 800},
            color_scheme="dark" if scheme == "dark" else "light",
        )
        for path in ("status", "maintenance", "availability", "branches", "rates", "verify"):
            page = opened(context, f"{bank.base_url}/{path}?lang={language}")
            seen(page, f"{path}-{language}-{size}-{scheme}")
            if path == "availability":
                # what is folded is read as well
                for fold in page.locator("summary").all():
                    fold.click()
                seen(page, f"{path}-unfolded-{language}-{size}-{scheme}")
        page = opened(
            context, f"{bank.base_url}/verify?lang={language}&number={receipt['number']}&code={receipt['code']}"
        )
        page.locator("main button").click()
        page.wait_for_selector("dl")
        seen(page, f"genuine-{language}-{size}-{scheme}")
        page.goto(f"{bank.base_url}/verify?lang={language}")
        page.locator("main button").click()
        page.wait_for_selector("[role=alert]")
        seen(page, f"incomplete-{language}-{size}-{scheme}")
        context.close()


def test_without_javascript_a_receipt_is_verified_and_every_page_leads_to_the_others(
    deployed: tuple[Bank, dict[str, Any]], browser: Browser, receipt: dict[str, Any]
) -> None:
    bank, _ = deployed
    context = browser.new_context(java_script_enabled=False, viewport={"width": WIDTHS["phone"], "height": 800})
    page = opened(context, f"{bank.base_url}/status?lang=en")
    # by keyboard alone: the first stop skips to the content
    page.keyboard.press("Tab")
    assert page.locator(":focus").inner_text() == "Skip to the content"
    for name, heading in (("Suspensions", "Suspensions of service"), ("Verify a receipt", "Verify an e-receipt")):
        page.locator("nav a", has_text=re.compile(f"^{name}$")).click()
        assert page.locator("h1").inner_text() == heading
    page.fill("#number", receipt["number"])
    page.fill("#code", receipt["code"])
    page.locator("main button").click()
    assert page.locator("h1").inner_text() == "The receipt is genuine"
    assert receipt["amount_in_words"] in page.locator("main").inner_text()
    # and what is no receipt is not verified
    page.goto(f"{bank.base_url}/verify?lang=en")
    page.fill("#number", receipt["number"])
    page.fill("#code", "A" * 16)
    page.locator("main button").click()
    assert "There is no receipt with this number and code" in page.locator("[role=alert]").inner_text()
    context.close()


def test_a_calendar_is_there_to_be_subscribed_to(deployed: tuple[Bank, dict[str, Any]], browser: Browser) -> None:
    bank, _ = deployed
    context = browser.new_context()
    page = opened(context, f"{bank.base_url}/maintenance?lang=en")
    for link in page.locator("main a").all():
        answer = context.request.get(f"{bank.base_url}/{link.get_attribute('href')}", timeout=TIMEOUT_MS)
        assert answer.status == 200
        assert "Upgrade" in answer.text()
    context.close()
