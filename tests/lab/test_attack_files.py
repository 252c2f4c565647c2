"""Attacks and worlds from files: the page's examples run, and whatever breaks is named."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lab.attacks import attack_files, report
from lab.attacks.campaign import Attack, AttackFailed, Campaign
from lab.worlds import read_laws
from tests.cli.run import command_line, environment, failure, good, misuse, run, run_process
from tests.lab.campaigns import PAPER, RIVAL, campaign

TINY = {"seed": 7, "history": 97, "days": 1, "papers": 40}


def code(name: str) -> str:
    """A code block of the page."""
    [block] = re.findall(rf"```{name}\n(.*?)\n```", report._TAIL, re.S)
    return str(block)


@pytest.fixture
def worlds(tmp_path: Path) -> Path:
    """The page's worlds, made smaller."""
    file = tmp_path / "worlds.json"
    file.write_text(json.dumps(json.loads(code("json")) | TINY), "utf-8")
    return file


def attack_file(place: Path, text: str) -> Path:
    file = place / "mine.py"
    file.write_text(text, "utf-8")
    return file


ONE_RANKING = ("--ranking", "rarity/2", "--workers", "1")


@pytest.mark.long
def test_the_page_s_attack_in_the_page_s_worlds(worlds: Path, tmp_path: Path) -> None:
    assert read_laws(code("json").encode())[0].seed == 7
    own_file, page = attack_file(tmp_path, code("python")), tmp_path / "page.md"
    args = ("lab", "attacks", "--worlds", worlds, "--attack-file", own_file, *ONE_RANKING, "--output", page)
    rows = json.loads(good(*args, "--json"))["rows"]
    assert {(row["attack"], row["goal"], row["with_standing"]) for row in rows} == {
        ("reposts", goal, aged) for goal in ("first", "top ten") for aged in (False, True)
    }
    assert all(row["accounts"] is None for row in rows if not row["with_standing"])
    assert any(row["accounts"] for row in rows if row["with_standing"]) and not any(row["failed"] for row in rows)
    text = page.read_text("utf-8")
    assert text.startswith("# Attacks\n") and "over 1 day in 1 made-up world." in text
    assert "`python -m lab attacks`." in text and "A *lifted* paper had reached that place" in text
    assert not any(phrase in text for phrase in ("--all", "still cheap", "Not tried", "686 likes")), "of other worlds"
    assert "| rarity/2 | new | never | never |" in text
    bought = [f"0+{row['accounts']}, ${row['dollars']:,.2f}" for row in rows if row["accounts"]]
    assert re.search(r"^\| reposts \| reposts on the sparsest network \| .*" + re.escape(bought[-1]), text, re.M)
    out = good(*args)
    assert re.search(r"^Accounts for place 1, 2 networks$", out, re.M) and re.search(
        r"^  reposts +new +never$", out, re.M
    )
    assert page.read_text("utf-8") == text, "the same from the same seeds"


def test_a_catalogue_attack_by_name_against_two_rankings(worlds: Path) -> None:
    rows = json.loads(good(
        "lab", "attacks", "--worlds", worlds, "--attack", "bots", "--ranking", "rarity/1", *ONE_RANKING, "--json"
    ))["rows"]  # fmt: skip
    assert {(row["ranking"], row["accounts"]) for row in rows} == {("rarity/1", None), ("rarity/2", None)}
    assert {row["days"] for row in rows} == {1}


BREAKS = """from lab.attacks.campaign import Attack

def run(campaign, accounts):
    raise KeyError("nothing here")

ATTACK = Attack("broken", "breaks", run)
"""


@pytest.mark.long
def test_an_attack_that_breaks_is_named(worlds: Path, tmp_path: Path) -> None:
    own_file = attack_file(tmp_path, BREAKS)
    attack = attack_files.load_attack(str(own_file))
    with pytest.raises(AttackFailed, match=r"^broken: KeyError: 'nothing here'$"):
        attack_files.run(attack, campaign(), 3)
    leaves = attack._replace(run=lambda campaign, accounts: sys.exit(3))
    with pytest.raises(AttackFailed, match=r"^broken: SystemExit: 3$"):
        attack_files.run(leaves, campaign(), 3)
    args = ("lab", "attacks", "--worlds", worlds, "--attack-file", own_file, *ONE_RANKING)
    ran = run(*args, "--json")
    (row,) = json.loads(ran.out)["rows"]
    assert ran.status == 1
    assert row["failed"] == "broken: KeyError: 'nothing here'" and row["accounts"] is None
    table = run(*args).out
    assert re.search(r"^  broken +new +failed$", table, re.M) and table.startswith("Failed: broken: KeyError")


