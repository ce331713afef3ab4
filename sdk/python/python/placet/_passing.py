"""What stands around a function, and whether it passes on what it is called with.

What people read goes by the names of the parameters, so those must be the names of what gets the
arguments. A decorator can take anything and call the function below it with something else; only where
its code shows that it passes on exactly what it got are the names those of the function below.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from types import CodeType, FunctionType, MethodType
from typing import TYPE_CHECKING, Any, NamedTuple

from ._method import own_of
from ._shape import is_tuple
from ._within import kind_of

if TYPE_CHECKING:
    import inspect

_CACHED: Any = kind_of(functools.lru_cache(maxsize=0)(lambda: None))
"""What ``lru_cache`` makes. It passes on what it gets."""


class Known(NamedTuple):
    """What is known of how a function takes its arguments."""

    own: inspect.Signature | None
    """What it takes itself; none where it does not say."""
    signature: inspect.Signature | None
    """Whose names its arguments have; none where something that takes anything hides those."""


def known(function: Callable[..., Any]) -> Known:
    """What is known of a function, from what stands around it inwards."""
    own: inspect.Signature | None = None
    try:
        inner: Any = function
        for _ in range(_DEEPEST):
            around, inner = inner, _inside(inner)
            if inner is not None:
                # What Python itself puts around a function does not count as something around it.
                continue
            signature = _signature(around)
            own = signature if own is None else own
            if not _wraps(around) or not _takes_anything(signature):
                return Known(own, signature)
            inner = passed_on_to(around)
            if inner is None:
                return Known(own, None)
    except (TypeError, ValueError):
        # A builtin without a signature.
        pass
    return Known(own, None)


_DEEPEST = 100
"""How many decorators are looked through."""


def _inside(function: Any) -> Any:
    """What Python itself has put something around that passes on what it gets; none where it has not."""
    kind = kind_of(function)
    if kind is staticmethod:
        return function.__func__
    return own_of(function).get("__wrapped__") if kind is _CACHED else None


def _wraps(function: Any) -> bool:
    return getattr(function, "__wrapped__", None) is not None


def _signature(function: Any) -> inspect.Signature:
    """What a function takes itself. What ``functools.wraps`` has copied from another says nothing."""
    import inspect

    if _wraps(function) and not isinstance(function, type):
        kind = kind_of(function)
        if kind is FunctionType and "__signature__" in own_of(function):
            function = _bare(function)
        elif kind not in (FunctionType, MethodType):
            # An object that is called like a function, and may stand for another.
            function = MethodType(kind.__call__, function)
    return inspect.signature(function, follow_wrapped=False)


def _bare(function: Any) -> Any:
    made = FunctionType(
        function.__code__, {}, function.__name__, function.__defaults__, function.__closure__
    )
    made.__kwdefaults__ = function.__kwdefaults__
    return made


def _takes_anything(signature: inspect.Signature) -> bool:
    kinds = [parameter.kind for parameter in signature.parameters.values()]
    return any(kind.name in ("VAR_POSITIONAL", "VAR_KEYWORD") for kind in kinds)


# Decorators.


def passed_on_to(function: Any) -> Any:
    """The function to which a decorator passes on exactly what it is called with; none where its code
    does not show that."""
    if kind_of(function) is MethodType:
        inner = passed_on_to(function.__func__)
        return None if inner is None else MethodType(inner, function.__self__)
    if kind_of(function) is not FunctionType:
        return None
    inner = own_of(function).get("__wrapped__")
    code: CodeType = function.__code__
    cell = _passing_cell(code)
    if cell is None or inner is None or function.__defaults__ or function.__kwdefaults__:
        return None
    at = code.co_freevars.index(cell)
    if function.__closure__[at].cell_contents is not inner or _is_kept_twice(function, at):
        return None
    leading = code.co_varnames[: code.co_argcount]
    below = known(inner).signature if leading else None
    if leading and (below is None or (*below.parameters,)[: len(leading)] != leading):
        # What it takes by a name of its own, the function below may know by another.
        return None
    return inner


def _is_kept_twice(function: Any, at: int) -> bool:
    """Whether it has what it is wrapped around by two names, of which only one is looked at."""
    cells: Sequence[Any] = function.__closure__
    held = cells[at].cell_contents
    return any(_content(cell) is held for number, cell in enumerate(cells) if number != at)


def _content(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:
        # There is nothing in it yet.
        return None


_ANY = 0x04 | 0x08
"""What the code of a function says that takes ``*args`` and ``**kwargs``."""

_REACHING = {"locals", "vars", "eval", "exec"}
"""By these some code gets at its arguments without naming them."""

_SAYING_NOTHING = {"PUSH_NULL", "NOP", "CACHE", "EXTENDED_ARG"}
"""What some versions of Python have between the instructions that matter."""

_ASKED_FOR = ("__name__", "__qualname__", "__module__", "__doc__")
"""What a decorator may read of what it is wrapped around."""


@functools.lru_cache(maxsize=1_000)
def _passing_cell(code: CodeType) -> str | None:
    """By which name from around it some code calls what it calls with exactly its own arguments; none
    where it does anything else with that, or with the arguments."""
    many, taken = code.co_argcount, code.co_varnames
    if code.co_flags & _ANY != _ANY or code.co_kwonlyargcount or code.co_cellvars:
        return None
    if not _REACHING.isdisjoint(code.co_names):
        return None
    call = [*_loads(taken[:many], taken[many]), *_keywords(taken[many + 1])]
    made, names = _matters(code), set[str]()
    beside: list[tuple[str, Any]] = []
    at = 0
    while at < len(made):
        operation, named, _ = made[at]
        following = made[at + 1 : at + 1 + len(call)]
        if operation == "LOAD_DEREF" and _is_call(following, call):
            names.add(named)
            at += len(call)
        else:
            next_one = made[at + 1][:2] if at + 1 < len(made) else ("", None)
            is_asked = next_one[0] == "LOAD_ATTR" and next_one[1] in _ASKED_FOR
            if operation != "LOAD_DEREF" or not is_asked:
                beside.append((operation, named))
        at += 1
    if len(names) != 1 or any(_has(named, {*names, *taken[: many + 2]}) for _, named in beside):
        return None
    return names.pop()


_Made = tuple[str, Any, bool]
"""An instruction: what it does, with what, and whether the code jumps to it."""


def _matters(code: CodeType) -> list[_Made]:
    import dis

    made: list[_Made] = []
    is_target = False
    for one in dis.get_instructions(code):
        is_target = is_target or one.is_jump_target
        if one.opname in _SAYING_NOTHING:
            continue
        # Newer versions have several ways to do the same.
        operation, named = one.opname.replace("_BORROW", ""), one.argval
        if operation == "LOAD_FAST_LOAD_FAST" and is_tuple(named):
            made += [("LOAD_FAST", named[0], is_target), ("LOAD_FAST", named[1], False)]
        else:
            made.append((operation, named, is_target))
        is_target = False
    return made


def _loads(leading: tuple[str, ...], args: str) -> list[tuple[str, Any]]:
    """How the arguments without a name are passed on: in one tuple."""
    if not leading:
        return [("LOAD_FAST", args)]
    first = [("LOAD_FAST", name) for name in leading]
    return [
        *first,
        ("BUILD_LIST", len(leading)),
        ("LOAD_FAST", args),
        ("LIST_EXTEND", 1),
        ("LIST_TO_TUPLE", ...),
    ]


def _keywords(kwargs: str) -> list[tuple[str, Any]]:
    return [("BUILD_MAP", 0), ("LOAD_FAST", kwargs), ("DICT_MERGE", 1), ("CALL_FUNCTION_EX", ...)]


_TO_TUPLE = 6
"""The number under which Python from 3.12 on makes a tuple of a list."""


def _is_call(found: list[_Made], call: list[tuple[str, Any]]) -> bool:
    return len(found) == len(call) and all(map(_is_same, found, call))


def _is_same(found: _Made, wanted: tuple[str, Any]) -> bool:
    operation, named, is_target = found
    if operation == "CALL_INTRINSIC_1" and named == _TO_TUPLE:
        operation = "LIST_TO_TUPLE"
    # What is jumped to in its midst may have been begun elsewhere.
    return not is_target and operation == wanted[0] and (wanted[1] is ... or named == wanted[1])


def _has(named: Any, names: set[str]) -> bool:
    """Whether an instruction is about one of these; some are about two at once."""
    return any(one in names for one in (named if is_tuple(named) else (named,)) if type(one) is str)


# What is bound beforehand.


def _code_of_partial_method() -> CodeType:
    method: functools.partialmethod[Any] = functools.partialmethod(_signature)
    made: Any = method.__get__(None, object)
    code: CodeType = made.__code__
    return code


_PARTIAL: Any = functools.partial
_PARTIAL_METHOD = _code_of_partial_method()


def with_bound(
    function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]:
    """The same call without ``functools.partial``: what that was given beforehand is passed now."""
    while True:
        part, first = _partial_of(function), args[:0]
        if part is None:
            part, first = _partial_method_of(function), args[:1]
            if part is None or not first:
                return function, args, kwargs
        args = (*first, *_filled(part.args, args[len(first) :]))
        function, kwargs = part.func, {**part.keywords, **kwargs}


def _partial_of(function: Any) -> Any:
    kind = kind_of(function)
    # One that is called in another way may do anything.
    is_one = issubclass(kind, _PARTIAL) and kind.__call__ is _PARTIAL.__call__
    return function if is_one else None


def _partial_method_of(function: Any) -> Any:
    """What a method is made from that its class has by ``functools.partialmethod``."""
    if kind_of(function) is not FunctionType or function.__code__ is not _PARTIAL_METHOD:
        return None
    own = own_of(function)
    part = own.get("_partialmethod") or own.get("__partialmethod__")
    return part if callable(getattr(part, "func", None)) else None


_LEFT_OPEN: Any = getattr(functools, "Placeholder", None)
"""What stands for an argument that is passed later, from Python 3.14 on."""


def _filled(bound: tuple[Any, ...], args: tuple[Any, ...]) -> tuple[Any, ...]:
    if _LEFT_OPEN is None or not any(one is _LEFT_OPEN for one in bound):
        return (*bound, *args)
    left = sum(one is _LEFT_OPEN for one in bound)
    if len(args) < left:
        raise TypeError(f"the call needs {left} arguments by their places, and has {len(args)}")
    following = iter(args)
    return (*(next(following) if one is _LEFT_OPEN else one for one in bound), *following)
