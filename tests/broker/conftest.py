"""Settings that a command finds by itself, on topics of the test's own."""

from collections.abc import Callable

import pytest

from streams.settings import Settings


@pytest.fixture
def settings(fresh_topics: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Two partitions of fresh topics; the environment says where they are."""
    made = fresh_topics(partitions=2)
    monkeypatch.setenv("STREAMS_BOOTSTRAP", made.bootstrap)
    monkeypatch.setenv("STREAMS_TOPIC_PREFIX", made.topic_prefix)
    monkeypatch.setenv("STREAMS_APP_ID", made.app_id)
    return made
