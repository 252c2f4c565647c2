"""hotpapers.toml: every setting, and every error with file, key and remedy."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import msgspec
import pytest

from hotpapers import model, settings
from hotpapers.errors import SettingsError
from hotpapers.settings import PublicationSettings, PublishSettings, Settings, load

EVERYTHING = """
store = "postgresql://paper@db.example/hot"
contact = "mailto:desk@paper.example"

[[publication]]
name = "night-owls"
title = "The Night Owls' Dozen"
window = "weekly"
ranking = "classic/1"
threshold = 250
categories = ["cs.LG", "astro-ph", "hep-th"]
include = ["owl"]
exclude = ["bat", "moth"]
networks = ["bluesky", "mastodon"]
own = ["bluesky:did:plc:owls", "x:@nightowls"]
posts = 3
hour = 23
zone = "Europe/Zurich"
output = "owls"

[[publication]]
name = "daily"

[publish]
channels = ["classic"]
output = "pages"
"""


def written(folder: Path, text: str | bytes) -> Path:
    file = folder / "hotpapers.toml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file


def refusal(folder: Path, text: str | bytes) -> str:
    """What is said of a file that cannot be used, without the file's name, which must come first."""
    file = written(folder, text)
    with pytest.raises(SettingsError) as refused:
        load(file)
    said = str(refused.value)
    assert said.startswith(f"{file}: ")
    return said.removeprefix(f"{file}: ")


# ---- what can be set -----------------------------------------------------------------------------------


def test_an_empty_file_has_the_defaults(tmp_path: Path) -> None:
    assert load(written(tmp_path, "")) == Settings(
        store="hotpapers.db", contact="", publication=(), publish=PublishSettings(output="public")
    )


def test_every_setting_is_read(tmp_path: Path) -> None:
    found = load(written(tmp_path, EVERYTHING))
    owls = PublicationSettings(
        name="night-owls", title="The Night Owls' Dozen", window="weekly", ranking="classic/1", threshold=250,
        categories=("cs.LG", "astro-ph", "hep-th"), include=("owl",), exclude=("bat", "moth"),
        networks=("bluesky", "mastodon"), own=("bluesky:did:plc:owls", "x:@nightowls"), posts=3, hour=23,
        zone="Europe/Zurich", output="owls",
    )  # fmt: skip
    assert found == Settings(
        store="postgresql://paper@db.example/hot",
        contact="mailto:desk@paper.example",
        publication=(owls, PublicationSettings(name="daily")),
        publish=PublishSettings(channels=("classic",), output="pages"),
    )
    for struct in (found, owls, found.publish):
        defaults = {f.name: f.default for f in msgspec.structs.fields(type(struct))}
        unset = [name for name, value in msgspec.structs.asdict(struct).items() if value == defaults[name]]
        assert not unset, "set it in EVERYTHING to something else than its default"


def test_a_publication_goes_into_the_record_without_its_folder(tmp_path: Path) -> None:
    owls = load(written(tmp_path, EVERYTHING)).publication[0]
    item = settings.publication_item(owls, 77)
    kept = {"publication": "night-owls", "observed_at": 77, **msgspec.structs.asdict(owls)}
    del kept["name"], kept["output"]
    assert msgspec.structs.asdict(item) == kept
    assert isinstance(item, model.Publication)


# ---- the file that `init` writes -----------------------------------------------------------------------


def test_the_template_is_the_defaults(tmp_path: Path) -> None:
    assert load(written(tmp_path, settings.TEMPLATE)) == Settings(publication=(PublicationSettings(name="daily"),))


def test_what_the_template_comments_out_is_the_default_too(tmp_path: Path) -> None:
    uncommented = re.sub(r"^# (?=\w+ = )", "", settings.TEMPLATE, flags=re.M)
    assert uncommented != settings.TEMPLATE
    assert load(written(tmp_path, uncommented)) == Settings(publication=(PublicationSettings(name="daily"),))


def test_the_template_shows_every_setting() -> None:
    shown = tomllib.loads(re.sub(r"^# (?=\w+ = )", "", settings.TEMPLATE, flags=re.M))
    assert set(shown) == set(Settings.__struct_fields__)
    assert set(shown["publication"][0]) == set(PublicationSettings.__struct_fields__)
    assert set(shown["publish"]) == set(PublishSettings.__struct_fields__)


# ---- files that cannot be read -------------------------------------------------------------------------


def test_a_missing_file_names_the_command_that_writes_one(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as refused:
        load(tmp_path / "hotpapers.toml")
    assert str(refused.value) == f"{tmp_path / 'hotpapers.toml'}: no such file; `hotpapers init` writes one."


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=re.escape(f"{tmp_path}: cannot be read: Is a directory.")):
        load(tmp_path)


def test_what_is_not_utf_8_says_where(tmp_path: Path) -> None:
    assert refusal(tmp_path, b'contact = "\xff"') == "not UTF-8 from byte 11 on; save it as UTF-8."


def test_what_is_not_toml_says_where(tmp_path: Path) -> None:
    said = refusal(tmp_path, "store = hotpapers.db\n")
    assert said.startswith("not TOML: ") and "line 1" in said
    assert said.endswith("Compare it with what `hotpapers init` writes.")


# ---- values that cannot be used ------------------------------------------------------------------------

NAMES = "store, contact, publication, publish, source"
NETWORKS = ", ".join(model.NETWORKS)

