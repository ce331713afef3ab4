"""The key with which a daemon is asked."""

from __future__ import annotations

from collections.abc import Generator

import httpx


class Bearer(httpx.Auth):
    """Adds the key to a request in the moment in which it is sent.

    As a header that is handed from one function to the next it would be in the names of all of them,
    and so in whatever reports those when a connection breaks.
    """

    __slots__ = ("_key",)

    def __init__(self, key: str) -> None:
        self._key = key

    def __repr__(self) -> str:
        return "Bearer('…')"

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Gives the request with its key."""
        request.headers["authorization"] = f"Bearer {self._key}"
        yield request
