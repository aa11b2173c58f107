"""Asterisk's queue log (`--format queue-log`), with its rotated files, in any order.

| line | event | why |
|---|---|---|
| `ENTERQUEUE` | contact.enqueued | a call id stands once a stay; while the call still waits or talks elsewhere, that ends first: as a later line of that second says, else flowed out `other`, or transferred |
| `CONNECT` | contact.answered | without an entry, of the one stay in that queue that began `hold` seconds before (an agent asked there, and handed his caller on); with none, entered then |
| `COMPLETECALLER`, `COMPLETEAGENT` | contact.ended | without a `CONNECT`, answered `talk` seconds before; followed within a second by a transfer of that agent's: contact.transferred |
| `BLINDTRANSFER`, `TRANSFER` | contact.transferred | nothing, where the next `ENTERQUEUE` was written first and said so |
| `ATTENDEDTRANSFER` | contact.transferred | of the agent's own call in that queue, whatever id the line has; the stay of the call he asked in is the customer's from then on |
| `ABANDON` | contact.abandoned | contact.flowed_out `transfer` where the call is in a queue again within a second: somebody moved it; `error` where Asterisk starts within two: it hung up |
| `EXITWITHTIMEOUT`, `EXITEMPTY`, `LEAVEEMPTY`, `EXITWITHKEY`, `WITHDRAW` | contact.flowed_out timeout, no_agents, no_agents, key, other | without an entry, entered as long before as the line says |
| `FULL`, `JOINEMPTY`, `CLOSED`, `DIVERT_*` | contact.blocked full, no_agents, closed, other | Asterisk's own refusals have no line; these are dialplans' |
| `RINGNOANSWER` | offer.failed timeout | `rejected` where the phone rang shorter than the longest ring of that queue in the files, and the caller's time was not up |
| `RINGCANCELED`, `AGENTDUMP` | offer.failed customer_left, rejected | Asterisk went down: `rescinded` |
| `ADDMEMBER`, `REMOVEMEMBER`, `PAUSE`, `UNPAUSE`, `PAUSEALL`, `UNPAUSEALL` | agent.state | whole snapshots; paused in one of several queues leaves it out of `queues` |
| `CONNECT`, ends of calls | agent.state | `handling` |
| `QUEUESTART` | contact.flowed_out error, contact.ended | of all that is open; members and pauses live on |
| `DID`, `INFO`, `CONFIGRELOAD`, `SYSCOMPAT`, `PENALTY`, `RINGINUSE`, `CALLERID`, `PAUSEREASON`, `TRANSFERFAIL`, `AGENTLOGIN`, `AGENTLOGOFF`, `AGENTCALLBACKLOGIN`, `AGENTCALLBACKLOGOFF` | – | no event of a stay or a member |
| any other | – | what a dialplan wrote: unknown, said with its place |

Queues are spelled as `CONNECT` and its like do (as queues.conf), for entries are spelled as the
dialplan does; letters A to Z are one in both cases. Callers' numbers are hashed with
`customer_key_file`, or not read. Static members have no line: who is called for a queue is its
member from then on. What the log cannot tell, with figures: QUEUE_LOG.md.
Cost: all lines are held, half a kilobyte each; a million of them take a minute.

A small file may be given with `--mapping`:
source = "pbx-b"                          # one of several servers, whose ids may be equal
tenant = "acme"
[members]                                 # interface as ADDMEMBER has it = name as CONNECT has it
"Local/101@agents/n" = "Anna Bach"
"""  # noqa: E501 - a table

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from streams.contract.events import Event
from streams.errors import ConfigError
from streams.sources.complaints import Complaints
from streams.sources.json_records import Record
from streams.sources.mapping_files import mapping_document
from streams.sources.queue_log_agents import MEMBERS, Agents
from streams.sources.queue_log_calls import Calls
from streams.sources.queue_log_events import BLOCKED, ENDED, LEFT, RANG
from streams.sources.queue_log_lines import QueueLogs, folded
from streams.wire.decode import decode
from streams.wire.rejected import Rejected

_CALLS: Final = frozenset({"QUEUESTART", "ENTERQUEUE", "CONNECT", *LEFT, *ENDED, *BLOCKED, *RANG})
#: Of these it is the queue that names itself, as in queues.conf.
_AS_CONFIGURED: Final = frozenset({"CONNECT", *ENDED, *RANG})
_PASSED_OVER: Final = frozenset(
    {"DID", "INFO", "CONFIGRELOAD", "SYSCOMPAT", "PENALTY", "RINGINUSE", "CALLERID", "PAUSEREASON",
     "TRANSFERFAIL", "AGENTLOGIN", "AGENTLOGOFF", "AGENTCALLBACKLOGIN", "AGENTCALLBACKLOGOFF"}
)  # fmt: skip
_UNKNOWN, _USED = 2, 1
_KEYS: Final = ("source", "tenant", "members")

Found = Iterator[tuple[str, int, Event | Rejected]]


