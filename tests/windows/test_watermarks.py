"""Watermarks: the least of the live sources; who has ended holds nobody."""

from streams.windows.watermarks import Sources


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


def test_silent_sources_are_forgotten_only_beyond_a_thousand() -> None:
    """A dead feed stays in sight; a stream of ever new names does not fill the memory."""
    few = told(("dead", 1_000), ("live", 9_000))
    few.prune(5_000)
    assert set(few.marks) == {"dead", "live"}
    thousand = told(*((f"s{number}", number) for number in range(1_000)))
    thousand.prune(900)
    assert len(thousand.marks) == 1_000
    many = told(*((f"s{number}", number) for number in range(1_001)))
    many.prune(900)
    assert set(many.marks) == {f"s{number}" for number in range(900, 1_001)}
