"""Other systems' records: each is used, passed over or rejected, and means what its table says."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.errors import UsageError
from streams.kpis.replay import Replay
from streams.settings import Secret, Settings
from streams.sources import formats
from streams.sources.complaints import Complaints
from streams.sources.connect_ctr import ContactRecords
from streams.sources.zendesk import Tickets
from streams.wire.decode import decode
from streams.wire.rejected import Rejected


def replayed(form: str, *files: Path) -> tuple[dict[str, Any], list[str], list[str]]:
    """{queue: figures}, the events' types in order of reading, and what was said."""
    said, replay, types = Complaints(), Replay(Settings()), []
    for name, number, found in formats.read(form, list(files), None, Settings(), said):
        if isinstance(found, Rejected):
            said.add(name, number, found)
        else:
            types.append(found.TYPE)
            replay.add(found)
    figures = {record.queue: record.windows["all"] for record in replay.records()}
    return figures, types, list(said.lines())


def connect(contact: str, **fields: Any) -> dict[str, Any]:
    """A record of a call that nobody answered, hung up after 80 s."""
    return {
        "Channel": "VOICE", "ContactId": contact, "InitiationMethod": "INBOUND",
        "PreviousContactId": None, "NextContactId": None, "Agent": None,
        "Queue": {"Name": "Payroll", "EnqueueTimestamp": "2026-03-02T09:00:40Z",
                  "DequeueTimestamp": "2026-03-02T09:02:00Z"},
        "InitiationTimestamp": "2026-03-02T09:00:00Z",
        "DisconnectTimestamp": "2026-03-02T09:02:00Z",
        "LastUpdateTimestamp": "2026-03-02T09:03:00Z",
    } | fields  # fmt: skip


AGENT = {
    "Username": "mila", "ConnectedToAgentTimestamp": "2026-03-02T09:14:00Z",
    "CustomerHoldDuration": 600, "AfterContactWorkStartTimestamp": "2026-03-02T09:44:00Z",
    "AfterContactWorkEndTimestamp": "2026-03-02T09:46:00Z",
}  # fmt: skip


def test_an_answered_contact_has_its_wait_hold_and_wrap_up(tmp_path: Path) -> None:
    """It ends where the agent's own work starts, after the customer's disconnect."""
    file = tmp_path / "part-0001"
    file.write_text(
        json.dumps(connect("c", Agent=AGENT, DisconnectTimestamp="2026-03-02T09:43:40Z"))
    )
    figures, types, said = replayed("connect-ctr", file)
    assert types == [
        "contact.enqueued", "contact.answered", "hold.started", "hold.ended", "contact.ended",
        "wrapup.ended",
    ]  # fmt: skip
    found = figures["Payroll"]
    assert (found.answered_wait_seconds, found.talk_seconds) == (800, 1200)
    assert (found.hold_seconds, found.wrapup_seconds) == (600, 120)
    assert said == ["1 records: 1 used, 0 passed over, 0 not understood"]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, "abandoned"),
        ({"NextContactId": "n"}, "transfer"),
        ({"TransferredToEndpoint": {"Address": "x"}}, "transfer"),
        ({"DisconnectReason": "TELECOM_PROBLEM"}, "error"),
        ({"NextContactId": "back"}, "callback"),
    ],
)
def test_how_a_contact_left_unanswered(
    tmp_path: Path, fields: dict[str, Any], expected: str
) -> None:
    """A call-back is known by the record that calls back, in whatever file that is."""
    first, second = tmp_path / "a", tmp_path / "b"
    first.write_text(json.dumps(connect("c", **fields)))
    back = connect("back", InitiationMethod="CALLBACK", PreviousContactId="c", Queue=None)
    second.write_text(json.dumps(back if expected == "callback" else {"Channel": "TASK"}))
    figures, _, _ = replayed("connect-ctr", first, second)
    found = figures["Payroll"]
    assert found.offered == 1
    if expected == "abandoned":
        assert found.abandoned == 1
    else:
        assert found.flowed_out_reasons == dict.fromkeys(found.flowed_out_reasons, 0) | {
            expected: 1
        }


def test_the_newest_version_of_a_record_counts(tmp_path: Path) -> None:
    """Records come at least once, and are changed later."""
    later = connect("c", Agent=AGENT, LastUpdateTimestamp="2026-03-02T12:00:00Z")
    for order in ((connect("c"), later), (later, connect("c"))):
        file = tmp_path / "records.json"
        file.write_text("".join(map(json.dumps, order)))
        figures, _, _ = replayed("connect-ctr", file)
        assert (figures["Payroll"].offered, figures["Payroll"].answered) == (1, 1)


