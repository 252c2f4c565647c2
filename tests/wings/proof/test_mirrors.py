"""A copy of a site with parts exchanged: each part is an issue of the log, but in the wrong place."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

pytest.importorskip("cryptography", reason="signatures need the extra `transparency`")

from hotpapers.base.model import HOUR, Item
from hotpapers.issues.freeze import freeze_issue
from hotpapers.publish.deliver.export_site import export_site
from hotpapers.publish.view.site_config import SiteConfig
from hotpapers.record import Record
from hotpapers.wings.proof.mirrors import check_mirror
from hotpapers.wings.proof.policies import LogPolicy, parse_policy
from hotpapers.wings.proof.publication_log import LogConfig, start_next_log, update_log
from hotpapers.wings.proof.site_logs import SiteLogs
from tests.issues.made import DAILY, background, counts, frozen, moment, paper, post, write
from tests.wings.proof.logs import NAME, config_in, logs_of, update
from tests.wings.proof.logs import freeze as freeze_made_up

FIRST, SECOND = "2024-05-07", "2024-05-08"
AT = moment(SECOND) + 49 * 3_600_000_000


@pytest.fixture(scope="module")
def site_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site with two issues, the first in two editions."""
    folder = tmp_path_factory.mktemp("mirrored")
    config = config_in(folder)
    with Record(str(folder / "hotpapers.db")) as record:
        write(record, [DAILY], background(), paper(1, day=FIRST), paper(2, day=SECOND))
        write(record, *(_post_with_counts(n, day) for n, day in ((1, FIRST), (2, SECOND))))
        frozen(record, DAILY, FIRST)
        write(record, counts("bluesky:1", 95, moment(FIRST) + 1))
        freeze_issue(record, DAILY, FIRST, again=True, reason="a count was missing", at=moment(FIRST) + 49 * HOUR)
        frozen(record, DAILY, SECOND)
        update_log(record.database, NAME, config, AT)
        export_site(record, NAME, [FIRST, SECOND], "site", folder / "site", SiteConfig(proofs=SiteLogs(config)))
    return folder / "site"


def _post_with_counts(number: int, day: str) -> list[Item]:
    name = f"bluesky:{number}"
    return [*post(number, name, moment(day)), counts(name, 90, moment(day))]


def _copy(source: str, target: str) -> Callable[[Path], object]:
    def change(site: Path) -> object:
        (site / target).parent.mkdir(exist_ok=True)
        return shutil.copy(site / source, site / target)

    return change


def _copy_day(source: str, target: str) -> Callable[[Path], object]:
    return lambda site: shutil.copytree(site / source, site / target, dirs_exist_ok=True)


def _invent_issue(site: Path) -> None:
    (site / "2024-05-09").mkdir()
    (site / "2024-05-09" / "index.html").write_text("<h1>Hot Papers of 9 May</h1>")


def _forge_page_without_data(site: Path) -> None:
    (site / SECOND / "issue.json").unlink()
    page = site / SECOND / "index.html"
    page.write_text(page.read_text().replace('<td class="sum">', '<td class="sum">9'))


def _too_many_leaves(site: Path) -> None:
    next((site / "log" / NAME / "1/tile/entries").rglob("4")).write_bytes(bytes(1 << 20))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_copy(f"{FIRST}/index.html", f"{SECOND}/index.html"), f"{SECOND}/index.html: it is not the same issue"),
        (_copy(f"{FIRST}/issue.json", f"{SECOND}/issue.json"), f"{SECOND}/issue.json: it is edition 2 of {FIRST}"),
        (_copy_day(FIRST, SECOND), f"{SECOND}/issue.json: it is edition 2 of {FIRST}"),
        (
            _copy_day(f"{FIRST}/edition-1", FIRST),
            f"{FIRST}/issue.json: it is edition 1, although edition-1 is beside it",
        ),
        (_copy_day(FIRST, f"{FIRST}/edition-1"), f"{FIRST}/edition-1/issue.json: it is edition 2 of {FIRST}"),
        (_copy(f"{FIRST}/index.html", "index.html"), f"index.html: it is the issue of {FIRST}, not the latest"),
        (_copy(f"{FIRST}/issue.tlog-proof", f"{SECOND}/issue.tlog-proof"), "issue.tlog-proof: the content is not in"),
        (_copy("index.html", f"{FIRST}/issue.tlog-proof"), "issue.tlog-proof: a proof must begin with"),
        (_forge_page_without_data, f"{SECOND}/index.html: place 1"),
        (_invent_issue, "2024-05-09/index.html: the page has no proof"),
        (_too_many_leaves, "its leaves do not match its checkpoint: 524,288 in a bundle of 4"),
    ],
)  # fmt: skip
def test_a_part_that_was_exchanged_is_named(
    site_folder: Path, tmp_path: Path, change: Callable[[Path], object], message: str
) -> None:
    site, policy = tmp_path / "site", _policy(site_folder)
    shutil.copytree(site_folder, site)
    assert check_mirror(site, policy) == (3, 4, 0, ())
    change(site)
    problems = check_mirror(site, policy).problems
    assert any(message in problem for problem in problems), problems


def test_a_part_of_a_site_is_no_lie(site_folder: Path, tmp_path: Path) -> None:
    """Keeping only one issue, or pages without the files next to them, is not an error."""
    site = tmp_path / "site"
    shutil.copytree(site_folder, site)
    for name in ("issue.json", "issue.tlog-proof"):
        (site / SECOND / name).unlink()
    shutil.rmtree(site / FIRST)
    assert check_mirror(site, _policy(site_folder)) == (1, 4, 2, ())


def test_a_log_that_was_cut_off_before_the_next_one_is_named(tmp_path: Path) -> None:
    """The key has signed both checkpoints of the first log: the shorter one omits what the second log refers to."""
    site, config = tmp_path / "site", config_in(tmp_path)
    with Record(str(tmp_path / "hotpapers.db")) as record:
        for day in range(3):
            freeze_made_up(record, day)
            update(record, config, day)
        _write_log(site, config)
        short = tmp_path / "short"
        shutil.copytree(site / "log" / NAME / "1", short)
        freeze_made_up(record, 3)
        update(record, config, 3)
        start_next_log(NAME, config)
        freeze_made_up(record, 4)
        update(record, config, 4)
    _write_log(site, config)
    assert check_mirror(site, _policy(site)).problems == ()
    shutil.rmtree(site / "log" / NAME / "1")
    shutil.copytree(short, site / "log" / NAME / "1")
    [problem] = check_mirror(site, _policy(site)).problems
    assert problem.endswith("/2: names an end of the previous log that is not the one here")


def _write_log(site: Path, config: LogConfig) -> None:
    logs = logs_of(config)
    files = {f"{NAME}/{path}": data for path, data in logs.files()} | {"policy.txt": logs.policy_text("").encode()}
    for path, data in files.items():
        (site / "log" / path).parent.mkdir(parents=True, exist_ok=True)
        (site / "log" / path).write_bytes(data)


def _policy(site: Path) -> LogPolicy:
    return parse_policy((site / "log/policy.txt").read_text())
