"""Who a customer is, told without saying it: a keyed hash of the address or number a file has.

In: the text of a file, and the key of `customer_key_file`. Out: HMAC-SHA-256 in hex, or nothing
without a key. Invariant: no reader of files makes this hash in another way, so one customer is one
in the files of every system.
"""

import hmac

from streams.sources.complaints import Complaints


def customer_hash(address: str, key: bytes | None, said: Complaints | None = None) -> str | None:
    """Return the hash of an address; without a key None, of which `said` is told."""
    if key is not None:
        return hmac.new(key, address.encode(), "sha256").hexdigest()
    if said is not None:
        said.note("customers not read, for customer_key_file names no key to hash with")
    return None
