"""What kind of thing a value of unknown type is, said so that type checkers believe it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from typing import TypeGuard


def is_dict(value: Any) -> TypeGuard[dict[Any, Any]]:
    """Whether it is a dict of whatever."""
    return isinstance(value, dict)


def is_mapping(value: Any) -> TypeGuard[Mapping[Any, Any]]:
    """Whether it is a mapping of whatever."""
    return isinstance(value, Mapping)


def is_iterable(value: Any) -> TypeGuard[Iterable[Any]]:
    """Whether it has parts, of whatever."""
    return isinstance(value, Iterable)


def is_list(value: Any) -> TypeGuard[list[Any]]:
    """Whether it is a list of whatever."""
    return isinstance(value, list)


def is_tuple(value: Any) -> TypeGuard[tuple[Any, ...]]:
    """Whether it is a tuple of whatever."""
    return isinstance(value, tuple)
