"""Dicts and lists that stay as they are: equal to others, and written as JSON like others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn, TypeVar

from ._shape import is_dict, is_list

if TYPE_CHECKING:
    from typing import TypeGuard

K = TypeVar("K")
V = TypeVar("V")


_DICT: Any = dict
_LIST: Any = list


def _refuse(self: object, *_: object, **__: object) -> NoReturn:
    raise TypeError("this stays as it is; make a dict or a list of it, and change that")


def _hash_of_dict(self: Any) -> int:
    return hash(frozenset(self.items()))


def _hash_of_list(self: Any) -> int:
    return hash(tuple(self))


class FixedDict(dict[K, V]):
    """A dict that cannot be changed."""

    def __new__(cls, given: Any = (), /, **named: Any) -> FixedDict[K, V]:
        made = super().__new__(cls)
        _DICT.update(made, given, **named)
        return made

    def __init__(self, given: Any = (), /, **named: Any) -> None:
        """It has been made already, and is made once."""

    __hash__: ClassVar[Any] = _hash_of_dict  # pyright: ignore

    __setitem__ = __delitem__ = __ior__ = _refuse  # pyright: ignore
    clear = pop = popitem = setdefault = update = _refuse  # pyright: ignore

    def __copy__(self) -> FixedDict[K, V]:
        return self

    def __deepcopy__(self, _memo: object) -> FixedDict[K, V]:
        return self

    def __reduce__(self) -> Any:
        return FixedDict, (dict(self),)


class FixedList(list[V]):
    """A list that cannot be changed."""

    def __new__(cls, given: Iterable[V] = (), /) -> FixedList[V]:
        made = super().__new__(cls)
        _LIST.extend(made, given)
        return made

    def __init__(self, given: Iterable[V] = (), /) -> None:
        """It has been made already, and is made once."""

    __hash__: ClassVar[Any] = _hash_of_list  # pyright: ignore

    __setitem__ = __delitem__ = __iadd__ = __imul__ = _refuse  # pyright: ignore
    append = clear = extend = insert = pop = remove = _refuse  # pyright: ignore
    reverse = sort = _refuse  # pyright: ignore

    def __copy__(self) -> FixedList[V]:
        return self

    def __deepcopy__(self, _memo: object) -> FixedList[V]:
        return self

    def __reduce__(self) -> Any:
        return FixedList, (list(self),)


def fixed(value: Any) -> Any:
    """A value of JSON, all of which stays as it is."""
    if is_dict(value):
        made: FixedDict[Any, Any] = FixedDict(
            {name: fixed(inner) for name, inner in value.items()}
        )
        return made
    return FixedList(map(fixed, value)) if is_list(value) else value


def fix(owner: object, name: str) -> None:
    """Makes a mapping that a frozen dataclass was given one that cannot be changed."""
    given: Any = getattr(owner, name)
    # What is none is said when it is used, with the place.
    if _is_mapping(given):
        object.__setattr__(owner, name, FixedDict(given))


def _is_mapping(value: Any) -> TypeGuard[Mapping[Any, Any]]:
    return isinstance(value, Mapping)
