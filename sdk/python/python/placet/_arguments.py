"""The arguments of a call: what is decided on, and what the function is then called with."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from ._copied import Copied
from ._core import ActionRequest, freeze
from ._fitted import fitted
from ._method import is_method
from ._passing import known, with_bound
from ._shape import is_list

if TYPE_CHECKING:
    import inspect


class Given(NamedTuple):
    """How a function is called by who knows nothing of all this."""

    args: tuple[Any, ...]
    kwargs: dict[str, Any]


class Captured(NamedTuple):
    """The arguments of one call, taken before anything is decided.

    ``payload`` is what is decided on. ``call`` calls the function with what :meth:`rebuilt` gives.
    """

    payload: Any
    call: Callable[[Any], Any]
    given: Any
    """What the function is called with where nothing of this may change anything: in shadow."""
    arguments: Copied | None = None
    """All that the function is called with, where that is more than the payload."""
    extract: Callable[[], Any] | None = None
    """Gets the payload again, where the program says how."""
    held: Mapping[str, Any] | None = None
    """Arguments that go along as they are: the object of a method."""

    def is_unchanged(self, request: ActionRequest) -> bool:
        """Whether what could not be copied is still what it was."""
        if not request.is_unchanged():
            return False
        if self.arguments is None or self.extract is None:
            return True
        if not self.arguments.is_unchanged():
            return False
        return self.arguments.is_whole or request.is_payload(self.extract())

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
    if payload is None:
        function, args, kwargs = with_bound(function, args, kwargs)
    bound, own = _bound(function, args, kwargs)
    if bound is None:
        named, held, again = _unnamed(function, args, kwargs, own)
    else:
        named, held, again = _named(function, bound)

    def call(arguments: Any) -> Any:
        if not isinstance(arguments, Given):
            arguments = again(arguments)
        return function(*arguments.args, **arguments.kwargs)

    given = Given(args, kwargs)
    if payload is None:
        return Captured(named, call, given, held=held)
    copied = Copied(named)

    def extract() -> Any:
        # From what the function will get, and not from what its caller still has: that may say
        # something else when it is copied.
        named = {**copied.thaw(), **held}
        if bound is None:
            called = again(named)
            passed = called._replace(kwargs={name: called.kwargs[name] for name in kwargs})
        else:
            passed = _as_passed(bound, len(args), kwargs, named)
        return payload(*passed.args, **passed.kwargs)

    return Captured(extract(), call, given, arguments=copied, extract=extract, held=held)


Taken = tuple[dict[str, Any], dict[str, Any], Callable[[dict[str, Any]], Given]]
"""The arguments by their names; the object of a method by its name; and how to call with them."""


def _bound(
    function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[inspect.BoundArguments | None, inspect.BoundArguments | None]:
    """Which parameter gets what, nothing where that cannot be known; and which one of the outermost
    decorator's own."""
    own, signature = known(function)
    if signature is not None:
        try:
            bound = signature.bind(*args, **kwargs)
            return bound, bound
        except TypeError:
            if own is None or signature is own:
                raise
    # Arguments that do not fit raise here what the call itself would.
    return None, None if own is None else own.bind(*args, **kwargs)


def _unnamed(
    function: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    own: inspect.BoundArguments | None,
) -> Taken:
    """The arguments of a function of whose parameters nobody knows the names, or the order. Those that
    are passed by name have it all the same; what the function below takes by default, nobody knows."""
    first = args[:1] if args and _is_object(function, args[0]) else ()
    rest = [*args[len(first) :]]
    defaults = {} if own is None else _own_defaults(own)
    named = {**defaults, **kwargs}
    listed = "args"
    while listed in named:
        listed = f"*{listed}"
    if rest:
        named = {listed: rest, **named}

    def again(arguments: dict[str, Any]) -> Given:
        by_name = dict(arguments)
        listed_now = by_name.pop(listed, [])
        if not is_list(listed_now):
            raise TypeError(f"{listed} has the arguments without a name, so it is a list")
        return Given((*first, *listed_now), by_name)

    return named, {}, again


def _own_defaults(own: inspect.BoundArguments) -> dict[str, Any]:
    """The defaults of a decorator for what it takes by name."""
    parameters = own.signature.parameters
    defaults = _defaults(own).items()
    return {name: value for name, value in defaults if parameters[name].kind.name == "KEYWORD_ONLY"}


