"""The HTML page in Chromium: treemap, filters, themes, print, no script, hostile texts, size."""

from __future__ import annotations

import json
import re
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from auditor.model import Report, Severity, Verdict
from tests.html_reports import (
    artifact,
    big,
    everything,
    finding,
    hostile,
    incident,
    rendered,
)
from tests.packer_tools import installed
from tests.programs import needed
from tests.test_html import NASTY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Dialog, Page

pytestmark = pytest.mark.browser

VIOLATIONS = """
addEventListener("securitypolicyviolation", (event) => console.log("csp", event.violatedDirective))
"""
LARGEST = 11_000_000
"""Bytes of a page with 20,000 files and 5,000 findings."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - only where it is used

    with sync_playwright() as playwright:
        found = playwright.chromium.launch(
            executable_path=needed("chromium"), args=["--no-sandbox"]
        )
        yield found
        found.close()


class Visit:
    """An open page, and all that must not happen on it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.bad: list[str] = []
        page.on("dialog", self._dialog)
        page.on("console", lambda message: self.bad.append(f"console: {message.text}"))
        page.on("pageerror", lambda error: self.bad.append(f"error: {error}"))
        page.on("request", lambda request: self.bad.append(request.url))
        page.on("popup", lambda _: self.bad.append("popup"))
        page.add_init_script(VIOLATIONS)

    def _dialog(self, dialog: Dialog) -> None:
        self.bad.append("dialog")
        dialog.dismiss()

    def text(self, selector: str) -> str:
        return " ".join(self.page.locator(selector).inner_text().split())

    def script(self, code: str) -> object:
        return self.page.evaluate(code)

    def until(self, code: str) -> None:
        """Wait until a condition holds; the page's own policy lets Playwright not wait in it."""
        for _ in range(100):
            if self.script(code):
                return
            self.page.wait_for_timeout(50)
        pytest.fail(f"never: {code}")

    def shown(self) -> list[str]:
        """Return the first words of the findings that can be seen."""
        return [
            (one.text_content() or "").split()[0]  # what is out of sight has no inner text
            for one in self.page.locator("#findings .finding:visible .place").all()
        ]

    def map(self) -> None:
        """Go to the first treemap, and wait until it is drawn."""
        self.page.locator("#ships").scroll_into_view_if_needed()
        self.page.locator(".tile").first.wait_for()

    def folder(self) -> str:
        """Return the way to the folder that the first treemap shows."""
        return "/".join(self.page.locator(".crumbs").first.locator("button").all_inner_texts())

    def focused(self) -> str:
        return str(self.script("document.activeElement.getAttribute('aria-label')"))


class Opener:
    """Opens pages of reports, and asserts that nothing bad happened on them."""

    def __init__(self, browser: Browser, folder: Path) -> None:
        self.browser = browser
        self.folder = folder

    @contextmanager
    def __call__(self, report: Report, fragment: str = "", **options: object) -> Iterator[Visit]:
        path = self.folder / "report.html"
        path.write_text(rendered(report), encoding="utf-8")
        context = self.browser.new_context(**options)  # type: ignore[arg-type]
        context.set_default_timeout(5000)
        context.set_default_navigation_timeout(30_000)
        page = context.new_page()
        visit = Visit(page)
        page.goto(f"{path.as_uri()}{fragment}")
        page.wait_for_load_state("load")
        yield visit
        page.wait_for_timeout(50)
        asked = [one for one in visit.bad if not one.startswith(path.as_uri())]
        context.close()
        assert asked == []


@pytest.fixture
def opened(browser: Browser, tmp_path: Path) -> Opener:
    return Opener(browser, tmp_path)


def tile(visit: Visit, name: str) -> None:
    """Click the head of a tile."""
    visit.page.locator(f".tile[aria-label^='{name} ']").first.click(position={"x": 12, "y": 8})


# The treemap


def test_a_click_goes_into_a_folder_and_the_way_back_is_shown(opened: Opener) -> None:
    with opened(everything()) as visit:
        visit.map()
        assert visit.folder() == "all files"
        tile(visit, "dist")
        assert visit.folder() == "all files/dist"
        tile(visit, "locale")
        assert visit.folder() == "all files/dist/locale"
        assert visit.page.locator(".tiles").first.locator(".tile").count() == 2
        visit.page.locator(".crumbs button", has_text="all files").first.click()
        assert visit.folder() == "all files"
        assert visit.script("document.activeElement.textContent") == "all files"


