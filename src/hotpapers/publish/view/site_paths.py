"""Paths of the site's own files, and the few outside addresses that pages link to.

Paths are relative to the site's folder and use `/`. An outside address is empty if it is unknown or unsafe.

A publication and its issues can also be documents on the AT Protocol (https://standard.site). Their keys depend only on
names, so a site can refer to its records before they exist, and a corrected issue replaces its own record.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from urllib.parse import unquote

from hotpapers.base import keys
from hotpapers.base.model import Paper, TextLink
from hotpapers.base.networks import is_blogs
from hotpapers.base.papers import arxiv, paper_servers
from hotpapers.base.papers.categories import category_page, is_category
from hotpapers.base.text import timestamps
from hotpapers.base.text.patterns import lazy_pattern
from hotpapers.base.text.timestamps import make_tid

_PAPER_PATH = lazy_pattern(r"paper/(.{7,250})/index\.html")
_ISSUE_PATH = lazy_pattern(r"(\d{4}-\d\d-\d\d)/(?:edition-([1-9]\d{0,3})/)?index\.html", re.ASCII)
_ALL_PATH = lazy_pattern(r"(\d{4}-\d\d-\d\d)/all/index\.html", re.ASCII)
_ABSTRACTS_PATH = lazy_pattern(r"(\d{4}-\d\d-\d\d)/all/abstracts-(\d)\.js", re.ASCII)
_CITED_PATH = lazy_pattern(r"(\d{4}-\d\d-\d\d)/issue\.(bib|ris)", re.ASCII)
_AUTHOR_PATH = lazy_pattern(r"author/([a-z0-9]+(?:-[a-z0-9]+)*)/index\.html")
_CATEGORY_PATH = lazy_pattern(r"category/([A-Za-z.-]{2,60})/(?:(\d{4})/)?index\.html", re.ASCII)
_TOP_PATH = lazy_pattern(r"top/(\d{4}(?:-W?\d\d)?|all)/index\.html", re.ASCII)

# No user part (it can imitate other hosts), no backslash (browsers read it as a slash), nothing invisible.
_UNSEEN = r"\s\x00-\x20\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069"
_OUTSIDE = lazy_pattern(rf"https?://([^{_UNSEEN}/?#@\\]+)(?:[/?#][^{_UNSEEN}]*)?", re.IGNORECASE)
_ADS = ("astro-ph", "gr-qc", "hep-", "nucl-")
_INSPIRE = ("hep-", "nucl-", "gr-qc", "astro-ph.CO", "astro-ph.HE")
_CODE = lazy_pattern(
    r"(?<![\w.@-])(?:https?://)?(?:www\.)?((?:github\.com|gitlab\.com|codeberg\.org|bitbucket\.org|huggingface\.co(?!/papers/))"
    r"/[\w.-]+/[\w./#-]+)",
    re.ASCII | re.IGNORECASE,
)
_CODE_HOSTS = ("github.com/", "gitlab.com/", "codeberg.org/", "bitbucket.org/", "huggingface.co/")
MAX_ADDRESS_CHARS = 2000
"""Most code points of an address that is made a link."""
CACHED = 1 << 14
"""Parsed papers and categories kept: a page asks for each many times."""


def to_root(path: str) -> str:
    """The relative path from a page to the site's folder: `2021-01-14/index.html` → `../`."""
    return "../" * path.count("/")


def issue_path(day: str, edition: int = 0) -> str:
    """The page of a day's latest edition, or of an earlier one by number."""
    return f"{day}/edition-{edition}/index.html" if edition else f"{day}/index.html"


def issue_of(path: str) -> tuple[str, int] | None:
    """Day and edition, 0 for the latest, of the issue at a path; None for any other path."""
    match = _ISSUE_PATH.fullmatch(path)
    return (match[1], int(match[2] or 0)) if match else None


def listing_path(day: str) -> str:
    """The page of all papers announced on a day."""
    return f"{day}/all/index.html"


def listing_of(path: str) -> str:
    """The day of the listing at a path; empty for any other path."""
    return _part(_ALL_PATH, path)


def abstracts_path(day: str, digit: str) -> str:
    """The script with the abstracts of a tenth of the papers of a day's listing, those with an `abstracts_digit`."""
    return f"{day}/all/abstracts-{digit}.js"


def abstracts_digit(paper_id: str) -> str:
    """The last digit of an id in addresses; another one for ids that end with another sign."""
    return str((ord(paper_id[-1]) + 2) % 10)


