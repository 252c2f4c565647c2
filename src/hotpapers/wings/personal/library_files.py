"""The entries of a file that a reference manager wrote: BibTeX, RIS, EndNote (tags and XML), PubMed, Zotero RDF, CSL
JSON, arXiv's mails. Pure and linear: each text is passed once.

`library_entries.js` reads the same formats in a browser, by the same tables; `tests/data/libraries` has files with the
values that both find. An entry is its fields, each by its role: the title, the abstract, an id, a link in which an id
is, a note, or a place, such as journal and pages; these two count only if they are an id and nothing else. A paper that
a title, an abstract, a note or a place mentions is another one.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator
from typing import Any, Literal, NamedTuple

from hotpapers.base.errors import InputError
from hotpapers.base.text.patterns import lazy_pattern
from hotpapers.base.text.raised_text import to_superscripts
from hotpapers.base.text.tex_letters import split_mathematics, without_tex
from hotpapers.publish.view.tex import TEXT_SIGNS

Role = Literal["title", "abstract", "id", "link", "note", "place"]
MAX_PIECES = 200
"""Most pieces of a BibTeX value, joined by `#`."""
MAX_STRING_CHARS = 1_000
"""Most characters of a BibTeX string: each may be made of others, 200 times as long."""


class Field(NamedTuple):
    """A field of an entry, and its text."""

    role: Role
    text: str


Entry = tuple[Field, ...]


def _table(**names: str) -> dict[str, Role]:
    """The role of each name of a field; earlier roles and names outweigh later ones."""
    return {name: role for role, line in names.items() for name in line.split()}  # type: ignore[misc]


_BIBTEX = _table(
    title="title",
    abstract="abstract",
    id="eprint arxivid arxiv arxiv_id",
    link="doi url ee link pdf",
    note="note annote annotation addendum key",
    place="journal journaltitle booktitle howpublished volume number eid pages articleno publisher institution series"
    " issue type report location",
)
_RIS = _table(
    title="TI T1 CT BT",
    abstract="AB N2",
    id="AN",
    link="DO UR L1 L2 L3 L4 LK",
    note="N1 RN ID M3",
    place="AID LID JO JF JA J1 J2 T2 T3 JT TA VL VI IS IP M1 M2 C1 C2 C3 C4 C5 C6 C7 C8 CN CI SO PG SP SE PB U1 U2",
)
_ENDNOTE = _table(
    title="%T", abstract="%X", id="%M", link="%U %R", note="%Z %F", place="%J %B %V %N %P %9 %L %1 %2 %3 %4 %I %S"
)
_ENDNOTE_XML = _table(
    title="title",
    abstract="abstract",
    id="accession-num",
    link="electronic-resource-num url",
    note="notes label research-notes",
    place="full-title secondary-title volume number pages section work-type call-num publisher custom1 custom2 custom3"
    " custom4 custom5 custom6 custom7",
)
_RDF = _table(
    title="title",
    abstract="abstract",
    link="about identifier",
    note="description",
    place="journal number volume pages coverage type publisher",
)
_JSON = _table(
    title="title",
    abstract="abstract abstractNote",
    id="id arxiv arxivId arxiv_id ArXiv eprint archiveID archive_location archiveLocation",
    link="DOI doi URL url link",
    note="note extra",
    place="journal container-title publicationTitle volume number issue page pages eid article-number section genre"
    " collection-number reportNumber publisher repository archive source",
)


def _fields(table: dict[str, Role], pairs: Iterable[tuple[str, str]]) -> Entry:
    """The fields whose roles are known, in the table's order."""
    order = list(table)
    known = sorted((pair for pair in pairs if pair[0] in table and pair[1]), key=lambda pair: order.index(pair[0]))
    fields = (Field(table[name], text) for name, text in known)
    return tuple(fields)


# ---- BibTeX ------------------------------------------------------------------------------------------------