def test_the_keyboard_goes_through_the_treemap(opened: Opener) -> None:
    with opened(everything()) as visit:
        visit.map()
        visit.page.locator(".tile[tabindex='0']").first.focus()
        steps = [
            ("", "dist 4.5 MB, 4 files (83.1% of all)"),
            ("ArrowRight", "app.js.map 3.0 MB, source maps (55.4% of all)"),
            ("ArrowDown", "app.js 1.0 MB, scripts (18.5% of all)"),
            ("ArrowLeft", "dist 4.5 MB, 4 files (83.1% of all)"),
            ("Enter", "app.js.map 3.0 MB, source maps (55.4% of all)"),
            ("End", "fr.js 200 kB, scripts (3.7% of all)"),
            ("Home", "app.js.map 3.0 MB, source maps (55.4% of all)"),
            ("Backspace", "dist 4.5 MB, 4 files (83.1% of all)"),
        ]
        for key, label in steps:
            if key:
                visit.page.keyboard.press(key)
            assert visit.focused() == label, key
        assert visit.folder() == "all files"


def test_a_tile_tells_its_path_kind_size_and_share_when_pointed_at(opened: Opener) -> None:
    with opened(everything()) as visit:
        visit.map()
        assert visit.page.locator("#tip").is_hidden()
        visit.page.locator(".tile[aria-label^='app.js.map ']").first.hover()
        assert visit.text("#tip") == "dist/app.js.map 3.0 MB, source maps (55.4% of all)"
        visit.page.mouse.move(1, 1)
        assert visit.page.locator("#tip").is_hidden()


def test_areas_are_as_the_bytes_and_no_tile_leaves_its_folder(opened: Opener) -> None:
    files = {f"f{i}.js": ((i + 1) * 100_000, "scripts") for i in range(12)}
    with opened(
        Report(
            verdict=Verdict.PASS, threshold=Severity.LOW, ruleset="0", artifacts=(artifact(files),)
        )
    ) as visit:
        visit.page.locator(".tile").first.wait_for()
        boxes = visit.script(
            """[...document.querySelectorAll('.tile')].map(tile => {
                const r = tile.getBoundingClientRect();
                const b = tile.parentElement.getBoundingClientRect();
                return [tile.getAttribute('aria-label').split(' ')[0], r.width * r.height,
                        r.left >= b.left - 1 && r.right <= b.right + 1
                        && r.top >= b.top - 1 && r.bottom <= b.bottom + 1];
            })"""
        )
        assert isinstance(boxes, list)
        total = sum(area for _, area, _ in boxes)
        for name, area, inside in boxes:
            assert inside, name
            assert area / total == pytest.approx(files[name][0] / 7_800_000, rel=0.03), name


def test_the_tile_for_smaller_files_does_not_squeeze_the_others(opened: Opener) -> None:
    files = {"big.bin": (3_000_000, "other files")}
    for folder in range(8, 24):
        for i in range(folder):
            files[f"d{folder}/f{i:02}.js"] = (4_000 + 100 * i, "scripts")
        for i in range(100):
            files[f"d{folder}/s{i:02}.js"] = (1_000, "scripts")
    with opened(
        Report(
            verdict=Verdict.PASS,
            threshold=Severity.LOW,
            ruleset="0",
            artifacts=(artifact(files),),
        )
    ) as visit:
        visit.map()
        thinnest = visit.script(
            """Math.min(...[...document.querySelectorAll('.tile:not(.rest)')].map(tile => {
                const box = tile.getBoundingClientRect();
                return Math.min(box.width / box.height, box.height / box.width);
            }))"""
        )
        assert visit.page.locator(".tile.rest").count() > 8
        assert isinstance(thinnest, float)
        assert thinnest > 0.1


def test_twenty_thousand_files_of_one_size_can_be_gone_through(opened: Opener) -> None:
    files = {f"f{i:05}.js": (1000, "scripts") for i in range(20_000)}
    with opened(
        Report(
            verdict=Verdict.PASS, threshold=Severity.LOW, ruleset="0", artifacts=(artifact(files),)
        )
    ) as visit:
        visit.page.locator(".tile").first.wait_for()
        assert visit.page.locator(".tile").count() < 400
        visit.page.locator(".tile").first.click()
        assert visit.page.locator(".tile").count() == 142
        assert visit.focused() == "f00000.js 1.0 kB, scripts (0.0% of all)"