def test_an_attack_without_an_end_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    def run_on(some: Campaign, accounts: int) -> None:
        while True:
            some.account()

    class Leaves(BaseException):
        """An exception nobody expects."""

    def leave(some: Campaign, accounts: int) -> None:
        raise Leaves

    monkeypatch.setattr(attack_files, "SECONDS", 0.1)
    monkeypatch.setattr("lab.attacks.campaign.MOST_OPENED", sys.maxsize)
    with pytest.raises(AttackFailed, match=r"^endless: took more than 0.1 seconds$"):
        attack_files.run(Attack("endless", "", run_on), campaign(), 3)
    with pytest.raises(AttackFailed, match=r"^leaves: Leaves: $"):
        attack_files.run(Attack("leaves", "", leave), campaign(), 3)


SWALLOWS = """while True:
        try:
            while True:
                pass
        except BaseException:
            pass"""
NEVER_BACK = "sum(range(10**15))"
MANY_SECONDS = """
from lab.attacks import attack_files
attack_files.SECONDS, attack_files.PATIENCE = 0.2, 0.2
attack_files.run(attack_files.load_attack({file!r}), None, 3)
"""


@pytest.mark.parametrize("at_once", [True, False])
@pytest.mark.parametrize("endless", [SWALLOWS, NEVER_BACK])
def test_an_attack_that_lets_nothing_stop_it_ends_its_process(tmp_path: Path, endless: str, at_once: bool) -> None:
    own_file = attack_file(tmp_path, BREAKS.replace('raise KeyError("nothing here")', endless))
    if at_once:
        own_file.write_text(f"{own_file.read_text()}\nrun(None, 3)\n")
    script = [sys.executable, "-c", MANY_SECONDS.format(file=str(own_file))]
    ran = subprocess.run(script, env=environment(), capture_output=True, timeout=30, check=False, text=True)
    assert ran.returncode == 1 and str(own_file) in ran.stderr
    if endless == SWALLOWS:
        assert (
            ran.stderr
            == f"hotpapers: {own_file}: took more than 0.2 seconds and cannot be stopped; ending the process\n"
        )


LEAVES = BREAKS.replace('raise KeyError("nothing here")', "__import__('os')._exit(3)")
PRINTS = BREAKS.replace('raise KeyError("nothing here")', 'print("words of its own")')


@pytest.mark.long
def test_what_an_attack_prints_is_no_figure_and_one_that_leaves_is_told(worlds: Path, tmp_path: Path) -> None:
    args = ("lab", "attacks", "--worlds", worlds, *ONE_RANKING, "--json", "--attack-file")
    ran = run_process(*args, attack_file(tmp_path, PRINTS))
    assert {row["accounts"] for row in ran.json["rows"]} == {None} and "words of its own" in ran.err
    assert failure(*args, attack_file(tmp_path, LEAVES)).startswith("a process ended: an attack exited")


@pytest.mark.long
def test_a_run_that_is_interrupted_ends(worlds: Path, tmp_path: Path) -> None:
    endless = 'print("began", flush=True)\n    while True: pass'
    own_file = attack_file(tmp_path, BREAKS.replace('raise KeyError("nothing here")', endless))
    args = command_line("lab", "attacks", "--worlds", worlds, *ONE_RANKING, "--attack-file", own_file)
    with subprocess.Popen(args, env=environment(), stderr=subprocess.PIPE, start_new_session=True) as running:
        assert running.stderr and running.stderr.readline() == b"began\n"
        os.killpg(running.pid, signal.SIGINT)  # as Ctrl-C does: to the whole group
        err = running.stderr.read()
    assert running.returncode == 130 and err.endswith(b"\nhotpapers: interrupted\n")


@pytest.mark.long
def test_an_attack_for_which_no_day_has_a_paper_is_named(worlds: Path, tmp_path: Path) -> None:
    own_file = attack_file(tmp_path, PRINTS.replace("run)", "run, at_place=5000)"))
    args = ("lab", "attacks", "--worlds", worlds, *ONE_RANKING, "--attack", "bots", "--attack-file", own_file)
    table = good(*args)
    assert table.startswith("Not run: broken: no day of the worlds has such a paper") and "bots" in table


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ("5, '', run", "Expected `str`, got `int` - at `$.name`"),
        ("'a\\nb', '', run", "`name` and `about` must be one line each"),
        ("'a', '', None", "its `run` is not a function"),
        ("'a', '', run, goals=('moon',)", "Invalid enum value 'moon' - at `$.goals[0]`"),
        ("'a', '', run, goals=()", "Expected `array` of length >= 1 - at `$.goals`"),
        ("'a', '', run, aged=True", "Expected `array`, got `bool` - at `$.aged`"),
        ("'a', '', run, days_old=('x',)", "Expected `int`, got `str` - at `$.days_old[0]`"),
        ("'a', '', run, at_place=-1", "Expected `int` >= 0 - at `$.at_place`"),
        ("'a', '', run, knobs=5", "Expected `object`, got `int` - at `$.knobs`"),
        ("'a', '', run, knobs={'x': 5}", "Expected `array`, got `int` - at `$.knobs[...]`"),
        ("'a', '', run, knobs={'x': ([],)}", "a knob's values must be numbers, strings, or tuples of these"),
        ("'a', '', run, knobs={'networks': (0,)}", "the knob `networks` must have whole numbers of 1 or more"),
        ("'ring', '', run", "there is already an attack named 'ring'"),
    ],
)
def test_an_attack_that_is_not_declared_well_is_named(worlds: Path, tmp_path: Path, fields: str, reason: str) -> None:
    own_file = attack_file(tmp_path, BREAKS.replace('"broken", "breaks", run', fields))
    message = failure("lab", "attacks", "--worlds", worlds, "--attack-file", own_file)
    assert reason in message and str(own_file) in message


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ("raise SystemExit(0)", "SystemExit: 0"),
        ("def run(:", "SyntaxError: invalid syntax"),
        ("import no_such_module_at_all", "ModuleNotFoundError: No module named"),
        ("x = 1", "has no ATTACK"),
        ("ATTACK = 7", "has no ATTACK"),
    ],
)
def test_a_file_that_is_no_attack_is_named(worlds: Path, tmp_path: Path, text: str, reason: str) -> None:
    own_file = attack_file(tmp_path, text)
    with pytest.raises(AttackFailed, match=reason):
        attack_files.load_attack(str(own_file))
    message = failure("lab", "attacks", "--worlds", worlds, "--attack-file", own_file)
    assert reason in message and str(own_file) in message