def test_what_cannot_be_used_is_named_with_its_field(tmp_path: Path) -> None:
    """None of its events is made; the others are."""
    file = tmp_path / "records.json"
    broken = connect("b", Queue={"Name": "Payroll", "EnqueueTimestamp": "yesterday"})
    file.write_text("\n".join(map(json.dumps, (broken, connect("c"), connect("m", Queue=None)))))
    figures, _, said = replayed("connect-ctr", file)
    assert figures["Payroll"].offered == 1
    assert said[0].startswith(f"{file}:1: schema (Queue.EnqueueTimestamp): ")
    assert said[1:] == [
        "passed over: never in a queue: 1 rows",
        "3 records: 1 used, 1 passed over, 1 not understood",
    ]


QUEUED = {"Name": "Payroll", "EnqueueTimestamp": "2026-03-02T09:00:40Z"}


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"Queue": {"Name": "Payroll"}}, "Queue.EnqueueTimestamp"),
        ({"Queue": QUEUED | {"Name": ""}}, "Queue.Name"),
        ({"ContactId": 7}, "ContactId"),
        ({"Channel": "FAX"}, "Channel"),
        ({"InitiationTimestamp": "early"}, "InitiationTimestamp"),
        (
            {"Agent": AGENT | {"ConnectedToAgentTimestamp": "then"}},
            "Agent.ConnectedToAgentTimestamp",
        ),
        ({"Agent": AGENT | {"Username": 1}}, "Agent.Username"),
        (
            {"Agent": AGENT | {"AfterContactWorkStartTimestamp": "then"}},
            "Agent.AfterContactWorkStartTimestamp",
        ),
        (
            {"Agent": AGENT | {"AfterContactWorkEndTimestamp": "then"}},
            "Agent.AfterContactWorkEndTimestamp",
        ),
        ({"DisconnectTimestamp": "late"}, "DisconnectTimestamp"),
        (
            {"Queue": QUEUED | {"DequeueTimestamp": "late"}, "NextContactId": "n"},
            "Queue.DequeueTimestamp",
        ),
        ({"Queue": QUEUED, "DisconnectTimestamp": None}, "DisconnectTimestamp"),
    ],
)
def test_a_field_has_the_name_of_the_record(
    tmp_path: Path, fields: dict[str, Any], named: str
) -> None:
    """Whoever reads the complaint looks for it in the record, not in an event of ours."""
    file = tmp_path / "records.json"
    file.write_text(json.dumps(connect("c", **fields)))
    _, _, said = replayed("connect-ctr", file)
    assert said[0].startswith(f"{file}:1: schema ({named}): ")


def test_a_field_of_a_ticket_has_the_name_of_the_record(tmp_path: Path) -> None:
    """Of a metric event, and of an audit."""
    file = tmp_path / "records.json"
    for record, field in (
        (metric(1, "reply_time", 1, "activate", "then"), "time"),
        (audit(1, "09:00:00", 1, change("open", "pending")) | {"created_at": 5}, "created_at"),
    ):
        file.write_text(json.dumps(record))
        assert f" schema ({field}): " in replayed("zendesk", file)[2][0]


def test_customers_are_hashed_or_said_to_be_passed_over(tmp_path: Path) -> None:
    """Once for every record that names one; no number is in what is told, nor in what is said."""
    file = tmp_path / "records.json"
    called = connect("c", CustomerEndpoint={"Type": "TELEPHONE_NUMBER", "Address": "+4930555"})
    menu = called | {"ContactId": "m", "Queue": None}
    file.write_text("".join(map(json.dumps, (called, called, connect("d"), menu))))
    _, _, said = replayed("connect-ctr", file)
    unread = "customers not read, for customer_key_file names no key to hash with: 2 rows"
    assert unread in said
    settings, hashed = Settings(customer_key=Secret("key")), Complaints()
    read = formats.read("connect-ctr", [file], None, settings, hashed)
    found = [event for _, _, event in read]
    assert len({getattr(event, "customer_ref", None) for event in found} - {None}) == 1
    assert not any("customers" in line for line in hashed.lines())
    assert "4930555" not in repr(found) + "".join(said)