def read(
    paths: list[Path], mapping: Path | None, customer_key: bytes | None, said: Complaints
) -> Found:
    """Yield file, line and event, or why there is none; `said` hears what was passed over.

    Raise StreamsError where a file cannot be read, ConfigError where the mapping is wrong.
    """
    common, members = _mapping(mapping)
    logs = QueueLogs(paths, members)
    starts, rings = _learn(logs)
    agents = Agents(common)
    rank = 0

    def busy(second: int, agent: str, queue: str, calls: int) -> None:
        agents.busy(rank, second, agent, queue, calls)

    calls = Calls(logs, common, customer_key, said, busy, starts, rings)
    status = bytearray(len(logs))
    for rank in range(len(logs)):
        found = _of_line(rank, logs, calls, agents)
        if isinstance(found, str):
            said.note(f"passed over: {found}")
            continue
        yield from _checked(found, logs, rank, status)
    for behind, snapshot in agents.snapshots():
        yield from _checked([snapshot], logs, behind, status)
    used, unknown = status.count(_USED), status.count(_UNKNOWN)
    over = len(logs) - used - unknown
    said.say(
        f"{len(logs):,} lines: {used:,} used, {over:,} passed over, {unknown:,} not understood"
    )
    _say_of_agents(agents, said)


def _of_line(
    rank: int, logs: QueueLogs, calls: Calls, agents: Agents
) -> list[Record] | str | Rejected:
    if logs.is_repeat(rank):
        return "a line said twice"
    line = logs.line(rank)
    if isinstance(line, Rejected):
        return line
    if line.event in _CALLS:
        found = calls.events(rank, line)
        if line.event in _AS_CONFIGURED and not isinstance(found, str):
            agents.seen(rank, line)
        return found
    if line.event in MEMBERS:
        return agents.member(rank, line) or []
    if line.event in _PASSED_OVER:
        return line.event
    word = f" {line.event}" if _is_word(line.event) else ""
    return Rejected("unknown_type", f"no event of Asterisk's queues:{word}", "event")


def _checked(
    found: list[Record] | Rejected, logs: QueueLogs, rank: int, status: bytearray
) -> Found:
    events = [found] if isinstance(found, Rejected) else map(_event, found)
    status[rank] = status[rank] or _USED
    for event in events:
        if isinstance(event, Rejected):
            status[rank] = _UNKNOWN
        yield *logs.place(rank), event


def _event(record: Record) -> Event | Rejected:
    return decode(msgspec.json.encode(record))


def _learn(logs: QueueLogs) -> tuple[list[int], dict[str, int]]:
    """When Asterisk started; the longest ring of each queue, ms. Queues are spelled as one."""
    spellings: Counter[tuple[str, bool]] = Counter()
    starts, rings = [], Counter[str]()
    for rank in range(len(logs)):
        line = logs.line(rank)
        if isinstance(line, Rejected):
            continue
        if line.event == "QUEUESTART":
            starts.append(line.second)
        if line.event == "RINGNOANSWER":
            rings[line.queue] = max(rings[line.queue], line.number(0) or 0)
        if line.queue:
            spellings[line.queue, line.event in _AS_CONFIGURED] += 1
    best: dict[str, tuple[bool, int, str]] = {}
    for (queue, configured), times in spellings.items():
        of = folded(queue)
        best[of] = max(best.get(of, (False, 0, "")), (configured, times, queue))
    found = {queue: best[folded(queue)][2] for queue, _ in spellings}
    logs.spelled = {queue: told for queue, told in found.items() if told != queue}
    longest = Counter[str]()
    for queue, rang in rings.items():
        longest[found.get(queue, queue)] = max(longest[found.get(queue, queue)], rang)
    return starts, longest


def _say_of_agents(agents: Agents, said: Complaints) -> None:
    if agents.not_added:
        said.say(
            f"{len(agents.not_added):,} members were never added (static ones, or before the files"
            " begin): they count from their first line on"
        )
    idle, strangers = agents.strangers()
    if idle and strangers:
        said.say(
            f"{idle:,} members were added and never called, {strangers:,} were called and never"
            " added: if one has two names, occupancy is wrong until [members] in a file"
            " for --mapping joins them"
        )


def _is_word(text: str) -> bool:
    """Whether it may be shown: the name of an event, and no number of a person's."""
    return len(text) <= 32 and text.isascii() and text.replace("_", "").isalpha()


def _mapping(path: Path | None) -> tuple[Record, dict[str, str]]:
    read: Record = {} if path is None else mapping_document(path)
    wrong = [f"{path}: {key}: expected one of {', '.join(_KEYS)}" for key in read.keys() - {*_KEYS}]
    members = read.get("members", {})
    if not isinstance(members, dict) or not all(isinstance(n, str) for n in members.values()):
        wrong.append(f"{path}: members: expected interface = name")
    texts = [key for key in ("source", "tenant") if not isinstance(read.get(key, ""), str)]
    wrong += [f"{path}: {key}: expected text" for key in texts]
    if wrong:
        raise ConfigError(sorted(wrong))
    common = {"source": read.get("source", "asterisk"), "tenant": read.get("tenant", "default")}
    return common, members
