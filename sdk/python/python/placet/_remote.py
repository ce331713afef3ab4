"""A daemon, asked over HTTP.

Every write has an ``Idempotency-Key``, so that one which is sent again after a broken connection
takes effect once. What a daemon does not answer properly is :class:`~placet.Unavailable`: nothing was
permitted.
"""

from __future__ import annotations

import functools
import threading
import time
import weakref
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import httpx

from ._afterwards import Afterwards, Lasting
from ._answers import told
from ._bearer import Bearer
from ._drive import nothing, run
from ._errors import ConfigError, PlacetError, Unavailable
from ._forks import in_each_child
from ._posts import GRACE, Posts
from ._settings import address
from ._step import Post, Step, approval_of
from ._types import Mode
from ._waits import Pauses, Waits
from ._wire import Asked, Poll, asked_of, read
from ._within import drop, within

ATTEMPTS = 3
"""How often a request is sent whose connection broke."""

PERSISTENCE = 300.0
"""For how long a daemon that is away is told again and again of what nobody waits for any more, in
seconds."""

_BROKEN = (502, 503, 504)

_LATE = (
    "anyio._backends._asyncio",
    "certifi",
    "encodings.idna",
    "httpcore._backends.anyio",
    "uuid",
)
"""Modules that are only loaded with the first request."""


class _HungUp(Exception):
    """The wait was over for us before the daemon had anything to say."""


