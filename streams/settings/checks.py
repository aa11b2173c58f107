"""Which settings cannot hold together: rules between keys, each mistake with its place and its fix.

In: settings whose keys are right one by one. Out: the mistakes, for `loading.py` to report at once.
"""

from streams.contract.words import CHANNEL_DEFAULTS, MAX_ALL_BREAK_REASONS
from streams.settings.model import QueueSettings, Settings


def between_thresholds(queue: QueueSettings, where: str) -> list[str]:
    """S above T would count a quick hang-up as short although it decided the service level."""
    short = queue.short_abandon_seconds
    if short is None:
        return []
    limits = [
        queue.service_level_seconds or CHANNEL_DEFAULTS[channel].service_level_seconds
        for channel in queue.channels
    ]
    limit = min((limit for limit in limits if limit is not None), default=None)
    if limit is None or short <= limit:
        return []
    return [
        f"{where}: short_abandon_seconds: needs at most {limit} (the service level's), not {short}"
    ]


def _between_days(settings: Settings) -> list[str]:
    """A ticket that is forgotten before its days are over could not be decided when they are."""
    known = settings.ticket_memory_days
    mistakes = []
    for name in ("resolution_days", "repeat_days"):
        queues = [QueueSettings(name="default")]
        queues += [
            queue
            for one in settings.queues
            if "ticket" in one.channels
            for _, queue in one.versions("ticket")
        ]
        longest = max(queues, key=lambda queue: getattr(queue, name))
        days = getattr(longest, name)
        if days > known:
            mistakes.append(
                f"ticket_memory_days: needs at least the {days} {name} of queue"
                f" {longest.name!r}, not {known}: else tickets are forgotten undecided"
            )
    if settings.callback_memory_days * 86_400 < settings.horizon_seconds:
        mistakes.append(
            "callback_memory_days: needs at least horizon_seconds"
            f" ({settings.horizon_seconds}), not {settings.callback_memory_days} days: else a late"
            " event finds its call-back forgotten"
        )
    return mistakes


def _between_reasons(settings: Settings) -> list[str]:
    """The record of all queues has a figure for each reason that one of them ever lists."""
    of_tenant: dict[str, set[str]] = {}
    for queue in settings.queues:
        known = of_tenant.setdefault(queue.tenant, set())
        for then in (queue, *(then for _, then in queue.changes)):
            known |= set(then.break_reasons)
    return [
        f"break_reasons: needs at most {MAX_ALL_BREAK_REASONS} different reasons in all queues of"
        f" tenant {tenant!r} and their changes, not {len(known)}"
        for tenant, known in of_tenant.items()
        if len(known) > MAX_ALL_BREAK_REASONS
    ]


def between(settings: Settings) -> list[str]:
    """What two or more keys say that cannot hold together."""
    mistakes = _between_days(settings) + _between_reasons(settings)
    if settings.transaction_timeout_seconds > settings.session_timeout_seconds:
        mistakes.append(
            "transaction_timeout_seconds: needs at most session_timeout_seconds"
            f" ({settings.session_timeout_seconds}), not {settings.transaction_timeout_seconds}:"
            " else a stalled worker's readers wait longer than its takeover"
        )
    sasl = settings.security_protocol.startswith("SASL_")
    missing = [
        name
        for name in ("sasl_mechanism", "sasl_username", "sasl_password")
        if getattr(settings, name) is None
    ]
    if sasl and missing:
        mistakes.append(
            f"security_protocol: {settings.security_protocol} needs {', '.join(missing)} too"
        )
    if not sasl and len(missing) < 3:
        mistakes.append(
            f"security_protocol: {settings.security_protocol} would send no SASL login;"
            " set SASL_SSL (or SASL_PLAINTEXT), or remove the sasl_ settings"
        )
    login = (settings.board_alertmanager_user, settings.board_alertmanager_password)
    if any(login) and not (all(login) and settings.board_alertmanager):
        mistakes.append(
            "board_alertmanager, board_alertmanager_user, board_alertmanager_password:"
            " a login needs all three"
        )
    if settings.agent_figures == "pseudonyms" and settings.agent_key is None:
        mistakes.append(
            "agent_figures: pseudonyms need a key; put one into a file and name it with"
            " agent_key_file, or set STREAMS_AGENT_KEY"
        )
    if bool(settings.ssl_certfile) != bool(settings.ssl_keyfile):
        mistakes.append("ssl_certfile, ssl_keyfile: need each other; set both or none")
    if not settings.security_protocol.endswith("SSL"):
        mistakes += [
            f"{name}: is unused with security_protocol {settings.security_protocol};"
            " set SSL or SASL_SSL"
            for name in ("ssl_cafile", "ssl_certfile")
            if getattr(settings, name)
        ]
    return mistakes
