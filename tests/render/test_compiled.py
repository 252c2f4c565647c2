"""Compiled templates: kept beside them, made anew when anything differs, and never needed."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from jinja2 import Environment, FileSystemLoader

from hotpapers.render.html.template_cache import TemplateCache


@pytest.fixture(autouse=True)
def keeping(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    monkeypatch.setattr(sys, "pycache_prefix", None)


def said(folder: Path, text: str = "", how: str = "") -> str:
    """What a template says that a new environment loads, after it was given another text."""
    if text:
        (folder / "page.html").write_text(text, "utf-8")
    environment = Environment(
        loader=FileSystemLoader(folder), bytecode_cache=TemplateCache(folder, how), autoescape=True
    )
    return environment.get_template("page.html").render()


def kept(folder: Path) -> list[Path]:
    return sorted((folder / "__pycache__").glob("*"))


def test_a_template_is_compiled_once(tmp_path: Path) -> None:
    assert said(tmp_path, "tea for {{ 1 + 1 }}") == "tea for 2"
    [file] = kept(tmp_path)
    at = file.stat().st_mtime_ns
    assert said(tmp_path) == "tea for 2"
    assert file.stat().st_mtime_ns == at


def test_what_is_kept_is_what_is_used(tmp_path: Path) -> None:
    said(tmp_path, "kettle")
    [file] = kept(tmp_path)
    file.write_bytes(file.read_bytes().replace(b"kettle", b"teapot"))
    assert said(tmp_path) == "teapot"


@pytest.mark.parametrize(("text", "how"), [("urn", ""), ("kettle", "trimmed")])
def test_another_text_or_another_way_is_compiled_anew(tmp_path: Path, text: str, how: str) -> None:
    said(tmp_path, "kettle")
    [file] = kept(tmp_path)
    before = file.read_bytes()
    assert said(tmp_path, text, how) == text
    assert kept(tmp_path) == [file] and file.read_bytes() != before


@pytest.mark.parametrize("damage", [b"", b"j2", b"\x00" * 400])
def test_what_is_damaged_is_made_anew(tmp_path: Path, damage: bytes) -> None:
    said(tmp_path, "kettle")
    [file] = kept(tmp_path)
    whole = file.read_bytes()
    for bad in (damage, whole[: len(whole) // 2], whole[:20] + damage):
        file.write_bytes(bad)
        assert said(tmp_path) == "kettle"
        assert file.read_bytes() == whole


def test_where_nothing_can_be_kept_nothing_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "__pycache__").write_bytes(b"")  # stands where the folder would be
    assert said(tmp_path, "kettle") == "kettle"
    (tmp_path / "__pycache__").unlink()
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    assert said(tmp_path) == "kettle"
    assert kept(tmp_path) == []
