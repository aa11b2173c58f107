"""The newest KPI record of each queue: python consume_kpis.py [HOST:PORT [TOPIC]]; Ctrl-C ends."""

import json
import sys

from kafka import KafkaConsumer

bootstrap, topic = (sys.argv[1:] + ["127.0.0.1:9092", "contact.kpis"][len(sys.argv) - 1 :])[:2]
options = {"isolation_level": "read_committed", "auto_offset_reset": "earliest"}
for message in KafkaConsumer(topic, bootstrap_servers=bootstrap, group_id=None, **options):
    record = json.loads(message.value)
    waiting, level = record["live"]["waiting"], record["windows"]["5m"]["service_level"]
    print(record["queue"], record["channel"], "waiting:", waiting, level, flush=True)
