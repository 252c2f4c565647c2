"""The rules of the source: which file may import which, how long things may be, how they are named, and what no file of
the project may name. `make check` runs it."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from tests.conftest import ROOT, SHARED
from tests.source_names import FUNCTION, all_names, names_in_script, names_in_template

SRC = ROOT / "src" / "hotpapers"

LEVELS = (
    {"base"}, {"record"}, {"discussion", "jobs"}, {"issues", "collect", "keep"}, {"publish"}, {"site"}, {"serve"},
    {"cli"},
)  # fmt: skip
"""Each part of the core imports only from those of lower levels, and from itself."""
LEVEL = {part: level for level, parts in enumerate(LEVELS) for part in parts}
MAY_IMPORT_WINGS = {
    "accounts": {"forms"},
    "archives": {"reddit", "x"},
    "mail": {"forms"},
    "peers": {"proof"},
    "personal": {"mcp"},
    "reddit": {"feeds"},
    "topics": {"mcp", "personal"},
}
"""Wings that import others. All import the core, which imports none of them."""

# Where a library may be imported: prefixes of paths in src/hotpapers. A new library gets its line here.
LIBRARY = {
    "msgspec": ("",),
    "stringzilla": ("record/commitments.py", "wings/archives/jetstream_filter.py"),
    "hyperscan": ("wings/archives/bulk.py",),
    "feedparser": ("wings/feeds/feed_parser.py",),
    "apsw": ("record/sqlite.py",),
    "psycopg": ("wings/postgres/server_store.py",),
    "duckdb": ("wings/tables/",),
    "libipld": ("wings/archives/",),
    "cryptography": ("wings/proof/signatures.py",),
    "pyspark": ("wings/archives/spark.py",),
    "zstandard": ("record/", "keep/transfer/", "collect/sources/bluesky/stream_hosts.py", "site/demo.py", "wings/"),
    "jinja2": ("publish/render/templating.py",),
    "latex2mathml": ("publish/view/mathml.py",),
    "nh3": ("publish/view/mathml.py",),
    "PIL": ("wings/cards/drawing.py",),
    "markupsafe": ("publish/view/", "publish/render/", "wings/personal/readers.py"),
    "starlette": (
        "serve/",
        "wings/accounts/",
        "wings/announce/feed_generator.py",
        "wings/download/",
        "wings/forms/",
        "wings/mail/",
        "wings/mcp/route.py",
    ),
    "uvicorn": ("serve/",),
    "h11": ("serve/connections.py",),
    "apprise": ("wings/announce/apprise_client.py",),
    "click": ("cli", "wings/"),
    "httpcore2": ("base/http",),
    "httpx2": ("base/http",),
    "websockets": ("base/http",),
    "idna": ("base/text/domains.py",),
    "smtplib": ("wings/mail/smtp.py",),
    **dict.fromkeys(("http.client", "http.server", "urllib.request", "sqlite3"), ()),
}

# Where SQL is allowed: the store, each package's `queries.py`, and the search index, whose tables differ between
# databases. Parquet files are queried by SQL too, but not the store's.
SQL_HOMES = (
    "record/",
    "wings/postgres/",
    "keep/search/",
    "wings/tables/parquet.py",
)
SQL = re.compile(r"\b(SELECT|INSERT INTO|DELETE FROM|UPDATE \w+ SET|CREATE (TABLE|INDEX|VIRTUAL))\b")

MODULES = sorted(SRC.rglob("*.py"))


def name_of(file: Path) -> str:
    return file.relative_to(SRC).as_posix()


def imports(tree: ast.AST, package: str) -> Iterator[str]:
    """The dotted names a file imports, with relative ones made absolute; from `hotpapers` itself, every single name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            module = ".".join([*base, *(node.module or "").split(".")]).strip(".")
            inside = [f"{module}.{alias.name}" for alias in node.names]
            yield from inside if module == "hotpapers" else [module]


def imports_of(file: Path) -> set[str]:
    package = ".".join(["hotpapers", *file.relative_to(SRC).parent.parts])
    return set(imports(ast.parse(file.read_text("utf-8")), package))


def may_import(importer: str, imported: str) -> bool:
    """Whether a file of `issues` or `wings.mail`, say, may import one of another part."""
    part, other = importer.split("."), imported.split(".")
    if part[:2] == other[:2] or other == ["__init__"]:
        return True
    if other[0] == "wings":
        return part[0] == "wings" and other[1] in MAY_IMPORT_WINGS.get(part[1], ())
    return part[0] in ("wings", "__init__", "__main__") or LEVEL[other[0]] < LEVEL[part[0]]