_BIB_ENTRY = lazy_pattern(r"@[ \t]*([A-Za-z]+)[ \t]*(?:\n[ \t]*)?([{(])")
_BIB_NAME = lazy_pattern(r"(?<![^\s,={}\"#()%'])([^\s,={}\"#()%']+)\s*=\s*")
_BIB_COMMENTED = lazy_pattern(r"\s*%")
_BIB_SIGN = lazy_pattern(r"\\.|[{}\"]", re.DOTALL)
_BIB_SIGN_OR_NEXT = lazy_pattern(r"\\.|[{}]|\n[ \t]*@[A-Za-z]+[ \t]*[{(]", re.DOTALL)
_BIB_WORD = lazy_pattern(r"[^\s,={}\"#()]+")
_BIB_JOINED = lazy_pattern(r"\s*#\s*")
_BIB_KEY = lazy_pattern(r"\s*([^\s,={}\"]+)\s*,")
_ESCAPED = lazy_pattern(r"\\([&%$#_])")
_PATTERNS = {
    "raised": r"\\textsuperscript\s*\{([0-9+n\u2013\u2212-]{1,30}|\([^{}]{1,30}\)"
    r"|[+\u2013\u2212-]?\d{1,9}\.\d{1,9})\}",
    "link": r"\\href\s*\{([^{}]*)\}\s*(?=\{)",
    "formula": r"\\ensuremath\s*\{((?:[^{}$]|\{[^{}$]{0,100}\}){0,300})\}",
    "style": r"\\(?:emph|mkbib[a-z]+|url|path|nolinkurl|text(?:it|bf|sc|tt|rm|sf|sl|up|subscript|superscript|normal)?"
    r"|textcolor\s*\{[^{}]*\})\s*(?=\{)|(?<=\{)\\(?:em|it|bf|rm|sc|tt|sl|sf|small|large|relax"
    r"|(?:it|sc|sl|up|bf|md|rm|sf|tt)(?:shape|series|family))(?![A-Za-z])\s*|\\noopsort\s*\{[^{}]*\}",
    "sign": r"\\([A-Za-z]+)(?:\{\}| ?)|``|''",
    "alone": r"\{(\\[A-Za-z]+)\}",
    "braces": r"(\\[A-Za-z]+\s*(?:\{[^{}]*\})+|\\.)|[{}]",
}
"""The patterns of TeX around words, as Python and JavaScript write them. `alone`: a command that its braces end;
`braces`: also those of commands that nobody knows, which stay."""
_BIB_RAISED, _BIB_LINK, _BIB_FORMULA, _BIB_STYLE, _BIB_SIGN_NAME, _BIB_ALONE, _BRACES = map(
    lazy_pattern, _PATTERNS.values()
)
_SIGN_OF = {**TEXT_SIGNS, "$<$": "<", "$>$": ">", "``": "“", "''": "”"}
_TIE = lazy_pattern(r"(?<!\\)~")


def bibtex_entries(text: str) -> Iterator[Entry]:
    """The entries; those in comments are none (`@comment`, or on a line that begins with `%`)."""
    strings: dict[str, str] = {}
    start = line_start = read_to = 0
    while match := _BIB_ENTRY.search(text, start):
        kind = match[1].lower()
        end = _end_of(text, match.end())
        body = text[match.end() : end]
        start = max(end, match.end())
        line_start = text.rfind("\n", read_to, match.start()) + 1 or line_start
        read_to = match.start()
        is_comment = kind in ("comment", "preamble") or _BIB_COMMENTED.match(text, line_start, match.start())
        if is_comment or text[match.start() - 1 : match.start()].isalnum():
            continue
        bib_pairs = _bib_pairs(body, strings)
        pairs = [(name.lower(), value) for name, value in bib_pairs]
        if kind == "string":
            short_pairs = ((name, value[:MAX_STRING_CHARS]) for name, value in pairs)
            strings.update(short_pairs)
        else:
            key = _BIB_KEY.match(body)
            named = _fields(_BIBTEX, ((name, _bib_text(value)) for name, value in _bib_own_ids(dict(pairs))))
            notes = [Field("note", key[1])] if key else []
            yield (*named, *notes)


def _end_of(text: str, start: int) -> int:
    """Where the braces opened before `start` close; before the next entry if they never do."""
    depth = 1
    for sign in _BIB_SIGN_OR_NEXT.finditer(text, start):
        depth += (sign[0] == "{") - (sign[0] == "}")
        if depth == 0 or sign[0][0] == "\n":
            return sign.start()
    return len(text)


def _bib_pairs(body: str, strings: dict[str, str]) -> Iterator[tuple[str, str]]:
    key = _BIB_KEY.match(body)
    start = key.end() if key else 0
    while match := _BIB_NAME.search(body, start):
        pieces = []
        start = match.end()
        for _ in range(MAX_PIECES):
            piece, start = _bib_value(body, start, strings)
            pieces.append(piece)
            joined = _BIB_JOINED.match(body, start)
            if not joined:
                break
            start = joined.end()
        yield match[1], "".join(pieces)