def _named(function: Callable[..., Any], bound: inspect.BoundArguments) -> Taken:
    held = _object(function, bound.arguments)
    named = {**bound.arguments, **_defaults(bound)}
    rest = {name: named[name] for name in named if name not in held}
    return rest, held, lambda arguments: _again(bound, arguments)


_NEVER_CHANGED = (str, int, bool, type(None))


def _defaults(bound: inspect.BoundArguments) -> dict[str, Any]:
    """What the function takes where nobody passed anything, if it can be written down. What cannot,
    such as an object that only says that nothing was passed, is the function's own affair."""
    defaults: dict[str, Any] = {}
    for name, parameter in bound.signature.parameters.items():
        if name in bound.arguments:
            continue
        if parameter.kind is parameter.VAR_POSITIONAL:
            defaults[name] = ()
        elif parameter.kind is parameter.VAR_KEYWORD:
            defaults[name] = {}
        elif type(parameter.default) in _NEVER_CHANGED or _can_be_frozen(parameter.default):
            defaults[name] = parameter.default
    return defaults


def _can_be_frozen(value: Any) -> bool:
    try:
        freeze(value)
    except Exception:
        # Also where reading it raises whatever it likes.
        return False
    return True


def _as_passed(
    bound: inspect.BoundArguments, many: int, kwargs: Mapping[str, Any], named: Mapping[str, Any]
) -> Given:
    """The same arguments in the way in which they were passed: so many by their places, and no defaults."""
    args: list[Any] = []
    by_name: dict[str, Any] = {}
    for name, parameter in bound.signature.parameters.items():
        if parameter.kind is parameter.VAR_POSITIONAL:
            args += named[name]
        elif parameter.kind is parameter.VAR_KEYWORD:
            by_name.update(named[name])
        elif len(args) < many:
            args.append(named[name])
        elif name in bound.arguments:
            by_name[name] = named[name]
    return Given(tuple(args), {name: by_name[name] for name in kwargs})


def _again(bound: inspect.BoundArguments, arguments: Mapping[str, Any]) -> Given:
    """How the function is called with arguments that have names. Defaults are left to it where they
    are still its own: a decorator below may pass on only what was passed."""
    ordered = _ordered(bound.signature, arguments)
    is_last = True
    for parameter in reversed([*bound.signature.parameters.values()]):
        name, is_named = parameter.name, parameter.kind.name in ("KEYWORD_ONLY", "VAR_KEYWORD")
        if parameter.kind is parameter.VAR_POSITIONAL:
            # What is in it comes behind all that has a name.
            is_last = not ordered.get(name)
            if is_last:
                ordered.pop(name, None)
            continue
        if name not in bound.arguments and parameter.default is not parameter.empty:
            is_own = ordered.setdefault(name, parameter.default) is parameter.default
            if is_own and (is_last or is_named):
                del ordered[name]
                continue
        is_last = is_last and is_named
    again = type(bound)(bound.signature, _ordered(bound.signature, ordered))
    return Given(again.args, again.kwargs)


def _object(function: Callable[..., Any], named: Mapping[str, Any]) -> dict[str, Any]:
    """The object of a method. It is part of how the method is called, not of what for."""
    first = next(iter(named), None)
    if first is None or not _is_object(function, named[first]):
        return {}
    return {first: named[first]}


def _is_object(function: Callable[..., Any], first: Any) -> bool:
    # What is called on an object passes that on to a static method below it, as any other argument.
    return type(function) is not staticmethod and is_method(function, first)


def _ordered(signature: inspect.Signature, arguments: Mapping[str, Any]) -> OrderedDict[str, Any]:
    """The arguments in the order of the parameters; those that people added are no parameters."""
    names = [name for name in signature.parameters if name in arguments]
    ordered = OrderedDict((name, arguments[name]) for name in names)
    unknown = [name for name in arguments if name not in ordered]
    if unknown:
        raise TypeError(f"the function has no parameter {unknown[0]!r}")
    for name, parameter in signature.parameters.items():
        if name in ordered and parameter.kind is parameter.VAR_POSITIONAL:
            ordered[name] = tuple(ordered[name])
    return ordered
