"""Calls whose arguments nobody can write down: they are on record all the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from ._core import ActionRequest
from ._errors import Invalid, PlacetError
from ._program import Objection
from ._say import warn
from ._step import Call, Steps, Way
from ._steps import proposed
from ._types import Verdict

if TYPE_CHECKING:
    from ._arguments import Captured


def noted(
    request_of: Callable[[str, Mapping[str, Any]], ActionRequest],
    tool: str,
    fields: Mapping[str, Any],
    error: Exception,
    *,
    bound: bool,
) -> ActionRequest:
    """What goes on record of a call whose arguments, or whose name, nobody can write down."""
    params = {"$unfrozen": f"{error}"}
    nothing: Mapping[str, Any] = {}
    for name, said in ((tool, fields), (tool, nothing), ("unreadable", nothing)):
        try:
            return request_of(name, {**said, "params": params, "enforce": bound})
        except Exception:
            continue
    why = type(error).__name__
    return ActionRequest("unreadable", params={"$unfrozen": why}, enforce=bound)


def unfrozen(
    tool: str, request: ActionRequest, way: Way, captured: Captured, error: Exception
) -> Steps:
    """What becomes of such a call: it is on record as ``request``, and blocked, so that nobody is asked
    about what nobody can read. It is not made, except in shadow."""
    if (yield from _runs(tool, request, way, error)):
        return (yield Call(captured.given))
    if isinstance(error, ValueError):
        raise Invalid(f"{tool} was not called: {error}") from error
    raise error


def _runs(tool: str, request: ActionRequest, way: Way, error: Exception) -> Steps:
    """Puts it on record. Gives whether it runs all the same, because nothing is stopped."""
    stopped = way._replace(key=None, objections=(Objection("block", f"{error}"),))
    try:
        on, decision = yield from proposed(request, stopped)
    except PlacetError as failed:
        # In shadow that is raised only where shadow is forbidden.
        _unrecorded(tool, failed)
        return False
    # A daemon says by its answer whether its policy is in shadow.
    return on.shadow if decision is None else decision.verdict is Verdict.ALLOW


def refused(request: ActionRequest, way: Way, error: Exception) -> Steps:
    """Puts a proposal on record that nobody can write down, as ``request``, and blocked."""
    stopped = way._replace(objections=(Objection("block", f"{error}"),))
    try:
        yield from proposed(request, stopped)
    except PlacetError as failed:
        _unrecorded(request.action, failed)


def _unrecorded(tool: str, failed: PlacetError) -> None:
    warn("a call of %s could not be recorded: %s", tool, failed)
