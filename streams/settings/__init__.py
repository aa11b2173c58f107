"""What a process is told: one frozen `Settings`, built once by `load`.

`model.py` has the values, `readers.py` what each key takes, `loading.py` where they come from.
"""

from streams.settings.loading import load
from streams.settings.model import (
    QueueSettings,
    Secret,
    Settings,
    Targets,
    TopicNames,
)

__all__ = [
    "QueueSettings",
    "Secret",
    "Settings",
    "Targets",
    "TopicNames",
    "load",
]
