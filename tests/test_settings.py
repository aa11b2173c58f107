"""Settings: one name for a key everywhere, all mistakes at once, no password ever shown."""

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from streams.errors import ConfigError, StreamsError
from streams.kafka.connect import aiokafka_options, kafka_python_options, ssl_context
from streams.kpis.definitions import Definitions
from streams.lifecycle.rules import rules_of
from streams.settings import QueueSettings, Secret, Settings, load

Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a streams.toml and returns its path."""

    def write_(text: str) -> Path:
        path = tmp_path / "streams.toml"
        path.write_text(text)
        return path

    return write_


def _mistakes(config: Path | None = None, **env: str) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as caught:
        load(config, env, {})
    return caught.value.mistakes


def test_nothing_is_needed() -> None:
    """Without file, variables and options the defaults are a working set."""
    assert load(None, {}, {}) == Settings()


def test_a_later_place_wins(write: Write) -> None:
    """File, then variables, then options; an option that was not given is passed over."""
    config = write('metrics_port = 1\nboard_port = 1\npartitions = 1\nclock = "event"\n')
    env = {"STREAMS_BOARD_PORT": "2", "STREAMS_PARTITIONS": "2", "PARTITIONS": "9"}
    told = load(config, env, {"partitions": 3, "clock": None, "command": "worker"})
    assert (told.metrics_port, told.board_port, told.partitions) == (1, 2, 3)
    assert told.clock == "event"


def test_every_mistake_is_reported_with_its_place(write: Write) -> None:
    """One error holds all mistakes: file keys, queue keys, variables and options."""
    config = write(
        'partitions = "four"\nmetric_port = 1\nsasl_password = "abc"\n'
        '[[queues]]\nname = "billing"\nservice_level_seconds = 20\nshort_abandon_seconds = 30\n'
        '[[queues]]\nchannels = ["phone"]\n'
        '[[queues]]\nname = "sales"\ntime_zone = "Mars/Base"\n'
        "targets = { occupancy_low = 0.9, occupancy_high = 0.8 }\n"
    )
    with pytest.raises(ConfigError) as caught:
        load(config, {"STREAMS_TICK_SECONDS": "soon"}, {"board_port": 99_999})
    text = str(caught.value)
    assert len(caught.value.mistakes) == 10, text
    for part in (
        f"{config}: partitions: needs a whole number from 1 to 1024, not 'four'",
        f"{config}: metric_port: unknown setting; did you mean metrics_port?",
        "put it into a file of its own and name it with sasl_password_file",
        "queues[1] 'billing': short_abandon_seconds: needs at most 20",
        "queues[2]: channels: needs one or more of voice, chat, ticket",
        "queues[2]: needs a name",
        "queues[3] 'sales': time_zone: needs a time zone, for example Europe/Berlin",
        "queues[3] 'sales': targets: needs occupancy_low <= occupancy_high",
        "STREAMS_TICK_SECONDS: needs a number from 0.05 to 60, not 'soon'",
        "--board-port: needs a whole number from 0 to 65535, not 99999",
    ):
        assert part in text
    assert "abc" not in text


def test_a_queue_changes_with_time(write: Write) -> None:
    """Each change says what is new from when on; the rest stays as it was just before."""
    config = write(
        '[[queues]]\nname = "billing"\nservice_level_seconds = 20\n'
        "targets = { abandonment = 0.1 }\n"
        "[[queues.changes]]\nfrom = 2026-03-01T00:00:00+01:00\nservice_level_seconds = 30\n"
        '[[queues.changes]]\nfrom = "2026-04-01T00:00:00Z"\nwrapup = true\n'
        "targets = { service_level = 0.9 }\n"
    )
    [billing] = load(config, {}, {}).queues
    (_, first), (march, second), (april, third) = billing.versions("voice")
    assert (march, april) == (1_772_319_600_000, 1_775_001_600_000)
    assert [v.service_level_seconds for v in (first, second, third)] == [20, 30, 30]
    assert [v.wrapup for v in (first, second, third)] == [False, False, True]
    assert [v.targets.service_level for v in (first, second, third)] == [0.8, 0.8, 0.9]
    assert {v.targets.abandonment for v in (first, second, third)} == {0.1}


def test_mistakes_in_changes_are_named(write: Write) -> None:
    """A time without offset, times out of order, what must stay, S above T: each in its place."""
    config = write(
        '[[queues]]\nname = "billing"\n'
        "[[queues.changes]]\nfrom = 2026-04-01T00:00:00Z\nservice_level_seconds = 3\n"
        "[[queues.changes]]\nfrom = 2026-03-01T00:00:00Z\nshort_abandon_seconds = 40\n"
        "[[queues.changes]]\nfrom = 2026-05-01T00:00:00\n"
        '[[queues.changes]]\nfrom = 2026-06-01T00:00:00Z\nchannels = ["chat"]\n'
        "[[queues.changes]]\nwrapup = true\n"
        "[[queues.changes]]\nfrom = 2026-07-01T00:00:00Z\nshort_abandon_seconds = 40\n"
    )
    found = _mistakes(config)
    where = f"{config}: queues[1] 'billing': changes"
    assert [mistake.split(", not")[0] for mistake in found] == [
        f"{where}[2]: from: needs a later time than the change before it",
        f"{where}[3]: from: needs a time with its offset, for example 2026-03-01T00:00:00+01:00",
        f"{where}[4]: channels: unknown setting: remove it",
        f"{where}[5]: needs a from: the time from which it applies",
        f"{where}[6]: short_abandon_seconds: needs at most 3 (the service level's)",
    ]


def test_alertmanager_has_an_address_without_a_login_and_a_login_that_is_whole(
    tmp_path: Path,
) -> None:
    """Name and password come apart, the password by file; one without the other is a mistake."""
    secret = tmp_path / "secret"
    secret.write_text("hush\n")
    whole = {
        "STREAMS_BOARD_ALERTMANAGER": "https://alerts.example/am/",
        "STREAMS_BOARD_ALERTMANAGER_USER": "wall",
        "STREAMS_BOARD_ALERTMANAGER_PASSWORD_FILE": str(secret),
    }
    told = load(None, whole, {})
    assert told.board_alertmanager_password == Secret("hush")
    assert "hush" not in str(told.shown())
    for missing in whole:
        half = {name: value for name, value in whole.items() if name != missing}
        assert "needs all three" in _mistakes(None, **half)[0]
    for wrong in ("localhost:9093", "http://wall:hush@localhost:9093", "http://h/?a=b", "ftp://h"):
        (mistake,) = _mistakes(STREAMS_BOARD_ALERTMANAGER=wrong)
        assert "needs an address" in mistake
        assert "hush" not in mistake


def test_a_file_that_cannot_be_read_is_a_mistake(tmp_path: Path, write: Write) -> None:
    """A missing file and one that is not TOML are reported like every other mistake."""
    assert "cannot be read" in _mistakes(tmp_path / "none.toml")[0]
    assert "is not TOML" in _mistakes(write("partitions = = 4"))[0]


def test_only_near_misses_among_foreign_variables_are_mistakes() -> None:
    """STREAMS_ variables that others set are passed over, misspelt settings are not."""
    assert load(None, {"STREAMS_SERVICE_HOST": "10.0.0.1", "STREAMS_PORT": "tcp://x"}, {})
    assert _mistakes(STREAMS_METRIC_PORT="1") == (
        "STREAMS_METRIC_PORT: unknown setting; did you mean STREAMS_METRICS_PORT?",
    )


@pytest.mark.parametrize("value", ["", "kafka", "kafka:", ":9092", "kafka:0", "kafka:99999"])
def test_bootstrap_needs_host_and_port(value: str) -> None:
    """An address that no client could use is refused at the start."""
    assert "needs HOST:PORT" in _mistakes(STREAMS_BOOTSTRAP=value)[0]


def test_queues_read_with_their_targets(write: Write) -> None:
    """A queue's keys are read as they stand; what it leaves out has its default."""
    config = write(
        '[[queues]]\nname = "billing"\nchannels = ["voice", "chat"]\nservice_level_seconds = 30\n'
        'time_zone = "Europe/Berlin"\nhours = "Mon-Fri 08:00-18:00, Sat 09:00-13:00"\n'
        "[queues.targets]\nservice_level = 0.9\n"
    )
    (queue,) = load(config, {}, {}).queues
    assert (queue.name, queue.channels, queue.service_level_seconds) == (
        "billing",
        ("voice", "chat"),
        30,
    )
    assert (queue.targets.service_level, queue.targets.abandonment) == (0.9, 0.05)
    assert queue.tenant == "default"