def _bib_value(body: str, start: int, strings: dict[str, str]) -> tuple[str, int]:
    """One value in braces or quotes, or a word, and where it ends."""
    if body[start : start + 1] not in ("{", '"'):
        word = _BIB_WORD.match(body, start)
        if word:
            text = strings.get(word[0].lower(), word[0])
            return (text, word.end())
        return ("", start + 1)
    depth = 0
    is_quoted = body[start] == '"'
    for sign in _BIB_SIGN.finditer(body, start + is_quoted):
        depth += (sign[0] == "{") - (sign[0] == "}")
        if depth == 0 and sign[0] == ('"' if is_quoted else "}"):
            return body[start + 1 : sign.start()], sign.end()
    return body[start + 1 :], len(body)


def _bib_own_ids(fields: dict[str, str]) -> Iterator[tuple[str, str]]:
    """An eprint of another archive is none; `9901001` with the class `hep-th` is of the old style."""
    archive = fields.get("archiveprefix", fields.get("eprinttype", "arxiv")).lower().removesuffix(".org")
    category = fields.get("primaryclass", fields.get("eprintclass", ""))
    for name, text in fields.items():
        if name == "eprint" and archive != "arxiv":
            yield name, f"{archive}/{text}"
        else:
            yield name, f"{category}/{text}" if name == "eprint" and re.fullmatch(r"\d{7}(?:v\d+)?", text) else text


def _script(match: re.Match[str]) -> str:
    raised = match[1]
    return f"^{raised}" if "." in raised or raised.startswith("(") else to_superscripts(raised)


def _bib_text(text: str) -> str:
    text = _BIB_LINK.sub(r"\1 ", _BIB_RAISED.sub(_script, text))
    parts = split_mathematics(_BIB_FORMULA.sub(r"$\1$", text))
    return "".join(_SIGN_OF.get(part, part) if n % 2 else _bib_words(part) for n, part in enumerate(parts))


def _bib_words(text: str) -> str:
    """A text between formulas."""
    text = _TIE.sub(" ", without_tex(_BIB_STYLE.sub("", text)))
    text = _BIB_SIGN_NAME.sub(lambda match: _SIGN_OF.get(match[1] or match[0], match[0]), text)
    return _ESCAPED.sub(r"\1", _BRACES.sub(r"\1", _BIB_ALONE.sub(r"\1{}", text)))


def entry_grammar() -> dict[str, Any]:
    """The patterns and signs of BibTeX, and the roles of fields in each format, for `library_entries.js`."""
    tables = (_BIBTEX, _RIS, _ENDNOTE, _ENDNOTE_XML, _RDF, _JSON)
    return {"patterns": _PATTERNS, "signs": _SIGN_OF, "roles": [list(table.items()) for table in tables]}


# ---- tags at the beginnings of lines -----------------------------------------------------------------------

_RIS_LINE = lazy_pattern(r"([A-Z][A-Z0-9]{1,3}) {0,2}-(?: (.*)|$)")
_ENDNOTE_LINE = lazy_pattern(r"(%[A-Z0-9@!#$&()*+<>?\[\]^~])(?: (.*)|$)")


CUT_AT = (70, 255)
"""Characters of a line after which programs cut a value, also within a word (Citation.js; the RIS specification)."""


def lines_of(text: str) -> list[str]:
    """The lines of a file; Unicode's other separators are within a line, as for other programs."""
    return re.split(r"\r\n|\r|\n", text)


def _tagged(text: str, line_of: re.Pattern[str], first: tuple[str, ...]) -> Iterator[list[tuple[str, str]]]:
    """The tags and values of each record; a line without a tag goes on with the value before."""
    record: list[tuple[str, list[str]]] = []
    for line in lines_of(text):
        match = line_of.fullmatch(line)
        if match and match[1] in first and record:
            yield [(tag, _joined(lines)) for tag, lines in record]
            record = []
        if match:
            record.append((match[1], [match[2] or ""]))
        elif line.strip() and record:
            record[-1][1].append(line)
    yield [(tag, _joined(lines)) for tag, lines in record]


def _joined(lines: list[str]) -> str:
    is_cut = len(lines) > 1 and any(all(len(line) == width for line in lines[:-1]) for width in CUT_AT)
    if is_cut:
        return "".join(lines)
    return "\n".join(line.strip() for line in lines)


def ris_entries(text: str) -> Iterator[Entry]:
    """The records of RIS, and of PubMed, whose tags have up to four letters."""
    for record in _tagged(text, _RIS_LINE, ("TY", "PMID")):
        yield _fields(_RIS, record)