def test_another_document_is_no_contact_record(tmp_path: Path) -> None:
    """A wrong file is not taken for calls that never waited."""
    file = tmp_path / "tickets.json"
    file.write_text('{"tickets": [{"id": 1}]}')
    _, _, said = replayed("connect-ctr", file)
    assert said[0] == "passed over: no contact record: 1 rows"


def metric(number: int, name: str, instance: int, kind: str, time: str) -> dict[str, Any]:
    """One ticket metric event of ticket 501."""
    return {
        "id": number, "ticket_id": 501, "metric": name, "instance_id": instance, "type": kind,
        "time": f"2026-03-02T{time}Z",
    }  # fmt: skip


def test_metric_events_tell_a_tickets_life(tmp_path: Path) -> None:
    """Opened, answered, pending and back, resolved, reopened; in the group that a list names."""
    events = [
        metric(1, "reply_time", 1, "activate", "09:00:00"),
        metric(2, "agent_work_time", 1, "activate", "09:00:00"),
        metric(3, "reply_time", 1, "fulfill", "09:20:00"),
        metric(4, "requester_wait_time", 1, "pause", "09:20:00"),
        metric(5, "agent_work_time", 1, "activate", "11:00:00"),
        metric(6, "requester_wait_time", 1, "fulfill", "12:00:00"),
        metric(7, "requester_wait_time", 2, "activate", "13:00:00"),
        metric(8, "reply_time", 1, "breach", "13:00:00"),
    ]
    one, two = tmp_path / "metrics.json", tmp_path / "lists.json"
    one.write_text(json.dumps({"ticket_metric_events": events, "count": 8}))
    lists = {"groups": [{"id": 7, "name": "Rückgaben"}], "tickets": [{"id": 501, "group_id": 7}]}
    two.write_text(json.dumps(lists))
    figures, types, said = replayed("zendesk", one, two)
    assert types == [
        "ticket.opened", "ticket.replied", "ticket.status_changed", "ticket.status_changed",
        "ticket.resolved", "ticket.reopened",
    ]  # fmt: skip
    found = figures["Rückgaben"]
    assert found.first_response_mean_seconds == 1200
    assert found.resolution_mean_seconds == 10_800
    assert (found.tickets_opened, found.tickets_resolved, found.tickets_reopened) == (1, 1, 1)
    assert said[-1] == "10 records: 6 used, 4 passed over, 0 not understood"


def test_what_is_passed_over_repeats_only_words_of_the_format(tmp_path: Path) -> None:
    """Thousands of other words are one line, and none of them is in it."""
    events = [metric(n, f"+49170{n}", 1, f"+49171{n}", "09:00:00") for n in range(3_000)]
    events.append(metric(9_000, "reply_time", 1, "breach", "09:00:00"))
    file = tmp_path / "metrics.json"
    file.write_text(json.dumps({"ticket_metric_events": events}))
    _, _, said = replayed("zendesk", file)
    assert said == [
        "passed over: a metric event of no known kind: 3,000 rows",
        "passed over: reply_time breach: 1 rows",
        "3,001 records: 0 used, 3,001 passed over, 0 not understood",
    ]


def audit(number: int, time: str, author: int, *events: dict[str, Any]) -> dict[str, Any]:
    """One audit of ticket 9; its events are numbered after it."""
    numbered = [{"id": number * 100 + n, **event} for n, event in enumerate(events)]
    return {
        "id": number, "ticket_id": 9, "created_at": f"2026-03-02T{time}Z", "author_id": author,
        "events": numbered, "via": {"channel": "web", "source": {"rel": None}},
    }  # fmt: skip


def change(before: str, now: str, field: str = "status") -> dict[str, Any]:
    """A change of one field."""
    return {"type": "Change", "field_name": field, "previous_value": before, "value": now}


