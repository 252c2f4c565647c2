"""The tables, as numbered migrations. A store's schema version is the number of migrations applied to it;
one that has more than these is refused (`database.pending_migrations`).

Append new migrations to the list; never change old ones. The SQL is written once, for SQLite's STRICT tables;
`wings/postgres` translates the types. Columns that refer to a post, an account or a paper contain the number of its
identity (see `identities`). Every item table ends with the same columns:

`salt`     in kinds with personal words: 16 random bytes for the commitments to them; renewed when parts of the row are
           forgotten, NULL when no personal value is left
`redacted` in the same kinds: JSON {field: commitment}, once parts of the row were forgotten (`lost` in format 1.0)
`origin`   the raw row from which it was parsed, 0 for none; that row may be deleted, but its number is never reused
`since`    the position of the batch that added it
`until`    the position of the batch that closed it, 0 while it is open
"""

from __future__ import annotations

from hotpapers.base import model

ROW = "origin INTEGER NOT NULL, since INTEGER NOT NULL, until INTEGER NOT NULL"
WORDS = f"salt BLOB, lost TEXT, {ROW}"
ID = "id INTEGER PRIMARY KEY"

_FIRST = f"""
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE batch (position INTEGER PRIMARY KEY, at INTEGER NOT NULL, source TEXT NOT NULL, cursor TEXT,
    items INTEGER NOT NULL, manifest BLOB NOT NULL, chain BLOB NOT NULL) STRICT;
CREATE TABLE cursor (source TEXT PRIMARY KEY, cursor TEXT NOT NULL, position INTEGER NOT NULL) STRICT;
CREATE TABLE raw (id INTEGER PRIMARY KEY AUTOINCREMENT, source TEXT NOT NULL, kind TEXT NOT NULL, key TEXT NOT NULL,
    content BLOB NOT NULL, body BLOB NOT NULL, seen_at INTEGER NOT NULL, keep_until INTEGER NOT NULL) STRICT;
CREATE UNIQUE INDEX raw_content ON raw (source, content);
CREATE INDEX raw_key ON raw (key);
CREATE INDEX raw_keep ON raw (keep_until);
CREATE TABLE quarantine (id INTEGER PRIMARY KEY, source TEXT NOT NULL, kind TEXT NOT NULL, key TEXT NOT NULL,
    reason TEXT NOT NULL, content BLOB NOT NULL, body BLOB NOT NULL, seen_at INTEGER NOT NULL,
    keep_until INTEGER NOT NULL) STRICT;
CREATE UNIQUE INDEX quarantine_content ON quarantine (source, content);
CREATE INDEX quarantine_keep ON quarantine (keep_until);
CREATE TABLE identity ({ID}, key TEXT NOT NULL, salt BLOB, commitment BLOB, since INTEGER NOT NULL) STRICT;
CREATE UNIQUE INDEX identity_key ON identity (key);
INSERT INTO identity VALUES (0, '', NULL, NULL, 0);
CREATE TABLE tombstone (mark TEXT PRIMARY KEY, at INTEGER NOT NULL) STRICT;
CREATE TABLE copy (id INTEGER PRIMARY KEY, at INTEGER NOT NULL, way TEXT NOT NULL, target TEXT NOT NULL) STRICT;

CREATE TABLE paper ({ID}, paper INTEGER NOT NULL, title TEXT NOT NULL, authors TEXT NOT NULL, abstract TEXT NOT NULL,
    summary TEXT NOT NULL, categories TEXT NOT NULL, version INTEGER, comment TEXT NOT NULL, doi TEXT NOT NULL,
    journal TEXT NOT NULL, published_at INTEGER, updated_at INTEGER, observed_at INTEGER NOT NULL,
    archive TEXT NOT NULL, {ROW}) STRICT;
CREATE UNIQUE INDEX paper_key ON paper (paper, observed_at, until);

CREATE TABLE announcement ({ID}, paper INTEGER NOT NULL, day TEXT NOT NULL, category TEXT NOT NULL, type TEXT NOT NULL,
    announced_at INTEGER NOT NULL, version INTEGER, observed_at INTEGER NOT NULL, {ROW}) STRICT;
CREATE UNIQUE INDEX announcement_key ON announcement (paper, day, category, observed_at, until);
CREATE INDEX announcement_at ON announcement (announced_at, paper);
CREATE INDEX announcement_day ON announcement (day);

CREATE TABLE listing ({ID}, publication TEXT NOT NULL, day TEXT NOT NULL, made TEXT NOT NULL, lead INTEGER NOT NULL,
    places INTEGER NOT NULL, file TEXT NOT NULL, observed_at INTEGER NOT NULL, {ROW}) STRICT;
CREATE UNIQUE INDEX listing_key ON listing (publication, day, observed_at, until);

CREATE TABLE place ({ID}, publication TEXT NOT NULL, day TEXT NOT NULL, place INTEGER NOT NULL, paper INTEGER NOT NULL,
    title TEXT NOT NULL, authors TEXT NOT NULL, abstract TEXT NOT NULL, categories TEXT NOT NULL,
    network TEXT NOT NULL, method TEXT NOT NULL, tallied TEXT NOT NULL, file TEXT NOT NULL,
    observed_at INTEGER NOT NULL, {ROW}) STRICT;
CREATE UNIQUE INDEX place_key ON place (publication, day, place, observed_at, until);
CREATE INDEX place_paper ON place (paper);

CREATE TABLE shown ({ID}, publication TEXT NOT NULL, day TEXT NOT NULL, edition INTEGER NOT NULL,
    place INTEGER NOT NULL, n INTEGER NOT NULL, post INTEGER NOT NULL, observed_at INTEGER NOT NULL, {ROW}) STRICT;
CREATE UNIQUE INDEX shown_key ON shown (publication, day, edition, place, n, observed_at, until);
CREATE INDEX shown_post ON shown (post);

CREATE TABLE account ({ID}, account INTEGER NOT NULL, handle TEXT NOT NULL, name TEXT NOT NULL,
    automated INTEGER NOT NULL, observed_at INTEGER NOT NULL, {WORDS}) STRICT;
CREATE UNIQUE INDEX account_key ON account (account, observed_at, until);

CREATE TABLE alias ({ID}, account INTEGER NOT NULL, stable INTEGER NOT NULL, observed_at INTEGER NOT NULL,
    {ROW}) STRICT;
CREATE UNIQUE INDEX alias_key ON alias (account, observed_at, until);

CREATE TABLE post ({ID}, post INTEGER NOT NULL, network TEXT NOT NULL, account INTEGER NOT NULL,
    created_at INTEGER NOT NULL, text TEXT NOT NULL, links TEXT NOT NULL, lang TEXT NOT NULL, rtl INTEGER NOT NULL,
    handle TEXT NOT NULL, name TEXT NOT NULL, reply_to INTEGER NOT NULL, quotes INTEGER NOT NULL, limits TEXT NOT NULL,
    gone TEXT NOT NULL, observed_at INTEGER NOT NULL, voice INTEGER NOT NULL, same INTEGER NOT NULL, {WORDS}) STRICT;
CREATE UNIQUE INDEX post_key ON post (post, observed_at, until);
CREATE INDEX post_account ON post (account);
CREATE INDEX post_reply_to ON post (reply_to) WHERE reply_to > 0;
CREATE INDEX post_quotes ON post (quotes) WHERE quotes > 0;

CREATE TABLE mention ({ID}, post INTEGER NOT NULL, paper INTEGER NOT NULL, form TEXT NOT NULL, found_in TEXT NOT NULL,
    version INTEGER, observed_at INTEGER NOT NULL, {ROW}) STRICT;
CREATE UNIQUE INDEX mention_key ON mention (paper, post, observed_at, until);
CREATE INDEX mention_post ON mention (post);

CREATE TABLE reaction ({ID}, post INTEGER NOT NULL, account INTEGER NOT NULL, type TEXT NOT NULL,
    withdrawn INTEGER NOT NULL, observed_at INTEGER NOT NULL, {ROW}) STRICT;
CREATE UNIQUE INDEX reaction_key ON reaction (post, account, type, observed_at, until);
CREATE INDEX reaction_account ON reaction (account);
CREATE INDEX reaction_withdrawn ON reaction (post) WHERE withdrawn > 0;

CREATE TABLE snapshot ({ID}, post INTEGER NOT NULL, reposts INTEGER, likes INTEGER, replies INTEGER, quotes INTEGER,
    views INTEGER, observed_at INTEGER NOT NULL, {ROW}) STRICT;
CREATE UNIQUE INDEX snapshot_key ON snapshot (post, observed_at, until);

CREATE TABLE tally ({ID}, paper INTEGER NOT NULL, network TEXT NOT NULL, method TEXT NOT NULL, reposts INTEGER NOT NULL,
    likes INTEGER NOT NULL, observed_at INTEGER NOT NULL, {ROW}) STRICT;
CREATE UNIQUE INDEX tally_key ON tally (paper, network, method, observed_at, until);
CREATE INDEX tally_at ON tally (network, method, observed_at);

CREATE TABLE verdict ({ID}, subject INTEGER NOT NULL, about INTEGER NOT NULL, rule TEXT NOT NULL,
    judgement TEXT NOT NULL,
    version INTEGER NOT NULL, reason TEXT NOT NULL, observed_at INTEGER NOT NULL, {ROW}) STRICT;
CREATE UNIQUE INDEX verdict_key ON verdict (subject, about, rule, observed_at, until);

CREATE TABLE coverage ({ID}, network TEXT NOT NULL, from_at INTEGER NOT NULL, until_at INTEGER NOT NULL,
    state TEXT NOT NULL, reason TEXT NOT NULL, observed_at INTEGER NOT NULL, {ROW}) STRICT;
CREATE UNIQUE INDEX coverage_key ON coverage (network, from_at, observed_at, until);

CREATE TABLE publication ({ID}, publication TEXT NOT NULL, title TEXT NOT NULL, "window" TEXT NOT NULL,
    ranking TEXT NOT NULL, threshold INTEGER NOT NULL, categories TEXT NOT NULL, include TEXT NOT NULL,
    exclude TEXT NOT NULL, networks TEXT NOT NULL, own TEXT NOT NULL, posts INTEGER NOT NULL, hour INTEGER NOT NULL,
    zone TEXT NOT NULL, least_entries INTEGER, note TEXT, last_day TEXT, observed_at INTEGER NOT NULL, {ROW}) STRICT;
CREATE UNIQUE INDEX publication_key ON publication (publication, observed_at, until);

CREATE TABLE issue ({ID}, publication TEXT NOT NULL, day TEXT NOT NULL, edition INTEGER NOT NULL,
    digest TEXT NOT NULL, content TEXT NOT NULL, observed_at INTEGER NOT NULL, {ROW}) STRICT;
CREATE UNIQUE INDEX issue_key ON issue (publication, day, edition, until);

CREATE TABLE delivery ({ID}, publication TEXT NOT NULL, day TEXT NOT NULL, edition INTEGER NOT NULL,
    channel TEXT NOT NULL, target TEXT NOT NULL, state TEXT NOT NULL, receipt TEXT NOT NULL,
    observed_at INTEGER NOT NULL, {ROW}) STRICT;
CREATE UNIQUE INDEX delivery_key ON delivery (publication, day, edition, channel, target, observed_at, until);
"""

