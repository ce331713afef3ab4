"""What a call gives that has yet to run, or still runs: generators, coroutines and tasks."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Coroutine, Generator
from types import AsyncGeneratorType, CoroutineType, GeneratorType
from typing import TYPE_CHECKING, Any

from ._within import is_awaitable, kind_of

if TYPE_CHECKING:
    import asyncio
    from typing import TypeGuard


def is_unfinished(value: Any) -> bool:
    """Whether what came of a call is only known when the value comes to its end.

    Its type says it. Asked itself, a value that is only looked up when somebody needs it would be.
    """
    kind = kind_of(value)
    if kind is GeneratorType or kind is AsyncGeneratorType:
        return True
    return is_coroutine(value) or is_future(value)


def is_coroutine(value: Any) -> TypeGuard[Coroutine[Any, Any, Any]]:
    """Whether a value runs when it is awaited, and is good for nothing else."""
    kind = kind_of(value)
    if kind is GeneratorType:
        return is_awaitable(value)
    is_more = hasattr(kind, "__aenter__")
    return kind is CoroutineType or (not is_more and issubclass(kind, Coroutine))


def is_async_generator(value: Any) -> TypeGuard[AsyncGenerator[Any, Any]]:
    """Whether it is an async generator."""
    return kind_of(value) is AsyncGeneratorType


def is_generator(value: Any) -> TypeGuard[Generator[Any, Any, Any]]:
    """Whether it is a generator, and not one that is awaited."""
    return kind_of(value) is GeneratorType and not is_awaitable(value)


def is_future(value: Any) -> TypeGuard[asyncio.Future[Any]]:
    """Whether it is a task or another future of asyncio, by what asyncio knows them by."""
    return hasattr(kind_of(value), "_asyncio_future_blocking")
