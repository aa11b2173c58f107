"""How each Kafka client is told where Kafka is and how to log in: keyword arguments alone.

In: Settings. Out: dictionaries for kafka-python (admin, simulator, readers) and aiokafka (Faust's
consumer, the units' producers, the bulk publisher). Neither client is imported here.
Passwords are in the dictionaries: never log them. The clients would; see `keep_records_out`.
"""

import ssl
from typing import Any

from streams.errors import ConfigError
from streams.logs import keep_records_out
from streams.settings import Settings


def _sasl(settings: Settings) -> dict[str, Any]:
    if not settings.security_protocol.startswith("SASL_"):
        return {}
    password = settings.sasl_password
    return {
        "sasl_mechanism": settings.sasl_mechanism,
        "sasl_plain_username": settings.sasl_username,
        "sasl_plain_password": password.reveal() if password else None,
    }


def ssl_context(settings: Settings) -> ssl.SSLContext | None:
    """The TLS context of every connection; None without TLS.

    The server's certificate is always checked, against `ssl_cafile` or the system's authorities.
    Raises ConfigError for certificates that cannot be used.
    """
    if not settings.security_protocol.endswith("SSL"):
        return None
    used = "ssl_cafile"
    try:
        context = ssl.create_default_context(cafile=settings.ssl_cafile)
        context.check_hostname = settings.ssl_check_hostname
        if settings.ssl_certfile:
            used = "ssl_certfile, ssl_keyfile, ssl_key_password"
            password = settings.ssl_key_password
            context.load_cert_chain(
                settings.ssl_certfile,
                settings.ssl_keyfile,
                # A function: a missing password is then an error, not a question at the terminal.
                password.reveal if password else (lambda: ""),
            )
    except OSError as problem:
        raise ConfigError([f"{used}: cannot be used: {problem}"]) from None
    return context


def kafka_python_options(settings: Settings) -> dict[str, Any]:
    """Keyword arguments of KafkaConsumer, KafkaProducer and KafkaAdminClient."""
    keep_records_out()
    return {
        # The default, 30 s without a word, is longer than a person waits for "no Kafka answers".
        "bootstrap_timeout_ms": 10_000,
        "request_timeout_ms": 10_000,
        "bootstrap_servers": settings.bootstrap.split(","),
        "security_protocol": settings.security_protocol,
        "ssl_context": ssl_context(settings),
        **_sasl(settings),
    }


def aiokafka_options(settings: Settings) -> dict[str, Any]:
    """Keyword arguments of AIOKafkaConsumer, AIOKafkaProducer and AIOKafkaAdminClient."""
    keep_records_out()
    return {
        "bootstrap_servers": settings.bootstrap.split(","),
        "security_protocol": settings.security_protocol,
        "ssl_context": ssl_context(settings),
        **_sasl(settings),
    }
