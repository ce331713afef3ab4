"""Answers to held actions as they are given to the guard: texts, and params that are frozen."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from . import _given
from ._core import freeze
from ._errors import Invalid
from ._held import Refusal, SignOff
from ._shape import is_iterable, is_mapping
from ._step import Step


def reply_of(
    answer: bool | SignOff | Refusal, request_id: str, person: str, groups: Iterable[str] = ()
) -> Step:
    """An answer as it is given to the guard: of who gave it, or else of ``person``."""
    if isinstance(answer, SignOff):
        groups = answer.groups or groups
        return given(request_id, True, answer.person, groups, answer.statements, answer.params)
    if isinstance(answer, Refusal):
        return given(request_id, False, answer.person, groups, {"reason": answer.reason})
    said = {} if answer is True else {"reason": f"the {person} says no"}
    return given(request_id, answer is True, person, groups, said)


def given(
    request_id: str,
    approved: bool,
    person: str,
    groups: Iterable[str],
    said: Mapping[str, str],
    params: Mapping[str, Any] | None = None,
) -> Step:
    """A yes or a no, with what is said to it. Raises :class:`Invalid` where it cannot be written."""
    if not is_mapping(said):
        raise Invalid(f"statements are texts by their names, not {type(said).__name__}")
    reply: dict[str, Any] = {
        _given.text("a name", name): _given.text(name, said[name]) for name in said
    }
    reply["approved"] = approved
    if params is not None:
        reply["params"] = _frozen(params)
    body = {
        "id": _given.text("request_id", request_id),
        "person": _given.name("person", person),
        "groups": _texts("groups", groups),
        "reply": reply,
    }
    return Step("resolve", body=body)


def _texts(name: str, values: Any) -> list[str]:
    # A text has texts in it too, of one character each, and is meant as one.
    if isinstance(values, str) or not is_iterable(values):
        raise Invalid(f"{name} are texts, not {type(values).__name__}", pointer=f"/{name}")
    return _given.names(name, values)


def _frozen(params: Any) -> Any:
    """Params that people wrote, as any others are decided on."""
    if not is_mapping(params):
        raise Invalid(f"params are a dict, not {type(params).__name__}", pointer="/params")
    try:
        return json.loads(freeze(dict(params)).canonical())
    except Exception as error:
        raise Invalid(f"params: {error}", pointer="/params") from error