_ORIGINS = "".join(
    f"CREATE INDEX {kind}_origin ON {kind} (origin) WHERE origin > 0;\n"
    for kind in map(model.kind_of, model.KINDS)
    if kind not in ("measurement", "notice")  # which were added later
)
"""Indexes to find the rows parsed from a raw payload when it is parsed again."""

_WORK = """
CREATE TABLE lease (source TEXT PRIMARY KEY, holder TEXT NOT NULL, until_at INTEGER NOT NULL) STRICT;
CREATE TABLE pace (host TEXT PRIMARY KEY, next_at INTEGER NOT NULL) STRICT;
CREATE TABLE job_state (source TEXT PRIMARY KEY, state TEXT NOT NULL) STRICT;
CREATE TABLE recount (post INTEGER PRIMARY KEY, network TEXT NOT NULL, created_at INTEGER NOT NULL,
    asked_at INTEGER NOT NULL, due_at INTEGER NOT NULL, shown_until INTEGER NOT NULL) STRICT;
CREATE INDEX recount_due ON recount (network, due_at);
CREATE TABLE reaction_post (mark INTEGER PRIMARY KEY, post TEXT NOT NULL, at INTEGER NOT NULL) STRICT;
CREATE INDEX reaction_post_key ON reaction_post (post);
CREATE INDEX post_since ON post (network, since);
"""
"""Working data, not items: leases, when each host may be requested next, the state of each job, due recounts, the posts
of reactions; and an index of posts by batch."""

