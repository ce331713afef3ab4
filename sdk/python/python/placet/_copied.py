"""A copy of a value as far as it can be frozen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ._core import Frozen, freeze
from ._shape import is_dict, is_list, is_tuple

_DEEPEST = 100
"""How deep containers are looked into. The engine freezes nothing that is nested deeper."""

_MOST = 10_000
"""How many values are looked at one by one. A longer list with something in it that cannot be frozen goes
along as it is."""

_FIXED = (str, int, float, bool, bytes, type(None))
"""What nobody can change."""

Maker = Callable[[], Any]


class Copied:
    """What of a value can be frozen is, wherever in its containers it stands. What cannot be goes along
    as it is, and nobody knows whether it changes."""

    def __init__(self, value: Any) -> None:
        self._parts: list[Frozen] = []
        self._makers: dict[int, Maker] = {}
        self._left = _MOST
        self.is_whole = True
        """Whether all of it could be frozen."""
        [self._make] = self._makers_of([value], 0)

    def thaw(self) -> Any:
        """A copy that nobody else has."""
        return self._make()

    def is_unchanged(self) -> bool:
        """Whether what was frozen but not copied is still what it was."""
        return all(part.is_unchanged() for part in self._parts)

    def _makers_of(self, values: list[Any], depth: int) -> list[Maker]:
        """Those of values that stand beside each other: first of those that are frozen whole."""
        made = [self._frozen(value) for value in values]
        beside = zip(made, values, strict=True)
        return [maker or self._looked_into(value, depth) for maker, value in beside]

    def _frozen(self, value: Any) -> Maker | None:
        if type(value) in _FIXED:
            return lambda: value
        try:
            frozen = freeze(value)
        except Exception:
            # Also where reading it raises whatever it likes.
            self.is_whole = False
            return None
        self._parts.append(frozen)
        return frozen.thaw

    def _looked_into(self, value: Any, depth: int) -> Maker:
        if type(value) not in (dict, list, tuple) or depth > _DEEPEST or len(value) > self._left:
            return lambda: value
        self._left -= len(value)
        known = self._makers.get(id(value))
        if known is not None:
            return known
        # Until it is done: what contains itself contains what it was.
        self._makers[id(value)] = lambda: value
        made = self._makers[id(value)] = self._inside(value, depth + 1)
        return made

    def _inside(self, value: Any, depth: int) -> Maker:
        if is_dict(value):
            named = dict(zip(value, self._makers_of([*value.values()], depth), strict=True))
            return lambda: {name: make() for name, make in named.items()}
        assert is_list(value) or is_tuple(value)
        items = self._makers_of([*value], depth)
        if is_list(value):
            return lambda: [make() for make in items]
        return lambda: tuple([make() for make in items])
