"""A daemon, asked over HTTP.

Every write has an ``Idempotency-Key``, so that one which is sent again after a broken connection
takes effect once. What a daemon does not answer properly is :class:`~placet.Unavailable`: nothing was
permitted.
"""

from __future__ import annotations

import math
import os
import threading
import time
from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING, Any

from ._errors import PlacetError, Unavailable
from ._say import note
from ._steps import Step
from ._wire import Asked, asked_of, read, told
from ._within import within

if TYPE_CHECKING:
    import httpx

LONGEST_POLL = 30
"""How long one request waits for people, in seconds. Proxies end what says nothing for longer."""

ATTEMPTS = 3
"""How often a request is sent whose connection broke."""

_BROKEN = (502, 503, 504)


class Remote:
    """Carries out steps by asking a daemon."""

    def __init__(
        self,
        url: str,
        key: str,
        *,
        approver_key: str | None = None,
        timeout: float,
        verify: Any = True,
    ) -> None:
        self._url = url
        self._key = key
        self._approver_key = approver_key
        self._timeout = timeout
        self._verify = verify
        self._process = os.getpid()
        self._is_closed = False
        self._lock = threading.Lock()
        self._client: httpx.Client | None = None
        self._clients: dict[Any, httpx.AsyncClient] = {}
        self._ends: dict[Any, Any] = {}

    def __repr__(self) -> str:
        return f"Remote({self._url!r})"

    def do(self, step: Step) -> Any:
        """Carries out a step and waits for what comes of it."""
        waits = Waits(step)
        while True:
            answer = self._send(asked_of(step, waits.next_poll()))
            if waits.is_done(answer):
                return told(step, answer)

    async def ado(self, step: Step) -> Any:
        """The same on the running event loop, which goes on meanwhile."""
        waits = Waits(step)
        while True:
            asked = asked_of(step, waits.next_poll())
            try:
                answer = await self._asend(asked)
            except BaseException as error:
                if not isinstance(error, Exception):
                    self._abandon(step, asked)
                raise
            if waits.is_done(answer):
                return told(step, answer)

    def post(self, step: Step) -> None:
        """Carries out a step for whose result nobody waits."""
        import asyncio

        try:
            asyncio.get_running_loop()
        except RuntimeError:
            self._quietly(step)
            return
        # The loop may be about to end, and is not held up.
        threading.Thread(target=self._quietly, args=(step,), daemon=True).start()

    def _abandon(self, step: Step, asked: Asked) -> None:
        """Undoes what nobody waits for any more. Sent again under its key, the request gets its
        answer, whether or not it had arrived."""
        if step.name in ("propose", "redeem"):
            threading.Thread(target=self._undo, args=(step, asked), daemon=True).start()

    def _undo(self, step: Step, asked: Asked) -> None:
        try:
            answer = self._send(asked)
            if step.name == "redeem":
                detail = "it was abandoned before it ran"
                body = {"id": answer["id"], "status": "failed", "detail": detail}
                self.do(Step("conclude", body=body))
            elif answer.get("approval"):
                self.do(Step("withdraw", body={"id": answer["approval"]["id"]}))
        except Exception as error:
            # Nobody waits for it. What could not be undone is ended by its deadline.
            note("what was abandoned could not be taken back: %s", error)

    def _quietly(self, step: Step) -> None:
        try:
            self.do(step)
        except PlacetError:
            # The deadline ends what could not be taken back.
            pass

    def _send(self, asked: Asked) -> Any:
        """Sends a request, and gives up on an answer that is not whole in time, however it trickles."""
        self._enter()
        box: list[tuple[Any, BaseException | None]] = []
        done = threading.Event()

        def send() -> None:
            try:
                box.append((self._sent(asked), None))
            except BaseException as error:
                box.append((None, error))
            done.set()

        threading.Thread(target=send, name="placet-daemon", daemon=True).start()
        if not done.wait(self._limit(asked) + 1):
            # Closing it under the thread that reads is what ends the thread.
            client, self._client = self._client, None
            if client is not None:
                client.close()
            raise Unavailable(f"the daemon at {self._url} did not answer in time")
        value, error = box[0]
        if error is not None:
            raise error
        return value

    def _limit(self, asked: Asked) -> float:
        """How long one attempt may take, in seconds."""
        return self._timeout + (LONGEST_POLL if asked.is_long else 0)

    def _sent(self, asked: Asked) -> Any:
        import httpx

        with self._lock:
            client = self._client
            if client is None:
                client = httpx.Client(**self._options(httpx, httpx.HTTPTransport))
                self._client = client
        for attempt in range(ATTEMPTS):
            is_last = attempt == ATTEMPTS - 1
            try:
                response = client.request(**self._arguments(asked))
                if is_last or response.status_code not in _BROKEN:
                    return read(response)
            except httpx.TimeoutException as error:
                raise self._silent(error) from error
            except httpx.HTTPError as error:
                if is_last:
                    raise self._silent(error) from error
        raise AssertionError("the last attempt returns or raises")

    async def _asend(self, asked: Asked) -> Any:
        import asyncio

        import httpx

        self._enter()
        loop = asyncio.get_running_loop()
        client = self._clients.get(loop)
        if client is None:
            client = httpx.AsyncClient(**self._options(httpx, httpx.AsyncHTTPTransport))
            self._clients[loop] = client
            # A loop that ends closes its generators, and this one closes the client.
            self._ends[loop] = end = self._at_end(loop, client)
            await end.__anext__()
        for attempt in range(ATTEMPTS):
            is_last = attempt == ATTEMPTS - 1
            try:
                sending = client.request(**self._arguments(asked))
                response = await within(sending, self._limit(asked) + 1)
                if is_last or response.status_code not in _BROKEN:
                    return read(response)
            except (httpx.TimeoutException, TimeoutError) as error:
                raise self._silent(error) from error
            except httpx.HTTPError as error:
                if is_last:
                    raise self._silent(error) from error
        raise AssertionError("the last attempt returns or raises")

    async def _at_end(self, loop: Any, client: httpx.AsyncClient) -> AsyncGenerator[None, None]:
        try:
            yield
        finally:
            self._clients.pop(loop, None)
            self._ends.pop(loop, None)
            await client.aclose()

    def _options(self, httpx: Any, transport: Any) -> dict[str, Any]:
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=20)
        if self._url.startswith("unix:"):
            path = self._url.removeprefix("unix:").removeprefix("//")
            return {"base_url": "http://localhost", "transport": transport(uds=path, limits=limits)}
        # Proxies of the environment are for the web, and a daemon is none of it.
        return {
            "base_url": self._url,
            "transport": transport(verify=self._verify, limits=limits),
        }

    def _arguments(self, asked: Asked) -> dict[str, Any]:
        key = self._approver_key if asked.is_answer and self._approver_key else self._key
        headers = {"authorization": f"Bearer {key}", **asked.headers}
        if asked.body is not None:
            headers["content-type"] = "application/json"
        return {
            "method": asked.method,
            "url": asked.path,
            "content": None if asked.body is None else asked.body.encode(),
            "headers": headers,
            "timeout": self._limit(asked),
        }

    def _silent(self, error: Exception) -> Unavailable:
        why = str(error) or type(error).__name__
        return Unavailable(f"the daemon at {self._url} did not answer: {why}")

    def _enter(self) -> None:
        """Connections are never shared with the process that this one was forked from."""
        if self._is_closed:
            raise Unavailable("this guard is closed")
        if self._process != os.getpid():
            self._process = os.getpid()
            self._lock = threading.Lock()
            self._client = None
            self._clients = {}
            self._ends = {}

    def close(self) -> None:
        """Closes its connections."""
        self._is_closed = True
        client, self._client = self._client, None
        if client is not None and self._process == os.getpid():
            client.close()


class Waits:
    """How long a step waits for people: until they have answered, or as long as the caller likes."""

    def __init__(self, step: Step) -> None:
        self._is_wait = step.name == "settle"
        self._until = None if step.within is None else time.monotonic() + step.within

    def next_poll(self) -> int:
        """For how many seconds to ask next."""
        if self._until is None:
            return LONGEST_POLL
        return max(0, min(LONGEST_POLL, math.ceil(self._until - time.monotonic())))

    def is_done(self, answer: Any) -> bool:
        """Whether an answer is the last one."""
        if not self._is_wait or answer.get("status") != "pending":
            return True
        return self._until is not None and time.monotonic() >= self._until
