"""A test that is not marked slow starts no server, browser or tool of theirs: held by force.

The guard is on while such a test and its fixtures run. A start from this process is refused by an
audit hook, whatever the path; processes further down find a stand-in first on their PATH, which
says what is wrong and exits with 97.
"""

import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

# `node` is what playwright starts a browser with.
REFUSED = frozenset(
    (
        *("java", "mvn", "chromium", "node"),
        *("prometheus", "promtool", "prometheus-alertmanager", "amtool"),
    )
)
# Who asks for one of these asks for a Kafka.
FIXTURES = frozenset(("kafka", "fresh_settings", "fresh_topics"))
# Everything in these folders is about a real broker.
FOLDERS = frozenset(("broker",))
STARTS = ("subprocess.Popen", "os.exec", "os.posix_spawn")
STAND_IN = '#!/bin/sh\necho "a test may start no {name} unless it is marked slow" >&2\nexit 97\n'


def is_slow(folders: Sequence[str], fixtures: Sequence[str], marked: bool) -> bool:
    """True for a test that `make quick` leaves out: marked, or in need of a Kafka."""
    return marked or not FOLDERS.isdisjoint(folders) or not FIXTURES.isdisjoint(fixtures)


class Guard:
    """Refuses to start what is in REFUSED while it is on; one a process, for ever."""

    def __init__(self) -> None:
        self.on = False
        self._folder = tempfile.TemporaryDirectory(prefix="no-servers-")
        for name in REFUSED:
            stand_in = Path(self._folder.name) / name
            stand_in.write_text(STAND_IN.format(name=name))
            stand_in.chmod(0o755)
        sys.addaudithook(self._audit)

    def _audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self.on or event not in STARTS:
            return
        name = Path(os.fsdecode(arguments[0])).name
        if name in REFUSED:
            pytest.fail(f"a test may start no {name} unless it is marked slow")

    @contextmanager
    def __call__(self) -> Iterator[None]:
        """Nothing of REFUSED starts within the block."""
        path, home = os.environ["PATH"], os.environ.pop("JAVA_HOME", None)
        os.environ["PATH"] = f"{self._folder.name}{os.pathsep}{path}"
        self.on = True
        try:
            yield
        finally:
            self.on = False
            os.environ["PATH"] = path
            if home is not None:
                os.environ["JAVA_HOME"] = home