def test_limits_of_states_are_read_by_state(write: Write) -> None:
    """What a queue or a change says of one state leaves the others; 0 is no limit."""
    config = write(
        '[[queues]]\nname = "billing"\nstate_limit_seconds = { break = 1800, error = 0 }\n'
        "[[queues.changes]]\nfrom = 2026-04-01T00:00:00Z\nstate_limit_seconds.break = 600\n"
    )
    place = ("default", "billing", "voice")
    rules = rules_of(load(config, {}, {})).queues[place]
    assert rules.state_limits_ms == (None, 7_200_000, 900_000, 60_000, 1_800_000)
    assert rules.later[0][1].state_limits_ms == (None, 7_200_000, 900_000, 60_000, 600_000)
    for said in ("{ offline = 5 }", "{ break = -1 }", "60", "{}"):
        wrong = write(f'[[queues]]\nname = "billing"\nstate_limit_seconds = {said}\n')
        assert "state_limit_seconds: needs a " in _mistakes(wrong)[0]


def test_topics_are_a_list_that_changes_with_time(write: Write) -> None:
    """Cleaned as those of events, on every channel; a change may take the list away."""
    config = write(
        '[[queues]]\nname = "billing"\nchannels = ["voice", "ticket"]\n'
        'topics = [" bill ", "e\u0301te\u0301", "order"]\n'
        "[[queues.changes]]\nfrom = 2026-04-01T00:00:00Z\ntopics = []\n"
        "[[queues.changes]]\nfrom = 2026-05-01T00:00:00Z\nclosed_resolves = false\n"
        '[[queues]]\nname = "sales"\n'
    )
    settings = load(config, {}, {})
    for channel in ("voice", "ticket"):
        rules = rules_of(settings).queues["default", "billing", channel]
        assert rules.topics == ("bill", "\u00e9t\u00e9", "order")
        assert [then.topics for _, then in rules.later] == [(), ()]
    definitions = Definitions(settings)
    with_topics = {
        (queue, channel)
        for queue in ("billing", "sales", "_all", "_other")
        for channel in ("voice", "chat", "ticket")
        if definitions.has_topics(("default", queue, channel))
    }
    assert with_topics == {
        (queue, channel) for queue in ("billing", "_all") for channel in ("voice", "ticket")
    }
    assert not definitions.has_topics(("acme", "_all", "voice"))


