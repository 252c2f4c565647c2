"""The Markdown in which Hot Papers appeared from 2020 to 2022: read into the record, and written as a channel.

format              the text, byte for byte: parse and render
importing           a file's items, and their batch
doubtful_mentions   posts listed under the wrong paper
channel             issues as files of the format
queries             what is asked of the store
commands            `import classic`; wing: what it hooks into the core

The core knows listings, which the files become, and `classic/1`, which ranked them; only the text is the wing's.
"""
