"""Archives of networks: files that others collected, parsed by the same `read` as the live sources.

format        what a format is, and what formats share: moments, pages
arxiv         arXiv's metadata snapshot
jetstream     Bluesky's stream: Jetstream's events, and what counts of repositories
repository    the trees of AT Protocol repositories, as such events
hackernews    hits, items, table rows
reddit        submissions and comments
x             posts and pages of its API v2; `x_first_api.jq` converts those of 1.1
formats       the table of formats
framing       content in blocks of whole lines, and positions in it
bulk          mentions of papers in bytes, fast
workers       filters blocks and scans parts of files in several processes; spark: on a cluster
batch         stores what was found in some lines, if it was new at its time
imported_file an import, its input files, and the result for each
wrong_format  what a file in another format looks like
file_import   imports line files one after the other, and resumes interrupted imports

Events, whose relevance depends on earlier events in any file:

event_lines       an event's place in time, what must be known for it to be relevant, lines for what is not an event
jetstream_filter  the events of a block that may be relevant, by their bytes, in two passes
parts             splits files where possible
scan              scans a part
spill             what was found, sorted on disk
event_import      the whole import: two passes, then the events in order of time into the record
replay            downloads Bluesky's history, as such events

queries: what imports ask of the store; cli: `hotpapers import` of archives, `hotpapers find`; wing: what it hooks
into the core.
"""
