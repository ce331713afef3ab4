"""The engine in this process."""

from __future__ import annotations

import functools
import json
import weakref
from collections.abc import Callable
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
    """Where one event loop gets its results: one file descriptor, however many it waits for."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._mailbox = Mailbox()
        self._waiting: dict[int, Any] = {}
        self._next = 0
        self._loop = weakref.ref(loop)

    async def order(self, engine: Engine, step: Step) -> Any:
        """Starts a step and waits for its result."""
        loop = self._loop()
        assert loop is not None
        token, self._next = self._next, self._next + 1
        future = loop.create_future()
        if not self._waiting:
            # Only while there is something to wait for, so that nothing keeps a loop from ending.
            loop.add_reader(self._mailbox.fileno(), self._collect)
        undo = _UNDO.get(step.name)
        self._waiting[token] = (future, undo and functools.partial(undo, engine))
        try:
            body = json.dumps(step.body)
            started = engine.start(self._mailbox, token, step.name, step.request, body)
        except BaseException:
            self._forget(token)
            raise
        try:
            return _read(await future)
        except BaseException:
            if undo is None:
                started.cancel()
                self._forget(token)
            elif future.done() and not future.cancelled() and future.exception() is None:
                # It was there, but whoever waited for it was cancelled before they had it.
                undo(engine, future.result())
            raise

    def _collect(self) -> None:
        for token, value in self._mailbox.take():
            waiting = self._waiting.get(token)
            self._forget(token)
            if waiting is None:
                continue
            future, undo = waiting
            if future.done():
                # Nobody waits for it any more: what it did is undone.
                if undo is not None:
                    undo(value)
            elif isinstance(value, BaseException):
                future.set_exception(value)
            else:
                future.set_result(value)

    def _forget(self, token: int) -> None:
        self._waiting.pop(token, None)
        loop = self._loop()
        if not self._waiting and loop is not None and not loop.is_closed():
            loop.remove_reader(self._mailbox.fileno())


def _read(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value


def _quietly(engine: Engine, name: str, body: dict[str, Any]) -> None:
    from ._errors import PlacetError

    try:
        engine.call(name, None, json.dumps(body))
    except PlacetError:
        pass


def _withdraw(engine: Engine, value: Any) -> None:
    """A proposal that nobody waits for is taken back, where it is held."""
    approval = getattr(value, "approval", None)
    if approval is not None:
        _quietly(engine, "withdraw", {"id": approval.id})


def _give_up(engine: Engine, value: Any) -> None:
    """A permission that was spent for nobody: its action did not run."""
    if isinstance(value, str):
        body = {
            "id": json.loads(value)["id"],
            "status": "failed",
            "detail": "it was abandoned before it ran",
        }
        _quietly(engine, "conclude", body)


_UNDO: dict[str, Callable[[Engine, Any], None]] = {"propose": _withdraw, "redeem": _give_up}
