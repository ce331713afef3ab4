"""What takes the place of a value that has yet to run: it does the same, and says what came of it."""

from __future__ import annotations

import functools
import os
import weakref
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from typing import Any, TypeVar

from ._drive import Carrier, arun, nothing, run
from ._step import Later, Post
from ._unfinished import is_async_generator, is_coroutine, is_generator

T = TypeVar("T")


class _Start:
    """Whether somebody has begun what has yet to run. It belongs to this process: a child that gets a copy
    of it knows nothing of what becomes of it here."""

    def __init__(self) -> None:
        self.is_made = False
        self._process = os.getpid()

    def watched(self, made: T, later: Later, carrier: Carrier) -> T:
        """What the caller gets; when it is dropped and never was begun, the log is told."""
        weakref.finalize(made, self._dropped, later, carrier)
        return made

    def _dropped(self, later: Later, carrier: Carrier) -> None:
        # Wherever the garbage collector comes by, and at the end of the interpreter: nothing may wait.
        if not self.is_made and self._process == os.getpid():
            run(later.never(), carrier, nothing)


def in_place_of(later: Later, carrier: Carrier) -> Any:
    """What the caller gets."""
    start = _Start()
    if is_coroutine(later.value):
        return start.watched(_coroutine(later, carrier, start), later, carrier)
    if is_async_generator(later.value):
        going = _async_generator(later.value, later, carrier, start)
        return start.watched(going, later, carrier)
    if is_generator(later.value):
        return start.watched(_generator(later, carrier, start), later, carrier)
    # It runs already, and is nobody's to replace.
    later.value.add_done_callback(functools.partial(_is_done, later, carrier))
    return later.value


async def _coroutine(later: Later, carrier: Carrier, start: _Start) -> Any:
    start.is_made = True
    inner: Any = later.value
    try:
        await arun(later.begins(), carrier, nothing)
    except BaseException:
        inner.close()
        raise
    try:
        value: Any = await inner
    except BaseException as error:
        await arun(later.ends(error), carrier, nothing)
        raise
    await arun(later.ends(None), carrier, nothing)
    return value


def _generator(later: Later, carrier: Carrier, start: _Start) -> Generator[Any, Any, Any]:
    start.is_made = True
    inner: Generator[Any, Any, Any] = later.value
    run(later.begins(), carrier, nothing)
    try:
        value = yield from inner
    except BaseException as error:
        run(later.ends(error), carrier, nothing)
        raise
    run(later.ends(None), carrier, nothing)
    return value


def _async_generator(
    inner: AsyncGenerator[Any, Any], later: Later, carrier: Carrier, start: _Start
) -> AsyncGenerator[Any, Any]:
    async def begins() -> AsyncGenerator[Any, Any]:
        start.is_made = True
        await arun(later.begins(), carrier, nothing)
        return inner

    async def ends(error: BaseException | None) -> None:
        await arun(later.ends(error), carrier, nothing)

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
