"""The guard of the program, for decorators that are written before there is one."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar, cast

from ._above import function_of
from ._deciding import known_fields
from ._forks import in_each_child
from ._guard import Guard, has_log
from ._hidden import with_hidden
from ._later import passing_on
from ._method import is_async_inside
from ._settings import Settings, member
from ._taking import of_any_call
from ._types import OnReview
from ._within import is_on_a_loop

P = ParamSpec("P")
R = TypeVar("R")

# Whoever opens the guard may look at it meanwhile, so the same thread may come again.
_lock = threading.RLock()
_guard: Guard | None = None


def _renewed() -> None:
    global _lock
    _lock = threading.RLock()


in_each_child(_renewed)


def configure(guard: Guard | None = None, **settings: Any) -> Guard:
    """Sets up the guard of the program, once, at its start.

    Either one that was opened, or settings: ``policy`` and ``store``, or ``url`` and ``key``; ``mode``,
    ``sample_percent``, ``on_review``, ``review_timeout``, ``shadow_limit``, ``timeout``, ``tenant``,
    ``agent``. What is left out is taken from the variables ``PLACET_*``. A setting that makes no
    sense is an error. The guard that was there before is closed, once there is another; where there
    cannot be, it stays.
    """
    global _guard
    settings = with_hidden(settings)
    if guard is not None and settings:
        raise TypeError("configure takes a guard, or settings, not both")
    with _lock:
        before = _guard
        if guard is None:
            given = Settings.from_environment().changed(**settings)
            guard = Guard.from_settings(given, instead_of=before)
        _guard = guard
        after = _ended(before) if before is not guard else None
    if after is not None:
        after.close()
    return guard


def current() -> Guard:
    """The guard of the program; set up from the variables ``PLACET_*`` where nobody did it before."""
    with _lock:
        return _guard if _guard is not None else configure()


def unconfigure() -> None:
    """Closes the guard of the program and forgets it: between two tests, say."""
    global _guard
    with _lock:
        before, _guard = _guard, None
        after = _ended(before)
    if after is not None:
        after.close()


def _ended(guard: Guard | None) -> Guard | None:
    """Closes a guard that has a log, which whoever comes now would find still open, so they wait. Another
    one is given back to be closed when nobody waits: at a daemon that takes longer."""
    if guard is None or not has_log(guard):
        return guard
    guard.close()
    return None


def supervised(
    tool: str | None = None,
    *,
    payload: Callable[..., Any] | None = None,
    on_review: OnReview | str | None = None,
    guard: Guard | None = None,
    **fields: Any,
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Decorates a function that asks before it runs; sync and async functions alike.

    ``tool`` is its name to the policy, by default its own. What is decided on are its arguments by
    their names, or what ``payload`` makes of them. Where it may not run, the call raises
    :class:`~placet.Blocked` or :class:`~placet.ReviewPending`.
    """

    if tool is not None and not isinstance(tool, str):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError('write @supervised() or @supervised("name")')
    known_fields("supervised", fields)
    if on_review is not None:
        member(OnReview, "on_review", on_review)

    def decorate(given: Callable[P, R]) -> Callable[P, R]:
        function, is_static = function_of("@supervised", given)
        made = around(function)
        return cast("Callable[P, R]", staticmethod(made)) if is_static else made

    def around(function: Callable[P, R]) -> Callable[P, R]:
        import inspect

        name = tool or str(getattr(function, "__name__", type(function).__name__))
        if inspect.iscoroutinefunction(function):

            @functools.wraps(function)
            async def asupervised(*args: P.args, **kwargs: P.kwargs) -> Any:
                captured = of_any_call(function, args, kwargs, payload)
                return await (guard or current()).acall(name, captured, on_review, **fields)

            return cast("Callable[P, R]", asupervised)
        if inspect.isasyncgenfunction(function):

            async def begins(*args: Any, **kwargs: Any) -> Any:
                captured = of_any_call(function, args, kwargs, payload)
                return await (guard or current()).acall(name, captured, on_review, **fields)

            return cast("Callable[P, R]", functools.wraps(function)(passing_on(begins)))
        leads_to_async = is_async_inside(function)

        @functools.wraps(function)
        def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
            captured = of_any_call(function, args, kwargs, payload)
            if leads_to_async and is_on_a_loop():
                return cast(R, (guard or current()).acall(name, captured, on_review, **fields))
            return cast(R, (guard or current()).call(name, captured, on_review, **fields))

        return wrapped

    return decorate


def guarded(
    tool: str,
    payload: Any,
    function: Callable[..., R],
    /,
    *args: Any,
    on_review: OnReview | str | None = None,
    **kwargs: Any,
) -> R:
    """Calls ``function(*args, **kwargs)`` if ``payload`` may be done: for one call site.

    Of an async function it gives an awaitable.
    """
    import inspect

    if not isinstance(tool, str):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError('write guarded("name", payload, function, …)')
    if not callable(function):
        raise TypeError(f"guarded calls a function, not {type(function).__name__}")
    captured = of_any_call(function, args, kwargs, lambda *_, **__: payload)
    if inspect.iscoroutinefunction(function) or (is_on_a_loop() and is_async_inside(function)):
        return cast(R, current().acall(tool, captured, on_review))
    return cast(R, current().call(tool, captured, on_review))
