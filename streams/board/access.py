"""Who may ask the board, and what the browser may do with the answer.

In: a request. Out: a refusal, or the response with its security headers.
A Host that is not the board's own is refused (a page elsewhere could point its name at this
machine), there is no CORS, and the page can load and call nothing but the board.
"""

import hmac
import ipaddress
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

from aiohttp import web
from aiohttp.typedefs import Middleware

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; "
        "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


@dataclass(frozen=True, slots=True)
class Guard:
    """`hosts` are the names the board answers to; `any_address` also any literal IP address."""

    hosts: frozenset[str]
    any_address: bool
    token: str | None

    def admits_host(self, header: str) -> bool:
        """Whether a Host header names this board; its port does not matter (proxies change it)."""
        name = _hostname(header)
        if name in self.hosts:
            return True
        # a literal address cannot be pointed elsewhere by a name server
        return self.any_address and _is_address(name)

    def admits_token(self, header: str) -> bool:
        """Whether an Authorization header carries the token, compared in constant time."""
        if self.token is None:
            return True
        scheme, _, given = header.partition(" ")
        return scheme.lower() == "bearer" and hmac.compare_digest(
            # aiohttp reads bytes that are not UTF-8 as surrogates
            given.strip().encode(errors="surrogateescape"),
            self.token.encode(),
        )


def make_guard(bound: str, allowed: Iterable[str], token: str | None) -> Guard:
    """The guard of a board that listens on address `bound`."""
    everywhere = bound in ("", "0.0.0.0", "::")  # noqa: S104 - compared, not bound
    names = {"localhost", "127.0.0.1", "::1", *(_hostname(name) for name in allowed)}
    if not everywhere:
        names.add(bound.lower())
    return Guard(frozenset(names), everywhere, token)


def middleware(guard: Guard) -> Middleware:
    """The aiohttp middleware that applies the guard to every request."""

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        if not guard.admits_host(request.headers.get("Host", "")):
            response: web.StreamResponse = web.Response(
                status=403, text="This host name is not the board's: --allowed-host adds one.\n"
            )
        elif _needs_token(request.path) and not guard.admits_token(
            request.headers.get("Authorization", "")
        ):
            response = web.Response(
                status=401, text="A token is needed.\n", headers={"WWW-Authenticate": "Bearer"}
            )
        else:
            try:
                response = await handler(request)
            except web.HTTPException as refusal:
                response = web.Response(status=refusal.status, text=f"{refusal.reason}\n")
        if not response.prepared:
            response.headers.update(HEADERS)
        return response

    return check


def _needs_token(path: str) -> bool:
    # the page itself holds no figures; with the token it asks for them
    return path == "/events" or path.startswith("/api/")


def _hostname(header: str) -> str:
    """The name of a Host header without port and brackets, in lower case."""
    text = header.strip().lower()
    if text.startswith("["):
        return text[1:].partition("]")[0]
    if text.count(":") > 1:  # an IPv6 address without brackets
        return text
    return text.partition(":")[0].rstrip(".")


def is_loopback(address: str) -> bool:
    """Whether only this machine can reach what listens on `address`."""
    if address == "localhost":
        return True
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
