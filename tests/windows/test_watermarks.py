"""Watermarks: the least of the live sources; who has ended holds nobody."""

from random import Random

from streams.windows.watermarks import MOST, Sources


def told(*words: tuple[str, int] | tuple[str, int, bool]) -> Sources:
    """Sources that said this, in this order."""
    sources = Sources()
    for word in words:
        sources.see(*word)
    return sources


def test_without_sources_there_is_no_watermark() -> None:
    """Nothing is known, which is not the same as time zero."""
    assert Sources().watermark() is None


def test_the_slowest_live_source_decides() -> None:
    """Each source has passed the largest time it has shown."""
    assert told(("pbx", 5_000), ("crm", 3_000), ("pbx", 9_000)).watermark() == 3_000


def test_an_older_event_moves_nothing_back() -> None:
    """A source's mark is monotone, in whatever order its events come."""
    assert told(("pbx", 5_000), ("pbx", 1_000)).watermark() == 5_000


def test_an_ended_source_holds_nobody() -> None:
    """The others go on; when all have ended, the last of them speaks."""
    assert told(("pbx", 9_000), ("crm", 3_000, True)).watermark() == 9_000
    assert told(("pbx", 9_000, True), ("crm", 3_000, True)).watermark() == 9_000


def test_a_word_after_its_end_revives_a_source() -> None:
    """It is live again, from the time of that word on; an older word changes nothing."""
    assert told(("pbx", 9_000), ("crm", 3_000, True), ("crm", 4_000)).watermark() == 4_000
    assert told(("pbx", 9_000), ("crm", 3_000, True), ("crm", 2_000)).watermark() == 9_000


def test_the_end_may_bear_the_time_of_the_last_event() -> None:
    """In either order of the two."""
    for order in (1, -1):
        words = [("crm", 3_000, False), ("crm", 3_000, True)][::order]
        assert told(("pbx", 9_000), *words).watermark() == 9_000


def test_packed_and_unpacked_sources_are_the_same() -> None:
    """What the changelog holds is all there is."""
    sources = told(("pbx", 9_000), ("crm", 3_000, True))
    assert Sources(sources.pack()).marks == sources.marks


def many(count: int) -> Sources:
    """So many sources, each a millisecond after the one before."""
    return told(*((f"s{number:05}", number) for number in range(count)))


def test_a_thousand_sources_are_remembered_however_long_they_are_silent() -> None:
    """A dead feed stays in sight, and holds the time."""
    sources = many(MOST)
    assert (len(sources.marks), sources.watermark(), sources.forgotten) == (MOST, 0, 0)


def test_of_more_sources_the_longest_silent_go_and_hold_nobody() -> None:
    """What is remembered of ever new names is bounded, and a forgotten name does not stop time."""
    sources = many(18_000)
    assert sources.watermark() == 17_000
    assert set(sources.marks) == {f"s{number:05}" for number in range(17_000, 18_000)}
    assert sources.forgotten == 17_000


def test_which_sources_are_remembered_does_not_depend_on_the_order_of_their_words() -> None:
    """Any order of the same words leaves the same thousand, and so the same watermark."""
    words = [(f"s{number % 2_500}", number) for number in range(10_000)]
    shuffled = words.copy()
    Random(1).shuffle(shuffled)
    one, other = told(*words), told(*shuffled)
    assert (one.watermark(), sorted(one.marks)) == (other.watermark(), sorted(other.marks))


def test_a_forgotten_source_that_repeats_old_words_does_not_hold_time() -> None:
    """It is remembered again with a word that is newer than the oldest one remembered."""
    sources = many(1_500)
    before = sources.watermark()
    sources.see("s00001", 2)
    assert sources.watermark() == before
    sources.see("s00001", 1_400)
    assert "s00001" in Sources(sources.pack()).marks


def test_the_record_of_the_sources_fits_whatever_their_names() -> None:
    """18,000 sources with the longest names there are take less than a third of a megabyte."""
    names = (chr(0x1F300 + number % 512) * 59 + f"{number:05}" for number in range(18_000))
    sources = told(*((name, 1_700_000_000_000 + at) for at, name in enumerate(names)))
    assert len(sources.pack()) < 333_000
