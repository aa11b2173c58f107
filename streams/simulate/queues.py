"""The simulated queues as a worker's settings have them: values, or a streams.toml.

Only what differs from the defaults matters to the figures: the queues that wait for the wrap-up,
what is promised of tickets, when a customer comes again.
"""

from collections.abc import Iterable

from streams.settings import QueueSettings
from streams.simulate.config import CentreConfig


def queue_settings(config: CentreConfig) -> tuple[QueueSettings, ...]:
    """One QueueSettings a queue, in the centre's order."""
    return tuple(
        QueueSettings(
            name=plan.name,
            tenant=config.tenant,
            channels=(plan.channel,),
            service_level_seconds=plan.service_level_seconds,
            short_abandon_seconds=plan.short_abandon_seconds,
            wrapup=plan.waits_for_wrapup,
            repeat_days=plan.repeat_days,
            sla=plan.sla,
        )
        for plan in config.queues
    )


def as_toml(configs: Iterable[CentreConfig]) -> str:
    """The same as `[[queues]]` of a streams.toml, all tenants together."""
    lines = ["# The queues of the simulated centre: streams worker --config FILE"]
    for config in configs:
        for queue in queue_settings(config):
            lines += ["", "[[queues]]", f'name = "{queue.name}"', f'tenant = "{queue.tenant}"']
            lines.append(f'channels = ["{queue.channels[0]}"]')
            if queue.service_level_seconds is not None:
                lines.append(f"service_level_seconds = {queue.service_level_seconds}")
            if queue.short_abandon_seconds is not None:
                lines.append(f"short_abandon_seconds = {queue.short_abandon_seconds}")
            lines.append(f"wrapup = {str(queue.wrapup).lower()}")
            lines.append(f"repeat_days = {queue.repeat_days}")
            if queue.sla:
                lines.append("[queues.sla]")
            for metric, promised in queue.sla.items():
                by_priority = ", ".join(f"{word} = {told}" for word, told in promised.items())
                lines.append(f"{metric} = {{ {by_priority} }}")
    return "\n".join(lines) + "\n"