_SEARCH = """
CREATE TABLE search_state (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE search_paper (id INTEGER PRIMARY KEY, paper TEXT NOT NULL, day TEXT NOT NULL) STRICT;
CREATE INDEX search_paper_key ON search_paper (paper);
CREATE INDEX search_paper_day ON search_paper (day);
CREATE TABLE search_entry (publication TEXT NOT NULL, day TEXT NOT NULL, paper TEXT NOT NULL,
    place INTEGER NOT NULL) STRICT;
CREATE INDEX search_entry_paper ON search_entry (paper);
CREATE INDEX search_entry_publication ON search_entry (publication);
CREATE TABLE search_word (word TEXT PRIMARY KEY) STRICT;
""" + "".join(
    f"CREATE INDEX {kind}_closed ON {kind} (until) WHERE until > 0;\n"
    for kind in ("paper", "announcement", "post", "issue")
)
"""The part of the search index that is the same in both databases, and indexes of closed rows of the items that it
covers. Not items; the index is made when somebody searches (see `search`)."""

_MAIL = """
CREATE TABLE subscriber (mark TEXT PRIMARY KEY, publication TEXT NOT NULL, address TEXT NOT NULL, state TEXT NOT NULL,
    since INTEGER NOT NULL, skip_empty INTEGER NOT NULL, reason TEXT NOT NULL) STRICT;
CREATE INDEX subscriber_state ON subscriber (publication, state);
CREATE TABLE letter (publication TEXT NOT NULL, day TEXT NOT NULL, mark TEXT NOT NULL, state TEXT NOT NULL,
    receipt TEXT NOT NULL, tries INTEGER NOT NULL, at INTEGER NOT NULL, next_at INTEGER NOT NULL) STRICT;
CREATE UNIQUE INDEX letter_key ON letter (publication, day, mark);
CREATE INDEX letter_state ON letter (publication, day, state);
"""
"""Mail, not items: a publication's subscribers by keyed hash of their address, which is emptied when they leave, and
the state of each message. `letter` is renamed below."""

