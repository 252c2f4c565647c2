"""The whole record for the public, over HTTP: `/api/v1/export`.

public_lines    what of the record anybody may have, as lines
export_stream   sends them, to only a few clients at once
wing            what it hooks into the core
"""