class Remote:
    """Carries out steps by asking a daemon."""

    look_every = 1.0
    is_hurried = False

    is_in_shadow = False
    """Whether the policy was, by the daemon's last decision. Before the first one nobody knows."""

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
        self._auth = Bearer(key)
        self._approver_auth = None if approver_key is None else Bearer(approver_key)
        self._timeout = timeout
        self._verify = _verifier(url, verify)
        self._is_closed = False
        self._is_closing = False
        self._inherited: Any = None
        self._begin()
        _all.add(self)
        _load()

    def _begin(self) -> None:
        """Makes what belongs to one process: connections, and who waits for them."""
        self._lock = threading.Lock()
        self._client: httpx.Client | None = None
        self._clients: dict[Any, httpx.AsyncClient] = {}
        self._ends: dict[Any, Any] = {}
        self._lines: dict[Any, dict[int, Any]] = {}
        """The sockets of each event loop."""
        self._waiting: dict[int, Step] = {}
        """The waits for people that are open."""
        self._wakers: set[Callable[[], object]] = set()
        """What ends each request that waits for people."""
        self._posts = Posts()

    def renew(self) -> None:
        """Makes it usable in a forked process, before any thread of that can ask for anything."""
        # What the loops of the other process have is kept, because what is dropped is told to its loop.
        self._inherited = self._inherited, self._clients, self._ends, self._lines
        self._begin()

    def __repr__(self) -> str:
        return f"Remote({self._url!r})"

    @property
    def patience(self) -> float:
        """For how long a daemon may be away until who waits for people gives up, in seconds."""
        return self._timeout

    def do(self, step: Step) -> Any:
        """Carries out a step and waits for what comes of it."""
        waits = Waits(step)
        with self._open(step):
            while True:
                try:
                    answer = self._told(step, self._send(asked_of(step, waits.next_poll())))
                except _HungUp:
                    continue
                except Unavailable as error:
                    pause = waits.pause(error, self.patience)
                    if pause is None:
                        raise
                else:
                    self._still_open(step)
                    waits.is_answered()
                    if waits.is_done(answer):
                        return answer
                    pause = waits.rest()
                time.sleep(pause)

    async def ado(self, step: Step) -> Any:
        """The same on the running event loop, which goes on meanwhile."""
        import asyncio

        waits = Waits(step)
        with self._open(step):
            while True:
                asked = asked_of(step, waits.next_poll())
                try:
                    sending = self._asettled(asked) if asked.waits else self._asend(asked)
                    answer = self._told(step, await sending)
                except _HungUp:
                    continue
                except Unavailable as error:
                    pause = waits.pause(error, self.patience)
                    if pause is None:
                        raise
                except BaseException as error:
                    if not isinstance(error, Exception):
                        self._abandon(step, asked, is_lost=isinstance(error, GeneratorExit))
                    raise
                else:
                    self._still_open(step)
                    waits.is_answered()
                    if waits.is_done(answer):
                        return answer
                    pause = waits.rest()
                await asyncio.sleep(pause)

    @contextmanager
    def _open(self, step: Step) -> Generator[None, None, None]:
        """Keeps a wait for people where whoever closes the guard finds it."""
        number = id(step)
        if step.name == "settle":
            self._waiting[number] = step
        try:
            yield
        finally:
            self._waiting.pop(number, None)

    def _still_open(self, step: Step) -> None:
        if self._is_closing and step.name == "settle":
            raise _closed()

    def _told(self, step: Step, said: Any) -> Any:
        """What came of a step. A decision says in which mode the policy is, also where whoever asked
        for it did not wait so long."""
        answer = told(step, said)
        if step.name in ("propose", "evaluate"):
            self.is_in_shadow = said.get("mode") == Mode.SHADOW.value
        return answer

    def post(self, of: Post) -> None:
        """Carries out steps for whose result nobody waits."""
        carrier = Afterwards(self) if self._is_closed else Lasting(self)
        if of.hurried or _on_a_loop():
            # The loop may be about to end, and is not held up.
            self._posts.put(lambda: run(of.steps, carrier, nothing))
            return
        try:
            run(of.steps, carrier, nothing)
        except PlacetError:
            # The deadline ends what could not be taken back.
            pass

    def _abandon(self, step: Step, asked: Asked, *, is_lost: bool) -> None:
        """Undoes what nobody waits for any more. Sent again under its key, the request gets its
        answer, whether or not it had arrived. What shadow redeems runs all the same. Where all of the
        call is lost, collected with its loop, it may get to say nothing any more."""
        if step.name == "propose" or (step.name == "redeem" and not step.hurried):
            self._posts.put(lambda: self._undo(step, asked))
        elif step.name == "conclude":
            # It ran, and what came of it holds all the same.
            self._posts.put(functools.partial(self._send, asked))
        elif is_lost and step.name == "settle" and step.body.get("is_mine"):
            self._posts.put(functools.partial(self._withdraw, step.body["id"]))

    def say_afterwards(self, step: Step) -> None:
        """Says something although it is closed: what it has waited for was only then clear."""
        try:
            with httpx.Client(**self._options(httpx.HTTPTransport)) as client:
                read(client.request(**self._arguments(asked_of(step, Poll(0)))))
            return
        except httpx.HTTPError as error:
            failed = self._silent(error)
        raise failed

    def _withdraw(self, action_id: str) -> None:
        self.do(Step("withdraw", body={"id": approval_of(action_id)}))

    def persist(self, step: Step) -> None:
        """Does a step as soon as the daemon is back, where it is back in time."""
        until, pauses = time.monotonic() + PERSISTENCE, Pauses()

        def send() -> None:
            while True:
                try:
                    self.do(step)
                    return
                except Unavailable as error:
                    is_over = self._is_closing or time.monotonic() >= until
                    if is_over or not error.may_pass:
                        raise
                time.sleep(pauses.next())

        self._posts.put(send)

    def _undo(self, step: Step, asked: Asked) -> None:
        answer = self._told(step, self._send(asked))
        if step.name == "redeem":
            detail = "it was abandoned before it ran"
            body = {"id": answer["id"], "status": "failed", "detail": detail}
            self.do(Step("conclude", body=body))
        elif answer.approval is not None:
            self.do(Step("withdraw", body={"id": answer.approval.id}))

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

        try:
            threading.Thread(target=send, name="placet-daemon", daemon=True).start()
        except RuntimeError as error:
            if threading.main_thread().is_alive():
                # There is no thread to be had.
                raise self._silent(error) from error
            # Python 3.12.1 starts none once the main thread has ended, although others still work.
            send()
        if asked.waits:
            self._wakers.add(done.set)
        try:
            is_done = done.wait(self._limit(asked) + 1)
        finally:
            self._wakers.discard(done.set)
        if is_done and not box:
            raise _closed()
        if not is_done:
            # Closing it under the thread that reads is what ends the thread.
            client, self._client = self._client, None
            if client is not None:
                client.close()
            raise Unavailable(f"the daemon at {self._url} did not answer in time")
        value, failed = box[0]
        if failed is not None:
            raise failed
        return value

    def _limit(self, asked: Asked) -> float:
        """How long one attempt may take, in seconds."""
        return self._timeout + asked.waits if asked.cut is None else asked.cut

    def _sent(self, asked: Asked) -> Any:
        for attempt in range(ATTEMPTS):
            is_last = attempt == ATTEMPTS - 1
            try:
                response = self._connected().request(**self._arguments(asked))
                if is_last or response.status_code not in _BROKEN:
                    return _read(response)
                continue
            except PlacetError:
                raise
            except httpx.TimeoutException as error:
                failed = self._late(asked, error)
            except Exception as error:
                # Whatever a broken line, or a connection that was closed meanwhile, leads to.
                if not is_last:
                    continue
                failed = self._silent(error, may_pass=True)
            # Here, where nothing is handled any more: what httpx raised holds the request with its key.
            raise failed
        raise AssertionError("the last attempt returns or raises")

    def _connected(self) -> httpx.Client:
        with self._lock:
            if self._is_closed:
                raise _closed()
            if self._client is None:
                self._client = httpx.Client(**self._options(httpx.HTTPTransport))
            return self._client

    async def _asend(self, asked: Asked) -> Any:
        client = await self._aconnected()
        for attempt in range(ATTEMPTS):
            is_last = attempt == ATTEMPTS - 1
            try:
                sending = client.request(**self._arguments(asked))
                response = await within(sending, self._limit(asked) + 1)
                self._noted(response)
                if is_last or response.status_code not in _BROKEN:
                    return _read(response)
                continue
            except PlacetError:
                raise
            except (httpx.TimeoutException, TimeoutError) as error:
                failed = self._late(asked, error)
            except Exception as error:
                if not is_last:
                    continue
                failed = self._silent(error, may_pass=True)
            raise failed
        raise AssertionError("the last attempt returns or raises")

    async def _asettled(self, asked: Asked) -> Any:
        """The same for a request that waits for people, which ends when the guard is closed."""
        import asyncio

        loop = asyncio.get_running_loop()
        closing = loop.create_future()
        # What waits on a loop that was closed is not to be held by this for ever.
        known = weakref.ref(closing)

        def wake() -> None:
            waits = known()
            if waits is not None and not waits.get_loop().is_closed():
                # Cancelling what is done does nothing.
                waits.get_loop().call_soon_threadsafe(waits.cancel)

        self._wakers.add(wake)
        sending = asyncio.ensure_future(self._asend(asked))
        try:
            await asyncio.wait({sending, closing}, return_when=asyncio.FIRST_COMPLETED)
            if not sending.done():
                raise _closed()
            return sending.result()
        finally:
            self._wakers.discard(wake)
            drop(sending)

    async def _aconnected(self) -> httpx.AsyncClient:
        import asyncio

        self._enter()
        loop = asyncio.get_running_loop()
        client = self._clients.get(loop)
        if client is None:
            self._forget_ended()
            client = httpx.AsyncClient(**self._options(httpx.AsyncHTTPTransport))
            self._clients[loop] = client
            # A loop that ends closes its generators, and this one closes the client.
            self._ends[loop] = end = self._at_end(loop, client)
            await end.__anext__()
        return client

    def _noted(self, response: httpx.Response) -> None:
        """Keeps the socket that an answer came from, which its loop may leave open when it ends."""
        import asyncio

        stream = response.extensions.get("network_stream")
        line = None if stream is None else stream.get_extra_info("socket")
        if line is not None:
            self._lines.setdefault(asyncio.get_running_loop(), {})[line.fileno()] = line

    def _forget_ended(self) -> None:
        """Closes what belongs to loops that were closed without ending what ran on them."""
        for loop in [loop for loop in list(self._clients) if loop.is_closed()]:
            self._clients.pop(loop, None)
            self._ends.pop(loop, None)
            for line in self._lines.pop(loop, {}).values():
                # What asyncio shows of a socket lets nobody close it.
                getattr(line, "_sock", line).close()

    async def _at_end(self, loop: Any, client: httpx.AsyncClient) -> AsyncGenerator[None, None]:
        try:
            yield
        finally:
            self._clients.pop(loop, None)
            self._ends.pop(loop, None)
            self._lines.pop(loop, None)
            await client.aclose()

    def _options(self, transport: Any) -> dict[str, Any]:
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=20)
        if self._url.startswith("unix:"):
            path = self._url.removeprefix("unix:").removeprefix("//")
            return {
                "base_url": "http://localhost",
                "transport": transport(uds=path, verify=self._verify, limits=limits),
            }
        # Proxies of the environment are for the web, and a daemon is none of it.
        return {
            "base_url": self._url,
            "transport": transport(verify=self._verify, limits=limits),
        }

    def _arguments(self, asked: Asked) -> dict[str, Any]:
        headers = dict(asked.headers)
        if asked.body is not None:
            headers["content-type"] = "application/json"
        return {
            "method": asked.method,
            "url": asked.path,
            "content": None if asked.body is None else asked.body.encode(),
            "headers": headers,
            "auth": (self._approver_auth if asked.is_answer else None) or self._auth,
            "timeout": self._limit(asked),
        }

    def _late(self, asked: Asked, error: Exception) -> Exception:
        return self._silent(error) if asked.cut is None else _HungUp()

    def _silent(self, error: Exception, *, may_pass: bool = False) -> Unavailable:
        why = str(error) or type(error).__name__
        silent = Unavailable(f"the daemon at {self._url} did not answer: {why}")
        silent.may_pass = may_pass
        return silent

    def _enter(self) -> None:
        if self._is_closed:
            raise _closed()

    def close(self) -> None:
        """Closes its connections, after a moment for what is still to be told: that nobody waits any
        more for what people have not answered, among it."""
        self._is_closing = True
        for step in list(self._waiting.values()):
            if step.body.get("is_mine"):
                self._posts.put(functools.partial(self._withdraw, step.body["id"]))
        # Each of those that are left has as long as all of them.
        self._timeout = min(self._timeout, GRACE)
        self._posts.end()
        self._is_closed = True
        for wake in list(self._wakers):
            wake()
        client, self._client = self._client, None
        if client is not None:
            client.close()


