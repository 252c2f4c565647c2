"""Wings: features that only some need. Each imports the core; the core imports none of them.

archives  import what others have archived of networks
classic   the Markdown of 2020 to 2022, byte for byte
proof     a publication's log, its proofs and its witnesses
peers     follow another site
announce  issues in chat rooms, to webhooks and on Bluesky
mail      issues by mail
tables    tables for research
history   issues of a past period, as they would have been
mcp       tools for language models
cards     pictures of issues and papers, for links to them
feeds     read feeds, such as those of blogs
lobsters  read stories of Lobsters that link to arXiv
mastodon  read servers of Mastodon and of others like it
reddit    read Reddit, with a key or from feeds
x         read X with a paid key
preprints read papers of bioRxiv, medRxiv, ChemRxiv and other servers
personal  a reader's own order of papers
topics    what the papers of a week are about more than before
voices    papers shared by people whom a publication follows
summaries a sentence about each paper by a language model
hosting   files for hosts: GitHub Pages, systemd, containers
postgres  the store in a PostgreSQL database
download  the whole record for the public, from the API
forms     forms for readers: reports, and what other wings ask
accounts  authors of posts prove that an account is theirs, and hide its posts or contest a verdict
check     try every source, sender and folder of the settings
"""

from __future__ import annotations

BUILT_IN = (
    "classic",
    "archives",
    "announce",
    "mail",
    "tables",
    "history",
    "proof",
    "peers",
    "feeds",
    "lobsters",
    "mastodon",
    "reddit",
    "x",
    "preprints",
    "personal",
    "topics",
    "mcp",
    "cards",
    "voices",
    "summaries",
    "hosting",
    "download",
    "forms",
    "accounts",
    "postgres",
    "check",
)
