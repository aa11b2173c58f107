"""`group_instance_id = "auto"`: a worker's own name, the same when it is started again.

In: the app id, this host's name, a folder of this user. Out: APP-HOST-SLOT, with the lowest slot
(0, 1, 2 ...) that no other running process has. A slot is a folder locked for as long as its
process lives, so that two workers of one user and host differ, and the kernel frees the slot of one
that was killed. Where two processes do not see each other's locks (two users, or containers with
one host name), their names would be the same: such workers need names that somebody gives them.
"""

import os
import re
import socket
from itertools import count
from pathlib import Path

from streams.errors import BrokerError, ConfigError
from streams.kafka.folder_lock import FolderLock

AUTO = "auto"


def slots_folder() -> Path:
    """Where the slots are; `~/.local/state/contact-streams/workers` unless XDG_STATE_HOME is set.

    Raises RuntimeError for a user without a home."""
    state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(state) / "contact-streams" / "workers"


def own_name(app_id: str, host: str | None = None) -> str:
    """The name that this process has until it ends; a second call takes a second slot.

    Raises ConfigError where no slot can be kept."""
    # Kafka's letters alone; with an app id of 100 this stays below Kafka's 249.
    host = re.sub(r"[^A-Za-z0-9._-]", "-", host or socket.gethostname())[:100]
    try:
        folder = slots_folder()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
        # The host too: a home may be shared by several machines.
        return next(
            f"{app_id}-{host}-{slot}"
            for slot in count()
            if _taken(folder / f"{app_id}-{host}-{slot}")
        )
    except (OSError, RuntimeError) as problem:
        mistake = (
            "group_instance_id: auto needs a folder to keep the worker's number in:"
            f" {problem}; set XDG_STATE_HOME to one, or give the worker a name"
        )
        raise ConfigError([mistake]) from None


def _taken(slot: Path) -> bool:
    """Whether the slot was free; it is ours then. The lock is never released."""
    slot.mkdir(mode=0o700, exist_ok=True)
    try:
        FolderLock(slot).take()
    except BrokerError:
        return False
    return True
