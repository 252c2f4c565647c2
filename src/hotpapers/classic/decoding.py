"""From bytes to text: the size limits, UTF-8, and the repair of files that were read as Mac Roman once."""

from __future__ import annotations

import re

from hotpapers.classic.rules import STRAY, check_size
from hotpapers.errors import NotClassic

# Three Mac Roman characters that happen to be UTF-8 stand in no prose by chance ("‚Äú"); two may ("√π"), but not inside
# or beside a word ("Jos√©"). So the restored text must hold one of these.
_SURE = re.compile(r"[\u0800-\U0010ffff]|[A-Za-z][\x80-\u07ff]|[\x80-\u07ff][A-Za-z]")


def decode(data: bytes) -> tuple[str, bool]:
    """The text of a file, and whether mojibake was repaired in it.

    Some files were UTF-8, read as Mac Roman and written again as UTF-8. They are restored where it is certain: all
    the text goes back, it becomes UTF-8 again, and what comes out could not have been meant as it stood.
    Raises NotClassic for a file that is not UTF-8 or too large (rules.MAX_FILE, rules.MAX_LINE).
    """
    check_size(data, b"\n")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise NotClassic(f"not UTF-8: byte 0x{data[error.start]:02x}", line=line) from None
    restored = _restored(text)
    return (text, False) if restored is None else (restored, True)


def _restored(text: str) -> str | None:
    if text.isascii():
        return None
    try:
        restored = text.encode("mac_roman").decode("utf-8")
    except UnicodeError:
        return None
    certain = _SURE.search(restored) and not STRAY.search(restored)
    return restored if certain else None
