"""Filters of the address: what they mean, and that every mistake is named."""

import pytest

from streams.board.query import BadQueryError, Filter, parse

BILLING = ("acme", "billing", "voice")


def test_nothing_asked_is_everything_in_the_default_window() -> None:
    """Empty values are what a form sends for "all"."""
    assert parse([]) == Filter(None, None, None, "30m")
    assert parse([("tenant", ""), ("queues", ","), ("channel", ""), ("window", "")]) == Filter()


def test_a_filter_holds_for_tenant_queue_and_channel() -> None:
    """All named conditions must hold; `_all` is left out where queues are named."""
    wanted = parse([("tenant", "acme"), ("queues", "billing,sales"), ("window", "5m")])
    assert wanted.matches(BILLING)
    assert wanted.window == "5m"
    assert not wanted.matches(("other", "billing", "voice"))
    assert not wanted.matches(("acme", "_all", "voice"))
    assert parse([("channel", "voice")]).matches(("acme", "_all", "voice"))
    assert not parse([("channel", "chat")]).matches(BILLING)


@pytest.mark.parametrize(
    ("items", "named"),
    [
        ([("window", "7m")], ["window: '7m' is not one of"]),
        ([("channel", "fax"), ("window", "2h")], ["channel: 'fax'", "window: '2h'"]),
        ([("queue", "billing")], ["'queue': is not a parameter"]),
        ([("tenant", "a"), ("tenant", "b")], ["tenant: is given twice"]),
        ([("tenant", "a\nb")], ["tenant: has control characters"]),
        ([("tenant", "x" * 129)], ["tenant: longer than 128"]),
        ([("queues", ",".join("q" * 201))], ["queues: more than 200 names"]),
        ([("queues", "q" * 129)], ["queues: a name is longer than 128"]),
        ([("theme", "pink")], ["theme: 'pink'"]),
        ([("kiosk", "yes")], ["kiosk: 'yes'"]),
        ([("x" * 500, "")], ["'" + "x" * 40 + "…': is not a parameter"]),
    ],
)
def test_every_mistake_is_named(items: list[tuple[str, str]], named: list[str]) -> None:
    """All mistakes at once, each with its parameter; nothing long or raw is echoed."""
    with pytest.raises(BadQueryError) as caught:
        parse(items)
    assert len(caught.value.mistakes) == len(named)
    for mistake, start in zip(caught.value.mistakes, named, strict=True):
        assert mistake.startswith(start)
