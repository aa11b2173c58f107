"""What people read: by mail, Slack, PagerDuty and Teams, from the production configuration."""

import re
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.prometheus.render import Fast, render
from tests.stack.messages import ALERTMANAGER, ZONE, Sent, alert, expected_alerts, post, rendered
from tests.stack.servers import alertmanager, eventually, hearing, mailbox

pytestmark = pytest.mark.slow

PRODUCTION = (ALERTMANAGER / "alertmanager.yml").read_text()
MESSAGES = (ALERTMANAGER / "MESSAGES.md").read_text()
PASSWORD = "only in a file"
SENT = expected_alerts()


HOT = alert("QueueOccupancyHigh", waiting="4, the longest for 30s", old_figures="")
HELD = alert("QueueOccupancyHigh", old_figures="no new ones for 1m 45s")
TICKET = alert("QueueAbandonmentHigh", "ticket")
STALE = alert("StreamStale")
RISK = alert("QueueTicketsAtRisk", value="first response 1, resolution 2")


def ids(sent: Sent) -> str:
    return f"{sent.labels['alertname']}-{sent.labels['severity']}"


@pytest.mark.parametrize("sent", SENT, ids=ids)
def test_every_message_says_what_where_since_when_and_what_to_do(
    sent: Sent, tmp_path: Path
) -> None:
    """Of each alert of the rules: first line and facts, when it begins and when it ends."""
    notes, labels = sent.annotations, sent.labels
    for status, word in (("firing", labels["severity"].upper()), ("resolved", "ENDED")):
        line = f"{word} {notes['summary']}"
        title = rendered(tmp_path, "contactcenter.title", (sent, status))
        assert title == line
        assert len(title) <= 110, "two lines of a locked phone"
        text = rendered(tmp_path, "contactcenter.text", (sent, status))
        assert text.startswith(line + "\n")
        assert "no value" not in text
        assert "- Since: 09:29:24 CET, Mon 2 Mar 2026\n" in text
        assert ("- Until: 09:44:24 CET" in text) == (status == "resolved")
        assert f"- What to do: {notes['runbook_url']}\n" in text
        assert f"\n{notes['description']}\n({labels['alertname']})\n" in text
        value = "Value" if status == "firing" else "Last value"
        facts = {
            value: "value",
            "Limit": "limit",
            "Waiting": "waiting",
            "OLD FIGURES": "old_figures",
        }
        for name, key in facts.items():
            if notes.get(key):
                window = f" ({notes['window']})" if key == "value" and "window" in notes else ""
                assert f"- {name}: {notes[key]}{window}\n" in text
            else:
                assert f"- {name}:" not in text
        wall = "- On the wall: http://127.0.0.1:8088/"
        if "queue" in labels:
            assert (
                f"- Queue: {labels['queue']}, {labels['channel']}, tenant {labels['tenant']}\n"
                in text
            )
            wall += "queue?tenant={tenant}&queue={queue}&channel={channel}".format(**labels)
        assert wall + "\n" in text


def test_of_several_alerts_the_page_speaks_first(tmp_path: Path) -> None:
    """A message of a ticket, an ended page and a page: the page's line, and how many there are."""
    alerts = ((TICKET, "firing"), (HELD, "resolved"), (HOT, "firing"))
    title = rendered(tmp_path, "contactcenter.title", *alerts)
    assert title == "PAGE billing (voice): agents 88% occupied (of 2 alerts)"
    text = rendered(tmp_path, "contactcenter.text", *alerts)
    assert re.findall(r"^(?:PAGE|TICKET|ENDED) ", text, re.MULTILINE) == [
        "TICKET ",
        "PAGE ",
        "ENDED ",
    ]


def test_a_queue_with_any_name_has_a_link_that_works(tmp_path: Path) -> None:
    """What is in a name cannot leave its place in the address."""
    odd = Sent(HOT.labels | {"queue": "a&b/c d?é"}, HOT.annotations)
    text = rendered(tmp_path, "contactcenter.text", (odd, "firing"))
    assert "&queue=a%26b%2Fc+d%3F%C3%A9&channel=voice\n" in text


def production(folder: Path, hook: int, mail: int) -> None:
    """The production receivers and files of secrets, with this test's addresses; always open."""
    render(folder, Fast(targets=[]))
    head = (folder / "alertmanager.yml").read_text().split("\nreceivers:\n")[0]
    text = head + "\nreceivers:\n" + PRODUCTION.split("\nreceivers:\n")[1]
    secrets = folder / "secrets"
    secrets.mkdir()
    for name in re.findall(r"/etc/alertmanager/secrets/(\w+)", PRODUCTION):
        slack = f"http://127.0.0.1:{hook}/{name}"
        (secrets / name).write_text(slack if name.endswith("_url") else PASSWORD)
    for old, new in (
        ("/etc/alertmanager/secrets/", f"{secrets}/"),
        ("smtp.contact-centre.example:587", f"127.0.0.1:{mail}"),
        (
            "global:\n",
            f"global:\n  smtp_require_tls: false\n  pagerduty_url: http://127.0.0.1:{hook}/pager\n",
        ),
        ("http://alert-consumer.example:8080/", f"http://127.0.0.1:{hook}/"),
        ("http://dead-man.example:8080/", f"http://127.0.0.1:{hook}/"),
    ):
        assert old in text
        text = text.replace(old, new)
    (folder / "alertmanager.yml").write_text(text)