def endnote_entries(text: str) -> Iterator[Entry]:
    """The records of EndNote's own tags (refer)."""
    for record in _tagged(text, _ENDNOTE_LINE, ("%0",)):
        yield _fields(_ENDNOTE, record)


# ---- XML ---------------------------------------------------------------------------------------------------

_XML = lazy_pattern(
    r"<!--.*?(?:-->|\Z)|<!\[CDATA\[(?P<data>.*?)(?:\]\]>|\Z)|<[?!][^<>]*>"
    r"|<(?P<close>/?)(?P<name>[\w:.-]+)(?P<attributes>(?:[^\w:.<>-][^<>]*?)?)(?P<empty>/?)>|(?P<text>[^<]+|<)",
    re.DOTALL,
)
_ATTRIBUTE = lazy_pattern(r"(?<![\w:.-])([\w:.-]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")
MAX_DEPTH = 50


class Element:
    """An element of XML: its name without a prefix, its attributes, and its content."""

    def __init__(self, name: str, attributes: str = "") -> None:
        self.name = name.rpartition(":")[2]
        matched = (match.groups("") for match in _ATTRIBUTE.finditer(attributes))
        self.attributes = {key.rpartition(":")[2]: html.unescape(first or second) for key, first, second in matched}
        self.content: list[Element | str] = []

    def children(self, *names: str) -> list[Element]:
        """The elements directly in it, of some names or all."""
        return [node for node in self.content if isinstance(node, Element) and (not names or node.name in names)]

    def text(self) -> str:
        """All text within, in order; elements other than those of rich text are set apart by blanks."""
        return "".join(map(_text_of, self.content))


_RUNS = frozenset(("style", "i", "b", "em", "strong", "sub", "sup", "sc", "span"))
"""Elements of rich text, which may begin and end within a word."""


def _text_of(node: Element | str) -> str:
    if isinstance(node, str):
        return node
    return node.text() if node.name in _RUNS else f" {node.text()} "


def xml_root(text: str) -> Element:
    """The tree of a file; what is not well-formed is text, and elements deeper than MAX_DEPTH are left out."""
    open_elements = [Element("")]
    for match in _XML.finditer(text):
        inner = open_elements[-1]
        if match["name"] and match["close"]:
            name = match["name"].rpartition(":")[2]
            places = [place for place, element in enumerate(open_elements) if element.name == name and place]
            del open_elements[places[-1] if places else len(open_elements) :]
        elif match["name"] and len(open_elements) < MAX_DEPTH:
            element = Element(match["name"], match["attributes"])
            inner.content.append(element)
            open_elements += [] if match["empty"] else [element]
        elif match["text"] or match["data"]:
            inner.content.append(match["data"] or html.unescape(match["text"]))
    return open_elements[0]


_NO_PAPERS = ("Attachment", "Memo", "Collection", "Journal", "Periodical", "Series", "Conference", "Person")
_NO_ITEMS = ("attachment", "note", "annotation")


def rdf_entries(text: str) -> Iterator[Entry]:
    """The items of Zotero's RDF: not their attachments, notes and journals, nor collections."""
    roots = xml_root(text).children()
    nodes = [node for root in roots for node in root.children()]
    by_address = {node.attributes.get("about", ""): node for node in nodes}
    for node in nodes:
        texts = (child.text().strip() for child in node.children("itemType"))
        kind = "".join(texts)
        types = [child.attributes.get("resource", "") for child in node.children("type")]
        type_names = (re.split("[#/]", type)[-1] for type in types)
        names = {node.name, *type_names}
        if kind not in _NO_ITEMS if kind else names.isdisjoint(_NO_PAPERS):
            links = (child.attributes.get("resource", "") for child in node.children("link", "isPartOf"))
            linked = [by_address[link] for link in links if link in by_address]
            yield _rdf_entry(node, linked)


def _rdf_entry(node: Element, linked: list[Element]) -> Entry:
    children = ((child.name, child.text()) for child in node.children())
    own = [("about", node.attributes.get("about", "")), *children]
    # Zotero writes a paper's DOI within its journal, and the page that it saved as an attachment
    parts = [part for whole in node.children("isPartOf") for part in whole.children()]
    others = [("identifier", child.text()) for part in linked for child in part.children("identifier")]
    names = {"title": "journal", **dict.fromkeys(("identifier", "number", "volume"), "")}
    more = [(names[child.name] or child.name, child.text()) for part in parts for child in part.children(*names)]
    return _fields(_RDF, [*own, *more, *others])


