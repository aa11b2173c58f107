"""What each setting takes: one reader a key, the same for file, variable and option.

In: a raw value, as TOML, environment or option give it. Out: the checked value; else a ValueError
that says what would be right, for `loading` to put its place before it.
"""

import re
import zoneinfo
from collections.abc import Callable, Mapping
from dataclasses import fields
from datetime import datetime
from pathlib import Path
from typing import Any

from streams.contract.limits import MAX_NAME, MAX_SCORE, MAX_TEXT, MAX_WORD
from streams.contract.names import clean
from streams.contract.words import (
    AGENT_FIGURES_BY,
    CHANNELS,
    FORMULAS,
    MAX_BREAK_REASONS,
    MOST_VALUES,
    OTHER_REASON,
    SLA_METRICS,
    STATE_LIMIT_SECONDS,
    TICKET_PRIORITIES,
    WINDOWS,
)
from streams.settings.calendars import Calendar, holidays_of, week_of
from streams.settings.model import QueueSettings, Settings, Targets

SECRETS = (
    *("sasl_password", "ssl_key_password", "board_alertmanager_password"),
    *("customer_key", "agent_key"),
)

Reader = Callable[[object], Any]
"""Turns a raw value into a checked one; raises ValueError saying what would be right."""


def integer(low: int, high: int) -> Reader:
    """A whole number or its text, within the bounds."""

    def read(raw: object) -> int:
        if isinstance(raw, bool) or not re.fullmatch(r"[+-]?\d+", str(raw).strip()):
            raise ValueError(f"needs a whole number from {low} to {high}")
        if not low <= int(str(raw)) <= high:
            raise ValueError(f"needs a whole number from {low} to {high}")
        return int(str(raw))

    return read


def number(low: float, high: float) -> Reader:
    """A finite number or its text, within the bounds."""

    def read(raw: object) -> float:
        try:
            value = float("nan") if isinstance(raw, bool) else float(str(raw))
        except ValueError:
            value = float("nan")
        if not low <= value <= high:
            raise ValueError(f"needs a number from {low:g} to {high:g}")
        return value

    return read


def text(pattern: str, what: str) -> Reader:
    """Text that the pattern matches whole; `what` says in words what that is."""

    def read(raw: object) -> str:
        if not isinstance(raw, str) or not re.fullmatch(pattern, raw):
            raise ValueError(f"needs {what}")
        return raw

    return read


def name(pattern: str, what: str) -> Reader:
    """Text as `text` reads it, cleaned as the names of events are."""
    read = text(pattern, what)
    return lambda raw: read(clean(raw) if isinstance(raw, str) else raw)


def choice(*names: str, upper: bool = False) -> Reader:
    """One of the names; with `upper`, in either case."""

    def read(raw: object) -> str:
        value = str(raw).upper() if upper else str(raw)
        if value not in names:
            raise ValueError(f"needs one of {', '.join(names)}")
        return value

    return read


def several(*names: str) -> Reader:
    """A list of the file, or a comma-separated text, of known names; at least one."""

    def read(raw: object) -> tuple[str, ...]:
        parts = raw.split(",") if isinstance(raw, str) else raw
        what = f"needs one or more of {', '.join(names)}"
        if not isinstance(parts, list | tuple) or not parts:
            raise ValueError(what)
        values = tuple(str(part).strip() for part in parts)
        if not set(values) <= set(names) or len(set(values)) < len(values):
            raise ValueError(what)
        return values

    return read


def reasons(raw: object) -> tuple[str, ...]:
    """A list of the file: reasons as an agent's system writes them; their case does not matter."""
    listed = raw if isinstance(raw, list) else [raw]
    found = tuple(each.strip().lower() if isinstance(each, str) else "" for each in listed)
    if (
        not isinstance(raw, list)
        or len(found) > MAX_BREAK_REASONS
        or len(set(found)) < len(found)
        or not all(0 < len(each) <= MAX_WORD and each.isprintable() for each in found)
        or OTHER_REASON in found
    ):
        raise ValueError(
            f"needs a list of at most {MAX_BREAK_REASONS} different reasons of 1 to {MAX_WORD}"
            f" characters, none of them {OTHER_REASON}"
        )
    return found


def by_word(names: tuple[str, ...], each: Reader) -> Reader:
    """A table of the file: for some of the known names a value that `each` reads."""

    def read(raw: object) -> dict[str, Any]:
        if not isinstance(raw, dict) or not raw or not set(raw) <= set(names):
            raise ValueError(f"needs a table with one or more of {', '.join(names)}")
        return {name: each(value) for name, value in raw.items()}

    return read


