"""Taking the arguments of a call, also where they cannot be taken.

What goes wrong there is no reason to stop a call before anybody knows whether something may: it goes
along in the place of the payload, and is said when the call is frozen.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from ._arguments import Captured, of_call, of_params
from ._shape import is_mapping


class Untaken(NamedTuple):
    """What stands where a payload was to be."""

    error: Exception


def of_anything(tool: str, params: Any, executor: Callable[[str, Any], Any]) -> Captured:
    """The arguments of ``executor(tool, params)``, whatever the params are."""
    if params is None:
        return of_params(tool, {}, executor)
    why = f"the params are a mapping from names to values, not {type(params).__name__}"
    if is_mapping(params):
        try:
            return of_params(tool, params, executor)
        except Exception as error:
            why = f"the params cannot be read: {type(error).__name__}: {error}"

    def call(given: Any) -> Any:
        return executor(tool, given)

    return Captured(Untaken(ValueError(why)), call, params)


def of_any_call(
    function: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    payload: Callable[..., Any] | None,
) -> Captured:
    """The arguments of ``function(*args, **kwargs)``, whatever becomes of ``payload``."""

    def taken(*args: Any, **kwargs: Any) -> Any:
        assert payload is not None
        try:
            return payload(*args, **kwargs)
        except Exception as error:
            why = f"payload= failed with {type(error).__name__}: {error}"
            failed = ValueError(why)
            failed.__cause__ = error
            return Untaken(failed)

    return of_call(function, args, kwargs, None if payload is None else taken)
