"""Registers the wing's settings, commands, site files, API questions and other hooks."""

from __future__ import annotations

from pathlib import Path

from hotpapers.base.wings import SendingChannel, Wing, load_lazily, load_object
from hotpapers.cli.hooks import Commands
from hotpapers.publish.hooks import ApiQuestions, PageScripts, RelatedPapers
from hotpapers.publish.page_hooks import SiteFiles
from hotpapers.serve.hooks import AppStart, ModelTools
from hotpapers.site.hooks import Publishing, StatusCheck, Trials

PERSONAL = "hotpapers.wings.personal"
PAPER_SCRIPTS = ("vectors", "choices", "day_files", "page_papers", "own_order", "for_me")
"""Each uses those before it."""
WING = Wing(
    "personal",
    "A reader's own order of papers, without an account.",
    settings=lambda: (load_object(f"{PERSONAL}.settings:TABLE"), load_object(f"{PERSONAL}.embeddings.settings:TABLE")),
    hooks=(
        Commands(
            {
                "Read": {
                    "for-me": (
                        f"{PERSONAL}.commands:for_me_command",
                        "Order a day's papers by their closeness to those that you starred.",
                    ),
                }
            }
        ),
        Publishing(load_lazily(f"{PERSONAL}.embeddings.filling:vector_filling")),
        StatusCheck(load_lazily(f"{PERSONAL}.embeddings.filling:check_server")),
        Trials(load_lazily(f"{PERSONAL}.embeddings.embedding_server:trials")),
        SendingChannel(
            "reader",
            f"{PERSONAL}.readers:destinations",
            lambda settings: bool(settings.table("reader")),
            page="wings/own-order",
        ),
        SiteFiles(load_lazily(f"{PERSONAL}.site_part:PersonalPart")),
        ApiQuestions(lambda: load_object(f"{PERSONAL}.tools:QUESTIONS")),
        RelatedPapers(load_lazily(f"{PERSONAL}.neighbors:Neighbors")),
        AppStart(load_lazily(f"{PERSONAL}.preparing:prepare")),
        PageScripts(
            (Path(__file__).with_name("my_papers_link.js"),),
            tuple(Path(__file__).with_name(f"{name}.js") for name in PAPER_SCRIPTS),
        ),
        ModelTools(
            f"{PERSONAL}.tools:TOOLS", site=f"{PERSONAL}.site_tools:SITE_TOOLS", public=f"{PERSONAL}.tools:PUBLIC_TOOLS"
        ),
    ),
)