def topics(raw: object) -> tuple[str, ...]:
    """A list of the file of different texts, cleaned as the topics of events are; it may be empty.

    Names with `_` in front are of our own making.
    """
    most = MOST_VALUES["topic"]
    if not isinstance(raw, list) or not all(isinstance(topic, str) for topic in raw):
        raise ValueError(f"needs a list of at most {most} topics, each in quotes")
    names = [clean(topic) for topic in raw]
    wrong = [] if len(names) <= most else [f"{len(names)} are too many"]
    for place, topic in enumerate(names):
        if not 1 <= len(topic) <= MAX_TEXT:
            wrong.append(f"the {place + 1}. has {len(topic)} characters")
        elif topic.startswith("_"):
            wrong.append(f"{topic!r} begins with _")
        elif topic in names[:place]:
            wrong.append(f"{topic!r} is there twice")
    if wrong:
        limits = f"at most {most} different topics of 1 to {MAX_TEXT} characters, none with _ first"
        raise ValueError(f"needs {limits}; {', '.join(wrong)}")
    return tuple(names)


def flag(raw: object) -> bool:
    """True or false, yes or no, 1 or 0, in either case."""
    known = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
    value = known.get(str(raw).lower())
    if value is None:
        raise ValueError("needs true or false")
    return value


def addresses(raw: object) -> str:
    """HOST:PORT, or several separated by commas; spaces around them go."""
    parts = [part.strip() for part in str(raw).split(",")]
    for part in parts:
        host, _, port = part.rpartition(":")
        if not host or not port.isdecimal() or not 0 < int(port) < 65536:
            raise ValueError("needs HOST:PORT, several with commas between them")
    return ",".join(parts)


def readable(raw: object) -> str:
    """The path of a file that can be opened now, `~` replaced."""
    path = Path(str(raw)).expanduser()
    try:
        with path.open("rb"):
            return str(path)
    except OSError as problem:
        raise ValueError(f"names a file that cannot be read ({problem.strerror})") from None


def zone(raw: object) -> str:
    """The name of a time zone that this machine knows."""
    try:
        return zoneinfo.ZoneInfo(str(raw)).key
    except (ValueError, OSError, zoneinfo.ZoneInfoNotFoundError):
        raise ValueError("needs a time zone, for example Europe/Berlin") from None


def instant(raw: object) -> int:
    """A TOML date and time, or RFC 3339 text, as ms."""
    try:
        at = raw if isinstance(raw, datetime) else datetime.fromisoformat(str(raw))
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise ValueError("needs a time with its offset, for example 2026-03-01T00:00:00+01:00")
    return round(at.timestamp() * 1_000)


def known_calendar(calendars: Mapping[str, Calendar | None]) -> Reader:
    """The name of one of the calendars; None where that one is wrong itself, or none is named."""

    def read(raw: object) -> Calendar | None:
        if raw == "":
            return None
        if not isinstance(raw, str) or raw not in calendars:
            names = ", ".join(calendars) or "there is none"
            raise ValueError(f'needs the name of one of [calendars] ({names}), or ""')
        return calendars[raw]

    return read


_DAY = "(Mon|Tue|Wed|Thu|Fri|Sat|Sun)"
_SPAN = rf"{_DAY}(-{_DAY})? ([01]\d|2[0-3]):[0-5]\d-(([01]\d|2[0-3]):[0-5]\d|24:00)"
_HOST = text(r"[A-Za-z0-9._:-]+", "a host name or address")
_KAFKA_NAME = r"[A-Za-z0-9._-]"
_NAME = rf"(?!{{reserved}}$)\S(.{{{{0,{MAX_NAME - 2}}}}}\S)?"
_LENGTHS = f"1 to {MAX_NAME} characters"
_QUEUE = name(_NAME.format(reserved="_(all|other|bot)"), f"{_LENGTHS}, not _all, _other or _bot")
_TENANT = text(_NAME.format(reserved="_other"), f"{_LENGTHS}, not _other")
_LABEL = text(r".{0,64}", "at most 64 characters")
_RATIO = number(0, 1)
_SECONDS = integer(1, 366 * 86_400)
_DAYS = integer(1, 366)

