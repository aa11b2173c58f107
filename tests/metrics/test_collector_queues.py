"""Queue metrics: zeros from the first page on, figures from records, nothing that is not ours."""

import re
import subprocess
from functools import cache

import pytest
from prometheus_client import CollectorRegistry, Metric, generate_latest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics

from streams.contract.records import PromisesLive, SlaLive
from streams.contract.words import AGENT_STATES, BACKLOG_AGES, CHANNELS, SURVEY_KINDS
from streams.lifecycle import counters as c
from streams.metrics import catalogue
from streams.metrics.catalogue import CATALOGUE, LABEL_VALUES
from streams.metrics.metric import QUEUE, MetricDef
from streams.metrics.visit_catalogue import WINDOW_OUTCOMES
from streams.settings import QueueSettings, Targets
from tests.metrics.stand_in import PREFIX, START, StandIn, call, centre, families_of, value_in

BILLING = {"tenant": "default", "queue": "billing", "channel": "voice"}


def busy() -> StandIn:
    """Calls of every outcome, a chat, a ticket, an agent; a minute and a half of it."""
    worker = StandIn(centre())
    worker.wall += 89_000  # nothing may come from the future
    agent = {"type": "agent.state", "agent_id": "anna", "state": "available", "queues": ["billing"]}
    worker.send({**agent, "occurred_at": START})
    worker.send(*call("c1", START, answered=7, ended=67), *call("c2", START, abandoned=3))
    worker.send(*call("c3", START, abandoned=25), *call("c4", START + 1_000))
    worker.send(*call("c5", START, flowed_out=10)[:1])
    worker.send({**call("c5", START, flowed_out=10)[1], "reason": "timeout"})
    ticket = {"channel": "ticket", "contact_id": "t1", "queue": "mail", "occurred_at": START}
    worker.send({**ticket, "type": "ticket.opened"})
    due = {"type": "ticket.sla_set", "metric": "resolution", "due_at": START + 600_000}
    worker.send({**ticket, **due, "occurred_at": START + 1_000})
    asked = {"type": "callback.requested", "contact_id": "c9", "queue": "billing"}
    worker.send({**asked, "occurred_at": START + 2_000})
    worker.turn(1)
    worker.turn(1)
    # Of these only the oldest has a series, and only while there is one.
    worker.show("billing", "voice", oldest_callback_at=START)
    worker.show("mail", "ticket", next_due_at=START + 600_000)
    return worker


@cache
def busy_families() -> dict[str, Metric]:
    """Its page, for those who only read it."""
    return busy().families()


@pytest.mark.parametrize("definition", CATALOGUE, ids=lambda definition: definition.name)
def test_each_metric_is_as_the_catalogue_says(definition: MetricDef) -> None:
    """Type, help, label names, values of closed labels and buckets."""
    found = busy_families()[definition.name]
    assert (found.type, found.documentation) == (definition.type, definition.help)
    labels = set(definition.labels)
    for sample in found.samples:
        assert sample.name in definition.series_names
        own = {"le"} if sample.name.endswith("_bucket") else set()
        assert set(sample.labels) == labels | own
        assert sample.timestamp is None
    for label in labels:
        closed = LABEL_VALUES.get((definition.name, label))
        if closed is not None and found.samples:
            assert {sample.labels[label] for sample in found.samples} == set(closed)
    if definition.type == "histogram":
        bounds = {s.labels["le"] for s in found.samples if s.name.endswith("_bucket")}
        assert {float(bound) for bound in bounds} == {*definition.buckets, float("inf")}


def test_the_page_is_the_catalogue_and_nothing_else() -> None:
    """Every family appears, also on a worker that has nothing yet; no id of an agent or contact."""
    names = {definition.name for definition in CATALOGUE}
    assert busy_families().keys() == names
    assert StandIn(centre(partitions=1)).families().keys() == names
    assert not any(word in busy().text() for word in ("anna", '"c1"', '"t1"', "_created"))