def abstracts_of(path: str) -> tuple[str, str] | None:
    """Day and digit of the script of abstracts at a path; None for any other path."""
    match = _ABSTRACTS_PATH.fullmatch(path)
    return (match[1], match[2]) if match else None


def citation_path(day: str, form: str) -> str:
    """The citation file of a day's issue. `form`: bib or ris."""
    return f"{day}/issue.{form}"


def citation_of(path: str) -> tuple[str, str] | None:
    """Day and form of the citation file at a path; None for any other path."""
    match = _CITED_PATH.fullmatch(path)
    return (match[1], match[2]) if match else None


def author_path(slug: str) -> str:
    """The page of an author, by slug."""
    return f"author/{slug}/index.html"


def author_of(path: str) -> str:
    """The slug of the author whose page is at a path; empty for any other path."""
    return _part(_AUTHOR_PATH, path)


def category_path(category: str, year: str = "") -> str:
    """The page of a category, or of one of its years; empty if it doesn't look like a category."""
    if not is_category(category):
        return ""
    return f"category/{category}/{year}/index.html" if year else f"category/{category}/index.html"


def category_of(path: str) -> tuple[str, str] | None:
    """Category and year, which may be empty, of the page at a path; None for any other path."""
    match = _CATEGORY_PATH.fullmatch(path)
    if match and is_category(match[1]):
        return (match[1], match[2] or "")
    return None


def top_path(period: str) -> str:
    """The page of a period's top: `top/2026-W47/index.html`."""
    return f"top/{period}/index.html"


def top_of(path: str) -> str:
    """The period of the top at a path; empty for any other path."""
    return _part(_TOP_PATH, path)


def page_of_card(path: str) -> str:
    """The page whose card is at a path; empty for any other path."""
    return f"{path.removesuffix('card.png')}index.html" if path.endswith("/card.png") else ""


def public_url(base: str, path: str) -> str:
    """A page's public address, without `index.html`, which every server adds; empty without a base."""
    return base + (path.removesuffix("index.html") if path != "index.html" else "") if base else ""


MAX_FOLDER_CHARS = 180
_UNSAFE = lazy_pattern(r"[^a-z0-9._-]|^\.|^(?=(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)).")
"""Signs and names that not every file system allows for a folder: most signs, a leading dot, names of devices."""


@lru_cache(CACHED)
def paper_id(paper: str) -> str:
    """A paper's id in addresses and scripts of the site: `arxiv:2101.04869` → `2101.04869`; of a DOI, signs that no
    folder's name has are escaped: `10.1016/s0140-6736~2805~2967889-x`. Empty for other keys, and very long DOIs."""
    id = paper_servers.paper_id(paper)
    if arxiv.is_key(paper) or not paper_servers.is_paper_key(paper):
        return id if arxiv.is_key(paper) else ""
    registrant, _, suffix = id.partition("/")
    folder = _UNSAFE.sub(lambda sign: "".join(f"~{byte:02x}" for byte in sign[0].encode()), suffix)
    return f"{registrant}/{folder}" if len(folder) <= MAX_FOLDER_CHARS else ""


def id_of_name(name: str) -> str:
    """The id, as readers know it, of the paper that `paper_id` names so in addresses and scripts."""
    return unquote(name.replace("~", "%"))


def paper_anchor(paper: str) -> str:
    """The id of a paper's element on an issue's page, by key."""
    return (paper_id(paper) or paper).replace("/", "-")


def _part(form: re.Pattern[str], text: str) -> str:
    match = form.fullmatch(text)
    return match[1] if match else ""


def paper_path(paper: str) -> str:
    """The page of a paper; empty if it has none."""
    return f"paper/{paper_id(paper)}/index.html" if paper_id(paper) else ""


def paper_of(path: str) -> str:
    """The key of the paper whose page is at a path; empty for any other path."""
    key = paper_servers.key_of(id_of_name(_part(_PAPER_PATH, path)))
    return key if paper_path(key) == path else ""


def abs_url(paper: str, version: int = 0) -> str:
    """The server's page of a paper, or of one of its versions."""
    return outside_address(_links(paper, version)[0])


@lru_cache(CACHED)
def _links(paper: str, version: int | None = None) -> tuple[str, str]:
    if paper_servers.is_paper_key(paper):
        return paper_servers.paper_links(paper, version)
    return "", ""


