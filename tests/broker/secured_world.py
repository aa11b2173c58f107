"""A Kafka that asks who is there, ways to answer it, and the commands as a user runs them."""

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from streams.kafka.kafka_node import Listener
from streams.kafka.local_kafka import LocalKafka
from streams.settings import Settings, load
from tests.broker.certificates import KEY_PASSWORD, authority, key_store, signed

ROOT = Path(__file__).parents[2]
USER, PASSWORD, WRONG = "streams", "Zw3i-Raben&1'Eule", "no-such-owl"
#: No command may ever say one of these.
SECRETS = (PASSWORD, WRONG, KEY_PASSWORD)
#: What each client's own words contain of the password, had it printed what it sends.
SPELLINGS = (*SECRETS, repr(PASSWORD)[1:-1], repr(PASSWORD.encode())[2:-1])
PATIENCE = 120


@dataclass(frozen=True)
class Done:
    """A command that has ended."""

    code: int
    out: str
    err: str


class Secured:
    """One broker with two guarded listeners: SASL_SSL, and SSL that asks for a certificate."""

    def __init__(self, directory: Path) -> None:
        self.home = directory
        self.ca = authority(directory, "ca")
        self.stranger = authority(directory, "stranger")
        self.client = signed(self.ca, "client", "DNS:client", KEY_PASSWORD)
        server = signed(self.ca, "broker", "IP:127.0.0.1")
        tls = {"ssl.keystore.type": "PEM", "ssl.keystore.location": key_store(server)}
        scram = "org.apache.kafka.common.security.scram.ScramLoginModule required;"
        plain = "org.apache.kafka.common.security.plain.PlainLoginModule required"
        login = {
            "sasl.enabled.mechanisms": "SCRAM-SHA-512,PLAIN",
            "scram-sha-512.sasl.jaas.config": scram,
            "plain.sasl.jaas.config": f'{plain} user_{USER}="{PASSWORD}";',
        }
        trust = {"ssl.truststore.type": "PEM", "ssl.truststore.location": self.ca}
        asks = {"ssl.client.auth": "required", **trust}
        self.kafka = LocalKafka(
            1,
            directory / "kafka",
            further=(
                Listener("LOGIN", "SASL_SSL", tls | login, {USER: PASSWORD}),
                Listener("MUTUAL", "SSL", tls | asks),
            ),
        )

    def file(self, name: str, text: str) -> str:
        """A file with that text; its path."""
        (self.home / name).write_text(text)
        return str(self.home / name)

    def by_login(self, **changes: str) -> dict[str, str]:
        """Variables of a client that logs in; `changes` are settings with other values."""
        told = {
            "bootstrap": self.kafka.address("LOGIN"),
            "security_protocol": "SASL_SSL",
            "sasl_mechanism": "SCRAM-SHA-512",
            "sasl_username": USER,
            "sasl_password_file": self.file("password", PASSWORD + "\n"),
            "ssl_cafile": str(self.ca),
        }
        return variables(told | changes)

    def by_certificate(self, **changes: str) -> dict[str, str]:
        """The same in a streams.toml, for a client that shows a certificate."""
        told = {
            "bootstrap": self.kafka.address("MUTUAL"),
            "security_protocol": "SSL",
            "ssl_cafile": str(self.ca),
            "ssl_certfile": str(self.client),
            "ssl_keyfile": str(self.client.with_suffix(".key")),
            "ssl_key_password_file": self.file("key-password", KEY_PASSWORD),
        }
        lines = [f'{name} = "{value}"\n' for name, value in (told | changes).items() if value]
        return {"STREAMS_CONFIG": self.file("streams.toml", "".join(lines))}


def variables(told: Mapping[str, str]) -> dict[str, str]:
    """Settings as STREAMS_ variables; an empty value leaves one out."""
    return {f"STREAMS_{name.upper()}": value for name, value in told.items() if value}


def settings(env: Mapping[str, str]) -> Settings:
    """What a command with these variables is told."""
    config = env.get("STREAMS_CONFIG")
    return load(Path(config) if config else None, env, {})


def start(env: Mapping[str, str], *arguments: str) -> "subprocess.Popen[str]":
    """One of the project's commands, running."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("STREAMS_")}
    return subprocess.Popen(
        [sys.executable, "-m", "streams", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**inherited, **env},
    )


def finish(process: "subprocess.Popen[str]") -> Done:
    """Wait for its end; whatever it said, no password was in it."""
    try:
        out, err = process.communicate(timeout=PATIENCE)
    finally:
        process.kill()
    assert not [word for word in SPELLINGS if word in out + err]
    return Done(process.returncode, out, err)


def run(env: Mapping[str, str], *arguments: str) -> Done:
    """Run a command to its end."""
    return finish(start(env, *arguments))