def test_both_formats_say_what_the_client_library_would() -> None:
    """The text written here equals prometheus_client's own, series for series."""
    worker = busy()
    registry = CollectorRegistry()
    registry.register(worker.collector)
    ours = worker.families()
    theirs = families_of(generate_latest(registry).decode())
    text = worker.collector.page(openmetrics=True).decode()
    open_ones = {
        metric.name.removeprefix(PREFIX) + ("_total" if metric.type == "counter" else ""): metric
        for metric in parse_openmetrics(text)
    }
    assert text.endswith("# EOF\n")
    assert ours.keys() == theirs.keys() == open_ones.keys()
    for name in ours.keys() - {"exporter_collect_seconds", "stream_loop_lag_seconds"}:
        for other in (theirs[name], open_ones[name]):
            assert (other.type, other.documentation) == (ours[name].type, ours[name].documentation)
            assert [(s.name, s.labels, s.value) for s in other.samples] == [
                (s.name, s.labels, s.value) for s in ours[name].samples
            ]


@pytest.mark.slow
def test_promtool_finds_nothing_to_say() -> None:
    """`promtool check metrics` passes, with names that need escaping too."""
    worker = StandIn(centre(queues=(QueueSettings('a"b\\c', site="x\ny"),)))
    for text in (busy().text(), worker.text()):
        done = subprocess.run(
            ["promtool", "check", "metrics"], input=text, capture_output=True, text=True
        )
        assert (done.returncode, done.stdout + done.stderr) == (0, "")
    assert worker.value("queue_info", queue='a"b\\c', site="x\ny") == 1


def test_counters_of_configured_queues_are_zero_before_anything_happens() -> None:
    """The first abandoned call of a queue is an increase: its series was there, also for `_all`."""
    page = StandIn(centre()).families()
    queues = {
        "voice": {"billing", "sales", "_all"},
        "chat": {"web", "_all"},
        "ticket": {"mail", "_all"},
    }
    for definition in CATALOGUE:
        if definition.type == "gauge" or not set(QUEUE) <= set(definition.labels):
            continue
        samples = page[definition.name].samples
        if definition.sparse:
            assert samples == []
            continue
        assert {(s.labels["queue"], s.labels["channel"]) for s in samples} == {
            (queue, channel) for channel in definition.channels for queue in queues[channel]
        }
        assert {sample.value for sample in samples} == {0}


def test_a_queue_has_counters_of_feedback_once_it_has_any() -> None:
    """All of them then, and it alone: most queues never have one."""
    worker = StandIn(centre())
    worker.turn()
    worker.book("billing", "voice", CSAT_SATISFIED=1)
    page = worker.families()
    series = [
        sample
        for definition in CATALOGUE
        if definition.sparse
        for sample in page[definition.name].samples
    ]
    assert {sample.labels["queue"] for sample in series} == {"billing"}
    found = re.search(r"(\d+) more once it has feedback", str(catalogue.__doc__))
    assert found is not None
    assert len(series) == int(found[1])
    assert {s.labels["kind"] for s in series if "sent" in s.name} == set(SURVEY_KINDS)


def test_a_queue_has_the_series_of_its_channel_and_as_many_as_the_catalogue_says() -> None:
    """No series of tickets for calls, none of waits for tickets; their number is a promise."""
    of_channel = dict.fromkeys(CHANNELS, 0)
    names: dict[str, set[str]] = {channel: set() for channel in CHANNELS}
    for name, family in busy_families().items():
        for sample in family.samples:
            if sample.labels.get("queue") in {"billing", "web", "mail"}:
                of_channel[sample.labels["channel"]] += 1
                names[sample.labels["channel"]].add(name)
    assert not any("ticket" in name or "sla" in name for name in names["voice"] | names["chat"])
    of_visits = ("wait_", "callbacks_", "chats_", "contacts_o")
    assert not any(name.startswith(of_visits) for name in names["ticket"])
    text = str(catalogue.__doc__)
    found = re.search(r"(\d+) series a queue of calls, (\d+) of\s+chats, (\d+) of tickets", text)
    assert found is not None
    # A chat queue in which nobody waits, and which owes no call, has two fewer.
    assert tuple(map(int, found.groups())) == (
        of_channel["voice"],
        of_channel["chat"] + 2,
        of_channel["ticket"],
    )


