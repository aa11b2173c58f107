"""One process a folder: a lock that the kernel takes back when its owner ends, however it ends.

In: a folder. Out: it is ours until `release`, or BrokerError with the process that has it. The lock
is on a file in the folder (`lock`), which holds the owner's process id and stays when it is free.
"""

import fcntl
import os
from pathlib import Path

from streams.errors import BrokerError


class FolderLock:
    """`take` before anything in the folder is written; `release` after the last write."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file: int | None = None

    def take(self) -> None:
        """The folder is ours; nothing happens where it is already. Raises BrokerError."""
        if self._file is not None:
            return
        file = os.open(self._folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = os.read(file, 20).decode(errors="replace").strip() or "unknown"
            os.close(file)
            raise BrokerError(
                f"{self._folder} is in use by another broker, process {owner}:"
                " end that one, or name another folder with --dir"
            ) from None
        os.ftruncate(file, 0)
        os.write(file, f"{os.getpid()}\n".encode())
        self._file = file

    def release(self) -> None:
        """Anybody may take the folder."""
        if self._file is not None:
            os.close(self._file)
            self._file = None
