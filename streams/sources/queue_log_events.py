"""The events of Asterisk's queues about calls, and where in their lines the lengths stand.

Out: what each means, and how the lines of one call stand within a second where their file does not
tell: what belongs to a stay that began before, then the next entry, then what that one brought.
"""

from typing import Final

#: How a wait ended unanswered: the reason, and where the line has the seconds of the wait.
LEFT: Final = {
    "ABANDON": ("", 2),
    "EXITWITHTIMEOUT": ("timeout", 2),
    "EXITEMPTY": ("no_agents", 2),
    "LEAVEEMPTY": ("no_agents", 2),
    "EXITWITHKEY": ("key", 3),
    "WITHDRAW": ("other", 2),
}
#: How a conversation ended: whether the caller was handed on, where hold and talk stand.
ENDED: Final = {
    "COMPLETECALLER": (False, 0),
    "COMPLETEAGENT": (False, 0),
    "BLINDTRANSFER": (True, -3),
    "ATTENDEDTRANSFER": (True, -3),
    "TRANSFER": (True, -3),
}
BLOCKED: Final = {
    "FULL": "full",
    "JOINEMPTY": "no_agents",
    "CLOSED": "closed",
    "DIVERT_CA_RATIO": "other",
    "DIVERT_HOLDTIME": "other",
}
RANG: Final = {
    "RINGNOANSWER": "timeout",
    "RINGCANCELED": "customer_left",
    "AGENTDUMP": "rejected",
}


def place_in_second(event: str, data: list[str]) -> int:
    """Below an entry (3): what tells of a stay that lasted; above: of one that did not."""
    if event == "ENTERQUEUE":
        return 3
    if event == "CONNECT":
        return 1 if _lasted(data[:1]) else 5
    if event in LEFT:
        place = LEFT[event][1]
        return 2 if _lasted(data[place : place + 1]) else 6
    if event in ENDED:
        place = ENDED[event][1] % max(len(data), 1)
        return 2 if _lasted(data[place : place + 2]) else 6
    if event == "RINGNOANSWER":
        return 0 if _lasted(data[:1]) else 4
    return 0


def _lasted(lengths: list[str]) -> bool:
    return any(length.strip("0") for length in lengths)
