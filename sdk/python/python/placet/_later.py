"""What takes the place of a value that has yet to run: it does the same, and says what came of it."""

from __future__ import annotations

import functools
import os
import weakref
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from typing import Any, TypeVar

from ._drive import Carrier, arun, nothing, run
from ._step import Later, Post, Steps
from ._unfinished import is_async_generator, is_coroutine, is_generator

T = TypeVar("T")


class _Watch:
    """Whether somebody has begun what has yet to run, and whether it has ended. It belongs to this process:
    a child that gets a copy of it knows nothing of what becomes of it here."""

    def __init__(self, later: Later) -> None:
        self._later = later
        self._is_made = False
        self._is_over = False
        self._process = os.getpid()

    def watched(self, made: T, carrier: Carrier) -> T:
        """What the caller gets. When it is dropped and never was begun, the log is told; and so it is at
        the end of the interpreter, where it was begun and never ended."""
        weakref.finalize(made, self._dropped, weakref.ref(made), carrier)
        return made

    def begins(self) -> Steps:
        """What is to be done before it begins."""
        self._is_made = True
        try:
            yield from self._later.begins()
        except BaseException:
            # It did not run, and that has been said.
            self._is_over = True
            raise

    def ends(self, error: BaseException | None) -> Steps:
        """Says what came of it, once."""
        if not self._is_over:
            self._is_over = True
            yield from self._later.ends(error)

    def _dropped(self, made: weakref.ref[Any], carrier: Carrier) -> None:
        # Wherever the garbage collector comes by, and at the end of the interpreter: nothing may wait.
        if self._process != os.getpid():
            return
        if not self._is_made:
            run(self._later.never(), carrier, nothing)
        elif made() is not None:
            # It is still there, so this is the end of the interpreter, and nobody will go on with it. What
            # is dropped while it runs says so itself.
            run(self.ends(GeneratorExit()), carrier, nothing)


def in_place_of(later: Later, carrier: Carrier) -> Any:
    """What the caller gets."""
    watch = _Watch(later)
    if is_coroutine(later.value):
        return watch.watched(_coroutine(later, carrier, watch), carrier)
    if is_async_generator(later.value):
        return watch.watched(_async_generator(later.value, carrier, watch), carrier)
    if is_generator(later.value):
        return watch.watched(_generator(later, carrier, watch), carrier)
    # It runs already, and is nobody's to replace.
    later.value.add_done_callback(functools.partial(_is_done, later, carrier))
    return later.value


async def _coroutine(later: Later, carrier: Carrier, watch: _Watch) -> Any:
    inner: Any = later.value
    try:
        await arun(watch.begins(), carrier, nothing)
    except BaseException:
        inner.close()
        raise
    try:
        value: Any = await inner
    except BaseException as error:
        await arun(watch.ends(error), carrier, nothing)
        raise
    await arun(watch.ends(None), carrier, nothing)
    return value


def _generator(later: Later, carrier: Carrier, watch: _Watch) -> Generator[Any, Any, Any]:
    inner: Generator[Any, Any, Any] = later.value
    run(watch.begins(), carrier, nothing)
    try:
        value = yield from inner
    except BaseException as error:
        run(watch.ends(error), carrier, nothing)
        raise
    run(watch.ends(None), carrier, nothing)
    return value


def _async_generator(
    inner: AsyncGenerator[Any, Any], carrier: Carrier, watch: _Watch
) -> AsyncGenerator[Any, Any]:
    async def begins() -> AsyncGenerator[Any, Any]:
        await arun(watch.begins(), carrier, nothing)
        return inner

    async def ends(error: BaseException | None) -> None:
        await arun(watch.ends(error), carrier, nothing)

    return passing_on(begins, ends)()


async def _says_nothing(_error: BaseException | None) -> None:
    """Somebody else says what came of it."""


def passing_on(
    begins: Callable[..., Awaitable[AsyncGenerator[Any, Any]]],
    ends: Callable[[BaseException | None], Awaitable[None]] = _says_nothing,
) -> Callable[..., AsyncGenerator[Any, Any]]:
    """A function whose async generators do what those do that ``begins`` gives."""

    async def passes_on(*args: Any, **kwargs: Any) -> AsyncGenerator[Any, Any]:
        inner = await begins(*args, **kwargs)
        try:
            following = inner.__anext__()
            while True:
                try:
                    item = await following
                except StopAsyncIteration:
                    break
                try:
                    following = inner.asend((yield item))
                except GeneratorExit:
                    await inner.aclose()
                    raise
                except BaseException as error:
                    following = inner.athrow(error)
        except BaseException as error:
            await ends(error)
            raise
        await ends(None)

    return passes_on


def _is_done(later: Later, carrier: Carrier, future: Any) -> None:
    """Tells the end of a task, behind the loop that runs it."""
    # Asked for its exception, it would no more complain that nobody has seen that.
    error = getattr(future, "_exception", None)
    if future.cancelled():
        from asyncio import CancelledError

        error = CancelledError()
    for step in later.ends(error):
        carrier.post(Post(step.steps, step.hurried))