def test_a_page_comes_by_pager_and_by_mail_and_a_ticket_by_slack(tmp_path: Path) -> None:
    """The real Alertmanager on the production receivers: what each person gets, and its end."""
    starts = datetime.now().astimezone()
    with (
        hearing() as (hook, heard),
        mailbox("alerts@contact-centre.example", PASSWORD) as (mail, mails),
    ):
        production(tmp_path, hook, mail)

        def came(path: str) -> list[dict[str, Any]]:
            return [message for message in list(heard) if message["path"] == path]

        with alertmanager(tmp_path, ZONE) as base:
            post(base, HOT, starts)
            eventually(lambda: mails and came("/pager"), "page by mail and by pager")
            [first] = mails
            assert first["Subject"] == "PAGE billing (voice): agents 88% occupied"
            assert first["To"] == "operations-duty@contact-centre.example"
            assert first["From"] == "Contact centre <alerts@contact-centre.example>"
            [part] = first.iter_parts()
            assert part.get_content_type() == "text/plain"
            body = part.get_content()
            for fact in (
                "- Value: 88% (last 5 minutes)",
                "- Limit: 85%",
                "- Waiting: 4, the longest for 30s",
                "/queue?tenant=acme&queue=billing&channel=voice",
            ):
                assert fact in body
            assert re.search(r"- Since: \d\d:\d\d:\d\d CES?T, ", body), "with its time zone"
            [pager] = came("/pager")
            assert pager["routing_key"] == PASSWORD
            assert pager["payload"]["summary"] == first["Subject"]
            assert pager["client_url"].endswith("/queue?tenant=acme&queue=billing&channel=voice")
            assert "- Waiting: 4" in pager["payload"]["custom_details"]["alerts"]

            post(base, STALE, starts)
            eventually(lambda: len(mails) == 2, "mail to engineering")
            assert mails[1]["To"] == "engineering-duty@contact-centre.example"
            assert mails[1]["Subject"] == "PAGE The contact centre's figures are 2m 20s old"
            post(base, STALE, starts, starts)
            eventually(lambda: len(mails) == 3, "its end")
            assert mails[2]["Subject"] == "ENDED The contact centre's figures are 2m 20s old"

            other = Sent(TICKET.labels | {"queue": "sales"}, TICKET.annotations)
            post(base, other, starts)
            eventually(lambda: came("/slack_operations_url"), "ticket by Slack")
            [slack] = came("/slack_operations_url")
            [card] = slack["attachments"]
            assert card["title"] == f"TICKET {TICKET.annotations['summary']}"
            assert card["title_link"].endswith("/queue?tenant=acme&queue=sales&channel=voice")
            assert "- Limit: 5%" in card["text"]
            assert {message["receiver"] for message in came("/alerts")} == {"consumers"}


def test_teams_is_four_lines_away(tmp_path: Path) -> None:
    """Without its mark each Teams block is one Alertmanager's documentation knows, with our texts.

    Debian's Alertmanager is older than Teams' present interface, so none sends here.
    """
    with_teams = yaml.safe_load(PRODUCTION.replace("#teams ", ""))
    without = yaml.safe_load(PRODUCTION)
    found = {}
    for ours in with_teams["receivers"]:
        for block in ours.pop("msteamsv2_configs", ()):
            assert block.pop("send_resolved") is True
            found[ours["name"]] = Path(block.pop("webhook_url_file")).name
            assert block == {
                "title": '{{ template "contactcenter.title" . }}',
                "text": '{{ template "contactcenter.card" . }}',
            }
    assert with_teams == without
    assert found == {
        f"{duty}-{team}": f"teams_{team}_url"
        for duty in ("oncall", "tickets")
        for team in ("operations", "engineering")
    }
    text = rendered(tmp_path, "contactcenter.card", (HOT, "firing"))
    link, _, rest = text.partition("\n\n")
    assert link == (
        "[On the wall](http://127.0.0.1:8088/queue?tenant=acme&queue=billing&channel=voice)"
        f" · [What to do]({HOT.annotations['runbook_url']})"
    )
    assert rest == rendered(tmp_path, "contactcenter.text", (HOT, "firing"))


@pytest.mark.parametrize(
    ("heading", "alerts"),
    [
        ("A page", ((HOT, "firing"),)),
        ("The same while its worker is being replaced", ((HELD, "firing"),)),
        ("Its end", ((HOT, "resolved"),)),
        ("A page before a promise is broken", ((RISK, "firing"),)),
        ("A ticket", ((TICKET, "firing"),)),
        ("A page of the system", ((STALE, "firing"),)),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_examples_in_the_documents_are_what_is_sent(
    heading: str, alerts: tuple[tuple[Sent, str], ...], tmp_path: Path
) -> None:
    """MESSAGES.md shows subject and text as they are rendered."""
    title = rendered(tmp_path, "contactcenter.title", *alerts)
    text = rendered(tmp_path, "contactcenter.text", *alerts).rstrip()
    example = f"## {heading}\n\n**{title}**\n```\n{text}\n```\n"
    assert example in MESSAGES, f"MESSAGES.md should have:\n{example}"
