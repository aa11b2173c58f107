"""In which forms the cells of a column are written: times, their zones' words, lengths.

In: the texts of a column. Out: the forms, as a mapping names them, that read every one of them;
whether they are lengths, or numbers of an epoch. Invariant: a form that fails on one text is none.
"""

import re
from collections.abc import Callable
from typing import Final

from streams.sources.clock_times import TimeReader, read_length

_DATES: Final = ("%Y-%m-%d", "%Y/%m/%d", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y")
_CLOCKS: Final = ("%H:%M:%S", "%H:%M", "%I:%M:%S %p", "%I:%M %p")
_NAMED_DAY: Final = "%a %b %d %H:%M:%S"
FORMS: Final = (
    *("rfc3339", "epoch_ms", "epoch_seconds", "%a, %d %b %Y %H:%M:%S", "%d %b %Y %H:%M:%S"),
    *(f"{date} {clock}" for date in _DATES for clock in _CLOCKS),
    *(f"{_NAMED_DAY} %Y", f"{_NAMED_DAY} %Z %Y", *(f"{date} %H:%M:%S %Z" for date in _DATES)),
)
#: EST, CEST: a zone's name, in no form but where %Z stands.
_ZONE_WORD = re.compile(r"(?<![^\W\d_])(?!AM|PM|UTC|GMT)[A-Z]{3,5}(?![^\W\d_])")
_MOST_ZONE_WORDS: Final = 4
#: Numbers of an epoch lie here, so that a call's length in seconds is none.
_SECONDS: Final = range(631_152_000, 4_102_444_800)


def is_length(text: str) -> bool:
    """Whether it reads as a length in any unit."""
    return _reads(lambda it: read_length(it, "days"), text)


def is_length_in_seconds(text: str) -> bool:
    """Whether it reads as a length where nothing is said of its unit."""
    return _reads(read_length, text)


def is_epoch(text: str) -> bool:
    """Whether it is a number of an epoch, so no length."""
    whole = text.partition(".")[0]
    if not (whole.isascii() and whole.isdigit()):
        return False
    return int(whole) in _SECONDS or int(whole) // 1000 in _SECONDS


def forms_of(texts: list[str]) -> tuple[list[str], list[str]]:
    """The forms that read all of the texts, and the words that stand where they have %Z."""
    epochs = [text.partition(".")[0] for text in texts]
    whole = all(text.isascii() and text.isdigit() for text in epochs)
    words = list(dict.fromkeys(word for text in texts for word in _ZONE_WORD.findall(text)))
    forms = []
    for form in FORMS if texts else ():
        if form.startswith("epoch") and not whole:
            continue
        if form == "epoch_ms" and any(int(text) // 1000 not in _SECONDS for text in epochs):
            continue
        if form == "epoch_seconds" and any(int(text) not in _SECONDS for text in epochs):
            continue
        if "%Z" in form and len(words) > _MOST_ZONE_WORDS:
            continue
        read = TimeReader(with_zone_words(form, words), "UTC").read
        if all(_reads(read, text) for text in texts):
            forms.append(form)
    return (["rfc3339"] if "rfc3339" in forms else forms), words


def with_zone_words(form: str, words: list[str]) -> list[str]:
    """The form, or one for each word that stands where it has %Z: CET and CEST are no offsets."""
    if "%Z" not in form or not words:
        return [form]
    return [form.replace("%Z", word) for word in words]


def has_offsets(form: str, words: list[str], texts: list[str]) -> bool:
    """Whether the texts are instants without a zone's help; `words` stand where the form has %Z."""
    if form.startswith("epoch") or "%z" in form:
        return True
    if "%Z" in form:
        return not words
    read = TimeReader(["rfc3339"], None).read
    return all(_reads(read, text) for text in texts)


def _reads(read: Callable[[str], object], text: str) -> bool:
    try:
        read(text)
    except ValueError:
        return False
    return True