_all: weakref.WeakSet[Remote] = weakref.WeakSet()


def _renewed() -> None:
    for remote in _all:
        remote.renew()


in_each_child(_renewed)


def _closed() -> Unavailable:
    return Unavailable("this guard is closed")


def _read(response: httpx.Response) -> Any:
    """What a daemon answered. One that is about to end, or behind a proxy, may be back in a moment."""
    try:
        return read(response)
    except Unavailable as error:
        error.may_pass = response.status_code in _BROKEN
        raise


def _on_a_loop() -> bool:
    import asyncio

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def _load() -> None:
    """Loads what the first request would load, while an event loop waits for it."""
    for name in _LATE:
        try:
            import_module(name)
        except ImportError:
            # In another version of a library it may be elsewhere.
            continue


def _verifier(url: str, verify: Any) -> Any:
    """What certificates are checked by, made once: it takes long, and an event loop would wait."""
    import ssl

    if verify is not True and verify is not False and not isinstance(verify, ssl.SSLContext):
        raise ConfigError(f"verify is True, False or an SSLContext, not {type(verify).__name__}")
    address("url", url)
    try:
        httpx.URL(url)
    except httpx.InvalidURL as error:
        raise ConfigError(f"{url!r} is no address of a daemon: {error}") from error
    if not url.startswith("https:"):
        # Nothing is ever checked with it. Given none, each connection would make its own, in the thread
        # that sends and again in every forked child; and a child that was forked in the moment in which
        # such a thread ended would wait for OpenSSL's locks for ever.
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    return httpx.create_ssl_context() if verify is True else verify
