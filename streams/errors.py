"""What reaches the person at the terminal, and who can mend it.

    StreamsError
    ├── UsageError     the person who started it: options that do not go together
    ├── ConfigError    the person who started it: every mistake in file, environment and options
    ├── BrokerError    whoever runs Kafka: unreachable, refused, topics missing or different
    ├── StateError     nobody at run time: state and input disagree, going on would count wrong
    └── PublishError   whoever reads: a result could not be handed over

The command line prints the message alone and exits 1; 2 for a UsageError, and for a ConfigError
where nothing but options is wrong.
Some rooms raise errors of their own and catch them there: the board for a record or a request it
cannot read. Any other exception that gets out is a bug. Bad events are not errors: they are
`Rejected` values, counted and dead-lettered.
"""

from collections.abc import Sequence


class StreamsError(Exception):
    """What went wrong and what to do, in words for the person at the terminal."""


class UsageError(StreamsError):
    """Arguments of a command that each can be right, but not together."""


class ConfigError(StreamsError):
    """All mistakes of one configuration, each with its place and its fix."""

    def __init__(self, mistakes: Sequence[str]) -> None:
        self.mistakes = tuple(mistakes)
        #: Only options are wrong (`--partitions: …`): the command was used wrongly.
        self.wrong_use = all(mistake.startswith("--") for mistake in self.mistakes)
        if len(self.mistakes) == 1:
            text = f"the configuration has a mistake: {self.mistakes[0]}"
        else:
            lines = "".join(f"\n  - {mistake}" for mistake in self.mistakes)
            text = f"the configuration has {len(self.mistakes)} mistakes:{lines}"
        super().__init__(text)


class BrokerError(StreamsError):
    """Kafka cannot be reached, refuses, or does not have what is needed."""


class StateError(StreamsError):
    """Kept state and input disagree: stopping is right, a restart loads what was committed."""


class PublishError(StreamsError):
    """A result could not be handed to its readers."""