def test_audits_tell_the_same_life(tmp_path: Path) -> None:
    """The comment that opens is no reply; solved to open is a reopening; groups are moves."""
    create: list[dict[str, Any]] = [
        {"type": "Create", "field_name": "status", "value": "new"},
        {"type": "Create", "field_name": "group_id", "value": "7"},
        {"type": "Comment", "public": True},
    ]
    audits = [
        audit(1, "09:00:00", 1, *create),
        audit(2, "09:05:00", 2, {"type": "Comment", "public": False}),
        audit(3, "09:10:00", 2, {"type": "Comment", "public": True}, change("new", "pending")),
        audit(4, "09:30:00", 2, change("7", "8", "group_id")),
        audit(5, "10:00:00", 2, change("pending", "solved")),
        audit(6, "11:00:00", 1, change("solved", "open"), {"type": "Notification"}),
        audit(7, "12:00:00", 2, change("priority", "high", "priority")),
    ]
    document = {
        "audits": audits,
        "users": [{"id": 1, "role": "end-user"}, {"id": 2, "role": "agent"}],
        "groups": [{"id": 7, "name": "Support"}, {"id": 8, "name": "Billing"}],
    }
    file = tmp_path / "audits.json"
    file.write_text(json.dumps(document))
    figures, types, said = replayed("zendesk", file)
    assert types == [
        "ticket.opened", "ticket.replied", "ticket.replied", "ticket.status_changed",
        "ticket.moved", "ticket.resolved", "ticket.reopened",
    ]  # fmt: skip
    assert figures["Support"].first_response_mean_seconds == 600
    assert figures["Billing"].tickets_resolved == 1
    assert figures["Billing"].tickets_reopened == 1
    assert "7 used" not in said[-1]
    assert said[-1] == "11 records: 6 used, 5 passed over, 0 not understood"


def test_a_merged_ticket_is_closed_as_one(tmp_path: Path) -> None:
    """It lives on in another and is no resolution."""
    opened = audit(1, "09:00:00", 1, {"type": "Create", "field_name": "status", "value": "open"})
    merged = audit(2, "09:10:00", 2, change("open", "closed"))
    merged["via"] = {"channel": "web", "source": {"rel": "merge"}}
    file = tmp_path / "audits.json"
    file.write_text(json.dumps({"audits": [opened, merged]}))
    figures, _, _ = replayed("zendesk", file)
    assert figures["Support"].tickets_resolved == 0


def test_what_a_rule_solves_a_bot_resolves_and_who_wrote_first_waits(tmp_path: Path) -> None:
    """A trigger's resolution is in no mean; a ticket of staff waits for the customer's reply."""
    opening: list[dict[str, Any]] = [
        {"type": "Create", "field_name": "status", "value": "open"},
        {"type": "Comment", "public": True},
    ]
    audits = [
        audit(1, "09:00:00", 2, *opening),
        audit(2, "10:00:00", 1, {"type": "Comment", "public": True}),
        audit(3, "10:00:30", 2, {"type": "Comment", "public": True}),
        audit(4, "11:00:00", 1, *opening) | {"ticket_id": 10},
        audit(5, "11:01:00", -1, change("open", "solved")) | {"ticket_id": 10},
    ]
    audits[-1]["via"] = {"channel": "rule", "source": {"rel": "trigger"}}
    users = [{"id": 1, "role": "end-user"}, {"id": 2, "role": "agent"}]
    file = tmp_path / "audits.json"
    file.write_text(json.dumps({"audits": audits, "users": users}))
    figures, types, _ = replayed("zendesk", file)
    assert types.count("ticket.replied") == 3
    found = figures["Support"]
    assert (found.first_responses, found.first_response_mean_seconds) == (1, 30)
    assert (found.bot_resolved, found.tickets_resolved, found.resolved_without_reply) == (1, 0, 0)


def test_a_format_that_is_read_twice_takes_no_standard_input() -> None:
    """It says so instead of reading half."""
    with pytest.raises(UsageError, match="read twice"):
        list(formats.read("zendesk", [Path("-")], None, Settings(), Complaints()))


_json = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=2), inner, max_size=2)
    ),
    max_leaves=4,
)
_words = st.sampled_from(
    ["id", "ticket_id", "metric", "type", "time", "events", "field_name", "value", "audits", "via",
     "Channel", "ContactId", "Queue", "Agent", "InitiationMethod", "DisconnectReason", "role",
     "NextContactId", "LastUpdateTimestamp", "ConnectedToAgentTimestamp", "CustomerHoldDuration"]
)  # fmt: skip


@given(
    st.dictionaries(_words, _json | st.sampled_from(["VOICE", "Create", "Change", "status"])),
    st.sampled_from(["", "audits", "groups", "users", "tickets", "ticket_metric_events"]),
)
def test_no_record_whatever_is_an_exception(record: dict[str, Any], kind: str) -> None:
    """What is wrong with it is said by the events' own rules."""
    for translator in (ContactRecords(b"key"), Tickets()):
        translator.learn(kind, record)
        found = translator.events(kind, record)
        if not isinstance(found, str):
            for event in found:
                decode(json.dumps(event).encode())