def paper_url(base: str, paper: str) -> str:
    """A paper's page on the site; on its server if the site has no address or no page for it."""
    path = paper_path(paper)
    return (path and public_url(base, path)) or abs_url(paper)


def pdf_url(paper: str, version: int | None) -> str:
    """A paper as PDF, of a version where the server has addresses of versions alone."""
    return outside_address(_links(paper, version)[1])


def html_url(paper: str) -> str:
    """The paper as HTML, which arXiv has offered for most papers since December 2023."""
    identifier = paper_id(paper)
    if "2312" <= identifier[:4] < "9000" and "/" not in identifier:
        return f"https://arxiv.org/html/{identifier}"
    return ""


def published_url(paper: Paper) -> str:
    """The article that a preprint of another server than arXiv became."""
    return "" if arxiv.is_key(paper.paper) else abs_url(f"{paper_servers.DOI}{paper.doi}")


def ads_url(paper: str, categories: Sequence[str]) -> str:
    """The paper in the Astrophysics Data System, for its fields."""
    return f"https://ui.adsabs.harvard.edu/abs/arXiv:{paper_id(paper)}" if _is_of(paper, categories, _ADS) else ""


def inspire_url(paper: str, categories: Sequence[str]) -> str:
    """The paper in INSPIRE, for its fields."""
    return f"https://inspirehep.net/arxiv/{paper_id(paper)}" if _is_of(paper, categories, _INSPIRE) else ""


def _is_of(paper: str, categories: Sequence[str], fields: tuple[str, ...]) -> bool:
    if not arxiv.is_key(paper):
        return False
    return any(category.startswith(fields) for category in categories)


def code_url(paper: Paper, addresses: Iterable[str]) -> str:
    """The first repository named in a paper's comment or abstract, or else among addresses."""
    text = " ".join((paper.comment, paper.abstract, *addresses))
    small = text.lower()
    if not any(host in small for host in _CODE_HOSTS):  # quick check: most papers name none
        return ""
    match = _CODE.search(text)
    return outside_address("https://" + match[1].rstrip(".,;:'")) if match else ""


@lru_cache(CACHED)
def category_url(category: str) -> str:
    """The server's list of a category; empty if it has none, or it doesn't look like one."""
    return category_page(category) if is_category(category) else ""


def outside_address(target: str) -> str:
    """The target of an outside link if it is a plain web address; empty otherwise.

    The host must be ASCII: letters of other scripts can imitate others, and every name has an ASCII form (RFC 5891).
    """
    match = _OUTSIDE.fullmatch(target) if len(target) <= MAX_ADDRESS_CHARS else None
    return target if match and match[1].isascii() else ""


def post_page(key: str) -> str:
    """A post's own page on its network, by key; `keys.parse_key` is the inverse."""
    own_id = keys.own_id(key)
    return keys.page_of(keys.network_of(key), own_id) or outside_address(own_id)


def post_url(key: str, links: Sequence[TextLink]) -> str:
    """A post's own page, by key; for a blog's, the address to which its title links."""
    is_blog = is_blogs(keys.network_of(key))
    return post_page(key) or next((outside_address(link.target) for link in links if is_blog and link.start == 0), "")


def is_folded(last: str, since: str) -> bool:
    """Whether a paper's page is folded. `last`: the day of the last issue that contains the paper."""
    return bool(since) and last < since


DOCUMENT, PUBLICATION = "site.standard.document", "site.standard.publication"
WELL_KNOWN = f".well-known/{PUBLICATION}"
"""The file with which a site at the root of its host confirms its publication's record."""


def publication_key(publication: str) -> str:
    """The record key of a publication."""
    digest = hashlib.sha256(publication.encode()).digest()
    clock = int.from_bytes(digest[6:8], "big")
    return make_tid(int.from_bytes(digest[:6], "big"), clock)


def document_key(publication: str, day: str) -> str:
    """The record key of an issue, the same for all editions."""
    digest = hashlib.sha256(f"{publication} {day}".encode()).digest()
    return make_tid(timestamps.start_of_day(day), int.from_bytes(digest[:2], "big"))


def publication_uri(account: str, publication: str) -> str:
    """The address of a publication's record in an account (its DID)."""
    return f"at://{account}/{PUBLICATION}/{publication_key(publication)}"


def document_uri(account: str, publication: str, day: str) -> str:
    """The address of an issue's record in an account (its DID)."""
    return f"at://{account}/{DOCUMENT}/{document_key(publication, day)}"