def test_figures_of_one_channel_by_hand() -> None:
    """Counts by their labels, times in seconds, clocks and ages as the newest record has them."""
    worker = StandIn(centre())
    worker.turn()
    worker.book("billing", "voice", CALLBACKS_ASKED=3, CALLBACKS_EXPIRED=1, CALLBACKS_TIMED=1)
    worker.book("billing", "voice", CALLBACKS_TIMED=1, CALLBACK_TIME=90_500, BOT_ESCALATED=2)
    worker.book("web", "chat", RESPONSES=2, RESPONSE_TIME=61_001, CHATS_NO_REPLY=1)
    worker.book("mail", "ticket", TICKETS_RESOLVED_AGAIN=1, TICKETS_REOPENED=1)
    kept = c.SLA["resolution"] + c.MET["urgent"]
    withdrawn = c.SLA["next_response"] + c.WITHDRAWN
    worker.intake.book(("default", "mail", "ticket"), {kept: 4, withdrawn: 1})
    worker.show("billing", "voice", callbacks_owed=2, callbacks_overdue=1, waiting_over_limit=1)
    idle = SlaLive(running=0, paused=0, at_risk=0, breached_open=0)
    ages = dict(zip(BACKLOG_AGES, range(7), strict=True))
    resolution = SlaLive(running=5, paused=2, at_risk=3, breached_open=1)
    sla = PromisesLive(first_response=idle, next_response=idle, resolution=resolution)
    worker.show("mail", "ticket", sla=sla, backlog_age=ages, next_due_at=START + 500)
    text = worker.text()

    def of(name: str, **labels: str) -> float | None:
        return value_in(text, name, **labels)

    assert of("callbacks_asked_total", queue="billing") == 3
    assert of("callbacks_ended_total", queue="billing", outcome="expired") == 1
    assert of("callbacks_timed_total", queue="billing") == 2
    assert of("callbacks_reach_seconds_total", queue="billing") == 90.5
    assert of("bots_conversations_total", queue="billing", outcome="escalated") == 2
    assert of("chats_responses_total", queue="web") == 2
    assert of("chats_response_seconds_total", queue="web") == 61.001
    assert of("chats_unanswered_total", queue="web", kind="silent") == 1
    assert of("tickets_resolved_total", queue="mail", kind="again") == 1
    assert of("tickets_resolved_total", queue="mail", kind="first") == 0
    met = {"metric": "resolution", "result": "met"}
    assert of("sla_decided_total", queue="mail", **met, priority="urgent") == 4
    assert of("sla_decided_total", queue="mail", **met, priority="other") == 0
    assert of("sla_withdrawn_total", queue="mail", metric="next_response") == 1
    assert of("queue_callbacks_owed", queue="billing") == 2
    assert of("queue_callbacks_overdue", queue="billing") == 1
    assert of("queue_contacts_over_limit", queue="billing") == 1
    clocks = {"queue": "mail", "metric": "resolution"}
    for state, n in (("running", 5), ("paused", 2), ("at_risk", 3), ("breached_open", 1)):
        assert of("queue_sla_clocks", **clocks, state=state) == n
    assert of("queue_sla_clocks", queue="mail", metric="first_response", state="running") == 0
    assert of("queue_tickets_by_age", queue="mail", age="over") == 6
    assert of("queue_next_due_timestamp_seconds", queue="mail") == (START + 500) / 1_000
    assert of("queue_next_due_timestamp_seconds", queue="_all", channel="ticket") is None
    assert of("queue_target_sla_ratio", queue="mail", metric="resolution") == 0.9
    assert of("queue_wait_limit_seconds", queue="billing") == 60
    assert of("queue_wait_limit_seconds", queue="web") is None