def test_all_that_is_wrong_with_topics_is_said_at_once(write: Write) -> None:
    """In a queue and in its changes."""
    names = ", ".join(f'"t{n}"' for n in range(48))
    config = write(
        f'[[queues]]\nname = "billing"\ntopics = ["_all", "bill", " bill", "", {names}]\n'
        '[[queues]]\nname = "mail"\n'
        f'[[queues.changes]]\nfrom = 2026-04-01T00:00:00Z\ntopics = ["{"x" * 257}"]\n'
    )
    limits = "needs at most 50 different topics of 1 to 256 characters, none with _ first"
    billing, mail = _mistakes(config)
    assert (
        f"'billing': topics: {limits}; 52 are too many, '_all' begins with _, "
        "'bill' is there twice, the 4. has 0 characters"
    ) in billing
    assert f"'mail': changes[1]: topics: {limits}; the 1. has 257 characters" in mail
    for said in ('"bill"', "[1]", "{ bill = 1 }"):
        (mistake,) = _mistakes(write(f'[[queues]]\nname = "billing"\ntopics = {said}\n'))
        assert "topics: needs a list of at most 50 topics, each in quotes" in mistake


def test_reasons_for_a_break_are_listed_by_queue(write: Write) -> None:
    """At most 16, as the systems of agents may write them, and no two that are one; with time."""
    config = write(
        '[[queues]]\nname = "billing"\nbreak_reasons = ["Lunch", " training"]\n'
        "[[queues.changes]]\nfrom = 2026-04-01T00:00:00Z\nbreak_reasons = []\n"
    )
    rules = rules_of(load(config, {}, {})).queues["default", "billing", "voice"]
    assert rules.break_reasons == ("lunch", "training")
    assert rules.later[0][1].break_reasons == ()
    many = [f"reason {number}" for number in range(17)]
    for said in (many, ["Other"], ["a", " A"], [""], ["x" * 65], ["a\tb"], [1], "lunch", [["a"]]):
        wrong = write(f'[[queues]]\nname = "billing"\nbreak_reasons = {json.dumps(said)}\n')
        assert "break_reasons: needs a list of at most 16 different" in _mistakes(wrong)[0]
    load(write(f'[[queues]]\nname = "billing"\nbreak_reasons = {json.dumps(many[:16])}\n'), {}, {})


