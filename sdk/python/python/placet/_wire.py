"""The requests for steps as a daemon understands them, and what comes back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote, urlencode

from ._errors import Invalid, Unavailable, failure
from ._shape import is_dict, is_list
from ._step import PAGE, Step

if TYPE_CHECKING:
    import httpx

    from ._core import ActionRequest


_NEVER = (400, 413)
"""What is answered to a request that cannot be read, whoever sends it how often."""


class Asked(NamedTuple):
    """A request."""

    method: str
    path: str
    body: str | None = None
    headers: Mapping[str, str] = {}
    waits: int = 0
    """For how many seconds the daemon waits for people before it answers."""
    cut: float | None = None
    """After how many seconds the wait is over for whoever asks, also where the daemon goes on."""
    is_answer: bool = False
    """Whether it is a person's, and so goes with the approver's key."""


class Poll(NamedTuple):
    """How long to wait for people next, in seconds."""

    whole: int
    cut: float | None = None
    """Where it is over sooner: a daemon knows only whole seconds."""


def asked_of(step: Step, poll: Poll) -> Asked:
    """The request for a step; one that waits for people asks for so long at a time."""
    body = step.body
    if step.name == "propose":
        assert step.request is not None
        treatment = body.get("treatment", "binding")
        query = "" if treatment == "binding" else f"?treatment={treatment}"
        key = None if step.key is None else _hashed(f"{treatment}:{step.key}")
        return _write("POST", f"/v1/actions{query}", _action(step.request), key=key)
    if step.name == "evaluate":
        assert step.request is not None
        return Asked("POST", "/v1/evaluate", _action(step.request))
    if step.name == "redeem":
        assert step.request is not None
        call = json.loads(step.request.to_json())
        shown = {"warrant": body["warrant"], "tool": call["tool"], "params": call["params"]}
        return _write("POST", "/v1/warrants/redeem", shown)
    if step.name == "conclude":
        report = {"status": body["status"]}
        detail = {"failed": "error", "reversed": "reason"}.get(body["status"])
        if detail and body.get("detail"):
            report[detail] = body["detail"]
        return _write("POST", f"/v1/actions/{_part(body['id'])}/outcome", report)
    if step.name == "settle":
        headers = {"prefer": f"wait={poll.whole}"}
        path = f"/v1/actions/{_part(body['id'])}"
        return Asked("GET", path, headers=headers, waits=poll.whole, cut=poll.cut)
    if step.name == "follow":
        return Asked("GET", f"/v1/actions/{_part(body['id'])}")
    if step.name == "held":
        return Asked("GET", f"/v1/approvals/{_part(body['id'])}", is_answer=True)
    if step.name == "pending":
        query = urlencode({"limit": PAGE, **_without_none(body)})
        return Asked("GET", f"/v1/approvals?{query}", is_answer=True)
    if step.name == "resolve":
        path = f"/v1/approvals/{_part(body['id'])}/resolve"
        return _write("POST", path, body["reply"], is_answer=True)
    if step.name == "withdraw":
        return _write("POST", f"/v1/approvals/{_part(body['id'])}/withdraw", {})
    if step.name == "switches":
        return Asked("GET", "/v1/kill-switches")
    if step.name == "trip":
        return _write("POST", "/v1/kill-switches", _without_none(body))
    if step.name == "reset":
        rest = _without_none({k: v for k, v in body.items() if k != "scope"})
        return _write("DELETE", f"/v1/kill-switches/{_part(body['scope'])}", rest)
    if step.name == "report":
        return _write("POST", "/v1/evidence", body["evidence"])
    if step.name == "autonomy":
        query = urlencode(_without_none({"limit": PAGE, **body}))
        return Asked("GET", f"/v1/autonomy?{query}")
    raise Unavailable(f"a daemon has no {step.name} for programs; use its console or `placet`")


def _write(
    method: str,
    path: str,
    body: str | Mapping[str, Any],
    *,
    is_answer: bool = False,
    key: str | None = None,
) -> Asked:
    import uuid

    text = body if isinstance(body, str) else json.dumps(body)
    headers = {"idempotency-key": key or str(uuid.uuid4())}
    return Asked(method, path, text, headers, is_answer=is_answer)


def _action(request: ActionRequest) -> str:
    """The action. Where the program names no tenant, the key says which."""
    if request.tenant_id != "default":
        return request.to_json()
    action = json.loads(request.to_json())
    del action["tenant"]
    return json.dumps(action)


def _hashed(key: str) -> str:
    """A key of the program, in the form that the wire has for keys."""
    import hashlib

    return hashlib.sha256(b"placet-once-v1\x00" + key.encode()).hexdigest()


def _part(text: str) -> str:
    return quote(text, safe="")


def _without_none(body: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if value is not None}


def read(response: httpx.Response) -> Any:
    """What a daemon answered; what is not in the shape of the wire is no answer."""
    try:
        answer: Any = response.json()
    except (ValueError, RecursionError):
        answer = None
    if not is_dict(answer):
        raise Unavailable(f"the daemon answered {response.status_code} with what is no JSON object")
    if response.is_success:
        return answer
    kind = str(answer.get("type", "")).rpartition(":")[2]
    if response.status_code in _NEVER:
        # It would fare no better if it were sent again.
        kind = Invalid.kind
    detail = str(answer.get("detail") or f"the daemon answered {response.status_code}")
    raise failure(kind, detail, _pointer(answer.get("errors")))


def _pointer(errors: Any) -> str | None:
    """The part of the request that the first of some errors names."""
    first: Any = errors[0] if is_list(errors) and errors else None
    pointer = first.get("pointer") if is_dict(first) else None
    return pointer if isinstance(pointer, str) else None