def part_of(dotted: str) -> str:
    """`hotpapers.record.sqlite` → `record`, `hotpapers.wings.mail.smtp` → `wings.mail`, `hotpapers` → `__init__`."""
    names = dotted.split(".")[1:]
    if not names or names[0] not in (*LEVEL, "wings"):
        return "__init__"
    return ".".join(names[:2] if names[0] == "wings" else names[:1])


def dotted_name(file: Path) -> str:
    return ".".join(["hotpapers", *file.relative_to(SRC).with_suffix("").parts]).removesuffix(".__init__")


def wrong_imports(file: Path) -> Iterator[str]:
    """The parts that a file imports but must not."""
    for name in imports_of(file):
        if name.split(".")[0] == "hotpapers" and not may_import(part_of(dotted_name(file)), part_of(name)):
            yield f"{name_of(file)}: {name}"


def test_imports_go_down() -> None:
    assert [wrong for file in MODULES for wrong in wrong_imports(file)] == []


def test_the_story_is_told_by_ls() -> None:
    names = {path.name for path in SRC.iterdir() if not path.name.startswith(("__", "py.typed", "ids.py"))}
    assert names == {*LEVEL, "wings"}


IMPORTED_FROM_OUTSIDE = {"__main__.py"}
PLACE = re.compile(r"hotpapers\.([\w.]+)(?=:\w)")
"""A module that is imported by name, as in `hotpapers.cli.run:run`."""


def modules_of(file: Path) -> set[str]:
    """The modules that a file imports, as paths below `hotpapers` without a suffix; names in modules, too."""
    tree = ast.parse(file.read_text("utf-8"))
    nodes = (node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module)
    names = {f"{node.module}.{alias.name}" for node in nodes for alias in node.names}
    names |= {name.rpartition(".")[0] for name in names}
    names |= {f"hotpapers.{place}" for place in PLACE.findall(file.read_text("utf-8"))}
    return {name.partition(".")[2].replace(".", "/") for name in names}


def test_what_only_a_wing_uses_is_in_the_wing() -> None:
    core = [file for file in MODULES if not name_of(file).startswith("wings/")]
    used = set().union(*map(modules_of, core))
    modules = {name_of(file) for file in core if file.name != "__init__.py"}
    assert {name for name in modules if name.removesuffix(".py") not in used} == IMPORTED_FROM_OUTSIDE


def wrong_libraries(file: Path) -> Iterator[str]:
    """The libraries that a file imports but must not."""
    for name in imports_of(file):
        first = name.split(".")[0]
        rule = LIBRARY.get(name, LIBRARY.get(first))
        if rule is None and first not in sys.stdlib_module_names and first != "hotpapers":
            yield f"{name_of(file)}: {first} has no line in LIBRARY"
        if rule is not None and not name_of(file).startswith(rule):
            yield f"{name_of(file)}: {name}"


def test_a_library_stays_in_its_package() -> None:
    assert [wrong for file in MODULES for wrong in wrong_libraries(file)] == []
    imported = {(name, name_of(file)) for file in MODULES for name in imports_of(file)}
    unused = [
        f"{library}: {place}"
        for library, places in LIBRARY.items()
        for place in places
        if not any(name.split(".")[0] == library and file.startswith(place) for name, file in imported)
    ]
    assert unused == []