def test_misuse(worlds: Path, tmp_path: Path) -> None:
    gone, command = tmp_path / "gone.py", ("lab", "attacks")
    assert "not a Python file with an attack" in failure(*command, "--attack-file", gone)
    assert misuse(*command, "--attack", "none").startswith("none: no such attack; choose from likes, one network; ")
    assert misuse(*command, "--ranking", "none").startswith("none: no such ranking; choose from classic/1, rarity/1, ")
    assert misuse(*command, "--all", "--quick") == "give either --all or --quick, not both"
    worlds.write_text('{"history": 96}', "utf-8")
    assert misuse(*command, "--worlds", worlds) == "a world needs a history of at least 97 days, not 96"
    worlds.write_text("[", "utf-8")
    assert misuse(*command, "--worlds", worlds).startswith("invalid worlds: ")


def test_a_world_in_which_nobody_speaks(worlds: Path) -> None:
    law = json.loads(worlds.read_text("utf-8"))
    silent = [network | {"posts": 0} for network in law["networks"]]
    worlds.write_text(json.dumps(law | {"networks": silent}), "utf-8")
    message = misuse("lab", "attacks", "--worlds", worlds, "--attack", "bots", *ONE_RANKING)
    assert message.startswith("day 97 of a world: nobody talks about any paper")


# ---- impossible actions ------------------------------------------------------------------------------------------

IMPOSSIBLE: dict[str, Callable[[Any], Any]] = {
    "account 77 was not opened by the attack": lambda some: some.post(77, "x"),
    "account 78 was not opened by the attack": lambda some: some.react(78, RIVAL.posts[0].id),
    "no network 'elsewhere'; choose from x, y, z": lambda some: some.post(some.account(), "elsewhere"),
    "no network 'nowhere'; choose from x, y, z": lambda some: some.cut_off("nowhere"),
    "post 6: not the number of an existing post": lambda some: some.react(some.account(), 6),
    "post PaperPost(id=5": lambda some: some.react(some.account(), RIVAL.posts[0]),
    "'hug' of a post: must be like or repost": lambda some: some.react(some.account(), 5, type="hug"),
    "a campaign may make up to 100000 posts": lambda some: [some.post(n, "x") for n in some.accounts(1) * 100_001],
    "a campaign may make up to 1000000 likes and reposts": lambda some: [
        some.react_all(many, some.post(many[0], "x")) for many in [some.accounts(10_000)] * 101
    ],
    "`run` must return nothing, not a generator": lambda some: (some.account() for _ in range(3)),
    "post 5 is not one of the attack's own": lambda some: some.delete(5),
    "share needs one of campaign.rival.posts": lambda some: some.share(5),
    "-1 accounts: a campaign may open 0 to 100000": lambda some: some.accounts(-1),
    "1000000000 accounts: a campaign may open": lambda some: some.accounts(10**9),
    "the text of a post must be a str, not 5": lambda some: some.post(some.account(), "x", text=5),
    "not the target, the rival or one of `earlier_papers`": lambda some: some.post(
        some.account(), "x", paper=PAPER._replace(paper="arxiv:3")
    ),
}  # fmt: skip


@pytest.mark.parametrize("reason", IMPOSSIBLE)
def test_what_cannot_be_ends_an_attack(reason: str) -> None:
    """Otherwise it would do nothing, or use honest accounts' standing, and pass for a result."""
    attack = Attack("wrong", "does what cannot be", lambda some, accounts: IMPOSSIBLE[reason](some))
    with pytest.raises(AttackFailed, match=rf"^wrong: .*{re.escape(reason)}"):
        attack_files.run(attack, campaign(), 3)