# Filters


FILTERED = [
    ("#severity=low", ["x.log"]),
    ("#rule=bad-file", ["dist/app.js.map", "dist/two.js.map"]),
    ("#rule=bad-file&text=TWO", ["dist/two.js.map"]),
    ("#in=1", ["x.log"]),
    ("#text=no+such+thing", []),
    ("#severity=", []),
    ("#rule=gone&nonsense=1", ["package.json:7", "dist/app.js.map", "dist/two.js.map", "x.log"]),
]


@pytest.mark.parametrize(("fragment", "places"), FILTERED)
def test_the_fragment_says_what_is_shown(opened: Opener, fragment: str, places: list[str]) -> None:
    with opened(everything(), fragment) as visit:
        assert visit.shown() == places
        assert visit.page.locator("#nothing").is_visible() == (not places)


def test_filters_work_by_keyboard_and_are_in_the_fragment(opened: Opener) -> None:
    with opened(everything()) as visit:
        keyboard = visit.page.keyboard
        visit.page.locator("[name=text]").focus()
        keyboard.type("map bad")
        assert visit.shown() == ["dist/app.js.map", "dist/two.js.map"]
        assert visit.script("location.hash") == "#text=map+bad"
        assert visit.text("output") == "2 of 4 findings"
        keyboard.press("Tab")
        assert visit.script("document.activeElement.value") == "critical"
        keyboard.press("Space")
        assert visit.script("location.hash") == "#text=map+bad&severity=high%2Clow"
        visit.page.locator("[type=reset]").focus()
        keyboard.press("Enter")
        visit.until("!location.href.includes('#')")
        assert len(visit.shown()) == 4


def test_the_counts_of_the_head_show_one_severity(opened: Opener) -> None:
    with opened(everything()) as visit:
        visit.page.locator("[data-only=high]").click()
        visit.until("location.hash === '#severity=high'")
        assert visit.shown() == ["dist/app.js.map", "dist/two.js.map"]


def test_what_was_set_aside_can_be_left_out_and_is_there_at_first(opened: Opener) -> None:
    with opened(everything()) as visit:
        assert visit.page.locator("#aside").is_visible()
        visit.page.locator("[name=aside]").uncheck()
        assert visit.page.locator("#aside").is_hidden()
        assert visit.script("location.hash") == "#aside=no"


def test_a_filter_opens_what_was_folded_and_a_link_to_a_finding_shows_it(opened: Opener) -> None:
    many = Report(
        verdict=Verdict.FAIL,
        threshold=Severity.LOW,
        ruleset="0",
        findings=tuple(finding(f"file-{i:03}.map", number=i) for i in range(90)),
    )
    with opened(many) as visit:
        assert visit.page.locator(".finding:visible").count() == 20
        visit.page.locator("[name=text]").fill("file-077")
        assert visit.shown() == ["file-077.map"]
    with opened(many, "#finding-00000000004d") as visit:
        assert visit.page.locator("[id='finding-00000000004d'] .evidence").is_visible()


# Light, dark, print, and without script


GROUND = "getComputedStyle(document.documentElement).backgroundColor"


def test_the_theme_is_the_systems_until_one_is_chosen(opened: Opener) -> None:
    for scheme, before in (("light", "rgb(255, 255, 255)"), ("dark", "rgb(20, 23, 27)")):
        with opened(everything(), color_scheme=scheme) as visit:
            assert visit.script(GROUND) == before
            visit.page.locator("#theme-light").check()
            assert visit.script(GROUND) == "rgb(255, 255, 255)"
            visit.page.locator("#theme-dark").check()
            assert visit.script(GROUND) == "rgb(20, 23, 27)"


def test_paper_is_white_and_has_the_evidence_but_no_controls(opened: Opener) -> None:
    with opened(everything(), color_scheme="dark") as visit:
        visit.page.locator("#theme-dark").check()
        visit.page.emulate_media(media="print")
        assert visit.script(GROUND) == "rgb(255, 255, 255)"
        for selector in ("#filters", ".theme", "nav"):
            assert visit.page.locator(selector).first.is_hidden()
        assert visit.script(
            "document.querySelector('.evidence').checkVisibility({contentVisibilityAuto: true})"
        )
        assert visit.page.pdf().startswith(b"%PDF")


