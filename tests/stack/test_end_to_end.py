"""From a scraped figure to a webhook: the production rules and routes, only faster."""

from pathlib import Path
from typing import Any

from deploy.prometheus.render import Fast, render
from tests.stack.exposition import BUSY, Centre
from tests.stack.servers import alertmanager, eventually, exposing, hearing, prometheus


def test_an_overloaded_queue_pages_and_the_page_ends(tmp_path: Path) -> None:
    """Occupancy at 90 % reaches the on-call webhook, 83 % keeps it up, 70 % resolves it."""
    centre = Centre(busy_ratio=0.9)

    with hearing() as (hook, heard), exposing(centre.page) as port:

        def about(status: str) -> dict[str, Any] | None:
            for message in list(heard):
                if message["path"] != "/hook/oncall-operations":
                    continue
                for alert in message["alerts"]:
                    name = alert["labels"]["alertname"]
                    if (name, alert["status"]) == ("QueueOccupancyHigh", status):
                        return {**alert, "group": message["groupLabels"]}
            return None

        url = f"http://127.0.0.1:{hook}/hook"
        render(tmp_path, Fast(targets=[], webhook=url))
        with alertmanager(tmp_path) as base:
            address = base.removeprefix("http://")
            target = f"127.0.0.1:{port}"
            render(tmp_path, Fast(targets=[target], alertmanager=address, webhook=url))
            with prometheus(tmp_path):
                page = eventually(lambda: about("firing"), "page", 40)
                assert page["labels"]["queue"] == BUSY
                assert page["labels"]["severity"] == "page"
                assert page["group"] == {"tenant": "default", "queue": BUSY}
                assert "is 90%" in page["annotations"]["description"]
                # Between the warning level and the limit it stays on: longer than keep_firing_for.
                centre.busy_ratio = 0.83
                seen = centre.pages
                eventually(lambda: centre.pages >= seen + 10, "ten scrapes at 83 %")
                assert about("resolved") is None
                centre.busy_ratio = 0.7
                eventually(lambda: about("resolved"), "end of the page", 40)
        others = {
            alert["labels"].get("queue")
            for message in heard
            for alert in message["alerts"]
            if alert["labels"]["alertname"] == "QueueOccupancyHigh"
        }
        assert others == {BUSY}
