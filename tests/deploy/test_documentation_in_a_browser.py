"""The documentation site in Chromium, opened from the disk without a network: on a phone and on a desk.

Pictures of what was seen are in build/pictures, for people to look at.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Request

from docs import build
from tests.deploy.test_site_in_a_browser import PICTURES, TIMEOUT_MS, WIDTHS, browser, needs_chromium

__all__ = ["browser"]
pytestmark = [pytest.mark.requirement("NB-5.1.8-3"), needs_chromium]

LOOKED_AT = ["index.html", "transfer-flow.html", "guide-mobile.html", "alarms.html", "tables.html", "en/start.html"]


@pytest.fixture(scope="module")
def site() -> Path:
    """The site, built."""
    assert build.main() == 0
    return build.SITE


@pytest.fixture(params=WIDTHS)
def reader(request: pytest.FixtureRequest, browser: Browser) -> Iterator[tuple[str, Page, list[str]]]:
    """A reader's page, and what it asked of others or complained of."""
    wrong: list[str] = []

    def asked(one: Request) -> None:
        if not one.url.startswith(("file://", "blob:", "data:")):
            wrong.append(one.url)

    context = browser.new_context(viewport={"width": WIDTHS[request.param], "height": 900}, offline=True)
    page = context.new_page()
    page.set_default_timeout(TIMEOUT_MS)
    page.on("request", asked)
    page.on("console", lambda message: wrong.append(message.text))
    yield request.param, page, wrong
    context.close()


def test_a_page_is_read_from_a_disk_without_a_network(site: Path, reader: tuple[str, Page, list[str]]) -> None:
    width, page, wrong = reader
    for name in LOOKED_AT:
        page.goto((site / name).as_uri())
        page.screenshot(path=PICTURES / f"docs-{Path(name).stem}-{width}.png")
        fits = page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
        assert (name, fits, page.locator("h1").count()) == (name, True, 1)
    assert wrong == []


def test_a_diagram_is_drawn_by_the_sites_own_script(site: Path, reader: tuple[str, Page, list[str]]) -> None:
    width, page, wrong = reader
    page.goto((site / "transfer-flow.html").as_uri())
    # drawn inside a shadow of the element, which took the place of the text
    page.wait_for_function("[...document.querySelectorAll('div.mermaid')].some(one => one.clientHeight > 200)")
    page.screenshot(path=PICTURES / f"docs-diagram-{width}.png")
    assert wrong == []


def test_chinese_words_are_found_without_a_network(site: Path, reader: tuple[str, Page, list[str]]) -> None:
    width, page, wrong = reader
    page.goto((site / "index.html").as_uri())
    page.keyboard.press("/")
    page.keyboard.type("单笔限额")
    page.get_by_text("拒绝的先后顺序").first.wait_for()
    page.screenshot(path=PICTURES / f"docs-search-{width}.png")
    assert wrong == []