def test_all_queues_of_a_tenant_have_64_reasons_at_most(write: Write) -> None:
    """The record of all of them has a figure each."""
    queues = [
        f'[[queues]]\nname = "q{queue}"\nbreak_reasons = {[f"{queue} {n}" for n in range(16)]}\n'
        for queue in range(5)
    ]
    load(write("".join(queues[:4])), {}, {})
    mistakes = _mistakes(write("".join(queues)))
    assert "break_reasons: needs at most 64 different reasons" in mistakes[0]


def test_a_call_back_is_remembered_as_long_as_events_may_be_late(write: Write) -> None:
    """Else a late event would find it forgotten, and what it booked could not be taken back."""
    with pytest.raises(ConfigError) as error:
        load(write("callback_memory_days = 1\nhorizon_seconds = 172800\n"), {}, {})
    assert "callback_memory_days: needs at least horizon_seconds (172800)" in str(error.value)
    load(write("callback_memory_days = 2\nhorizon_seconds = 172800\n"), {}, {})


def test_from_which_score_on_a_customer_is_satisfied(write: Write) -> None:
    """A number, of calls and tickets alike, exact to a thousandth, and another one with time."""
    config = write(
        '[[queues]]\nname = "help"\nchannels = ["voice", "ticket"]\ncsat_satisfied_from = 4\n'
        "[[queues.changes]]\nfrom = 2026-04-01T00:00:00Z\ncsat_satisfied_from = 4.1\n"
    )
    for channel in ("voice", "ticket"):
        rules = rules_of(load(config, {}, {})).queues["default", "help", channel]
        scores = [rules.csat_satisfied_from, rules.later[0][1].csat_satisfied_from]
        assert scores == [4_000, 4_100]
        assert (
            rules_of(load(None, {}, {})).of("default", "help", channel).csat_satisfied_from is None
        )
    for said in ('"good"', "true", "1000001"):
        wrong = write(f'[[queues]]\nname = "help"\ncsat_satisfied_from = {said}\n')
        assert "csat_satisfied_from: needs a number from" in _mistakes(wrong)[0]


def test_days_of_tickets_change_with_time_and_are_no_longer_than_the_memory(write: Write) -> None:
    """A ticket that is forgotten could not be decided: of a queue, a change, and the default."""
    config = write(
        '[[queues]]\nname = "mail"\nchannels = ["ticket"]\ntime_zone = "Europe/Berlin"\n'
        "resolution_days = 3\n[[queues.changes]]\nfrom = 2026-04-01T00:00:00Z\nrepeat_days = 14\n"
    )
    rules = rules_of(load(config, {}, {})).queues["default", "mail", "ticket"]
    after = rules.later[0][1]
    assert (rules.time_zone, after.time_zone) == ("Europe/Berlin", "Europe/Berlin")
    assert (rules.resolution_ms, rules.repeat_ms) == (3 * 86_400_000, 7 * 86_400_000)
    assert (after.resolution_ms, after.repeat_ms) == (3 * 86_400_000, 14 * 86_400_000)
    (mistake,) = _mistakes(config, STREAMS_TICKET_MEMORY_DAYS="13")
    assert mistake.startswith(
        "ticket_memory_days: needs at least the 14 repeat_days of queue 'mail', not 13:"
    )
    assert load(config, {"STREAMS_TICKET_MEMORY_DAYS": "14"}, {}).ticket_memory_days == 14
    assert len(_mistakes(STREAMS_TICKET_MEMORY_DAYS="6")) == 2
    assert load(None, {"STREAMS_TICKET_MEMORY_DAYS": "7"}, {}).ticket_memory_days == 7
    calls = write('[[queues]]\nname = "calls"\nresolution_days = 100\n')
    assert load(calls, {}, {}).queues[0].resolution_days == 100
    for said in ("0", "367", "1.5"):
        wrong = write(f'[[queues]]\nname = "mail"\nrepeat_days = {said}\n')
        assert "repeat_days: needs a whole number from 1 to 366" in _mistakes(wrong)[0]


