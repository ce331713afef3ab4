"""What a daemon answers, held against what it was asked.

An answer that says less than the wire promises, or speaks of another action, is no answer: whoever
reads one behind this has all of it, and of the right thing.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from ._core import Decision, freeze
from ._errors import Unavailable
from ._held import ApprovalRequest
from ._shape import is_dict, is_list
from ._step import Step
from ._types import AutonomyState, ResolveOutcome, Status


def told(step: Step, answer: Any) -> Any:
    """What came of a step. Raises where the answer is none to it."""
    try:
        return _READERS[step.name](step, answer)
    except KeyError as error:
        raise _none(step, f"{error} is missing") from error
    except (AttributeError, TypeError, ValueError) as error:
        raise _none(step, str(error)) from error


def _none(step: Step, why: str) -> Unavailable:
    return Unavailable(f"what the daemon answered to {step.name} is no answer: {why}")


def _evaluated(_step: Step, answer: Any) -> Decision:
    return Decision.from_json(json.dumps(answer))


def _proposed(step: Step, answer: Any) -> Decision:
    decision = _evaluated(step, answer)
    _hold(decision.id is not None, "it was not recorded")
    return decision


def _redeemed(step: Step, answer: Any) -> Any:
    """What was redeemed is this call, and no other: it is about to run."""
    call = step.request
    assert call is not None
    _same(answer, "id", step.body["id"])
    _same(answer, "tool", call.action)
    params = answer["params"]
    is_same = is_dict(params) and freeze(params).canonical() == call.canonical_params()
    _hold(is_same, "the params are others")
    return answer


def _followed(step: Step, answer: Any) -> Any:
    _same(answer, "id", step.body["id"])
    Status(answer["status"])
    for name in ("warrant", "denial", "successor"):
        _hold(isinstance(answer.get(name, ""), (str, type(None))), f"{name} is no text")
    action = answer.get("action")
    _hold(action is None or is_dict(action) and is_dict(action["params"]), "action is none")
    return answer


def _concluded(step: Step, answer: Any) -> Any:
    _same(answer, "id", step.body["id"])
    _same(answer, "status", step.body["status"])
    return answer


def _held(step: Step, answer: Any) -> Any:
    _hold(_request(answer).request_id == step.body["id"], "it is about another action")
    return answer


def _pending(_step: Step, answer: Any) -> Any:
    for held in _list(answer, "approvals"):
        _request(held)
    return answer


def _resolved(_step: Step, answer: Any) -> Any:
    ResolveOutcome(answer["outcome"])
    return answer


def _switches(_step: Step, answer: Any) -> Any:
    for switch in _list(answer, "switches"):
        _hold(isinstance(switch["scope"], str), "scope is no text")
    return answer


def _switched(_step: Step, answer: Any) -> Any:
    _hold(isinstance(answer["scope"], str), "scope is no text")
    return answer


def _reported(step: Step, answer: Any) -> Any:
    _same(answer, "class", step.body["evidence"]["class"])
    to = answer["step"]["to"] if answer.get("step") else "manual"
    _hold(to in [state.word for state in AutonomyState], f"there is no state {to!r}")
    return answer


def _stands(step: Step, answer: Any) -> Any:
    asked: Any = step.body["tenant"]
    rows, after = _list(answer, "classes"), answer.get("next")
    for row in rows:
        _hold(isinstance(row["tenant"], str), "tenant is no text")
        _hold(asked is None or row["tenant"] == asked, "it is about another tenant")
    if after is not None:
        # A page with nothing new would be asked for again and again.
        is_new = bool(rows) and after != step.body["after"]
        _hold(isinstance(after, str) and is_new, "next is no other place")
    return answer


def _request(held: Any) -> ApprovalRequest:
    """A held action, read as it will be, so that what cannot be read is found here."""
    request = ApprovalRequest.from_wire(held)
    ids: list[Any] = [request.request_id, request.action_id]
    _hold(all(isinstance(one, str) for one in ids), "it has no ids")
    _hold(is_dict(request.params), "params are no object")
    return request


def _same(answer: Any, name: str, expected: str) -> None:
    _hold(answer[name] == expected, f"{name} is {answer[name]!r} and not {expected!r}")


def _list(answer: Any, name: str) -> list[Any]:
    listed = answer[name]
    if not is_list(listed):
        raise ValueError(f"{name} is no list")
    return listed


def _hold(is_so: bool, why: str) -> None:
    if not is_so:
        raise ValueError(why)


_READERS: dict[str, Callable[[Step, Any], Any]] = {
    "propose": _proposed,
    "evaluate": _evaluated,
    "redeem": _redeemed,
    "conclude": _concluded,
    "settle": _followed,
    "follow": _followed,
    "held": _held,
    "pending": _pending,
    "resolve": _resolved,
    "withdraw": _resolved,
    "switches": _switches,
    "trip": _switched,
    "reset": _switched,
    "report": _reported,
    "autonomy": _stands,
}
"""The answers that there are. What a daemon is not asked has none."""
