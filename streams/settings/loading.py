"""Reads settings from file, environment and options, and finds all mistakes at once.

In: streams.toml, `STREAMS_*` variables and options. Out: `Settings`, or one ConfigError.
What each key takes is in `readers.py`.
"""

import difflib
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from streams.errors import ConfigError
from streams.settings.calendars import Calendar
from streams.settings.checks import between, between_thresholds
from streams.settings.model import QueueSettings, Secret, Settings, Targets
from streams.settings.readers import (
    CALENDAR_READERS,
    CHANGE_READERS,
    PRIORITY_READERS,
    QUEUE_READERS,
    READERS,
    SECRETS,
    SLA_READERS,
    TARGET_READERS,
    Reader,
    known_calendar,
)

PREFIX = "STREAMS_"
# Variables that others of our own read, and that are therefore no misspelt settings.
OTHER_VARIABLES = {"config"}


def load(
    config: Path | None,
    env: Mapping[str, str],
    options: Mapping[str, object],
    typed: Mapping[str, str] = MappingProxyType({}),
) -> Settings:
    """The settings of file, environment and options together.

    `options` maps setting names to values; None and names that are no setting are passed over.
    `typed` says how an option is typed where it has another name than its setting.
    Raises ConfigError with every mistake found.
    """
    mistakes: list[str] = []
    document = _document(config, mistakes)
    found: dict[str, Any] = {}
    _read(
        document,
        READERS,
        lambda key: f"{config}: {key}",
        found,
        mistakes,
        also=("queues", "calendars"),
    )
    _read_environment(env, found, mistakes)
    given = {k: v for k, v in options.items() if k in READERS and v is not None}
    _read(given, READERS, lambda k: typed.get(k) or "--" + k.replace("_", "-"), found, mistakes)
    calendars = _calendars(document.get("calendars", {}), f"{config}: calendars", mistakes)
    found["queues"] = _queues(document.get("queues", []), f"{config}: queues", calendars, mistakes)
    # Rules between keys are checked where the keys themselves are right, so none is reported twice.
    settings = Settings(**found)
    mistakes += between(settings)
    if mistakes:
        raise ConfigError(mistakes)
    return settings


def _document(config: Path | None, mistakes: list[str]) -> dict[str, Any]:
    if config is None:
        return {}
    try:
        document = tomllib.loads(config.read_text(encoding="utf-8"))
    except OSError as problem:
        mistakes.append(f"{config}: cannot be read ({problem.strerror}); check --config")
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        mistakes.append(f"{config}: is not TOML: {problem}")
        return {}
    for name in SECRETS:
        if document.pop(name, None) is not None:
            mistakes.append(
                f"{config}: {name}: a password does not belong here; put it into a file of its own"
                f" and name it with {name}_file, or set {PREFIX}{name.upper()}"
            )
        path = document.pop(f"{name}_file", None)
        if path is not None:
            document.setdefault("_secrets", {})[name] = path
    return document


def _read(
    raw: Mapping[str, Any],
    readers: Mapping[str, Reader],
    place: Callable[[str], str],
    found: dict[str, Any],
    mistakes: list[str],
    also: tuple[str, ...] = (),
) -> None:
    """Reads each key of `raw` into `found`; keys in `also` are somebody else's."""
    for key, value in raw.items():
        if key == "_secrets":
            for name, path in value.items():
                _secret(name, path, place(f"{name}_file"), found, mistakes)
        elif key in readers:
            try:
                found[key] = readers[key](value)
            except ValueError as problem:
                mistakes.append(f"{place(key)}: {problem}, not {_masked(value)}")
        elif key not in also:
            mistakes.append(f"{place(key)}: unknown setting{_near(key, (*readers, *also))}")


def _masked(value: object) -> str:
    """A refused value as it may be shown: a login in an address may not."""
    return re.sub(r"(?<=//)[^/]*@", "****@", repr(value))