_DELIVERIES = """
CREATE TABLE delivery_state (publication TEXT NOT NULL, day TEXT NOT NULL, edition INTEGER NOT NULL,
    channel TEXT NOT NULL, target TEXT NOT NULL, state TEXT NOT NULL, receipt TEXT NOT NULL,
    at INTEGER NOT NULL) STRICT;
CREATE UNIQUE INDEX delivery_state_key ON delivery_state (publication, channel, day, edition, target);
"""
"""The state of each issue's delivery to each folder, room, receiver and account. Not items."""

_REPORTS = f"""
CREATE TABLE report ({ID}, at INTEGER NOT NULL, kind TEXT NOT NULL, issue TEXT NOT NULL, paper TEXT NOT NULL,
    subject TEXT NOT NULL, said TEXT NOT NULL, closed_at INTEGER NOT NULL) STRICT;
CREATE INDEX report_at ON report (at);
CREATE INDEX report_open ON report (closed_at, id);
"""
"""Readers' reports to the operator. Not items."""

_STANDING = """
CREATE TABLE standing (account INTEGER PRIMARY KEY, first_at INTEGER NOT NULL, settled_at INTEGER NOT NULL,
    first_paper INTEGER NOT NULL, second_paper INTEGER NOT NULL, position INTEGER NOT NULL) STRICT;
CREATE TABLE standing_state (mention INTEGER NOT NULL, reaction INTEGER NOT NULL) STRICT;
"""
"""Since when the record knows an account, given by number, and by which papers; and up to which rows this was computed.
Derived from items and rebuilt from them; not items."""

_MEASUREMENT = f"""
CREATE TABLE measurement ({ID}, source TEXT NOT NULL, paper INTEGER NOT NULL, network TEXT NOT NULL,
    age INTEGER NOT NULL, until_at INTEGER NOT NULL, voices INTEGER NOT NULL, reposts INTEGER NOT NULL,
    likes INTEGER NOT NULL, bots INTEGER NOT NULL, known INTEGER, authors INTEGER NOT NULL, counted INTEGER NOT NULL,
    unread INTEGER NOT NULL, observed_at INTEGER NOT NULL, {ROW}) STRICT;
CREATE UNIQUE INDEX measurement_key ON measurement (paper, source, network, age, observed_at, until);
CREATE INDEX measurement_origin ON measurement (origin) WHERE origin > 0;
"""
"""Counts from the observations of other collectors."""

