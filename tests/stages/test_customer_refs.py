"""A customer's raw reference is refused at every door, and stands in nothing that goes out."""

import contextlib
import logging
from pathlib import Path

import orjson
import pytest

from streams.__main__ import main
from tests.stages.stages import START, Record, Stages, call

#: Found whatever becomes of it: none of it may stand anywhere.
PLANTED = b"planted-reference"
RAW = PLANTED.decode()
HASH = "AB" * 32


def planted() -> list[Record]:
    """Records with a raw reference, each refused for another reason first."""
    fine = call("contact.enqueued", START, customer_ref=RAW).value or b""
    return [
        call("contact.enqueued", START, customer_ref=RAW),
        call("contact.enqueued", START, customer_ref=[RAW, {"of": RAW}]),
        call("contact.enqueued", START, customer_ref=RAW + "0" * 47),
        call("contact.enqueued", START, customer_ref=RAW, seq=-1),
        call("contact.enqueued", START, customer_ref=RAW, queue="_all"),
        call("contact.vanished", START, customer_ref=RAW),
        call("contact.enqueued", START + 600_000, customer_ref=RAW),
        call("contact.enqueued", START - 86_400_000, customer_ref=RAW),
        call(
            "contact.enqueued", START, customer_ref=HASH, attributes={"customer_ref": RAW}, seq=-1
        ),
        Record(fine, key=b"another"),
        Record(fine[:-1]),
        Record(fine.replace(b"customer_ref", b"customer\\u005fref")),
        Record(fine[:-1] + b"," + b" " * 70_000 + b"}"),
        Record(b'{"customer_ref":"%b",%b' % (PLANTED, fine[1:])),
    ]


def test_a_raw_reference_is_in_nothing_that_the_stages_write(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Letters, cells, records, state, logs: planted values are searched for in all of them."""
    caplog.set_level(logging.DEBUG)
    stages, bad = Stages(), planted()
    turn = stages.take(call("contact.enqueued", START, "good", customer_ref=HASH), *bad)
    letters = [out for out in turn.outputs if out[0] == "contact.deadletters"]
    assert len(letters) == len(bad)
    for letter in letters:
        assert dict(letter[4])["masked"] == b"customer_ref"
    told = repr(turn) + repr(stages.tick(turn)) + caplog.text
    assert RAW not in told


def test_what_is_refused_for_it_says_the_field_and_how_to_hash() -> None:
    """And sent again as the letter holds it, it is refused again."""
    turn = Stages().take(call("contact.enqueued", START, customer_ref=RAW))
    (letter,) = (out for out in turn.outputs if out[0] == "contact.deadletters")
    headers = dict(letter[4])
    assert (headers["reason"], headers["field"]) == (b"schema", b"customer_ref")
    assert b"HMAC-SHA-256" in headers["detail"]
    assert orjson.loads(letter[3] or b"")["customer_ref"] == "refused"
    again = Stages().take(Record(letter[3]))
    (second,) = (out for out in again.outputs if out[0] == "contact.deadletters")
    assert (second[3], dict(second[4])["field"]) == (letter[3], b"customer_ref")


def test_a_file_of_events_with_raw_references_is_refused_without_repeating_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """The line, the field and what to do are said; the value is not."""
    caplog.set_level(logging.DEBUG)
    file = tmp_path / "events.ndjson"
    good = call("contact.enqueued", START, "good", customer_ref=HASH)
    lines = [record.value or b"" for record in (good, *planted()[:5])]
    file.write_bytes(b"\n".join(lines) + b"\n")
    for arguments in (["replay", str(file)], ["replay", "--json", str(file)]):
        with contextlib.suppress(SystemExit):
            main(arguments)
        shown = capsys.readouterr()
        assert "customer_ref" in shown.out + shown.err
        assert RAW not in shown.out + shown.err + caplog.text
