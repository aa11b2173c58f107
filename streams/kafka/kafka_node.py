"""What one node of a local Kafka is told: its properties, its logging, who else may call it.

In: the ports of the cluster and where the node lives. Out: the text of its files. The clients'
listener on the loopback is open (PLAINTEXT), as are the ones between nodes; further listeners ask
for whatever their properties say. For trying out and for tests: no production broker is made here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

HOST = "127.0.0.1"

LOGGING = """\
status = error
rootLogger.level = warn
rootLogger.appenderRef.file.ref = file
logger.server.name = kafka.server.KafkaRaftServer
logger.server.level = info
appender.file.type = RollingFile
appender.file.name = file
appender.file.fileName = ${sys:streams.log}
appender.file.filePattern = ${sys:streams.log}.%i
appender.file.layout.type = PatternLayout
appender.file.layout.pattern = %d{ISO8601} %p %c{1}: %m%n
appender.file.policies.type = Policies
appender.file.policies.size.type = SizeBasedTriggeringPolicy
appender.file.policies.size.size = 10MB
appender.file.strategy.type = DefaultRolloverStrategy
appender.file.strategy.max = 2
"""


@dataclass(frozen=True, slots=True)
class Listener:
    """A further way in for clients, beside the open one.

    `properties`: Kafka's, without the listener's own prefix. `users`: name to password, which
    SCRAM-SHA-512 takes; they are made when the storage is formatted.
    """

    name: str
    protocol: str
    properties: Mapping[str, object]
    users: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def format_options(self) -> list[str]:
        """The storage tool's arguments that create the users."""
        users = (
            f"SCRAM-SHA-512=[name={name},password={word}]" for name, word in self.users.items()
        )
        return [part for one in users for part in ("--add-scram", one)]


def server_properties(
    node: int,
    home: Path,
    ports: Sequence[int],
    controllers: Sequence[int],
    further: Sequence[tuple[Listener, int]],
) -> str:
    """The text of server.properties; `further` are this node's other listeners and their ports."""
    nodes = len(ports)
    replicas = min(3, nodes)
    in_sync = 2 if replicas == 3 else 1
    inside = f"CONTROLLER://{HOST}:{controllers[node]}"
    clients = [f"PLAINTEXT://{HOST}:{ports[node]}"]
    protocols = ["PLAINTEXT:PLAINTEXT", "CONTROLLER:PLAINTEXT"]
    clients += [f"{listener.name}://{HOST}:{port}" for listener, port in further]
    protocols += [f"{listener.name}:{listener.protocol}" for listener, _ in further]
    values: dict[str, object] = {
        "process.roles": "broker,controller",
        "node.id": node,
        "controller.quorum.voters": ",".join(
            f"{i}@{HOST}:{port}" for i, port in enumerate(controllers)
        ),
        "controller.listener.names": "CONTROLLER",
        "listeners": ",".join([*clients, inside]),
        "advertised.listeners": ",".join(clients),
        "listener.security.protocol.map": ",".join(protocols),
        "inter.broker.listener.name": "PLAINTEXT",
        "log.dirs": home / "data",
        "auto.create.topics.enable": "false",
        "default.replication.factor": replicas,
        "min.insync.replicas": in_sync,
        "offsets.topic.replication.factor": replicas,
        # 50 partitions each by default: for many machines, and slow to make on one.
        "offsets.topic.num.partitions": 8,
        "transaction.state.log.num.partitions": 8,
        "transaction.state.log.replication.factor": replicas,
        "transaction.state.log.min.isr": in_sync,
        "share.coordinator.state.topic.replication.factor": replicas,
        "share.coordinator.state.topic.min.isr": in_sync,
        "group.initial.rebalance.delay.ms": 0,
        "num.network.threads": 2,
        "num.io.threads": 4,
        # The default of 128 MB does not fit a small heap beside everything else.
        "log.cleaner.dedupe.buffer.size": 32 * 1024 * 1024,
    }
    for listener, _ in further:
        prefix = f"listener.name.{listener.name.lower()}."
        values |= {prefix + key: value for key, value in listener.properties.items()}
    return "".join(f"{key}={value}\n" for key, value in values.items())