def test_figures_of_a_busy_queue() -> None:
    """Counters, buckets, levels and windows of `billing`, by hand."""
    text = busy().text()

    def of(name: str, **labels: str) -> float | None:
        return value_in(text, name, **BILLING, **labels)

    assert of("contacts_offered_total") == 5
    assert of("contacts_answered_total") == of("contacts_within_threshold_total") == 1
    assert of("contacts_abandoned_total", kind="short") == 1
    assert of("contacts_abandoned_total", kind="queued") == 1
    assert of("contacts_flowed_out_total") == of("contacts_handled_total") == 1
    assert of("contacts_threshold_decided_total") == 5
    assert of("contacts_corrections_total") == 0
    assert of("wait_seconds_bucket", outcome="answered", le="5.0") == 0
    assert of("wait_seconds_bucket", outcome="answered", le="10.0") == 1
    assert of("wait_seconds_sum", outcome="answered") == 7
    assert of("wait_seconds_count", outcome="abandoned") == 2
    assert of("wait_seconds_sum", outcome="abandoned") == 28
    assert of("handle_seconds_bucket", le="60.0") == of("handle_seconds_bucket", le="+Inf") == 1
    assert of("handle_seconds_sum") == 60
    assert of("queue_contacts_waiting") == 1
    assert of("queue_oldest_waiting_timestamp_seconds") == START / 1_000 + 1
    assert of("queue_agents", state="available") == 1
    offered = {"offered": 5, "answered": 1, "abandoned": 2, "short_abandoned": 1, "flowed_out": 1}
    decided = {"threshold_decided": 5, "answered_in_threshold": 1, "abandoned_in_threshold": 1}
    for window in ("5m", "30m"):
        for outcome, n in (offered | decided | {"handled": 1}).items():
            assert of("window_contacts", window=window, outcome=outcome) == n, outcome
        assert of("window_waited_seconds", window=window) == 7
        assert of("window_handled_seconds", window=window) == 60
        assert of("window_agent_seconds", window=window, state="busy") == 0
        assert of("window_agent_seconds", window=window, state="staffed") == 90
    assert value_in(text, "contacts_offered_total", queue="_all", channel="voice") == 5
    assert value_in(text, "queue_agents", queue="_all", channel="voice", state="available") == 1
    assert value_in(text, "queue_tickets_open", queue="mail", status="open") == 1
    assert value_in(text, "queue_oldest_ticket_timestamp_seconds", queue="mail") == START / 1_000


def test_nobody_waits_and_the_oldest_is_absent() -> None:
    """No timestamp instead of a made-up one, in the other queues and once the last one left."""
    worker = busy()
    oldest = "queue_oldest_waiting_timestamp_seconds"
    assert {s.labels["queue"] for s in worker.families()[oldest].samples} == {"billing", "_all"}
    worker.send({**call("c4", START, abandoned=92)[1]})
    worker.turn(10)
    assert not worker.families()[oldest].samples
    assert worker.value("queue_contacts_waiting", queue="billing") == 0


def test_idle_queues_have_their_zeros() -> None:
    """Zero is told from no data: a configured queue has all of its gauges while it is owned."""
    page = busy_families()
    sales = [s for s in page["window_contacts"].samples if s.labels["queue"] == "sales"]
    assert len(sales) == 2 * len(WINDOW_OUTCOMES)
    agents = [s for s in page["queue_agents"].samples if s.labels["queue"] == "sales"]
    assert {sample.labels["state"] for sample in agents} == set(AGENT_STATES)
    assert {sample.value for sample in (*sales, *agents)} == {0}