READERS: dict[str, Reader] = {
    "bootstrap": addresses,
    "app_id": text(rf"{_KAFKA_NAME}{{1,100}}", "1 to 100 letters, digits, dots, dashes"),
    "topic_prefix": text(rf"{_KAFKA_NAME}{{0,100}}", "up to 100 letters, digits, dots, dashes"),
    "partitions": integer(1, 1024),
    "replication_factor": integer(1, 9),
    "clock": choice("wall", "event"),
    "horizon_seconds": integer(60, 7 * 86_400),
    "grace_seconds": integer(0, 60),
    "ticket_memory_days": integer(1, 3_660),
    "callback_memory_days": integer(1, 366),
    "tick_seconds": number(0.05, 60),
    "max_queues": integer(1, 100_000),
    "max_all_queues": integer(1, 1_000_000),
    "max_tenants": integer(1, 100_000),
    "max_customers": integer(1, 100_000_000),
    "max_agents": integer(1, 1_000_000),
    "agent_figures": choice(*AGENT_FIGURES_BY),
    "metrics_host": _HOST,
    "metrics_port": integer(0, 65_535),
    "metrics_windows": several(*WINDOWS),
    "board_host": _HOST,
    "board_port": integer(0, 65_535),
    # Without a login in it: addresses are shown and logged.
    "board_alertmanager": text(
        r"https?://[^/@\s?#]+(/[^@\s?#]*)?", "an address, for example http://127.0.0.1:9093"
    ),
    "board_alertmanager_user": text(r"[^:]+", "a user name without a colon"),
    "transaction_timeout_seconds": integer(1, 900),
    "session_timeout_seconds": integer(6, 1_800),
    # Kafka's rule for it.
    "group_instance_id": text(
        rf"(?!\.{{1,2}}$){_KAFKA_NAME}{{1,249}}", "1 to 249 letters, digits, dots, dashes"
    ),
    "input_retention_hours": integer(1, 87_600),
    "cells_retention_hours": integer(1, 87_600),
    "deadletter_retention_hours": integer(1, 87_600),
    "agent_figures_retention_hours": integer(1, 87_600),
    "log_level": choice("debug", "info", "warning", "error"),
    "security_protocol": choice("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL", upper=True),
    "sasl_mechanism": choice("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", upper=True),
    "sasl_username": text(r".+", "a user name"),
    "ssl_cafile": readable,
    "ssl_certfile": readable,
    "ssl_keyfile": readable,
    "ssl_check_hostname": flag,
}
QUEUE_READERS: dict[str, Reader] = {
    "name": _QUEUE,
    "tenant": _TENANT,
    "channels": several(*CHANNELS),
    "service_level_seconds": _SECONDS,
    "short_abandon_seconds": integer(0, 86_400),
    "max_wait_seconds": _SECONDS,
    "max_handle_seconds": _SECONDS,
    "wait_limit_seconds": _SECONDS,
    "default_formula": choice(*FORMULAS),
    "time_zone": zone,
    "wrapup": flag,
    "wrapup_cap_seconds": _SECONDS,
    "silent_chat_seconds": _SECONDS,
    "closed_resolves": flag,
    "resolution_days": _DAYS,
    "repeat_days": _DAYS,
    "topics": topics,
    "csat_satisfied_from": number(-MAX_SCORE, MAX_SCORE),
    "state_limit_seconds": by_word(tuple(STATE_LIMIT_SECONDS), integer(0, 366 * 86_400)),
    "break_reasons": reasons,
    "at_risk_seconds": _SECONDS,
    "pause_on_hold": flag,
    "hours": text(
        rf"|{_SPAN}(, {_SPAN})*", 'hours, for example "Mon-Fri 08:00-18:00, Sat 09:00-13:00"'
    ),
    "site": _LABEL,
    "skill": _LABEL,
    "team": _LABEL,
}
#: What a queue's `changes` may set: what its visits and figures go by. Its name, its channels and
#: where its day begins stay, for records are kept under them.
CHANGE_READERS: dict[str, Reader] = {"from": instant} | {
    name: QUEUE_READERS[name]
    for name in (
        "service_level_seconds",
        "short_abandon_seconds",
        "max_wait_seconds",
        "max_handle_seconds",
        "wait_limit_seconds",
        "default_formula",
        "wrapup",
        "wrapup_cap_seconds",
        "silent_chat_seconds",
        "closed_resolves",
        "resolution_days",
        "repeat_days",
        "topics",
        "csat_satisfied_from",
        "state_limit_seconds",
        "break_reasons",
        "at_risk_seconds",
        "pause_on_hold",
        "hours",
    )
}
TARGET_READERS: dict[str, Reader] = {
    "service_level": _RATIO,
    "occupancy_low": _RATIO,
    "occupancy_high": _RATIO,
    "occupancy_limit": _RATIO,
    "abandonment": _RATIO,
    "handle_seconds": _SECONDS,
    "first_response_seconds": _SECONDS,
    "resolution_ratio": _RATIO,
    "waited_over_limit": _RATIO,
    "resolved_same_day": _RATIO,
    "first_response_ratio": _RATIO,
    "next_response_ratio": _RATIO,
}
#: What a queue promises, in place of a table by priority.
SLA_READERS: dict[str, Reader] = dict.fromkeys(SLA_METRICS, _SECONDS)
PRIORITY_READERS: dict[str, Reader] = dict.fromkeys(TICKET_PRIORITIES, _SECONDS)
CALENDAR_READERS: dict[str, Reader] = {"time_zone": zone, "hours": week_of, "holidays": holidays_of}

# A setting without a reader could never be set.
assert set(READERS) | set(SECRETS) | {"queues"} == {item.name for item in fields(Settings)}
assert set(QUEUE_READERS) | {"targets", "changes", "calendar", "sla"} == {
    item.name for item in fields(QueueSettings)
}
assert set(TARGET_READERS) == {item.name for item in fields(Targets)}