def sql_in(tree: ast.AST) -> list[int]:
    """The lines with SQL, except in docstrings."""
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    texts = [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    return [node.lineno for node in texts if id(node) not in docstrings and SQL.search(str(node.value))]


def test_sql_stands_in_the_store_and_in_queries() -> None:
    elsewhere = [file for file in MODULES if file.name != "queries.py" and not name_of(file).startswith(SQL_HOMES)]
    assert [
        f"{name_of(file)}:{line}" for file in elsewhere for line in sql_in(ast.parse(file.read_text("utf-8")))
    ] == []
    assert sql_in(ast.parse('"""SELECT 1"""\nrun(f"SELECT {x} FROM y")')) == [2]


NETWORK_HOMES = ("base/networks.py", "collect/sources/", "wings/")
NAMES_NETWORKS = {
    "base/papers/arxiv/addresses.py",  # a form of addresses
}
NETWORK = re.compile(r"(mastodon|bluesky|hackernews|lobsters|reddit|huggingface)(:.*)?", re.DOTALL)


def code_texts(tree: ast.AST) -> list[str]:
    """The texts in a file's code, except docstrings."""
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    texts = [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    return [str(node.value) for node in texts if id(node) not in docstrings]


def test_what_a_network_is_stands_in_its_row() -> None:
    others = {name: tree for name, tree in trees().items() if not name.startswith(NETWORK_HOMES)}
    assert {name for name, tree in others.items() if any(map(NETWORK.fullmatch, code_texts(tree)))} == NAMES_NETWORKS


LIGHT = (
    "click", "hotpapers.cli", "hotpapers.base.errors", "hotpapers.base.durations", "hotpapers.base.wings",
    "hotpapers.base.installed",
    "hotpapers.base.version",
)  # fmt: skip


def test_the_command_line_loads_nothing_of_weight_at_start() -> None:
    for file in MODULES:
        if name_of(file) in ("cli/__init__.py", "cli/terminal.py", "__main__.py"):  # the rest loads when it is called
            top_level = ast.Module(
                [n for n in ast.parse(file.read_text("utf-8")).body if not isinstance(n, FUNCTION)], []
            )
            for name in imports(without_type_checking(top_level), "hotpapers"):
                light = name.startswith(LIGHT)
                assert light or name.split(".")[0] in sys.stdlib_module_names, f"{name} in {name_of(file)}"


def without_type_checking(module: ast.Module) -> ast.Module:
    kept = [n for n in module.body if not (isinstance(n, ast.If) and "TYPE_CHECKING" in ast.unparse(n.test))]
    return ast.Module(kept, [])


def test_direction_is_noticed() -> None:
    """The rules themselves work: they refuse what they should."""
    assert not may_import("record", "issues") and may_import("issues", "record")
    assert not may_import("cli", "wings.mail") and may_import("wings.mail", "cli")
    assert not may_import("wings.mail", "wings.proof") and may_import("wings.peers", "wings.proof")
    assert part_of("hotpapers.wings.mail.smtp") == "wings.mail" and part_of("hotpapers.__version__") == "__init__"
    source = "from ..issues import freeze\nfrom . import sqlite\nfrom hotpapers import base\nimport apsw.ext"
    assert set(imports(ast.parse(source), "hotpapers.record")) == {
        "hotpapers.issues", "hotpapers.record", "hotpapers.base", "apsw.ext",
    }  # fmt: skip


# ---- size and words ----------------------------------------------------------------------------------


def project_files() -> list[Path]:
    """The files that git tracks or would add; without git, all except what the Makefile creates."""
    command = ["git", "-C", str(ROOT), "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    try:
        listed = subprocess.run(command, capture_output=True, check=True, text=True).stdout.split("\0")
        files = [ROOT / name for name in listed if name]
    except (OSError, subprocess.CalledProcessError):
        ignored = re.compile(
            r"\.git|\.venv|\.atproto|\.browser|\.spark|\.tables|\.web|build|dist|hotpapers-demo|__pycache__|\..*_cache|\.hypothesis"
        )
        files = [f for f in ROOT.rglob("*") if not any(ignored.fullmatch(part) for part in f.relative_to(ROOT).parts)]
    return sorted(file for file in files if file.is_file())


PROJECT = project_files()
PYTHON = [file for file in PROJECT if file.suffix == ".py"]


def test_files_and_functions_are_short() -> None:
    for file in PYTHON:
        text = file.read_text("utf-8")
        assert text.count("\n") < 500, f"{file}: which package does it want to become?"
        functions = [node for node in ast.walk(ast.parse(text)) if isinstance(node, FUNCTION)]
        assert not [f"{file}: {f.name}" for f in functions if (f.end_lineno or 0) - f.lineno >= 60]


def public(tree: ast.Module) -> list[ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef]:
    """The public functions and classes of a module."""
    return [n for n in tree.body if isinstance(n, (*FUNCTION, ast.ClassDef)) and not n.name.startswith("_")]


@cache
def trees() -> dict[str, ast.Module]:
    """Every module of the package, parsed."""
    return {name_of(file): ast.parse(file.read_text("utf-8")) for file in MODULES}


def test_what_is_public_says_what_it_is() -> None:
    assert [name for name, tree in trees().items() if not ast.get_docstring(tree)] == []
    assert [f"{name}: {definition.name}" for name, tree in trees().items() for definition in public(tree)
            if not ast.get_docstring(definition)] == []  # fmt: skip


def test_a_public_class_name_is_used_once() -> None:
    names = Counter(
        definition.name
        for tree in trees().values()
        for definition in public(tree)
        if isinstance(definition, ast.ClassDef)
    )
    assert [name for name, times in names.items() if times > 1] == []


VAGUE_MODULES = {"utils", "util", "helpers", "misc", "stuff", "base", "core", "manager"}
REPLACED = {
    "desk", "shelf", "press", "office", "gate", "duty", "follow", "doubts", "withheld", "blocked", "reacted", "ahead",
    "originals", "manners", "saying", "sift", "money", "place", "wishes", "asking", "asked", "judging", "prose",
    "wording", "telling", "letters", "marks", "fields", "imprint", "quoting", "prepared", "together", "joining",
    "returned", "composing", "relay", "journal", "found", "mine", "talk",
}  # fmt: skip


def test_modules_have_plain_names() -> None:
    """Nouns that a Python developer guesses right: none that say nothing, and none that the glossary replaced."""
    assert [name for name in trees() if Path(name).stem in VAGUE_MODULES | REPLACED] == []


ONE_A_PACKAGE = {"__init__", "hooks", "queries", "settings", "source", "commands", "wing"}
"""Modules that many packages have: the same part of each."""


def test_a_module_name_is_used_twice_at_most() -> None:
    """So that a search for a file by its name gives an answer."""
    uses = Counter(Path(name).stem for name in trees())
    assert {stem for stem, count in uses.items() if count > 2} <= ONE_A_PACKAGE


VAGUE = {
    "found", "one", "said", "told", "made", "seen", "heard", "asked", "taken", "handed", "spoken", "sung", "reacted",
    "begun", "mine", "ours", "theirs", "somebody", "everybody", "anybody", "talk", "office", "imprint", "desk", "shelf",
    "gate", "seal", "graves", "sieve", "wish", "trouble", "sift", "wording",
}  # fmt: skip
"""Names to avoid: participles and pronouns that say nothing about what they name, and private jargon."""


SITE_CODE = [file for file in PROJECT if file.suffix in (".js", ".css", ".html") and SRC in file.parents]
"""Scripts, styles and templates."""


def test_names_say_what_they_name() -> None:
    vague = {
        str(file.relative_to(ROOT)): [name for name in all_names(file) if name.strip("_").lower() in VAGUE]
        for file in (*PYTHON, *SITE_CODE)
    }
    assert {name: names for name, names in vague.items() if names} == {}


BOUND = re.compile(r"_?(MOST|LONGEST|LARGEST|HIGHEST|LEAST|FEWEST|SHORTEST|SMALLEST|DEEPEST)(_|$)")
"""How names of limits do not begin: MAX_LINE_BYTES says what is limited, and in which unit."""
SELECTION = "src/hotpapers/issues/selection.py"
"""Names rules there, not limits."""


def test_limits_are_named_by_what_they_limit() -> None:
    names = {
        (name, str(file.relative_to(ROOT)))
        for file in (*SRC.rglob("*.py"), *SITE_CODE)
        for name in all_names(file)
        if BOUND.match(name)
    }
    assert names == {(f"LEAST_{number}", SELECTION) for number in (1, 2, 3, 4, 5)}
    assert list(names_in_script("const MOST_X = a.one, { two: three } = b;")) == ["const", "MOST_X", "a", "three", "b"]
    assert list(names_in_template("{% for a, b in c %}{% set d = 1 %}{% macro e(f) %}{% endmacro %}")) == [*"abde"]


PROSE = re.compile(
    r"\b((?<![-\w])anew|fortnights?|whilst|amongst|neighbours?|colours?|behaviours?|recognis\w+|"
    r"summaris\w+|organis\w+)\b", re.IGNORECASE,
)  # fmt: skip
"""Words that sentences avoid: old-fashioned ones, and British spelling."""


SENTENCES = (".py", ".md", ".html", ".toml", ".js", ".css")


def test_sentences_are_plain_and_in_american_spelling() -> None:
    files = [file for file in PROJECT if file.suffix in SENTENCES and "tests" not in file.parts]
    matches = {str(file.relative_to(ROOT)): PROSE.findall(file.read_text("utf-8")) for file in files}
    assert {name: words for name, words in matches.items() if words} == {}


SHOWN_DOCSTRINGS = re.compile(
    r"base/(settings|model)/|base/errors\.py|publish/query/|wings/mcp/|(.*/)?(schemas|settings)\.py"
)
"""Files whose docstrings are shown to users or clients."""
MAX_WHAT_DOCSTRINGS = 5
"""May only fall. These five are also descriptions in schemas."""


def test_docstrings_name_the_thing_first() -> None:
    """None begins with *What*: "The prices of places", not "What places cost"."""
    beginnings = [
        f"{file.relative_to(SRC)}:{node.lineno}"
        for file in SRC.rglob("*.py")
        if not SHOWN_DOCSTRINGS.match(file.relative_to(SRC).as_posix())
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        if str(node.value.value).startswith("What ")
    ]
    assert len(beginnings) <= MAX_WHAT_DOCSTRINGS, beginnings


ERRORS = [definition.name for definition in public(ast.parse((SRC / "base" / "errors.py").read_text("utf-8")))]
GIVEN_MESSAGES = {*ERRORS, "require", "print_error"}


def messages(tree: ast.AST) -> Iterator[str]:
    """The messages of errors, with {} for what is filled in: given to an error, to what raises or prints one, or
    yielded after the key of a setting."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) in GIVEN_MESSAGES:
            yield from map(literal, node.args)
        elif isinstance(node, ast.Yield) and isinstance(node.value, ast.Tuple):
            yield literal(node.value.elts[-1])


def literal(node: ast.AST) -> str:
    if isinstance(node, ast.JoinedStr):
        return "".join(literal(part) or "{}" for part in node.values)
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def ends_wrongly(message: str) -> bool:
    """A message of one sentence has no period at its end; one of several sentences has."""
    is_long = ". " in message or "\n" in message
    return message.endswith(".") != is_long and not message.endswith("{}")


def test_messages_of_errors_end_alike() -> None:
    assert {
        name: wrong for name, tree in trees().items() if (wrong := list(filter(ends_wrongly, messages(tree))))
    } == {}
    source = (
        'raise errors.NotFound(f"{day}: none.")\nyield key, "write one. Or two"\nrequire(x, "no; {y}: write cs.LG")'
    )
    assert [*filter(ends_wrongly, messages(ast.parse(source)))] == ["{}: none.", "write one. Or two"]


def test_no_file_names_a_machine_or_a_registry() -> None:
    places = [re.escape(str(path)) for path in (ROOT, SHARED) if len(path.parts) > 2]
    hosts = ["pypi" + r"\.org", "python" + r"hosted\.org", "registry" + r"\.npmjs", "--(extra-)?index" + "-url"]
    homes = [r"(?<![\w.])/" + "root/", r"(?<![\w.])/(home|Users)/(?!you/)\w+/", r"[A-Z]:\\Users\\"]
    forbidden = re.compile("|".join([*(rf"{place}(?![\w-])" for place in places), *hosts, *homes]))
    mentions = []
    for file in PROJECT:
        text = file.read_bytes().decode("utf-8", "replace")
        lines = enumerate(text.splitlines(), 1) if forbidden.search(text) else ()
        mentions += [f"{file.relative_to(ROOT)}:{n}" for n, line in lines if forbidden.search(line)]
    assert not mentions


LISTS = ("", "cli", "collect/sources")
"""Packages of which each module is one of a kind: a command, an attack, a network."""


def test_packages_name_their_modules() -> None:
    """A package's docstring says what each module is for, and names none that is gone."""
    for file in SRC.rglob("__init__.py"):
        folder, text = file.parent, ast.get_docstring(ast.parse(file.read_text("utf-8"))) or ""
        modules = {path.stem for path in folder.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
        if folder.name != "cli" and folder.relative_to(SRC).as_posix().replace(".", "") not in LISTS:
            assert modules - {"__init__"} <= set(re.findall(r"\w+", text)), folder
            first_words = re.findall(r"^ *(\w+)(?:, \w+)* {2,}", text, re.MULTILINE)
            assert set(first_words) <= modules, folder


def _calls_at_import(node: ast.AST) -> Iterator[str]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Call):
            yield ast.unparse(child.func)
        if not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield from _calls_at_import(child)


def test_no_test_uses_the_time_of_its_import() -> None:
    """A long run would compare it with the time much later."""
    clocks = {"time.time", "time.time_ns", "time.monotonic", "datetime.datetime.now", "datetime.date.today"}
    files = sorted((ROOT / "tests").rglob("*.py"))
    assert not [str(file) for file in files if clocks & set(_calls_at_import(ast.parse(file.read_text("utf-8"))))]


def test_no_file_is_large() -> None:
    assert not [str(file) for file in PROJECT if file.stat().st_size > 1_000_000]