WRONG = [
    ("stroe = 'x'", "stroe: no such setting; did you mean store?"),
    ("frequency = 7", f"frequency: no such setting; there are {NAMES}."),
    ("store = 7", 'store: takes text in quotation marks, such as "this".'),
    ("store = ' '", 'store: is empty; write a path, such as "hotpapers.db".'),
    ("publish = 7", "publish: takes a table."),
    ("publication = 7", 'publication: takes a list, such as ["this", "that"].'),
    ("[publish]\nchanels = ['site']", "publish.chanels: no such setting; did you mean channels?"),
    ("[publish]\nchannels = 'site'", 'publish.channels: takes a list, such as ["this", "that"].'),
    ("[publish]\nchannels = []", 'publish.channels: is empty; name a channel, such as "site".'),
    ("[publish]\noutput = ''", 'publish.output: is empty; write a folder, such as "public".'),
    ("[[publication]]\ntitle = 'T'", "publication 1: name: is missing; write name = …"),
    ("[[publication]]\nname = 'a'\n[[publication]]\nname = 'b'\ntresh = 1",
     "publication 2: tresh: no such setting; did you mean threshold?"),
    ("[[publication]]\nname = 'a'\nhour = 'eight'",
     "publication 1: hour: takes a whole number without quotation marks."),
    ("[[publication]]\nname = 'a'\ncategories = ['cs.LG', 7]",
     'publication 1: categories 2: takes text in quotation marks, such as "this".'),
    ("[[publication]]\nname = 'a'\nwindow = 'hourly'",
     "publication 1: window: 'hourly' is none of daily, weekly, monthly, listing."),
    ("[[publication]]\nname = ''",
     'publication 1: name: write it with letters, digits and hyphens, at most 64, such as "daily-ml".'),
    ("[[publication]]\nname = 'a/b'",
     "publication 'a/b': name: write it with letters, digits and hyphens, at most 64, such as \"daily-ml\"."),
    ("[[publication]]\nname = 'é'",
     "publication 'é': name: write it with letters, digits and hyphens, at most 64, such as \"daily-ml\"."),
    ("[[publication]]\nname = 'a'\n[[publication]]\nname = 'a'",
     "publication 'a': name: is taken by an earlier publication; names must differ."),
    ("[[publication]]\nname = 'a'\ntitle = ''",
     "publication 'a': title: is empty; write what readers see, such as \"Hot Papers\"."),
    ("[[publication]]\nname = 'a'\nhour = 24", "publication 'a': hour: 24 is no hour of a day; write 0 to 23."),
    ("[[publication]]\nname = 'a'\nhour = -1", "publication 'a': hour: -1 is no hour of a day; write 0 to 23."),
    ("[[publication]]\nname = 'a'\nposts = 11", "publication 'a': posts: 11 cannot be; write 0 to 10."),
    ("[[publication]]\nname = 'a'\nposts = -1", "publication 'a': posts: -1 cannot be; write 0 to 10."),
    ("[[publication]]\nname = 'a'\nthreshold = -1", "publication 'a': threshold: -1 cannot be; write 0 or more."),
    ("[[publication]]\nname = 'a'\nzone = 'Mars/Base'",
     "publication 'a': zone: 'Mars/Base' is unknown; write it as Europe/Zurich."),
    ("[[publication]]\nname = 'a'\nzone = '../etc'",
     "publication 'a': zone: '../etc' is unknown; write it as Europe/Zurich."),
    ("[[publication]]\nname = 'a'\nzone = ''", "publication 'a': zone: '' is unknown; write it as Europe/Zurich."),
    ("[[publication]]\nname = 'a'\nnetworks = ['friendster']",
     f"publication 'a': networks: 'friendster' is none of {NETWORKS}."),
    ("[[publication]]\nname = 'a'\nown = ['me']", "publication 'a': own: write accounts as network:id, not 'me'."),
    ("[[publication]]\nname = 'a'\nown = ['x:']", "publication 'a': own: write accounts as network:id, not 'x:'."),
    ("[[publication]]\nname = 'a'\ninclude = ['']",
     "publication 'a': include: holds an empty word, which every paper has; take it out."),
    ("[[publication]]\nname = 'a'\nexclude = [' ']",
     "publication 'a': exclude: holds an empty word, which every paper has; take it out."),
    ("[[publication]]\nname = 'a'\ncategories = ['astro-phs']",
     "publication 'a': categories: 'astro-phs' is no category or archive of arXiv; did you mean astro-ph?"),
    ("[[publication]]\nname = 'a'\ncategories = ['machine learning']",
     "publication 'a': categories: 'machine learning' is no category or archive of arXiv; "
     "write them as cs.LG, or astro-ph for all of it."),
]  # fmt: skip


@pytest.mark.parametrize(("text", "said"), WRONG, ids=[said for _, said in WRONG])
def test_a_wrong_value_names_key_and_remedy(tmp_path: Path, text: str, said: str) -> None:
    assert refusal(tmp_path, text) == said


def test_a_reason_that_has_no_words_of_ours_still_names_the_key(tmp_path: Path) -> None:
    assert refusal(tmp_path, "[[publication]]\nname = 'a'\nthreshold = 1.5") == (
        "publication 1: threshold: takes a whole number without quotation marks."
    )
    assert settings._explained("Something else - at `$.publication[0].hour`") == "publication 1: hour: Something else."
    assert settings._explained("Something else") == "the file: Something else."
