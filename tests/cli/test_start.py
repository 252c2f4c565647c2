"""Commands to start with: `init`, `demo`, `serve`, `completion`."""

from __future__ import annotations

import os
import pty
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path

import pytest

from hotpapers import cli
from hotpapers.base import logs, network_terms, settings
from hotpapers.cli.import_files import import_
from hotpapers.record import Record
from hotpapers.serve.page_cache import FreshIssueReader
from hotpapers.wings.proof.signatures import has_library
from tests.cli.run import assert_matches_file, command_line, environment, failure, good, misuse, replace_all, run
from tests.conftest import ROOT, needs_wings
from tests.wings.classic import classic_issues

KEY_MESSAGE = (
    "hotpapers.key: created; it signs the log of your issues. Keep it safe and secret.\n" if has_library() else ""
)
"""What `init` prints where signing is available."""

# ---- init ----------------------------------------------------------------------------------------------


def test_init_writes_settings_and_an_empty_store(cwd: Path) -> None:
    assert good("init") == (
        f"hotpapers.toml: created; edit your settings here\nhotpapers.db: created, empty\n{KEY_MESSAGE}"
        "reads, without a key: arxiv, bluesky, hackernews, huggingface, lobsters\n"
        "reads feeds with urls in [source.feeds]\nreads mastodon with servers in [source.mastodon]\n"
        "reads reddit with on = true in [source.reddit]\n"
        "reads x with on = true in [source.x], token and budget in [source.x]\n"
        "next: hotpapers run   (reads the networks and publishes an issue every morning)\n"
    )
    assert (cwd / "hotpapers.toml").read_text("utf-8") == settings.template()
    assert run("status", "--json").json["batches"] == 0


@needs_wings
@pytest.mark.usefixtures("cwd")
def test_init_names_the_servers_that_are_read() -> None:
    fields = ("--field", "biorxiv: zoology", "--field", "medrxiv", "--field", "cs.LG")
    assert "reads, without a key: arxiv, bluesky, hackernews, huggingface, lobsters, biorxiv, medrxiv\n" in good(
        "init", *fields
    )


def test_init_makes_its_folder(cwd: Path) -> None:
    assert "next: cd 'a b/c' && hotpapers run " in good("init", "a b/c")
    good("init", "a/b")
    assert {file.name for file in (cwd / "a" / "b").iterdir()} == {
        "hotpapers.toml", "hotpapers.db", *(["hotpapers.key"] if has_library() else []),
    }  # fmt: skip


def test_init_touches_nothing_that_is_there(cwd: Path) -> None:
    (cwd / "hotpapers.toml").write_text("my own")
    assert misuse("init").startswith("hotpapers.toml: already exists; nothing was changed; edit it")
    assert (cwd / "hotpapers.toml").read_text() == "my own" and not (cwd / "hotpapers.db").exists()


def test_init_leaves_a_record_that_is_there(cwd: Path) -> None:
    good("import", "classic", classic_issues.file(cwd))
    assert "hotpapers.db: already contains a record, which was kept\n" in good("init")
    assert run("status", "--json").json["items"]["listing"] == 1


def test_init_leaves_a_file_of_another_program(cwd: Path) -> None:
    (cwd / "hotpapers.db").write_text("a letter to my aunt\n" * 50)
    assert failure("init") == "hotpapers.db: not a Hot Papers store (not a SQLite file)"
    assert not (cwd / "hotpapers.toml").exists()


def test_init_takes_a_public_contact(cwd: Path) -> None:
    good("init", "--contact", "https://desk.example/ ")
    assert settings.load(cwd / "hotpapers.toml").contact == "https://desk.example/"
    message = misuse("init", "other", "--contact", "two\nlines")
    assert message == "the contact: write a web or mail address on one line, at most 200 characters"
    assert misuse("init", "other", "--contact", "javascript:alert(1)") == (
        "the contact: 'javascript:alert(1)' contains no address; write a web or mail address, such as https://papers.example/"
    )
    assert not (cwd / "other" / "hotpapers.toml").exists()


