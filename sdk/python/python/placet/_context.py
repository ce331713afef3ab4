"""Who acts, and in what connection: said once around a task, and known to every call inside it."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from types import MappingProxyType
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

_EMPTY: Mapping[str, Any] = MappingProxyType({})

_active: ContextVar[Mapping[str, Any]] = ContextVar("placet_context", default=_EMPTY)

_NAMES = {
    "agent": "agent",
    "agent_id": "agent",
    "session": "session",
    "session_id": "session",
    "user": "user",
    "user_id": "user",
    "tenant": "tenant_id",
    "tenant_id": "tenant_id",
    "build": "build",
    "reason": "reason",
}
"""What is a field of an action of its own. Everything else goes on record as context."""


@contextmanager
def observing(**context: Any) -> Generator[None, None, None]:
    """Every call inside the block is decided on in this context.

    ``agent``, ``session``, ``user``, ``tenant``, ``build`` and ``reason`` become those fields of
    the action (with ``_id`` behind them as well); anything else is recorded beside it. Blocks nest,
    the inner one's words win. Tasks of asyncio and ``asyncio.to_thread`` inherit the context. A
    ``threading.Thread`` and the threads of a pool start without any, unless what they run is given
    to :func:`carry` first.
    """
    token = _active.set(_merged(context))
    try:
        yield
    finally:
        _active.reset(token)


def observe(**context: Any) -> None:
    """Sets the context for the current task or thread from here on; without arguments, clears it.

    For a worker that takes one task after the other. Around one task :func:`observing` is better: it
    cannot be forgotten.
    """
    _active.set(_merged(context) if context else _EMPTY)


def current_context() -> Mapping[str, Any]:
    """The context at this place. It cannot be changed."""
    return _active.get()


def carry(function: Callable[P, T]) -> Callable[P, T]:
    """The function, which takes the context of this place along into another thread.

    It is the context as it is now, and what the function sets there stays there::

        pool.submit(carry(refund), order)
    """
    context = copy_context()

    def carried(*args: P.args, **kwargs: P.kwargs) -> T:
        return context.copy().run(function, *args, **kwargs)

    return carried


def _merged(context: Mapping[str, Any]) -> Mapping[str, Any]:
    return MappingProxyType({**_active.get(), **context})


def fields() -> tuple[dict[str, Any], dict[str, Any]]:
    """The fields of an action that the context gives, and what goes on record beside it."""
    own: dict[str, Any] = {}
    beside: dict[str, Any] = {}
    for name, value in _active.get().items():
        field = _NAMES.get(name)
        if field is None:
            beside[name] = value
        elif value is not None:
            own[field] = str(value)
    return own, beside
