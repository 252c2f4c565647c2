"""Every kind of page as people see and hear it: narrow, zoomed, dark, in forced colors, in print, read aloud."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from hotpapers.wings.mail.issue_text import as_html, message_view
from tests.browser.chromium import Tab, View, save
from tests.browser.conftest import KINDS, SITE_CONFIG, FilesCheck, PageCheck
from tests.conftest import data
from tests.publish.render.full_sample import FULL_READER

DARK = {"prefers-color-scheme": "dark"}
VIEWS = {
    "narrow": View(320, 640, DARK),
    "at 400 %": View(1280, 1024, zoom=4),
    "no script": View(320, 640, scripts=False),
    "forced colors": View(media={"forced-colors": "active"}),
}

# Pointer targets smaller than 24 × 24 that are neither within a sentence nor spaced apart (WCAG 2.2, 2.5.8).
TARGETS = """(() => {
  const all = [...document.querySelectorAll("a[href], button, summary, input, select, textarea")]
    .filter((element) => element.checkVisibility({ visibilityProperty: true }) && !element.matches(".skip"));
  const box = (element) => [...element.getClientRects()].reduce((a, b) => (a && a.width > b.width ? a : b), null);
  const center = (r) => [r.left + r.width / 2, r.top + r.height / 2];
  const inline = (element) => {
    const block = element.closest("p, li, dd, figcaption, h1, h2, h3, blockquote, td");
    if (!block) return false;
    const length = (node) => node.textContent.trim().length;
    const targets = all.filter((other) => block.contains(other) && !other.parentElement.closest("a, button, summary"));
    return length(block) > targets.reduce((sum, target) => sum + length(target), 0) + 3;
  };
  const near = (element) => all.some((other) => {
    if (other === element || !box(other)) return false;
    const [x, y] = center(box(element)), r = box(other);
    const dx = Math.max(r.left - x, 0, x - r.right), dy = Math.max(r.top - y, 0, y - r.bottom);
    return Math.hypot(dx, dy) < 12;
  });
  return all.filter((element) => {
    const r = box(element);
    return r && (r.width < 24 || r.height < 24) && !inline(element) && near(element);
  }).map((element) => element.outerHTML.slice(0, 120) + " " + JSON.stringify(box(element)));
})()"""


@pytest.fixture(params=sorted(KINDS))
def kind(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.mark.parametrize("view", ["narrow", "at 400 %", "no script"])
def test_no_page_scrolls_sideways(tab: Tab, app: str, kind: str, view: str) -> None:
    tab.set_view(VIEWS[view])
    tab.open(app + KINDS[kind])
    widths = tab.run("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    assert widths[0] <= widths[1], tab.run(
        "[...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > innerWidth + 1)"
        ".map(e => e.outerHTML.slice(0, 100)).slice(0, 5)"
    )


@pytest.mark.parametrize("width", [320, 768])
def test_text_of_twice_the_size_does_not_scroll_sideways(tab: Tab, app: str, kind: str, width: int) -> None:
    tab.set_view(View(width, 640))
    tab.open(app + KINDS[kind])
    tab.run("document.documentElement.style.fontSize = '200%'")
    widths = tab.run("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    assert widths[0] <= widths[1], tab.run(
        "[...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > innerWidth + 1)"
        ".map(e => e.outerHTML.slice(0, 100)).slice(0, 5)"
    )


def test_a_mail_does_not_scroll_sideways_on_a_phone(tab: Tab, tmp_path: Path) -> None:
    file = tmp_path / "mail.html"
    file.write_text(as_html(message_view(FULL_READER.issue("daily", "2021-01-14"), SITE_CONFIG, 10)), "utf-8")
    tab.set_view(View(320, 640))
    tab.open(file.as_uri())
    assert tab.run("document.documentElement.scrollWidth <= innerWidth")


def test_a_mail_is_dark_where_the_reader_wants_it(tab: Tab, tmp_path: Path) -> None:
    file = tmp_path / "mail.html"
    file.write_text(as_html(message_view(FULL_READER.issue("daily", "2021-01-14"), SITE_CONFIG, 10)), "utf-8")
    colors = "[document.body, document.querySelector('a')].map((element) => getComputedStyle(element).color)"
    for view, expected in (
        (View(media=DARK), ["rgb(228, 228, 228)", "rgb(138, 180, 248)"]),
        (View(media={"prefers-color-scheme": "light"}), ["rgb(0, 0, 0)", "rgb(11, 87, 208)"]),
    ):
        tab.set_view(view)
        tab.open(file.as_uri())
        assert tab.run(colors) == expected


STORAGE = {"storage.html", "storage.js"}
"""What pages from a disk load besides."""
SCRIPTS = {
    "all of a day": {"unfold.js"}, "my papers": {"library.js"}, "bookmarklet": {"bookmarklet.js", "dois.js"},
    "search": {"dois.js", "search.js", "search_words.js", "search_index.js", "search_spelling.js"},
}  # fmt: skip


def test_nothing_is_asked_of_others_and_nothing_is_complained_of(tab: Tab, app: str, disk: str, kind: str) -> None:
    for base in (app, disk):
        tab.open(base + KINDS[kind])
        assert tab.console_messages() == []
        paths = {url.removeprefix(base) for url in tab.requests()} - (STORAGE if base == disk else set())
        scripts = SCRIPTS.get(kind, set())
        assert (
            paths <= {KINDS[kind], "style.css", "reader.js", "paper_actions.js", "icon.svg", *scripts}
            and KINDS[kind] in paths
        )


@pytest.mark.parametrize("width", [320, 1000])
def test_targets_are_large_or_apart(tab: Tab, app: str, kind: str, width: int) -> None:
    tab.set_view(View(width, 900))
    tab.open(app + KINDS[kind])
    tab.run("document.querySelectorAll('details').forEach((element) => (element.open = true))")
    assert tab.run(TARGETS) == []


ROWS_OF_COUNTS = """[...document.querySelectorAll('SELECTOR')].flatMap((list) => {
  list.style.width = '6rem';
  const tops = [...new Set([...list.querySelectorAll('a')].map((a) => Math.round(a.getBoundingClientRect().top)))];
  return tops.slice(1).map((top, n) => top - tops[n]);
})"""
"""How far the rows of each list of counts are apart, in px, where there is little room."""


@pytest.mark.parametrize("width", [320, 1280])
def test_counts_are_as_close_in_papers_still_talked_about_as_in_entries(tab: Tab, demos: Path, width: int) -> None:
    tab.set_view(View(width, 800))
    tab.open((demos / "made-up-week" / "site" / "2026-03-12" / "index.html").as_uri())
    selectors = (".entry .counts", ".still > ul > li .figures")
    entries, still = (tab.run(ROWS_OF_COUNTS.replace("SELECTOR", selector)) for selector in selectors)
    assert still and min(still) >= 24 and max(still) <= max(*entries, 28)


def test_nothing_moves_while_a_page_comes_in(tab: Tab, app: str, kind: str) -> None:
    tab.open(app + KINDS[kind])
    shift = tab.run("""new Promise((done) => {
      let sum = 0;
      new PerformanceObserver((list) => list.getEntries().forEach((shift) => (sum += shift.value)))
        .observe({ type: "layout-shift", buffered: true });
      setTimeout(() => done(sum), 100);
    })""")
    assert shift < 0.01


def test_focus_is_seen_wherever_it_goes(tab: Tab, app: str, kind: str) -> None:
    tab.set_view(View(390, 500))
    tab.open(app + KINDS[kind])
    elements = set()
    for _ in range(40):
        tab.press("Tab")
        focus = tab.run("""(() => {
          const element = document.activeElement;
          const box = element.getBoundingClientRect(), style = getComputedStyle(element);
          return [element.outerHTML.slice(0, 200), box.bottom > 0 && box.top < innerHeight && box.right > 0,
                  style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2 || element === document.body];
        })()""")
        assert focus[1] and focus[2], focus[0]
        elements.add(focus[0])
    assert len(elements) > 5 or kind == "not found", "without a base, that page can link to nothing"


@pytest.mark.parametrize(("scheme", "width"), [("light", 1000), ("dark", 320)])
def test_axe_finds_nothing(tab: Tab, app: str, check_axe: PageCheck, kind: str, scheme: str, width: int) -> None:
    tab.set_view(View(width, 900, {"prefers-color-scheme": scheme}))
    tab.open(app + KINDS[kind])
    assert check_axe(tab) == []


def test_the_html_is_valid(disk: str, check_html: FilesCheck) -> None:
    folder = Path(disk.removeprefix("file://"))
    assert check_html([folder / path for path in KINDS.values()]) == []


# ---- dark, forced, printed ---------------------------------------------------------------------------

BACKGROUND = "getComputedStyle(document.documentElement).backgroundColor"


def test_dark_where_the_system_is_or_the_reader_wants(tab: Tab, app: str) -> None:
    tab.open(app)
    assert tab.run(BACKGROUND) == "rgb(255, 253, 249)"
    tab.set_view(View(media=DARK))
    assert tab.run(BACKGROUND) == "rgb(14, 14, 15)"
    tab.run("localStorage.setItem('hotpapers', JSON.stringify({ scheme: 'light' }))")
    tab.open(app)
    assert tab.run(BACKGROUND) == "rgb(255, 253, 249)"
    tab.set_view(View())
    tab.run("localStorage.setItem('hotpapers', JSON.stringify({ scheme: 'dark', size: 'xl' }))")
    tab.open(app)
    assert tab.run(BACKGROUND) == "rgb(14, 14, 15)"
    assert tab.run("getComputedStyle(document.documentElement).fontSize") == "21.6px"


def test_curves_are_seen_in_forced_colors(tab: Tab, app: str) -> None:
    tab.set_view(VIEWS["forced colors"])
    tab.open(app + KINDS["issue"])
    line, paper = tab.run(f"[getComputedStyle(document.querySelector('.spark polyline')).stroke, {BACKGROUND}]")
    assert line not in (paper, "none")


def test_print_has_everything_that_can_be_read_and_nothing_to_press(tab: Tab, app: str) -> None:
    tab.set_view(View(kind="print"))
    tab.open(app + KINDS["issue"])
    hidden = ".masthead nav, .turn, .say, .foot nav"
    assert (
        tab.run(f"[...document.querySelectorAll('{hidden}')].filter((element) => element.checkVisibility()).length")
        == 0
    )
    assert tab.run("document.querySelector('.entry .abstract').checkVisibility()")
    assert tab.run("document.querySelector('.entry .authors p').checkVisibility()")
    tab.set_view(View())
    pdf = tab.pdf()
    assert pdf.startswith(b"%PDF-") and len(re.findall(rb"/Type\s*/Page\b", pdf)) <= 4


def test_print_gives_the_addresses_of_papers_and_posts(tab: Tab, app: str) -> None:
    tab.set_view(View(kind="print"))
    for kind, papers in (("issue", 3), ("paper", 1)):
        tab.open(app + KINDS[kind])
        printed = tab.run(PRINTED_ADDRESSES)
        ids = [text for text, _ in printed if text.startswith("arXiv:")]
        assert len(ids) == papers and all(
            address == f"https://arxiv.org/abs/{text.removeprefix('arXiv:')}"
            for text, address in printed
            if text in ids
        )
        posts = [address for _, address in printed if "arxiv.org" not in address]
        assert "https://news.ycombinator.com/item?id=38000009" in posts and "https://bsky.app/" in " ".join(posts)
        assert not tab.run("document.querySelector('.links [href*=\"/pdf/\"]').checkVisibility()")
        assert tab.run("document.documentElement.scrollWidth <= innerWidth")
    tab.set_view(View())
    assert not tab.run(PRINTED_ADDRESSES), "only on paper"


def test_all_can_be_read_without_a_script(tab: Tab, app: str) -> None:
    tab.set_view(VIEWS["no script"])
    for kind, path in KINDS.items():
        tab.open(app + path)
        main = tab.run("document.querySelector('main').innerText")
        assert len(main) > 40 and "undefined" not in main, kind
    tab.open(app + KINDS["reading"])
    assert "This page needs JavaScript" in tab.run("document.body.innerText")
    assert not tab.run("document.querySelector('form').checkVisibility()")


# ---- read aloud --------------------------------------------------------------------------------------

PRINTED_ADDRESSES = """[...document.querySelectorAll('main a[href^=http]')]
  .filter((link) => link.checkVisibility() && getComputedStyle(link, '::after').content.includes('http'))
  .map((link) => [link.textContent, link.href])"""
"""(text, address) of the links whose address is written behind them."""
READ_ALOUD = {"": data("browser", "issue.txt"), "3": data("browser", "issue_unfolded.txt")}
"""What is read of an issue, by the key that chooses how much is shown."""
SPOKEN_ROLES = {"heading", "link", "article", "navigation", "region", "banner", "contentinfo", "main", "figure",
                "blockquote", "DisclosureTriangle", "list", "StaticText", "time", "MathMLMath", "image"}  # fmt: skip


@pytest.mark.parametrize("key", READ_ALOUD)
def test_an_issue_is_read_aloud_in_its_order(tab: Tab, app: str, key: str) -> None:
    """HOTPAPERS_REWRITE=1 rewrites the expected text; review the diff before you commit it."""
    tab.open(app + KINDS["issue"])
    if key:
        tab.press(key)
    lines: list[str] = []
    for role, name in tab.accessibility_tree():
        if role in SPOKEN_ROLES and not (
            role == "StaticText" and (not name.strip() or any(name in line for line in lines[-3:]))
        ):
            lines.append(f"{role}: {name}".strip())
    text = "\n".join(lines) + "\n"
    if os.environ.get("HOTPAPERS_REWRITE"):
        save(text.encode(), READ_ALOUD[key])
    assert text == READ_ALOUD[key].read_text("utf-8")