@pytest.mark.parametrize("answer", ["mailto:desk@paper.example", ""])
def test_init_asks_somebody_at_a_terminal_for_it(
    cwd: Path, answer: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    primary, secondary = pty.openpty()
    os.write(primary, f"{answer}\n\n\n\nUTC\n\n".encode())
    with os.fdopen(secondary, "r") as terminal:
        monkeypatch.setattr(sys, "stdin", terminal)
        assert cli.run_command(["init"]) == 0
    os.close(primary)
    out, err = capsys.readouterr()
    assert err.splitlines()[1].startswith("Your public contact, a web or mail address: Fields")
    assert out.startswith("hotpapers.toml: created; edit your settings here\n")
    assert settings.load(cwd / "hotpapers.toml").contact == answer


# ---- demo ----------------------------------------------------------------------------------------------


def test_the_demo_says_what_it_made(demo_folder: Path) -> None:
    output = good("demo", demo_folder)  # running it again changes nothing
    assert_matches_file("demo.txt", replace_all(output, [(str(demo_folder), "FOLDER")]))


def test_the_demo_holds_markdown_and_a_site_and_verifies(demo_folder: Path) -> None:
    days = sorted(file.stem for file in (demo_folder / "markdown").iterdir())
    assert days == ["2020-12-22", "2021-01-14", "2021-02-18", "2021-04-30", "2021-05-11"]
    assert (demo_folder / "site" / "index.html").is_file()
    assert all((demo_folder / "site" / day / "index.html").is_file() for day in days)
    assert good("verify", "--all", "--store", demo_folder / "hotpapers.db").startswith("verified: 5 issues rebuilt, ")


@pytest.mark.long
def test_the_demo_is_the_same_when_it_is_made_again(demo_folder: Path) -> None:
    status = run("status", "--json", "--store", demo_folder / "hotpapers.db").json
    pages = {file: (file.read_bytes(), os.stat(file).st_mtime_ns) for file in demo_folder.rglob("*.html")}
    good("demo", demo_folder)
    assert run("status", "--json", "--store", demo_folder / "hotpapers.db").json["items"] == status["items"]
    changed_files = {file for file in demo_folder.rglob("*.html") if os.stat(file).st_mtime_ns != pages[file][1]}
    assert {file: (pages[file][0], file.read_bytes()) for file in changed_files} == {}


def test_the_demo_takes_no_folder_of_others(cwd: Path) -> None:
    (cwd / "letters").mkdir()
    (cwd / "letters" / "aunt.txt").touch()
    assert misuse("demo", "letters") == "letters: not a demo folder; name another one: hotpapers demo DIR"
    good("import", "classic", classic_issues.file(cwd), "--store", cwd / "hotpapers.db")
    assert misuse("demo", ".") == "hotpapers.db: contains another record; name another folder: hotpapers demo DIR"
    assert run("status", "--json").json["items"]["listing"] == 1


@pytest.mark.long
def test_the_demo_is_in_its_own_folder_by_default(cwd: Path) -> None:
    assert "hotpapers-demo/site/index.html" in good("demo")
    assert (cwd / "hotpapers-demo" / "hotpapers.db").is_file()


# ---- serve ---------------------------------------------------------------------------------------------


@contextmanager
def run_server(*args: str | Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A server and its address; stopped afterwards."""
    child = subprocess.Popen(
        command_line("serve", "--port", "0", *args), env=environment(PYTHONUNBUFFERED="1"), stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert child.stdout is not None and child.stderr is not None
    try:
        line = child.stdout.readline()
        yield child, line.partition(": ")[2].split()[0] if line else child.stderr.read()
    finally:
        child.kill()
        child.communicate()


def page(address: str) -> str:
    with urllib.request.urlopen(address, timeout=10) as response:
        return str(response.read().decode())


def without_fields(markup: str) -> str:
    """A page without its filter by category, for which the app has links and a file has a script."""
    return re.sub(r'<nav class="fields".*?</nav>', "", markup, flags=re.DOTALL)


@pytest.mark.long
def test_a_server_answers_and_ends_by_ctrl_c(demo_folder: Path) -> None:
    with run_server("--store", demo_folder / "hotpapers.db", "--host", "127.0.0.1", "--publication", "hot-papers") as (
        child, address,
    ):  # fmt: skip
        site = demo_folder / "site"
        for path in ("", "2021-01-14/"):
            file = site / path / "index.html"
            assert without_fields(page(f"{address}{path}")) == without_fields(file.read_text("utf-8"))
        with pytest.raises(urllib.error.HTTPError, match="404"):
            page(f"{address}2021-01-15/")
        port = address.rstrip("/").rpartition(":")[2]
        message = misuse("serve", "--port", port, "--store", demo_folder / "hotpapers.db")
        assert message == f"127.0.0.1, port {port}: Address already in use; choose another --host or --port"
        child.send_signal(signal.SIGINT)
        _, err = child.communicate(timeout=30)
        assert child.returncode == 130
        assert err == "\nhotpapers: interrupted\n"


@pytest.mark.long
def test_the_lines_for_containers_show_a_page(cwd: Path, demo_folder: Path) -> None:
    """What they say to the image, in a folder like its volume."""
    for file in ("README.md", "docs/tutorial/install.md"):
        lines = re.findall(r"^docker run (.*?)IMAGE *(.*?) *(?:#.*)?$", (ROOT / file).read_text("utf-8"), re.MULTILINE)
        (_, begins), (_, runs), (options, serves) = lines
        assert (begins, runs) == ("init", "") and "-p 127.0.0.1:8000:8000" in options
        words = serves.split()
        assert words[:1] == ["serve"] and "0.0.0.0" in words, "else nobody outside reaches it"
    assert "EXPOSE 8000" in (ROOT / "packaging" / "Containerfile").read_text("utf-8")
    good(begins)
    with run_server(*words[1:]) as (_, address):
        assert "Hot Papers" in page(address.replace("0.0.0.0", "127.0.0.1"))
    shutil.copytree(demo_folder, cwd / "hotpapers-demo")
    with run_server(*words[1:], "--store", "hotpapers-demo/hotpapers.db") as (_, address):
        assert "2021" in page(address.replace("0.0.0.0", "127.0.0.1"))


def test_a_server_in_this_process(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another thread requests a page, then sends SIGINT."""
    log_forms: list[str] = []
    monkeypatch.setattr(logs, "start_logging", log_forms.append)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    pages: list[str] = []

    def request_page() -> None:
        for _ in range(500):
            try:
                pages.append(page(f"http://127.0.0.1:{port}/"))
                break
            except OSError:
                time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=request_page)
    thread.start()
    result = run("serve", "--port", str(port), "--store", store)
    thread.join()
    assert (result.status, result.out) == (130, f"Hot Papers: http://127.0.0.1:{port}/  (Ctrl-C to stop)\n")
    assert "Hot Papers" in pages[0] and log_forms == ["text"], "else the log would lack times and reasons"


def test_a_shelf_is_kept_until_something_changes(store: Path) -> None:
    good("issue", "2021-03-02", "--store", store)
    with closing(FreshIssueReader(partial(Record, str(store)), allowed=network_terms.TERMS)) as issue_reader:
        first = issue_reader()
        assert issue_reader() is first
        good("issue", "2021-03-03", "--store", store)
        second = issue_reader()
        assert second is not first and issue_reader() is second
        good("forget", f"x:{classic_issues.post(100).id}", "--yes", "--store", store)
        assert issue_reader() is not second


@pytest.mark.long
def test_a_server_forgets_at_once(store: Path) -> None:
    """What another process hides, forgets or adds shows on the next page."""
    good("issue", "2021-03-02", "--store", store)
    with run_server("--store", store) as (_, address):
        assert classic_issues.post(100).id in page(f"{address}2021-03-02/")
        good("forget", f"x:{classic_issues.post(100).id}", "--yes", "--store", store)
        assert classic_issues.post(100).id not in page(f"{address}2021-03-02/")
        good("issue", "2021-03-03", "--store", store)
        assert classic_issues.post(200).id in page(f"{address}2021-03-03/")


@pytest.mark.long
def test_a_store_that_was_moved_away_invalidates_no_link(store: Path) -> None:
    with run_server("--store", store) as (_, address):
        store.rename(store.with_name("moved.db"))
        with pytest.raises(urllib.error.HTTPError, match="503"):
            page(f"{address}mail/unsubscribe/u{'0' * 32}-0-{'0' * 24}")
        store.with_name("moved.db").rename(store)
        with pytest.raises(urllib.error.HTTPError, match="404"):
            page(f"{address}mail/unsubscribe/u{'0' * 32}-0-{'0' * 24}")


@pytest.mark.long
def test_a_server_on_the_other_protocol(store: Path) -> None:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError as problem:
        pytest.skip(f"no IPv6 here: {problem}")
    with run_server("--store", store, "--host", "::1") as (_, address):
        assert address.startswith("http://[::1]:") and "Hot Papers" in page(address)


def test_a_server_needs_a_host_and_a_store(store: Path, tmp_path: Path) -> None:
    message = misuse("serve", "--host", "no.such.host.invalid", "--store", store)
    assert message.startswith("no.such.host.invalid, port 8000: ")
    assert message.endswith("; choose another --host or --port")
    assert "no such store" in misuse("serve", "--store", tmp_path / "no.db")
    assert misuse("serve", "--publication", "no", "--store", store).startswith("no: no such publication")


# ---- completion ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_completion_script_asks_the_program(shell: str) -> None:
    script = good("completion", shell)
    assert "hotpapers" in script and f"_HOTPAPERS_COMPLETE={shell}_complete" in script


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("hotpapers ver", {"verify", "version"}),
        ("hotpapers import ", set(import_.places())),
        ("hotpapers publish --t", {"--to"}),
        (
            "hotpapers publish --to ",
            {"bluesky", "chat", "classic", "feeds", "mailing", "markdown", "reader", "site", "webhook"},
        ),
        ("hotpapers completion z", {"zsh"}),
    ],
)
def test_the_program_answers_a_shell(
    shell: str, text: str, expected: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = text.split(" ")
    monkeypatch.setenv("_HOTPAPERS_COMPLETE", f"{shell}_complete")
    monkeypatch.setenv("COMP_WORDS", text)
    monkeypatch.setenv("COMP_CWORD", parts[-1] if shell == "fish" else str(len(parts) - 1))
    output = good()
    lines = output.splitlines()
    completions = set(lines[1::3]) if shell == "zsh" else {line.split(",")[1].split("\t")[0] for line in lines}
    assert completions == expected


def test_completion_works_in_bash(tmp_path: Path) -> None:
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("no bash here")
    program = tmp_path / "hotpapers"
    program.write_text(f'#!/bin/sh\nexec {" ".join(command_line())} "$@"\n')
    program.chmod(0o755)
    lines = (
        'eval "$(hotpapers completion bash)"',
        "complete -p hotpapers",
        "COMP_WORDS=(hotpapers expl); COMP_CWORD=1",
        "_hotpapers_completion hotpapers",
        'echo "reply: ${COMPREPLY[*]}"',
    )
    env = environment(PATH=f"{tmp_path}:{os.environ['PATH']}")
    process = subprocess.run([bash, "-c", "\n".join(lines)], env=env, capture_output=True, text=True, check=True)
    assert "reply: explain\n" in process.stdout and "_hotpapers_completion hotpapers" in process.stdout
    assert process.stderr == ""


def test_a_supervisor_is_told_whether_all_is_well(demo_folder: Path) -> None:
    result = run("status", "--health", "--store", demo_folder / "hotpapers.db")
    assert (result.status, result.out) == (0, "all is well\n")


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        ('[publish]\nchannels = ["sit"]\n', "did you mean site?"),
        ('ranking = "rarity/3"\n', "did you mean rarity/2?"),
        ('[publish]\nlook = "nowhere"\n', "nowhere"),
        ("[source.bluesky]\nmodes = 1\n", "did you mean mode?"),
        ('[embeddings]\nurl = "http://127.0.0.1:9/v1"\nmodel = "m"\nkey = "env:NOPE_1"\n', "NOPE_1 is not set"),
    ],
)
def test_settings_with_which_nothing_runs_are_not_well(
    demo_folder: Path, tmp_path: Path, lines: str, problem: str
) -> None:
    file = tmp_path / "hotpapers.toml"
    store = demo_folder / "hotpapers.db"
    file.write_text(f'store = "{store}"\ncontact = "a@b.example"\n[[publication]]\nname = "daily"\n{lines}')
    for options in ((), ("--health",)):
        result = run("status", *options, "--config", file)
        assert result.out.count(problem) == 1 and result.status == bool(options)


def test_settings_that_begin_with_a_mark_of_their_encoding_are_read(demo_folder: Path, tmp_path: Path) -> None:
    """As some editors save UTF-8."""
    file = tmp_path / "hotpapers.toml"
    text = f'store = "{demo_folder / "hotpapers.db"}"\ncontact = "a@b.example"\n[[publication]]\nname = "daily"\n'
    file.write_text(text, "utf-8-sig")
    assert run("status", "--health", "--config", file).out == "all is well\n"
