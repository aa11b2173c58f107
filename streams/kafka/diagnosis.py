"""Why no broker can be used: one attempt of our own, after a client has given up.

The clients report a wrong password, an untrusted certificate and an unused port alike.
In: Settings. Out: what is wrong and what to do, in words; None where a broker accepts us, or where
nothing listens. One attempt an address, 5 s at most, in a thread with an event loop of its own:
whoever asks may be inside one. No password is in what is said.
"""

import asyncio
import socket
import ssl
import threading
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, TypeVar

from streams.errors import BrokerError
from streams.kafka.connect import aiokafka_options
from streams.settings import Settings

T = TypeVar("T")

PATIENCE_MS = 5_000

# OpenSSL's verify codes for what another authority would not mend; 62 and 64: name, address.
_OTHER_NAME = "connect by a name that is in it, or set ssl_check_hostname = false"
_ADVICE = {
    9: "is this machine's clock right?",
    10: "it has to be renewed",
    62: _OTHER_NAME,
    64: _OTHER_NAME,
}
_TRUST = "name the authority that signed it in ssl_cafile"

# By name: both clients have such classes, and reporting a failure should import neither of them.
_UNREACHABLE = {
    "NoBrokersAvailable",
    "NodeNotReadyError",
    "KafkaConnectionError",
    "KafkaTimeoutError",
    "KafkaUnavailableError",
    "BrokerNotAvailableError",
    "MetadataEmptyBrokerList",
    "UnrecognizedBrokerVersion",
}


def broker_problem(problem: BaseException, settings: Settings) -> BrokerError:
    """One message for whatever a Kafka client raised: where, what, and what to do about it."""
    name = type(problem).__name__
    where = settings.bootstrap
    # The clients retry a refused login too, and report in the end that nobody answers.
    if name in _UNREACHABLE and (reason := why_unreachable(settings)):
        text = reason
    elif "Authentication" in name or "Sasl" in name:
        text = f"Kafka at {where} refuses the login; check the sasl_ settings"
    elif "Authorization" in name:
        text = f"Kafka at {where} does not allow it ({problem}); grant this user the right"
    elif "UnknownTopic" in name:
        text = f"Kafka at {where} lacks a topic ({problem}); create it: streams topics create"
    elif name in _UNREACHABLE:
        text = (
            f"no Kafka answers at {where}: start one with `streams broker`,"
            " or name yours with --bootstrap HOST:PORT"
        )
    else:
        # What the protocol says of it where it says something; the class's name helps nobody.
        told = str(getattr(problem, "description", None) or problem).replace(name, "").strip(" :.")
        text = f"Kafka at {where} refuses: {told or 'it does not say why'}"
    return BrokerError(text)


def may_pass(problem: BaseException) -> bool:
    """Whether what a Kafka client raised may be over when it is asked again."""
    cause = problem.__cause__ if isinstance(problem, BrokerError) else problem
    return type(cause).__name__ in _UNREACHABLE or bool(getattr(cause, "retriable", False))


def why_unreachable(settings: Settings) -> str | None:
    """Why no address of `bootstrap` can be used: the reason of the first that gives one."""
    return _in_a_thread(lambda: _why_unreachable(settings))


def answering(settings: Settings) -> list[str]:
    """The addresses of `bootstrap` where a broker accepts us, all asked at once, in their order."""
    return _in_a_thread(lambda: _answering(settings)) or []


def _in_a_thread(ask: Callable[[], Coroutine[Any, Any, T]]) -> T | None:
    told: list[T] = []
    # A daemon: Ctrl-C does not wait for what is asked here.
    thread = threading.Thread(target=lambda: told.append(asyncio.run(ask())), daemon=True)
    thread.start()
    thread.join()
    return told[0] if told else None


async def _answering(settings: Settings) -> list[str]:
    options = aiokafka_options(settings)
    addresses = options.pop("bootstrap_servers")
    probes = (_probe(address, options) for address in addresses)
    ends = await asyncio.gather(*probes, return_exceptions=True)
    return [address for address, end in zip(addresses, ends, strict=True) if end is None]


async def _why_unreachable(settings: Settings) -> str | None:
    options = aiokafka_options(settings)
    reasons: list[str] = []
    for address in options.pop("bootstrap_servers"):
        try:
            await _probe(address, options)
        except (ConnectionRefusedError, socket.gaierror, TimeoutError):
            continue  # nobody there, which the caller says
        except Exception as problem:
            reasons.append(_in_words(problem, address, settings))
        else:
            return None
    return reasons[0] if reasons else None


async def _probe(address: str, options: Mapping[str, Any]) -> None:
    """Connect, log in and ask one question; raises whatever goes wrong first."""
    from aiokafka.conn import create_conn
    from aiokafka.protocol.metadata import MetadataRequest

    host, _, port = address.rpartition(":")
    connection = await create_conn(
        host.strip("[]"), int(port), request_timeout_ms=PATIENCE_MS, **options
    )
    try:
        # A listener that wants a login answers nothing but what it speaks until it has one.
        await connection.send(MetadataRequest([]))
    finally:
        connection.close()


def _in_words(problem: Exception, address: str, settings: Settings) -> str:
    name = type(problem).__name__
    kafka = f"Kafka at {address}"
    if isinstance(problem, ssl.SSLCertVerificationError):
        advice = _ADVICE.get(problem.verify_code, _TRUST)
        reason = problem.verify_message.rstrip(".")
        return f"{kafka} shows a certificate that cannot be trusted ({reason}): {advice}"
    if "Authentication" in name:
        return (
            f"{kafka} refuses the login of {settings.sasl_username} by {settings.sasl_mechanism}:"
            " check sasl_username and the password (sasl_password_file, or STREAMS_SASL_PASSWORD)"
        )
    if name == "UnsupportedSaslMechanismError":
        return f"{kafka} takes no login by {settings.sasl_mechanism}: set another sasl_mechanism"
    also = ""
    if settings.security_protocol.endswith("SSL"):
        also = ", set ssl_certfile and ssl_keyfile if it asks for a certificate"
    return (
        f"what listens at {address} hangs up: set the security_protocol of that port (now"
        f" {settings.security_protocol}){also}, or name Kafka with --bootstrap HOST:PORT"
    )
