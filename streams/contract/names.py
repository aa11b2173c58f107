"""A name as it is kept, in events and in settings: one, however it is written.

Composed (NFC; macOS writes "é" as two characters) and without outer blanks. What looks alike on a
wall is then one queue. Letters of other scripts that look alike stay different names.
"""

import unicodedata
from functools import lru_cache


@lru_cache(maxsize=65_536)
def clean(name: str) -> str:
    """The name as it is kept; always the same object, of which the decoder makes a new one."""
    if name.isascii() and name == name.strip():
        return name
    return unicodedata.normalize("NFC", name.strip())
