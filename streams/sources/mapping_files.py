"""The TOML of `--mapping`, whatever format it is for.

In: a path, or a text and the name of its place. Out: the document. What cannot be read or is not
TOML is a ConfigError that names the place.
"""

import tomllib
from pathlib import Path
from typing import Any

from streams.errors import ConfigError


def mapping_document(path: Path) -> dict[str, Any]:
    """Return what stands in a file."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as fault:
        raise ConfigError([f"{path}: cannot be read: {fault.strerror}"]) from None
    except UnicodeDecodeError:
        raise ConfigError([f"{path}: is not TOML: it is not UTF-8"]) from None
    return parsed(str(path), text)


def parsed(place: str, text: str) -> dict[str, Any]:
    """Return what stands in a text; `place` is what a mistake is named after."""
    try:
        return tomllib.loads(text)
    except ValueError as fault:
        raise ConfigError([f"{place}: is not TOML: {fault}"]) from None
