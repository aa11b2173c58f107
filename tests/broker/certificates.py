"""Certificates made on the spot with openssl: an authority of our own, a broker's, a client's.

Everything lies in the directory it is given and is good for two days. Keys of the broker are in the
open, as Kafka's PEM key stores take them; the client's key has a password.
"""

import subprocess
from pathlib import Path

CURVE = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1")
KEY_PASSWORD = "key-of-the-client"


def authority(directory: Path, name: str) -> Path:
    """A certificate that signs itself and others; its key lies beside it. Returns its path."""
    made = directory / f"{name}.pem"
    _openssl(
        "req", "-x509", *CURVE, "-noenc", "-keyout", made.with_suffix(".key"), "-out", made,
        "-days", 2, "-subj", f"/CN={name}", "-addext", "keyUsage=critical,keyCertSign,cRLSign",
    )  # fmt: skip
    return made


def signed(by: Path, name: str, alternative: str, password: str = "") -> Path:
    """A certificate of `by` for `alternative` (IP:… or DNS:…); its key (PKCS#8) lies beside it."""
    made = by.parent / f"{name}.pem"
    secret = ("-passout", f"pass:{password}") if password else ("-noenc",)
    _openssl(
        "req", "-x509", *CURVE, *secret, "-keyout", made.with_suffix(".key"), "-out", made,
        "-days", 2, "-subj", f"/CN={name}", "-CA", by, "-CAkey", by.with_suffix(".key"),
        "-addext", f"subjectAltName={alternative}", "-addext", "basicConstraints=critical,CA:FALSE",
    )  # fmt: skip
    return made


def key_store(certificate: Path) -> Path:
    """Key and certificate in one file, which Kafka takes with `ssl.keystore.type=PEM`."""
    made = certificate.with_suffix(".store.pem")
    made.write_text(certificate.with_suffix(".key").read_text() + certificate.read_text())
    return made


def _openssl(*arguments: object) -> None:
    done = subprocess.run(
        ["openssl", *map(str, arguments)], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