def endnote_xml(text: str) -> Iterator[Entry]:
    """The records of EndNote's XML."""
    for record in _within(xml_root(text), "record"):
        leaves = _within(record, *_ENDNOTE_XML)
        yield _fields(_ENDNOTE_XML, ((leaf.name, leaf.text()) for leaf in leaves))


def _within(element: Element, *names: str) -> Iterator[Element]:
    for child in element.children():
        if child.name in names:
            yield child
        else:
            yield from _within(child, *names)


# ---- JSON --------------------------------------------------------------------------------------------------


def _object(outer: dict[str, Any], name: str) -> dict[str, Any]:
    value = outer.get(name)
    return value if isinstance(value, dict) else {}


def json_entry(paper: Any) -> Entry:
    """A paper as our own pages, CSL, Zotero and Better BibTeX write it; an id alone is one, too."""
    if isinstance(paper, str):
        return (Field("id", paper),)
    if not isinstance(paper, dict):
        return ()
    inner = _object(paper, "data") or paper
    pairs = {**_object(inner, "externalIds"), **inner}.items()
    if inner.get("itemType") in _NO_ITEMS:
        return ()
    return _fields(_JSON, ((name, value) for name, value in pairs if isinstance(value, str)))


# ---- arXiv's mails -----------------------------------------------------------------------------------------

_MAIL_BETWEEN = lazy_pattern(r"(?m)^-{20,}$|^\\\\[ \t]*\n(?=arXiv:)")
_MAIL_TITLE = lazy_pattern(r"(?m)^Title: (.+(?:\n  .+)*)")
_MAIL_ABSTRACT = lazy_pattern(r"(?m)^\\\\[ \t]*\n((?:(?!\\\\).*\n)*(?:(?!\\\\).+)?)")
_MAIL_ID = lazy_pattern(r"(?m)^arXiv:(\S+)")


def arxiv_mail(text: str) -> Iterator[Entry]:
    """The papers of a mail by which arXiv announces them."""
    for part in _MAIL_BETWEEN.split(text.replace("\r\n", "\n")):
        title = _MAIL_TITLE.search(part)
        matched = (_MAIL_ID.search(part), title, _MAIL_ABSTRACT.search(part, title.end()) if title else None)
        roles: tuple[Role, ...] = ("id", "title", "abstract")
        yield tuple(Field(role, match[1]) for role, match in zip(roles, matched, strict=True) if match)


# ---- which format ------------------------------------------------------------------------------------------

FORMATS = tuple(
    (lazy_pattern(sign), read)
    for sign, read in (
        (r"<(?:\w+:)?RDF\b", rdf_entries),
        (r"<xml>\s*<records>", endnote_xml),
        (r"(?m)^TY {1,2}-(?: |$)|^PMID *- ", ris_entries),
        (r"(?m)^%0 ", endnote_entries),
        (r"(?m)^arXiv:\S+$(?:\n[^\s\\].{0,200}){0,6}\n*^Title: ", arxiv_mail),
        (r"@[ \t]*[A-Za-z]+[ \t]*(?:\n[ \t]*)?[{(]\s*(?:[^\s,={}\"]{1,1000}\s*)?[,=]", bibtex_entries),
        (r"<(?:\w+:)?mods(?:Collection)?\b", "MODS"),
        (r"(?m)^(?:FN |PT [A-Z]$)", "a file of Web of Science"),
        (r"(?m)^RT [A-Z]", "a file of RefWorks"),
        (r"<PubmedArticle", "PubMed XML"),
        (r"<(?:b:)?Sources\b", "a list of sources of Word"),
        (r"\A(?:%PDF-|PK\x03\x04|[^\0\n]{1,99}\0)", "a PDF or an archive"),
    )
)
"""How each format is known, and its reader, or the name of one that is not read: taken for lists, these would star what
their abstracts cite. The first sign in a file tells: a later one may be in an abstract."""


def read_entries(text: str, name: str) -> Iterator[Entry] | None:
    """The entries of a file in a known format; None for a list. Raises InputError for a format that is not read."""
    signs = [(match.start(), read) for sign, read in FORMATS if (match := sign.search(text))]
    first = min(signs, key=lambda sign: sign[0], default=(0, None))
    read = first[1]
    if isinstance(read, str):
        raise InputError(f"is {read}, which is not read; export BibTeX, RIS or RDF", file=name)
    return read(text) if read else None
