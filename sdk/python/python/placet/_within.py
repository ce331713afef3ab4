"""Waiting on an event loop: what can be waited for, and for so long and no longer."""

from __future__ import annotations

import sys
from collections.abc import Awaitable
from types import GeneratorType
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    import asyncio
    from typing import TypeGuard

T = TypeVar("T")


_ITERABLE_COROUTINE = 0x100
"""What the code of a generator says that ``types.coroutine`` decorates."""


def kind_of(value: object) -> Any:
    """The class of a value, which is not asked for it."""
    return type(value)


def is_awaitable(value: Any) -> TypeGuard[Awaitable[Any]]:
    """Whether a value can be awaited. What ``inspect`` says, which takes long to load."""
    kind = kind_of(value)
    if kind is GeneratorType:
        return bool(value.gi_code.co_flags & _ITERABLE_COROUTINE)
    return issubclass(kind, Awaitable)


def is_on_a_loop() -> bool:
    """Whether an event loop runs on this thread. Without asyncio there is none."""
    loaded = sys.modules.get("asyncio")
    return loaded is not None and loaded._get_running_loop() is not None


async def within(awaitable: Awaitable[T], seconds: float) -> T:
    """What an awaitable gives, or ``TimeoutError``.

    Unlike ``asyncio.wait_for`` before Python 3.12, it never swallows that its caller is cancelled,
    not even where the result comes at the same moment.
    """
    import asyncio

    task = asyncio.ensure_future(awaitable)
    try:
        done, _ = await asyncio.wait({task}, timeout=seconds)
    except BaseException:
        drop(task)
        raise
    if not done:
        drop(task)
        raise TimeoutError
    return task.result()


AGAIN = 0.05
"""How soon a task that goes on all the same is cancelled again, in seconds."""


def drop(task: asyncio.Future[T]) -> None:
    """Ends a task whose result nobody wants."""
    task.add_done_callback(lambda ended: ended.cancelled() or ended.exception())
    _cancel(task)


def _cancel(task: asyncio.Future[T]) -> None:
    """Cancels until it takes effect. Below Python 3.11 what reads from a socket can miss it, where
    something comes in at the same moment, and whoever sends a little all the time would keep a loop
    from ending."""
    if not task.done() and not task.get_loop().is_closed():
        task.cancel()
        task.get_loop().call_later(AGAIN, _cancel, task)