def test_a_queue_names_its_calendar_and_its_promises(write: Write) -> None:
    """By priority or for all, and others from an instant on; each queue has the calendar itself."""
    config = write(
        '[calendars.desk]\ntime_zone = "Europe/Berlin"\n'
        'hours = "Mon-Fri 09:00-17:00, Fri 16:00-18:00, Sun 22:00-06:00"\n'
        'holidays = { "2026-12-24" = "09:00-12:00, 13:00-14:00", "2026-12-25" = "" }\n'
        '[[queues]]\nname = "mail"\nchannels = ["ticket", "chat"]\ncalendar = "desk"\n'
        "at_risk_seconds = 600\nsla = { first_response = { urgent = 900 }, resolution = 60 }\n"
        '[[queues.changes]]\nfrom = 2026-04-01T00:00:00Z\ncalendar = ""\npause_on_hold = true\n'
        "[[queues.changes]]\nfrom = 2026-05-01T00:00:00Z\nsla.next_response = 5\n"
    )
    settings = load(config, {}, {})
    rules = rules_of(settings).queues["default", "mail", "ticket"]
    assert rules.calendar is not None
    assert rules.calendar.week == (
        ((0, 360), (540, 1020)),
        *(((540, 1020),) for _ in range(3)),
        ((540, 1080),),
        (),
        ((1320, 1440),),
    )
    eve = date(2026, 12, 24).toordinal()
    assert rules.calendar.holidays == ((eve, ((540, 720), (780, 840))), (eve + 1, ()))
    assert rules.sla_ms == ((900_000, None, None, None, None), (None,) * 5, (60_000,) * 5)
    assert (rules.at_risk_ms, rules.pause_on_hold) == (600_000, False)
    (_, without), (_, other) = rules.later
    assert (without.calendar, without.sla_ms, without.pause_on_hold) == (None, rules.sla_ms, True)
    assert (other.calendar, other.sla_ms) == (None, ((None,) * 5, (5_000,) * 5, (None,) * 5))
    chats = rules_of(settings).queues["default", "mail", "chat"]
    assert (chats.calendar, chats.sla_ms) == (None, ())


