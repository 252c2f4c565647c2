"""Archives of networks: what others kept of them, in files, through the same `read` as the live sources.

format        what a format is, and what formats share: moments, pages
arxiv         arXiv's snapshot of its metadata
jetstream     Bluesky's stream: events and frames
car           repositories of the AT Protocol
eventdata     events and evidence of Crossref's
hackernews    hits, items, rows of tables
reddit        submissions and comments
x             posts and pages of both of its interfaces (x_api_v1: the first)
formats       the table of them; format_guess: what a file looks like that is none of its format
framing       content in blocks of whole lines or frames, and where in it one is
table         rows of a Parquet file
sifting       what of a block may concern us (jetstream_sifter: by its bytes)
workers       blocks sifted by several processes, in order
new_items     what of an archive's items the record did not know at their time
batch         what was found in some lines, into the record at once
file_import   files, one after the other; where an import broke off, and how it goes on
"""

from hotpapers.ingest.archives.file_import import HEAD, ArchiveFile, ArchiveImporter, ImportedFile
from hotpapers.ingest.archives.formats import FORMATS

__all__ = ["FORMATS", "HEAD", "ArchiveFile", "ArchiveImporter", "ImportedFile"]
