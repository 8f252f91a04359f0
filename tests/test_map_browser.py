"""The page of `audit map` in Chromium: the treemap is drawn, and nothing is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from auditor import mapview
from auditor.report import View
from tests.made_maps import made_map, recovered
from tests.programs import needed
from tests.test_mapview import NASTY, SHOP

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("hostile", [False, True])
def test_the_treemap_shows_each_source_and_the_page_asks_for_nothing(
    tmp_path: Path, *, hostile: bool
) -> None:
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - only where it is used

    files = {"a.map": made_map(dict.fromkeys(NASTY, "text"))} if hostile else SHOP
    path = tmp_path / "page.html"
    path.write_text(mapview.load("html")(recovered(files), View()), encoding="utf-8")
    bad: list[str] = []

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=needed("chromium"), args=["--no-sandbox"]
        )
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.on("console", lambda message: bad.append(message.text))
        page.on("pageerror", lambda problem: bad.append(str(problem)))
        page.on("dialog", lambda dialog: bad.append(dialog.message))
        page.on("request", lambda request: bad.append(request.url))
        page.goto(path.as_uri())
        page.locator(".tile").first.wait_for()
        labels = [one.get_attribute("aria-label") or "" for one in page.locator(".tile").all()]
        page.locator(".tile").first.click(position={"x": 8, "y": 8})
        way = "/".join(page.locator(".crumbs button").all_inner_texts())
        browser.close()

    assert bad == [path.as_uri()]
    if hostile:
        assert len(labels) >= len(NASTY)
    else:
        assert "voice.ts 7 bytes, not in the bundle · TypeScript · 1 line (18.4% of all)" in labels
        assert way == "all files/src"
