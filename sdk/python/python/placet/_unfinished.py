"""What a call gives that has yet to run, or still runs: generators, coroutines and tasks."""

from __future__ import annotations

import sys
from collections.abc import AsyncGenerator, Coroutine, Generator
from types import AsyncGeneratorType, CoroutineType, GeneratorType
from typing import TYPE_CHECKING, Any, cast

from ._within import is_awaitable

if TYPE_CHECKING:
    import asyncio
    from typing import TypeGuard


def is_unfinished(value: Any) -> bool:
    """Whether what came of a call is only known when the value comes to its end."""
    return (
        isinstance(value, (GeneratorType, AsyncGeneratorType))
        or is_coroutine(value)
        or is_future(value)
    )


def is_coroutine(value: Any) -> TypeGuard[Coroutine[Any, Any, Any]]:
    """Whether a value runs when it is awaited, and is good for nothing else."""
    if isinstance(value, (CoroutineType, GeneratorType)):
        return is_awaitable(value)
    return isinstance(value, Coroutine) and not hasattr(cast("object", value), "__aenter__")


def is_async_generator(value: Any) -> TypeGuard[AsyncGenerator[Any, Any]]:
    """Whether it is an async generator."""
    return isinstance(value, AsyncGeneratorType)


def is_generator(value: Any) -> TypeGuard[Generator[Any, Any, Any]]:
    """Whether it is a generator, and not one that is awaited."""
    return isinstance(value, GeneratorType) and not is_awaitable(value)


def is_future(value: Any) -> TypeGuard[asyncio.Future[Any]]:
    """Whether it is a task or another future of asyncio. Without asyncio there is none."""
    loaded = sys.modules.get("asyncio")
    return loaded is not None and bool(loaded.isfuture(value))