def test_gauges_leave_with_their_unit_and_counters_stay() -> None:
    """A released unit's queues vanish on the next page; what was counted here stays."""
    worker = busy()
    before = worker.families()
    for number in range(worker.settings.partitions):
        worker.release("queues", number)
        worker.release("intake", number)
    after = worker.families()
    for definition in CATALOGUE:
        name, of_queue = definition.name, set(QUEUE) <= set(definition.labels)
        if definition.type != "gauge":
            assert after[name].samples == before[name].samples, name
        elif of_queue and not name.startswith(
            ("queue_info", "queue_occ", "queue_wait_", "queue_ta")
        ):
            assert before[name].samples, name
            assert not after[name].samples, name
    for name in ("stream_watermark_timestamp_seconds", "stream_partition_assigned"):
        assert before[name].samples
        assert not after[name].samples


def test_gauges_wait_until_the_unit_is_loaded() -> None:
    """Assigned is not enough: a unit that loads shows nothing, nor does one that is lost."""
    worker = busy()
    name = "queue_contacts_waiting"
    shown = len(worker.families()[name].samples)
    unit = next(u for u in worker.units.stats.units.values() if u.stage == "queues")
    for flag in ("loaded", "assigned"):
        setattr(unit, flag, False)
        assert len(worker.families()[name].samples) < shown
        setattr(unit, flag, True)
    assert len(worker.families()[name].samples) == shown


def test_a_late_release_does_not_take_the_successor_with_it() -> None:
    """A unit that was replaced before it was closed leaves the new one's figures alone."""
    worker = busy()
    old = {key: worker.stages[key] for key in worker.stages}
    for stage, number in old:
        worker.assign(stage, number)
    worker.turn(5)
    worker.turn(5)
    shown = worker.families()
    for stage_object in old.values():
        stage_object.closed()
    for name in ("queue_contacts_waiting", "stream_watermark_timestamp_seconds"):
        assert worker.families()[name].samples == shown[name].samples != []


def test_a_queue_nobody_configured_has_the_defaults_while_it_is_owned() -> None:
    """Threshold, limit and info of such a queue are the channel's defaults."""
    worker = StandIn(centre())
    worker.send(*({**event, "queue": "new"} for event in call("n1", START, answered=2)))
    worker.turn(60)
    text = worker.text()
    assert value_in(text, "queue_wait_threshold_seconds", queue="new") == 20
    assert value_in(text, "queue_occupancy_limit_ratio", queue="new") == 0.85
    assert value_in(text, "queue_target_service_level_ratio", queue="new") == 0.8
    assert value_in(text, "queue_info", queue="new", site="", skill="", team="") == 1
    assert value_in(text, "contacts_offered_total", queue="new") == 1
    for number in range(2):
        worker.release("queues", number)
    assert worker.value("queue_info", queue="new") is None
    assert worker.value("contacts_offered_total", queue="new") == 1


def test_definitions_are_exported_as_configured() -> None:
    """Own limits and targets; none where a channel has none or queues of `_all` differ."""
    special = QueueSettings("vip", targets=Targets(service_level=0.9, occupancy_limit=0.8))
    text = StandIn(centre(queues=(*centre().queues, special))).text()
    assert value_in(text, "queue_info", **BILLING, site="berlin", skill="de", team="red") == 1
    assert value_in(text, "queue_wait_threshold_seconds", queue="sales") == 30
    assert value_in(text, "queue_wait_threshold_seconds", queue="web") == 60
    assert value_in(text, "queue_occupancy_limit_ratio", queue="vip") == 0.8
    assert value_in(text, "queue_target_service_level_ratio", queue="vip") == 0.9
    for queue, channel in (("mail", "ticket"), ("_all", "voice")):
        labels = {"queue": queue, "channel": channel}
        assert value_in(text, "queue_wait_threshold_seconds", **labels) is None
        assert value_in(text, "queue_target_service_level_ratio", **labels) is None
    assert value_in(text, "queue_occupancy_limit_ratio", queue="mail") == 0.85
    assert value_in(text, "queue_occupancy_limit_ratio", queue="_all", channel="voice") is None
