"""A short history of customers who come again, of calls and of a ticket."""

from typing import Any, Final

from tests.contract.telling import ANNA, MAIL, Q, Told, call, chat, ticket, told

_DAY: Final = 86_400
ADA: Final = {"customer_ref": "ada0" * 16}
BOB: Final = {"customer_ref": "b0b0" * 16}


def handled(name: str, second: float, whose: dict[str, Any]) -> list[Told]:
    """A call of a minute."""
    return call(
        name,
        (second, "contact.enqueued", Q | whose),
        (second + 5, "contact.answered", Q | ANNA),
        (second + 65, "contact.ended", {}),
    )


CUSTOMERS: Final[list[Told]] = [
    *handled("for the first time", 0, ADA),
    *handled("and again", _DAY, ADA),
    *handled("of nobody", 10, {}),
    *chat("with a bot", (100, "bot.ended", Q | BOB | {"outcome": "contained"})),
    *handled("with a person", 300, BOB),
    *call("hangs up", (600, "contact.enqueued", Q | BOB), (700, "contact.abandoned", Q)),
    *call("hangs up too", (800, "contact.enqueued", Q | BOB), (900, "contact.abandoned", Q)),
    *ticket("a letter", (50, "opened", MAIL | BOB), (2 * _DAY, "resolved", {})),
    told(20 * _DAY, "source.heartbeat"),
]