def _read_environment(env: Mapping[str, str], found: dict[str, Any], mistakes: list[str]) -> None:
    known = (*READERS, *SECRETS, *(f"{name}_file" for name in SECRETS), *OTHER_VARIABLES)
    for variable in sorted(env):
        if not variable.startswith(PREFIX):
            continue
        key, value = variable.removeprefix(PREFIX).lower(), env[variable]
        if key in READERS:
            try:
                found[key] = READERS[key](value)
            except ValueError as problem:
                mistakes.append(f"{variable}: {problem}, not {_masked(value)}")
        elif key in SECRETS:
            found[key] = Secret(value)
        elif key.removesuffix("_file") in SECRETS:
            _secret(key.removesuffix("_file"), value, variable, found, mistakes)
        elif key not in OTHER_VARIABLES and difflib.get_close_matches(key, known, 1, 0.85):
            # Others set STREAMS_ variables too (Kubernetes does for a service of that name): only a
            # near miss is taken for a misspelt setting.
            mistakes.append(f"{variable}: unknown setting{_near(key, known, upper=True)}")


def _secret(
    name: str, path: object, place: str, found: dict[str, Any], mistakes: list[str]
) -> None:
    try:
        value = Path(str(path)).expanduser().read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as problem:
        reason = problem.strerror if isinstance(problem, OSError) else "not UTF-8"
        mistakes.append(f"{place}: names a file that cannot be read ({reason})")
        return
    if value:
        found[name] = Secret(value)
    else:
        mistakes.append(f"{place}: names an empty file")


#: By name; None: one that is wrong itself.
Calendars = Mapping[str, Calendar | None]


def _calendars(raw: object, place: str, mistakes: list[str]) -> Calendars:
    if not isinstance(raw, dict) or not all(isinstance(item, dict) for item in raw.values()):
        mistakes.append(f"{place}: needs [calendars.NAME] tables")
        return {}
    calendars: dict[str, Calendar | None] = {}
    for name, item in raw.items():
        found: dict[str, Any] = {}
        own: list[str] = []
        _read(item, CALENDAR_READERS, lambda k, n=name: f"{place}.{n}: {k}", found, own)  # type: ignore[misc]
        if not 0 < len(name) <= 64:
            own.append(f"{place}: needs names of 1 to 64 characters")
        if "hours" not in item:
            own.append(f"{place}.{name}: needs hours")
        mistakes += own
        calendars[name] = None if own else Calendar(name, week=found.pop("hours"), **found)
    return calendars


def _queues(
    raw: object, place: str, calendars: Calendars, mistakes: list[str]
) -> tuple[QueueSettings, ...]:
    if not isinstance(raw, list) or not all(isinstance(item, dict) for item in raw):
        mistakes.append(f"{place}: needs [[queues]] tables")
        return ()
    readers = QUEUE_READERS | {"calendar": known_calendar(calendars)}
    queues: list[QueueSettings] = []
    seen: set[tuple[str, str]] = set()
    for position, item in enumerate(raw, 1):
        where = f"{place}[{position}]" + (f" {item['name']!r}" if "name" in item else "")
        found: dict[str, Any] = {}
        own: list[str] = []
        _read(
            item, readers, lambda k, w=where: f"{w}: {k}", found, own,  # type: ignore[misc]
            also=("targets", "sla", "changes"),
        )  # fmt: skip
        found["targets"] = _targets(item.get("targets", {}), Targets(), where, own)
        found["sla"] = _sla(item.get("sla", {}), where, own)
        if "name" not in item:
            own.append(f"{where}: needs a name")
        mistakes += own
        if own:
            continue
        queue = QueueSettings(**found)
        mistakes += between_thresholds(queue, where)
        if queue.calendar is not None and not queue.calendar.opens():
            mistakes.append(
                f"{where}: calendar: needs open time within any 400 days; {queue.calendar.name!r}"
                " has none"
            )
        changes = _changes(item.get("changes", []), queue, where, calendars, mistakes)
        queue = replace(queue, changes=changes)
        if (queue.tenant, queue.name) in seen:
            mistakes.append(f"{where}: is there twice for tenant {queue.tenant!r}; keep one")
        seen.add((queue.tenant, queue.name))
        queues.append(queue)
    return tuple(queues)