@pytest.mark.parametrize(
    ("said", "mistake"),
    [
        ("calendars = 5", "calendars: needs [calendars.NAME] tables"),
        ("[calendars.desk]", "calendars.desk: needs hours"),
        ("[calendars.desk]\nhours = 'Mon 9-17'", "calendars.desk: hours: needs hours, for example"),
        (
            "[calendars.desk]\nhours = 'Mon 09:00-09:00'",
            "desk: hours: needs hours that do",
        ),
        ("[calendars.desk]\nhours = ''\nzone = 'UTC'", "calendars.desk: zone: unknown setting"),
        (
            "[calendars.desk]\nhours = ''\nholidays = { '2026-02-30' = '' }",
            "calendars.desk: holidays: needs a table of dates",
        ),
        (
            "[calendars.desk]\nhours = ''\nholidays = { '2026-02-03' = '22:00-06:00' }",
            "calendars.desk: holidays: needs hours that end with their date",
        ),
        (
            "[[queues]]\nname = 'a'\ncalendar = 'desk'",
            "queues[1] 'a': calendar: needs the name of one of [calendars] (there is none)",
        ),
        (
            "[calendars.shut]\nhours = ''\n[[queues]]\nname = 'a'\ncalendar = 'shut'",
            "queues[1] 'a': calendar: needs open time within any 400 days; 'shut' has none",
        ),
        ("[[queues]]\nname = 'a'\nsla = 5", "queues[1] 'a': sla: needs a table"),
        (
            "[[queues]]\nname = 'a'\nsla.resolution = 0",
            "queues[1] 'a': sla.resolution: needs a whole number from 1",
        ),
        (
            "[[queues]]\nname = 'a'\nsla.resolution.urgnt = 9",
            "queues[1] 'a': sla.resolution.urgnt: unknown setting; did you mean urgent?",
        ),
        ("[[queues]]\nname = 'a'\nsla.resolution = {}", "sla.resolution: needs seconds for one"),
        (
            "[[queues]]\nname = 'a'\n[[queues.changes]]\nfrom = 2026-04-01T00:00:00Z\nsla.x = 9",
            "changes[1]: sla.x: unknown setting",
        ),
    ],
)
def test_a_mistake_about_hours_and_promises_is_named_with_its_place(
    write: Write, said: str, mistake: str
) -> None:
    """One each, in the words of the file."""
    (found,) = _mistakes(write(said + "\n"))
    assert mistake in found


def test_hours_that_end_a_minute_before_midnight_are_warned_of(write: Write) -> None:
    """The last minute of such a day is closed; a calendar that no queue has is nobody's matter."""
    config = write(
        '[calendars.desk]\nhours = "Mon-Sun 00:00-23:59"\n[calendars.other]\n'
        'hours = "Mon 00:00-23:59"\n[calendars.whole]\nhours = "Mon-Sun 00:00-24:00"\n'
        '[[queues]]\nname = "a"\nchannels = ["ticket"]\ncalendar = "whole"\n'
        '[[queues.changes]]\nfrom = 2026-04-01T00:00:00Z\ncalendar = "desk"\n'
    )
    assert load(config, {}, {}).losing_a_minute() == ["desk"]


def test_a_queue_stands_once(write: Write) -> None:
    """The same queue twice in one tenant is a mistake; in two tenants it is two queues."""
    twice = '[[queues]]\nname = "a"\n[[queues]]\nname = "a"\n'
    assert "is there twice" in _mistakes(write(twice))[0]
    assert len(load(write(twice + 'tenant = "other"\n'), {}, {}).queues) == 2


@pytest.mark.parametrize(
    ("channel", "threshold", "short", "wait", "handle", "limit"),
    [
        ("voice", 20, 5, 14_400, 43_200, 60),
        ("chat", 60, 10, 14_400, 43_200, None),
        ("ticket", None, None, None, None, None),
    ],
)
def test_channel_defaults(
    channel: str,
    threshold: int | None,
    short: int | None,
    wait: int | None,
    handle: int | None,
    limit: int | None,
) -> None:
    """A queue nobody configured has its channel's thresholds, limit and ages."""
    queue = Settings().queue("default", "any", channel)
    assert (queue.service_level_seconds, queue.short_abandon_seconds) == (threshold, short)
    assert (queue.max_wait_seconds, queue.max_handle_seconds) == (wait, handle)
    assert queue.wait_limit_seconds == limit
    assert queue.channels == (channel,)


def test_short_abandon_never_exceeds_the_threshold() -> None:
    """S <= T also where S is a default and T was set below it; S = 0 stays 0."""
    assert QueueSettings("q", service_level_seconds=3).on("chat").short_abandon_seconds == 3
    assert QueueSettings("q", short_abandon_seconds=0).on("voice").short_abandon_seconds == 0


