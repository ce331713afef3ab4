"""The arguments of a call: what is decided on, and what the function is then called with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from ._core import ActionRequest, Frozen, freeze
from ._fitted import fitted
from ._method import is_method

if TYPE_CHECKING:
    import inspect


class Captured(NamedTuple):
    """The arguments of one call, taken before anything is decided.

    ``payload`` is what is decided on. ``call`` calls the function with what :meth:`rebuilt` gives.
    """

    payload: Any
    call: Callable[[Any], Any]
    given: Any
    """What the function is called with where it cannot be frozen."""
    arguments: Frozen | None = None
    """All that the function is called with, where that is more than the payload."""
    extract: Callable[[], Any] | None = None
    """Gets the payload again, where the program says how."""
    held: Mapping[str, Any] | None = None
    """Arguments that go along as they are: the object of a method."""

    def is_unchanged(self, request: ActionRequest) -> bool:
        """Whether what could not be copied is still what it was."""
        if not request.is_unchanged():
            return False
        if self.arguments is not None and not self.arguments.is_unchanged():
            return False
        if self.extract is None or self.arguments is not None:
            return True
        return request.is_payload(self.extract())

    def rebuilt(self, request: ActionRequest, edited: dict[str, Any] | None) -> Any:
        """What the function is called with: what was frozen, or what people made of it."""
        if edited is not None:
            if self.extract is not None:
                raise TypeError(
                    "people changed what was decided on, and nobody knows how to call the function "
                    "with that; leave payload= out, or deny instead of editing"
                )
            return {**fitted(edited, request.params), **(self.held or {})}
        if self.arguments is not None:
            return {**self.arguments.thaw(), **(self.held or {})}
        if self.extract is not None:
            return self.given
        return {**request.params, **(self.held or {})}


def of_params(
    tool: str, params: Mapping[str, Any], executor: Callable[[str, Any], Any]
) -> Captured:
    """Those of ``executor(tool, params)``."""
    given = dict(params)

    def call(frozen: Any) -> Any:
        return executor(tool, frozen)

    return Captured(given, call, given)


def of_call(
    function: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    payload: Callable[..., Any] | None = None,
) -> Captured:
    """Those of ``function(*args, **kwargs)``, by the names of its parameters.

    ``payload`` says what of them is decided on; without it, all are, except the object of a method.
    """
    bound = _bound(function, args, kwargs)
    if bound is None:
        named: dict[str, Any] = {"args": list(args), "kwargs": dict(kwargs)}
        signature = None
    else:
        named, signature = dict(bound.arguments), bound.signature
    held = _object(function, named) if bound is not None else {}
    rest = {name: value for name, value in named.items() if name not in held}

    def call(arguments: dict[str, Any]) -> Any:
        if signature is None or bound is None:
            return function(*arguments["args"], **arguments["kwargs"])
        again = type(bound)(signature, _ordered(signature, arguments))
        return function(*again.args, **again.kwargs)

    if payload is None:
        return Captured(rest, call, named, held=held)
    return Captured(
        payload=payload(*args, **kwargs),
        call=call,
        given=named,
        arguments=_frozen(rest),
        extract=lambda: payload(*args, **kwargs),
        held=held,
    )


def _bound(
    function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> inspect.BoundArguments | None:
    import inspect

    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        # A builtin without a signature.
        return None
    # Arguments that do not fit raise here what the call itself would raise.
    bound = signature.bind(*args, **kwargs)
    bound.apply_defaults()
    return bound


def _object(function: Callable[..., Any], named: Mapping[str, Any]) -> dict[str, Any]:
    """The object of a method. It is part of how the method is called, not of what for."""
    first = next(iter(named), None)
    if first is None or not is_method(function, named[first]):
        return {}
    return {first: named[first]}


def _ordered(signature: inspect.Signature, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments in the order of the parameters; those that people added are no parameters."""
    ordered = {name: arguments[name] for name in signature.parameters if name in arguments}
    unknown = [name for name in arguments if name not in ordered]
    if unknown:
        raise TypeError(f"the function has no parameter {unknown[0]!r}")
    for name, parameter in signature.parameters.items():
        if name in ordered and parameter.kind is parameter.VAR_POSITIONAL:
            ordered[name] = tuple(ordered[name])
    return ordered


def _frozen(arguments: Any) -> Frozen | None:
    try:
        return freeze(arguments)
    except ValueError:
        # The program says by its payload what matters; the rest goes along as it is.
        return None