def _changes(
    raw: object, queue: QueueSettings, where: str, calendars: Calendars, mistakes: list[str]
) -> tuple[tuple[int, QueueSettings], ...]:
    """Each change is what is new from an instant on; everything else stays as it was before."""
    if not isinstance(raw, list) or not all(isinstance(item, dict) for item in raw):
        mistakes.append(f"{where}: changes: needs [[queues.changes]] tables")
        return ()
    readers = CHANGE_READERS | {"calendar": known_calendar(calendars)}
    changes: list[tuple[int, QueueSettings]] = []
    before = 0
    for position, item in enumerate(raw, 1):
        here = f"{where}: changes[{position}]"
        found: dict[str, Any] = {}
        own: list[str] = []
        _read(
            item, readers, lambda k, w=here: f"{w}: {k}", found, own,  # type: ignore[misc]
            also=("targets", "sla"),
        )  # fmt: skip
        found["targets"] = _targets(item.get("targets", {}), queue.targets, here, own)
        if "sla" in item:
            found["sla"] = _sla(item["sla"], here, own)
        since = found.pop("from", None)
        if "from" not in item:
            own.append(f"{here}: needs a from: the time from which it applies")
        elif since is not None and since <= before:
            own.append(f"{here}: from: needs a later time than the change before it")
        mistakes += own
        if own:
            continue
        if "state_limit_seconds" in found:
            found["state_limit_seconds"] = {
                **queue.state_limit_seconds,
                **found["state_limit_seconds"],
            }
        queue, before = replace(queue, **found), since
        mistakes += between_thresholds(queue, here)
        changes.append((since, queue))
    return tuple(changes)


def _targets(raw: object, known: Targets, where: str, mistakes: list[str]) -> Targets:
    found: dict[str, Any] = {}
    before = len(mistakes)
    if not isinstance(raw, dict):
        mistakes.append(f"{where}: targets: needs a table, for example {{ service_level = 0.8 }}")
        return known
    _read(raw, TARGET_READERS, lambda key: f"{where}: targets.{key}", found, mistakes)
    targets = replace(known, **found)
    levels = (targets.occupancy_low, targets.occupancy_high, targets.occupancy_limit)
    if len(mistakes) == before and sorted(levels) != list(levels):
        mistakes.append(
            f"{where}: targets: needs occupancy_low <= occupancy_high <= occupancy_limit,"
            f" not {levels[0]:g}, {levels[1]:g}, {levels[2]:g}"
        )
    return targets


def _sla(raw: object, where: str, mistakes: list[str]) -> dict[str, dict[str, int]]:
    """What is promised by metric and priority; a number holds for every priority."""
    if not isinstance(raw, dict):
        mistakes.append(f"{where}: sla: needs a table, for example {{ first_response = 3600 }}")
        return {}
    found: dict[str, dict[str, int]] = {}
    for metric, said in raw.items():
        place = f"{where}: sla.{metric}"
        one: dict[str, Any] = {}
        if isinstance(said, dict) and metric in SLA_READERS:
            _read(said, PRIORITY_READERS, lambda k, p=place: f"{p}.{k}", one, mistakes)  # type: ignore[misc]
            if not said:
                mistakes.append(f"{place}: needs seconds for one or more priorities")
            found[metric] = one
        else:
            _read({metric: said}, SLA_READERS, lambda k: f"{where}: sla.{k}", one, mistakes)
            found |= {metric: dict.fromkeys(PRIORITY_READERS, one[metric]) for metric in one}
    return found


def _near(key: str, known: tuple[str, ...], upper: bool = False) -> str:
    near = difflib.get_close_matches(key, known, 1, 0.6)
    if not near:
        return ": remove it"
    return f"; did you mean {PREFIX + near[0].upper() if upper else near[0]}?"
