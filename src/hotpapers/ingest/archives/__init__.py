"""Archives of networks: what others kept of them, in files, through the same `read` as the live sources.

format        what a format is, and what formats share: moments, pages
arxiv         arXiv's snapshot of its metadata
jetstream     Bluesky's stream: events and frames
car           repositories of the AT Protocol
eventdata     events and evidence of Crossref's
hackernews    hits, items, rows of tables
reddit        submissions and comments
x             posts and pages of both of its interfaces
formats       the table of them
framing       content in blocks of whole lines or frames, and where in it one is
block_filter  what of a block may concern us
workers       blocks filtered, and parts of files looked through, by several processes
batch         what was found in some lines, into the record at once, if the record did not know it then
imported_file a file as it is given, and what became of it
format_guess  what a file looks like that is not of its format
file_import   files of lines, one after the other; where an import broke off, and how it goes on

Events, which concern us by what happened before, in whatever file:

event_stamps      where in time one belongs, and what must be known for it to concern us
jetstream_filter  what of a block may concern us, by its bytes, in two passes
parts             files cut where they can be
scan              a part looked through
spill             what was found, sorted on disk
event_import      all of it: two passes, then what was found in the order of time, into the record

Parts looked through by processes that share nothing:

findings         what such a job is, and the folder in which its findings lie
line_findings    the rows of formats of lines; event_findings: of events
findings_import  their way into the record
spark_job        parts looked through on Spark (spark_session: on this machine or a cluster)
"""

from __future__ import annotations

from hotpapers.ingest.archives.file_import import ArchiveImporter
from hotpapers.ingest.archives.formats import FORMATS
from hotpapers.ingest.archives.imported_file import HEAD, ArchiveFile, ImportedFile

__all__ = ["FORMATS", "HEAD", "ArchiveFile", "ArchiveImporter", "ImportedFile"]
