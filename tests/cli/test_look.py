"""A site in the operator's own look: colors and a logo, without anything from elsewhere."""

from __future__ import annotations

from pathlib import Path

from tests.cli.run import good, misuse, run

STYLE = ":root { --accent: #00539f; }\n.masthead .name::before { content: url(icon.svg); }\n"
ICON = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><path d="M0 0h1v1z"/></svg>'


def test_a_site_has_its_own_colors_and_icon(site: Path) -> None:
    good("publish", "--all", "--to", "site")
    pages = site / "public" / "site"
    usual = (pages / "style.css").read_text("utf-8")
    (site / "look").mkdir()
    (site / "look" / "style.css").write_text(STYLE, "utf-8")
    (site / "look" / "icon.svg").write_text(ICON, "utf-8")
    settings = site / "hotpapers.toml"
    settings.write_text(settings.read_text("utf-8") + '\n[publish]\nlook = "look"\n', "utf-8")
    good("publish", "--all", "--to", "site")
    assert (pages / "style.css").read_text("utf-8") == f"{usual}\n/* The operator's own */\n{STYLE}"
    assert (pages / "icon.svg").read_text("utf-8") == ICON
    index = (pages / "index.html").read_text("utf-8")
    assert 'href="style.css"' in index and 'href="icon.svg"' in index
    assert "style-src 'self'; img-src 'self'" in index.replace("&#39;", "'"), (
        "so that a style sheet loads nothing from elsewhere"
    )
    (site / "look" / "icon.svg").unlink()
    good("publish", "--all", "--to", "site")
    assert (pages / "icon.svg").read_text("utf-8") != ICON


def test_a_look_that_is_not_there_is_told(site: Path) -> None:
    settings = site / "hotpapers.toml"
    settings.write_text(settings.read_text("utf-8") + '\n[publish]\nlook = "lock"\n', "utf-8")
    message = "hotpapers.toml: publish.look: lock is no folder; create it, with style.css or icon.svg in it"
    assert misuse("publish", "--all", "--to", "site") == message
    assert message in run("check").out
