"""The end of an action: what came of it is told, without what must not be stored."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from ._errors import PlacetError
from ._quoted import LEFT_OUT, cut, front, may_quote, readable, told, without
from ._step import Post, Step, Steps, Told, conclusion

if TYPE_CHECKING:
    from ._core import ActionRequest


def came_of_it(
    request: ActionRequest, action_id: str | None, is_lenient: bool, error: BaseException | None
) -> Steps:
    """Says what came of a call that is over. In shadow nobody waits for that."""
    if action_id is None:
        return
    if error is None:
        yield Told(concluded(action_id, "succeeded", ""), is_lenient)
    elif isinstance(error, Exception):
        yield Told(_failed(request, action_id, error), is_lenient)
    else:
        # It is being torn down: nobody waits for the log, but the log shall know.
        detail = f"{type(error).__name__}: it was abandoned while it ran, and may have had effects"
        # Who drops a generator may be the garbage collector, in the midst of anything.
        is_dropped = isinstance(error, GeneratorExit)
        yield Post(concluded(action_id, "failed", detail), is_lenient or is_dropped)


def never_began(action_id: str | None) -> Steps:
    """Says that what the caller got was dropped before it ran. That is found where nothing may wait."""
    if action_id is not None:
        detail = "it did not run: what the call gave was never awaited or read"
        yield Post(concluded(action_id, "failed", detail), hurried=True)


def concluded(action_id: str | None, status: str, detail: str) -> Steps:
    """Says it."""
    if action_id is None:
        return
    step = conclusion(action_id, status, detail)
    try:
        yield step
    except PlacetError:
        # The caller knows what came of it. Not recorded, the log shows it in doubt.
        pass


def without_secrets(request: ActionRequest, action_id: str, text: str, instead: str) -> Steps:
    """Gives the text of an error as it may be stored; of one of which nobody can say that, something
    instead."""
    text = readable(front(text))
    if quotes(request, text):
        try:
            found = yield Step("follow", body={"id": action_id})
            frozen = found["action"]["params"]
        except (PlacetError, KeyError, TypeError):
            return instead
        params = json.loads(request.canonical_params())
        text = without(text, params, request.params, frozen) or instead
    return cut(text)


def quotes(request: ActionRequest, text: str) -> bool:
    """Whether a text may hold something of the params of a request."""
    return may_quote(text, json.loads(request.canonical_params()), request.params)


def _failed(request: ActionRequest, action_id: str, error: Exception) -> Steps:
    instead = f"{type(error).__name__}: {LEFT_OUT}"
    detail = yield from without_secrets(request, action_id, told(error), instead)
    yield from concluded(action_id, "failed", detail)
