"""Calls whose arguments nobody can write down: they are on record all the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._errors import Invalid, PlacetError
from ._program import Objection
from ._say import warn
from ._steps import Call, Steps, Way, proposed
from ._types import Verdict

if TYPE_CHECKING:
    from ._arguments import Captured
    from ._core import ActionRequest


def unfrozen(
    tool: str, noted: ActionRequest, way: Way, captured: Captured, error: Exception
) -> Steps:
    """What becomes of such a call: it is on record as ``noted``, and blocked, so that nobody is asked
    about what nobody can read. It is not made, except in shadow."""
    if (yield from _runs(tool, noted, way, error)):
        return (yield Call(captured.given))
    if isinstance(error, ValueError):
        raise Invalid(f"{tool} was not called: {error}") from error
    raise error


def _runs(tool: str, noted: ActionRequest, way: Way, error: Exception) -> Steps:
    """Puts it on record. Gives whether it runs all the same, because nothing is stopped."""
    stopped = way._replace(key=None, objections=(Objection("block", f"{error}"),))
    try:
        on, decision = yield from proposed(noted, stopped)
    except PlacetError as failed:
        # In shadow that is raised only where shadow is forbidden.
        warn("a call of %s could not be recorded: %s", tool, failed)
        return False
    # A daemon says by its answer whether its policy is in shadow.
    return on.shadow if decision is None else decision.verdict is Verdict.ALLOW
