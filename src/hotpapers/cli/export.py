"""`hotpapers export`: writes the record to standard output or a file."""

from __future__ import annotations

import sys
from contextlib import closing
from pathlib import Path

import click

from hotpapers.base.errors import require
from hotpapers.base.file_modes import real_path
from hotpapers.base.installed import hooks_of
from hotpapers.cli import common
from hotpapers.cli.terminal import print_line
from hotpapers.keep.hooks import FolderFormat
from hotpapers.keep.transfer import export_formats, streams
from hotpapers.record.sqlite import check_name

FOLDERS = {format.name: format for format in hooks_of(FolderFormat)}
"""The formats that are folders."""
PAPERS = [name for name in export_formats.EXPORTS if name not in export_formats.WHOLE]


@common.command("""
  hotpapers export --format jsonl > record.jsonl
  hotpapers export --format jsonl --records --output public.jsonl.zst""")
@click.option(
    "--format",
    "format_",
    type=click.Choice([*export_formats.EXPORTS, *FOLDERS]),
    default="jsonl",
    show_default=True,
    help="; ".join(
        [
            f"the record: {' and '.join(export_formats.WHOLE)}",
            f"the papers of issues: {' and '.join(PAPERS)}",
            *(f"{folder.help}: {name}" for name, folder in FOLDERS.items()),
        ]
    )
    + ".",
)
@click.option("--records", is_flag=True, help="Only the observations, without issues and batches.")
@click.option("--all-words", is_flag=True, help="Include all words, whatever the terms; for your own use only.")
@click.option(
    "--output",
    type=common.FILE_OR_FOLDER,
    default=streams.STDOUT,
    metavar="FILE",
    help="The output file, compressed if it ends in .zst, or - for standard output (the default); for a format that is "
    "a folder, the folder.",
)
@common.force_option
@common.store_options
def export(format_: str, records: bool, all_words: bool, output: Path, force: bool, site: common.Site) -> None:
    """Export the record.

    Writes the exchange format to standard output. A full export can rebuild the store elsewhere, including its issues,
    and contains its secret; to share observations, use --records. If a network's terms allow only identifiers, posts
    and accounts are exported without words and names, except in imported listings.
    """
    for option, is_given in (("--records", records), ("--all-words", all_words)):
        is_possible = not is_given or format_ in export_formats.WHOLE
        require(
            is_possible,
            f"{option} works only with --format {' or '.join(export_formats.WHOLE)}",
        )
    if format_ in FOLDERS:
        require(output != streams.STDOUT, f"{format_} is a folder of files; add --output DIR")
        require(not output.is_file(), f"{output}: is a file; name a folder")
        check_name(output)
        for line in FOLDERS[format_].write(site.record, output, force):
            print_line(line)
        site.note_export(str(real_path(output)))
        return
    export_format = export_formats.EXPORTS[format_]
    if output == streams.STDOUT:
        terminal = sys.stdout is not None and sys.stdout.isatty()
        require(not (export_format.is_binary and terminal), "refusing to write binary to a terminal; add --output FILE")
    else:
        require(not site.is_store_file(output), f"{output}: is the store itself; name another file")
        require(not output.is_dir(), f"{output}: is a folder; name a file")
        streams.check_owner(output, export_format.beginning, force=force)
    target = streams.target_of(output)
    with closing(site.export(format_, records=records, all_words=all_words, target=target)) as chunks:
        streams.write_file(output, chunks)