def test_passwords_come_from_files_or_variables_and_are_never_shown(tmp_path: Path) -> None:
    """The password reaches the client's arguments, and nothing that is printed."""
    secret = tmp_path / "password"
    secret.write_text("hunter2\n")
    env = {
        "STREAMS_SECURITY_PROTOCOL": "sasl_plaintext",
        "STREAMS_SASL_MECHANISM": "scram-sha-512",
        "STREAMS_SASL_USERNAME": "worker",
    }
    by_file = load(None, env | {"STREAMS_SASL_PASSWORD_FILE": str(secret)}, {})
    by_variable = load(None, env | {"STREAMS_SASL_PASSWORD": "hunter2"}, {})
    assert by_file == by_variable
    for options in (kafka_python_options(by_file), aiokafka_options(by_file)):
        assert options["sasl_plain_password"] == "hunter2"
        assert options["sasl_mechanism"] == "SCRAM-SHA-512"
    assert "hunter2" not in repr(by_file) + str(by_file.shown()) + str(Secret("hunter2"))
    assert by_file.shown()["sasl_password"] == "****"


def test_a_password_file_may_be_named_in_the_file(tmp_path: Path, write: Write) -> None:
    """`sasl_password_file` in streams.toml is read; a missing or empty one is a mistake."""
    (tmp_path / "empty").write_text("")
    login = 'security_protocol = "SASL_SSL"\nsasl_mechanism = "PLAIN"\nsasl_username = "u"\n'
    for name, problem in (("none", "cannot be read"), ("empty", "an empty file")):
        config = write(f'{login}sasl_password_file = "{tmp_path / name}"\n')
        assert any(
            "sasl_password_file: names" in mistake and problem in mistake
            for mistake in _mistakes(config)
        )
    (tmp_path / "full").write_text("s3cret")
    told = load(write(f'{login}sasl_password_file = "{tmp_path / "full"}"\n'), {}, {})
    assert told.sasl_password == Secret("s3cret")


def test_half_a_login_is_a_mistake() -> None:
    """SASL without its parts, parts without SASL, and a certificate without its key are found."""
    assert (
        "needs sasl_mechanism, sasl_username, sasl_password too"
        in _mistakes(STREAMS_SECURITY_PROTOCOL="SASL_SSL")[0]
    )
    assert "would send no SASL login" in _mistakes(STREAMS_SASL_USERNAME="u")[0]
    assert "need each other" in _mistakes(STREAMS_SSL_CERTFILE=__file__)[0]
    for name in ("SSL_CAFILE", "SSL_CERTFILE"):
        found = _mistakes(None, **{f"STREAMS_{name}": __file__, "STREAMS_SSL_KEYFILE": __file__})
        assert f"{name.lower()}: is unused with security_protocol PLAINTEXT" in found[-1]


def test_the_transaction_ends_before_the_session() -> None:
    """A transaction timeout beyond the session timeout is refused, with the reason."""
    assert "transaction_timeout_seconds" in _mistakes(STREAMS_TRANSACTION_TIMEOUT_SECONDS="31")[0]


def test_tls_always_checks_the_server() -> None:
    """TLS contexts demand a certificate; plain connections have no context; bad files are named."""
    assert ssl_context(Settings()) is None
    context = ssl_context(Settings(security_protocol="SSL"))
    assert context is not None
    assert context.verify_mode.name == "CERT_REQUIRED"
    assert context.check_hostname
    with pytest.raises(StreamsError, match="ssl_cafile"):
        ssl_context(Settings(security_protocol="SSL", ssl_cafile=__file__))


@pytest.mark.parametrize(("name", "right"), [("kpi-0", True), ("..", False), ("a b", False)])
def test_a_worker_has_a_name_that_kafka_takes(name: str, right: bool) -> None:
    """None unless set; letters, digits, dots and dashes, as Kafka wants a group.instance.id."""
    assert Settings().group_instance_id is None
    if right:
        assert load(None, {"STREAMS_GROUP_INSTANCE_ID": name}, {}).group_instance_id == name
    else:
        assert "needs 1 to 249 letters" in _mistakes(STREAMS_GROUP_INSTANCE_ID=name)[0]


def test_topic_names_follow_prefix_and_app() -> None:
    """A prefix stands before the contract's names; changelogs belong to the app id."""
    names = Settings(topic_prefix="eu.", app_id="centre").topics
    assert names.inputs[0] == names.calls == "eu.contact.calls"
    assert names.canonical(names.kpis) == "contact.kpis"
    assert names.intake_changelog == "centre-intake-changelog"