def test_all_is_there_without_script(opened: Opener) -> None:
    with opened(everything(), java_script_enabled=False) as visit:
        assert visit.page.locator("#filters").is_hidden()
        assert visit.page.locator(".map").first.is_hidden()
        assert len(visit.shown()) == 4
        visit.page.locator(".listing summary").first.click()
        assert "dist/locale 500 kB" in visit.text(".files >> nth=0")
        visit.page.locator("#theme-dark").check()
        visit.page.locator(".finding summary").first.click()
        assert visit.page.locator(".evidence").first.is_visible()


def test_a_phone_scrolls_in_one_direction(opened: Opener) -> None:
    for report in (everything(), incident(), hostile("x" * 5000)):
        with opened(report, viewport={"width": 360, "height": 740}) as visit:
            visit.page.locator("footer").scroll_into_view_if_needed()
            assert visit.script("document.documentElement.scrollWidth") == 360


def test_the_tab_key_goes_from_the_skip_link_through_all_in_order(opened: Opener) -> None:
    with opened(everything()) as visit:
        seen = []
        for _ in range(14):
            visit.page.keyboard.press("Tab")
            seen.append(
                visit.script(
                    "(e => e.id || e.dataset.only || e.textContent)(document.activeElement)"
                )
            )
        sections = "Not examined|Artifacts|Findings|Set aside|Changes|What ships|Lockfiles"
        assert seen == [
            "Skip to the report",
            *sections.split("|"),
            "theme-auto",
            *(level.word for level in sorted(Severity, reverse=True)),
        ]


# Hostile and big


@pytest.mark.parametrize("text", [*NASTY, "".join(NASTY)])
def test_no_text_of_others_does_anything(opened: Opener, text: str) -> None:
    with opened(hostile(text)) as visit:
        visit.map()
        visit.page.locator(".tile").first.hover(position={"x": 12, "y": 8})
        visit.page.locator(".tile").first.click(position={"x": 12, "y": 8})
        visit.page.locator("[name=text]").fill(text.replace("\x00", ""))
        visit.page.locator("[name=rule]").select_option(index=1)
        assert visit.script("document.querySelectorAll('script, img, iframe').length") == 2


def test_a_big_report_stays_usable(opened: Opener, tmp_path: Path) -> None:
    with opened(big()) as visit:
        assert (tmp_path / "report.html").stat().st_size < LARGEST
        paint = visit.script("performance.getEntriesByName('first-contentful-paint')[0].startTime")
        assert isinstance(paint, int | float)
        assert paint < 3000
        visit.page.locator("[name=text]").fill("chunk-00042")
        assert visit.shown() == ["dist/module-42/chunk-00042.js.map"]
        visit.map()
        assert 100 < visit.page.locator(".tile").count() < 2500


# Tools


PAGES = [everything, incident, lambda: hostile("<b>&amp;\"'"), lambda: big(200, 50)]


@pytest.mark.parametrize("make", PAGES)
def test_the_standards_validator_has_nothing_to_say(
    make: Callable[[], Report], tmp_path: Path
) -> None:
    path = tmp_path / "report.html"
    path.write_text(rendered(make()), encoding="utf-8")
    jar = installed("vnu-jar") / "vnu-jar" / "build" / "dist" / "vnu.jar"
    command = [needed("java"), "-jar", str(jar), "--format", "json", str(path)]
    done = subprocess.run(  # noqa: S603 - a validator and our page
        command, check=False, capture_output=True, text=True
    )
    messages = [
        one["message"]
        for one in json.loads(done.stderr)["messages"]
        # it does not compare the digests of the policy; tests/test_html.py does
        if not re.match(r"Inline (style|script) violates Content Security Policy", one["message"])
    ]

    assert messages == []


@pytest.mark.parametrize("make", PAGES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_barrier(opened: Opener, make: Callable[[], Report], scheme: str) -> None:
    axe = (installed("axe-core") / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
    with opened(make(), color_scheme=scheme, bypass_csp=True) as visit:
        for one in visit.page.locator("details").all():
            one.evaluate("details => { details.open = true }")
        if visit.page.locator("#ships").count():
            visit.map()
        visit.page.add_script_tag(content=axe)
        found = visit.script("axe.run().then(found => found.violations)")
        assert isinstance(found, list)
        assert [(one["id"], one["nodes"][0]["html"][:200]) for one in found] == []
