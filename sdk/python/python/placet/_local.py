"""The engine in this process."""

from __future__ import annotations

import json
import weakref
from typing import TYPE_CHECKING, Any

from ._core import Engine, Mailbox, forked
from ._drive import nothing, run
from ._forks import in_each_child
from ._step import Post, Step
from ._within import within

if TYPE_CHECKING:
    import asyncio

in_each_child(forked)


class Local:
    """Carries out steps on an engine in this process."""

    look_every = 0.25
    is_hurried = False

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._desks: weakref.WeakKeyDictionary[Any, Desk] = weakref.WeakKeyDictionary()

    def do(self, step: Step) -> Any:
        """Carries out a step and waits for what comes of it."""
        body = json.dumps(step.body)
        done = self.engine.call(step.name, step.request, body, step.within)
        if done is None:
            # People took longer than the caller waits.
            done = self.engine.call("follow", None, body)
        return _read(done)

    async def ado(self, step: Step) -> Any:
        """The same on the running event loop, which goes on meanwhile."""
        desk = self._desk()
        if step.within is None:
            return await desk.order(self.engine, step)
        try:
            return await within(desk.order(self.engine, step), step.within)
        except TimeoutError:
            return await desk.order(self.engine, Step("follow", body=step.body))

    def post(self, of: Post) -> None:
        """Carries out steps for whose result nobody waits."""
        from ._errors import PlacetError

        try:
            run(of.steps, self, nothing)
        except PlacetError:
            # The deadline ends what could not be taken back.
            pass

    def _desk(self) -> Desk:
        import asyncio

        loop = asyncio.get_running_loop()
        desk = self._desks.get(loop)
        if desk is None:
            desk = self._desks[loop] = Desk(loop)
        return desk

    def close(self) -> None:
        """Closes the log."""
        self.engine.close()


class Desk:
    """Where one event loop gets its results: one file descriptor, however many it waits for.

    It holds neither the loop nor what waits on it, so that both are gone with the loop.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._mailbox = Mailbox()
        self._waiting: weakref.ref[Waiting] | None = None
        self._next = 0
        self._loop = weakref.ref(loop)

    async def order(self, engine: Engine, step: Step) -> Any:
        """Starts a step and waits for its result. What nobody waits for any more is undone."""
        loop = self._loop()
        assert loop is not None
        token, self._next = self._next, self._next + 1
        waiting = self._waiting and self._waiting()
        if not waiting:
            waiting = Waiting(self._mailbox, loop)
            self._waiting = weakref.ref(waiting)
        future = waiting.add(token)
        try:
            body = json.dumps(step.body)
            started = engine.start(self._mailbox, token, step.name, step.request, body)
        except BaseException:
            waiting.forget(token)
            raise
        try:
            return _read(await future)
        except BaseException as error:
            # Closed, or collected with its loop, the rest of the call may get to say nothing any more.
            started.abandon(isinstance(error, GeneratorExit))
            waiting.forget(token)
            raise


class Waiting:
    """What waits on one event loop. The loop holds it, as long as there is something: a guard that held
    it would hold with it what waits on a loop that was closed, for ever."""

    def __init__(self, mailbox: Mailbox, loop: asyncio.AbstractEventLoop) -> None:
        self._mailbox = mailbox
        self._loop = loop
        self._futures: dict[int, asyncio.Future[Any]] = {}

    def __bool__(self) -> bool:
        return bool(self._futures)

    def add(self, token: int) -> asyncio.Future[Any]:
        """What comes to be done when there is a letter with that number."""
        if not self._futures:
            # Only while there is something to wait for, so that nothing keeps a loop from ending.
            self._loop.add_reader(self._mailbox.fileno(), self._collect)
        future = self._futures[token] = self._loop.create_future()
        return future

    def forget(self, token: int) -> None:
        """Nobody waits for that any more."""
        was_there = self._futures.pop(token, None) is not None
        if was_there and not self._futures and not self._loop.is_closed():
            self._loop.remove_reader(self._mailbox.fileno())

    def _collect(self) -> None:
        for token, value in self._mailbox.take():
            future = self._futures.get(token)
            self.forget(token)
            if future is None or future.done():
                continue
            if isinstance(value, BaseException):
                future.set_exception(value)
            else:
                future.set_result(value)


def _read(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value
