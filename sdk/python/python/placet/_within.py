"""Waiting for so long and no longer, on an event loop."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    import asyncio

T = TypeVar("T")


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
        _drop(task)
        raise
    if not done:
        _drop(task)
        raise TimeoutError
    return task.result()


def _drop(task: asyncio.Future[T]) -> None:
    """Ends a task whose result nobody wants."""
    task.add_done_callback(lambda ended: ended.cancelled() or ended.exception())
    task.cancel()
