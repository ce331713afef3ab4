"""What went wrong, in the words of an error, without the params that must not be stored.

An error often says what it was given. Detectors find what has the shape of a secret; that the policy calls
a param secret they cannot know, and the log itself only has a placeholder where it was. So the words are
compared with what stands where the log has one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, cast

from ._core import redacted
from ._shape import is_dict, is_list
from ._within import kind_of

MAX_ERROR_LENGTH = 4_000
"""Longest error that is recorded of a failed action, in characters."""

LONGEST_READ = 16 * MAX_ERROR_LENGTH
"""How much of an error is searched for secrets, in characters: enough for one that begins before its end
and goes on behind it."""

_MOST_PIECES = 20
"""How many secrets in one text are told apart from what is around them; with more, all of it is one."""

LEFT_OUT = "what it said is left out, because it may hold a param that must not be stored"

_PLACE = re.compile(r"\[redacted:[^\]]*\]")
_IN_ITS_PLACE = "[redacted:marked]"

_SHORT = 4
"""Texts with fewer characters stand in any sentence, and their places would give them away."""

_PART = 8
"""So many characters in a row are a part of a secret: errors shorten what they quote."""

_MOST = 100_000
"""How many characters of secrets are looked for. No honest call has more."""

_OWN_TEXT = ("builtins", "datetime", "decimal", "fractions", "uuid")
"""Modules whose values write themselves always the same way."""


def told(error: BaseException) -> str:
    """What an error says."""
    kind = type(error).__name__
    try:
        return readable(f"{kind}: {front(str(error))}")
    except BaseException:
        # Whatever it raises when it is asked is not what went wrong.
        return readable(kind)


def front(text: str) -> str:
    """As much of it as is ever looked at."""
    return str.__getitem__(text, slice(LONGEST_READ))


def readable(text: str) -> str:
    """A text that can be written down: half a character, which no UTF-8 can carry, is spelled out."""
    return text.encode(errors="backslashreplace").decode()


def cut(text: str) -> str:
    """As much of it as is recorded. What has the shape of a secret is replaced before it is cut in two,
    when nobody would know it any more."""
    if len(text) > MAX_ERROR_LENGTH:
        text = redacted(text[:LONGEST_READ])
    return text[:MAX_ERROR_LENGTH]


def may_quote(text: str, params: Any, given: Any) -> bool:
    """Whether a text may hold something of the params."""
    text = text[:LONGEST_READ]
    known = {text[at : at + _PART] for at in range(len(text) - _PART + 1)}
    length = 0
    for form in (*_forms(params), *_forms(given)):
        length += len(form)
        if length > _MOST or (form in text if len(form) < _PART else not known.isdisjoint(_in(form))):
            return True
    return False


def without(text: str, params: Any, given: Any, frozen: Any) -> str | None:
    """A text without what stands in the params where the log has a placeholder; none where that cannot
    be told apart from the rest of it. ``given`` are the same params as the program has them."""
    text = text[:LONGEST_READ]
    forms = {form for one in _secrets(params, given, frozen) for form in _forms(one)}
    if sum(map(len, forms)) > _MOST or any(len(form) < _SHORT and form in text for form in forms):
        return None
    parts: dict[int, set[str]] = {}
    for form in forms:
        parts.setdefault(min(len(form), _PART), set()).update(_in(form))
    spans: list[tuple[int, int]] = []
    for length, of in parts.items():
        starts = range(len(text) - length + 1)
        spans += [(at, at + length) for at in starts if text[at : at + length] in of]
    return _replaced(text, sorted(spans))


def _in(form: str) -> Iterator[str]:
    """The parts of a text that are looked for: all of it, where it is short."""
    length = min(len(form), _PART)
    return (form[at : at + length] for at in range(len(form) - length + 1))


def _replaced(text: str, spans: list[tuple[int, int]]) -> str:
    made: list[str] = []
    end = 0
    for start, until in spans:
        if start > end or not made:
            made += [text[end:start], _IN_ITS_PLACE]
        end = max(end, until)
    return "".join([*made, text[end:]])


def _secrets(params: Any, given: Any, frozen: Any) -> Iterator[Any]:
    """The parts of the params that are others in the log, as they are written and as they are given."""
    if params == frozen:
        return
    if is_dict(params) and is_dict(frozen):
        own = given if is_dict(given) else {}
        for name in params:
            if name in frozen:
                yield from _secrets(params[name], own.get(name), frozen[name])
            else:
                yield from (name, params[name], own.get(name))
    elif is_list(params) and is_list(frozen) and len(params) == len(frozen):
        as_given = given if is_list(given) and len(given) == len(params) else params
        for at, known in enumerate(frozen):
            yield from _secrets(params[at], as_given[at], known)
    elif pieces := _pieces(params, frozen):
        yield from pieces
    else:
        yield from (params, given)


def _pieces(text: Any, frozen: Any) -> tuple[str, ...]:
    """What of a text has a placeholder, where that is not all of it."""
    if not isinstance(text, str) or not isinstance(frozen, str):
        return ()
    around = _PLACE.split(frozen)
    if len(around) > _MOST_PIECES or not any(around):
        return ()
    found = re.fullmatch("(.+?)".join(map(re.escape, around)), text, re.DOTALL)
    return () if found is None else found.groups()


def _forms(value: Any) -> Iterator[str]:
    """How the values in something may be written. Those that say nothing (true, nothing) are left out."""
    if value is None or isinstance(value, bool):
        return
    if is_dict(value):
        for one in value.values():
            yield from _forms(one)
    elif isinstance(value, (list, tuple, set, frozenset)):
        for one in cast("Iterable[Any]", value):
            yield from _forms(one)
    elif isinstance(value, str):
        yield from {str(value), repr(value)[1:-1], json.dumps(value)[1:-1]} - {""}
    elif kind_of(value).__module__ in _OWN_TEXT:
        try:
            yield from {str(value), repr(value)}
        except ValueError:
            # An int with more digits than Python writes; nobody quotes those either.
            return