_OUTBOX = """
ALTER TABLE letter RENAME TO outbox;
DROP INDEX letter_key;
DROP INDEX letter_state;
CREATE UNIQUE INDEX outbox_key ON outbox (publication, day, mark);
CREATE INDEX outbox_state ON outbox (publication, day, state);
UPDATE outbox SET state =
    CASE state WHEN 'handing' THEN 'sending' WHEN 'handed' THEN 'sent' WHEN 'later' THEN 'deferred' ELSE state END;
"""
"""Renames the table of messages and its states."""

_COLUMNS = "".join(
    f"ALTER TABLE {table} RENAME COLUMN {old} TO {new};\n"
    for table, old, new in (
        ("account", "lost", "redacted"),
        ("post", "lost", "redacted"),
        ("post", "same", "text_fingerprint"),
        ("copy", "way", "kind"),
        ("report", "said", "text"),
    )
)
"""Renames columns."""

_WITHDRAWN = """
ALTER TABLE paper ADD COLUMN withdrawn INTEGER;
CREATE INDEX paper_withdrawn ON paper (since) WHERE withdrawn = 1;
"""
"""Marks withdrawn papers."""

_MESSAGES = """
ALTER TABLE delivery_state ADD COLUMN tries INTEGER NOT NULL DEFAULT 0;
ALTER TABLE delivery_state ADD COLUMN next_at INTEGER NOT NULL DEFAULT 0;
INSERT INTO delivery_state SELECT publication, "day", 0, 'mailing', mark,
    CASE state WHEN 'deferred' THEN 'sending' ELSE state END,
    CASE WHEN state = 'sending' THEN '' WHEN receipt = '' THEN 'not handed over' ELSE receipt END, at, tries, next_at
    FROM outbox;
DROP TABLE outbox;
CREATE INDEX delivery_state_message ON delivery_state (publication, channel, "day", state) WHERE edition = 0;
"""
"""Moves the states of mail's messages to those of all deliveries, as edition 0: whatever the issue's edition."""

_ENTRY_LIMIT = "ALTER TABLE publication ADD COLUMN most_entries INTEGER;"
"""Adds how many entries an issue shows at most."""

_SERVERS = f"""
ALTER TABLE paper ADD COLUMN license TEXT;
CREATE TABLE notice ({ID}, paper INTEGER NOT NULL, notice TEXT NOT NULL, type TEXT NOT NULL, day TEXT NOT NULL,
    observed_at INTEGER NOT NULL, {ROW}) STRICT;
CREATE UNIQUE INDEX notice_key ON notice (paper, notice, type, observed_at, until);
CREATE INDEX notice_origin ON notice (origin) WHERE origin > 0;
"""
"""Papers of other servers than arXiv, their licenses, and publishers' notices about them."""

_THREADS = "ALTER TABLE recount ADD COLUMN thread_at INTEGER NOT NULL DEFAULT 0;"
"""Adds when the answers to a post were last asked for."""

_CHECKED = """
ALTER TABLE recount ADD COLUMN checked_at INTEGER NOT NULL DEFAULT 0;
UPDATE recount SET checked_at = CASE WHEN thread_at > created_at THEN thread_at ELSE created_at END;
"""
"""Adds when it was last seen which answers to a post are still there."""

_ARTICLES = "CREATE INDEX paper_doi ON paper (lower(substr(doi, 1, 250))) WHERE doi <> '';"
"""Finds papers by the articles that they became."""

FORMAT = "1.0"
"""The format version of new stores. Every later version of the program can read them."""

MIGRATIONS: tuple[str, ...] = (
    _FIRST + _ORIGINS + _WORK + _SEARCH + _MAIL + _DELIVERIES + _REPORTS + _STANDING,
    _MEASUREMENT,
    _OUTBOX,
    _COLUMNS,
    _WITHDRAWN,
    _MESSAGES,
    _ENTRY_LIMIT,
    _SERVERS,
    _THREADS,
    _CHECKED,
    _ARTICLES,
)
"""The first creates a store of format 1.0; later ones add measurements, rename, mark withdrawn papers, put all
deliveries into one table, limit entries, admit papers of other servers, read answers, see whether they
are still there, and find preprints by their articles."""
