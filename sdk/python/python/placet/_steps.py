"""How an action is run, one step after the other.

What happens in which order is written down once, as generators that say what is to be done next
(a :class:`Step`) and are sent what came of it. A synchronous caller and one on an event loop differ
only in who carries the steps out, and so do an engine in this process and a daemon.
"""

from __future__ import annotations

import functools
import time
from typing import TYPE_CHECKING, Any, NamedTuple

from ._ending import came_of_it, concluded, never_began
from ._errors import (
    Blocked,
    Changed,
    Invalid,
    NotApproved,
    PlacetError,
    ReviewPending,
    Unavailable,
)
from ._say import warn
from ._step import Ask, Call, Carried, Ended, Later, Step, Steps, Tell, Way, approval_of, posted
from ._types import Mode, OnReview, Status, Verdict
from ._unfinished import is_unfinished
from ._why import why, why_not

if TYPE_CHECKING:
    from ._arguments import Captured
    from ._core import ActionRequest, Decision
    from ._program import Objection


class Permitted(NamedTuple):
    """An action that may run: under which id, and with other params where people changed them."""

    decision: Decision | None
    action_id: str | None
    warrant: str | None = None
    edited: dict[str, Any] | None = None
    is_lenient: bool = False
    """Whether what goes wrong on our side must not stop it."""
    was_held: bool = False
    """Whether it waited for people."""


def decide(request: ActionRequest, way: Way) -> Steps:
    """Decides on an action and waits for people where that is needed; what may run, or raises."""
    way, decision = yield from proposed(request, way)
    if decision is None:
        return Permitted(None, None, is_lenient=True)
    if way.treatment != "shadow":
        decision = tightened(decision, way.objections)
    if decision.verdict is Verdict.ALLOW or decision.is_approved:
        is_shadow = decision.mode is Mode.SHADOW and not (request.enforce or way.gated)
        is_lenient = is_shadow or way.treatment == "shadow"
        return Permitted(decision, decision.id, decision.warrant, is_lenient=is_lenient)
    if decision.verdict is Verdict.BLOCK:
        raise Blocked(
            f"{request.action} is blocked: {decision.reason}",
            reasons=decision.reasons,
            action_id=decision.id,
            decision=decision,
        )
    if way.tells and decision.id is not None:
        way = yield from _told(decision.id, way)
    if way.on_review is OnReview.FAIL_CLOSED:
        raise ReviewPending(
            f"{request.action} waits for approval: {decision.reason}",
            reasons=decision.reasons,
            action_id=decision.id,
            approval=decision.approval,
            decision=decision,
        )
    return (yield from _approved(request, decision, way))


def _told(action_id: str, way: Way) -> Steps:
    """Tells the program of a held action; the way on, with the time that is left to wait for people."""
    began = time.monotonic()
    yield Tell(action_id, way.within, is_beside=way.on_review is not OnReview.FAIL_CLOSED)
    if way.within is None:
        return way
    return way._replace(within=max(0.0, way.within - (time.monotonic() - began)))


def proposed(request: ActionRequest, way: Way) -> Steps:
    """The way on, and the decision; none where shadow goes on without one. Where the policy does
    not permit shadow, its decisions bind, and what goes wrong is raised."""
    try:
        return way, (yield _proposal(request, way))
    except PlacetError as error:
        if not way.shadow:
            raise
        if not _forbids_shadow(error):
            warn("in shadow, %s runs without a decision: %s", request.action, error)
            return way, None
        warn("the policy lets no program be in shadow, so its decisions bind: %s", error)
    way = way.bound()
    return way, (yield _proposal(request, way))


def _proposal(request: ActionRequest, way: Way) -> Step:
    # Where nobody waits for people here, it may be for others to wait.
    is_mine = way.waits and way.on_review is not OnReview.FAIL_CLOSED
    body = {"treatment": way.treatment, "is_mine": is_mine}
    return Step("propose", request, body, key=way.key, hurried=way.shadow)


def _forbids_shadow(error: PlacetError) -> bool:
    """Whether that is what an answer to a proposal says. Whoever says it is there, and in order."""
    return isinstance(error, Invalid) and error.pointer == "/treatment"


def tightened(decision: Decision, objections: tuple[Objection, ...]) -> Decision:
    """A decision with what the program itself has against the action."""
    for objection in objections:
        decision = decision.tightened(objection.verdict, objection.reason)
    return decision


def _approved(request: ActionRequest, decision: Decision, way: Way) -> Steps:
    """Waits until the action is approved, also where people put another in its place."""
    action_id, edited = decision.id, None
    assert action_id is not None
    try:
        while True:
            if way.asks:
                found = yield Ask(action_id, request, way.within)
            else:
                body = {"id": action_id, "is_mine": True}
                found = yield Step("settle", body=body, within=way.within)
            status = Status(found["status"])
            yield from _ended(action_id, status, way)
            if status is not Status.SUPERSEDED or not found.get("successor"):
                break
            action_id = found["successor"]
            successor = yield Step("follow", body={"id": action_id})
            edited = successor.get("action", {}).get("params")
    except GeneratorExit:
        # These steps themselves are dropped; whoever carried them out says so (what they raise is `Carried`).
        raise
    except BaseException:
        # Nobody waits any more, so nobody has to answer.
        yield from _withdrawn(action_id, way)
        raise
    if status in (Status.APPROVED, Status.ALLOWED):
        return Permitted(decision, action_id, found.get("warrant"), edited, was_held=True)
    if status is Status.PENDING:
        yield from _withdrawn(action_id, way)
    raise NotApproved(
        why_not(request.action, status, found.get("denial")),
        reasons=(found.get("denial") or why(status),),
        action_id=action_id,
        decision=decision,
        status=status,
    )


def _withdrawn(action_id: str, way: Way) -> Steps:
    yield posted(Step("withdraw", body={"id": approval_of(action_id)}))
    yield from _ended(action_id, Status.WITHDRAWN, way)


def _ended(action_id: str, status: Status, way: Way) -> Steps:
    if way.mirrors and status is not Status.PENDING:
        yield Ended(action_id, status)


def run(request: ActionRequest, way: Way, captured: Captured) -> Steps:
    """Runs an action: decides, waits, spends its permission, calls, and says what came of it.

    The function is called once or not at all. Where it gives what has yet to run (a generator, or
    something to await), that is what has an outcome, at its end.
    """
    permitted: Permitted = yield from decide(request, way)
    is_lenient, edited = permitted.is_lenient, permitted.edited
    if not is_lenient and not captured.is_unchanged(request):
        raise _changed(request, permitted)
    # In shadow the function gets what it was given, as if nobody had looked at it.
    arguments = captured.given if is_lenient else captured.rebuilt(request, edited)
    call = request if edited is None else request.with_params(edited)
    action_id = yield from _redeemed(permitted, call)
    if permitted.was_held:
        yield from _still_permitted(permitted, request, way)
    # Once more, because that took time as well. From here on nothing comes between.
    begins = functools.partial(_unchanged, request, permitted, captured, action_id)
    ends = functools.partial(came_of_it, call, action_id, is_lenient)
    yield from begins()
    try:
        value = yield Call(arguments)
    except GeneratorExit:
        # As above: what it came to is in doubt, which the log shows after a while.
        raise
    except BaseException as error:
        yield from ends(error.error if isinstance(error, Carried) else error)
        raise
    if is_unfinished(value):
        return (yield Later(value, begins, ends, functools.partial(never_began, action_id)))
    yield from ends(None)
    return value


def _unchanged(
    request: ActionRequest, permitted: Permitted, captured: Captured, action_id: str | None
) -> Steps:
    """Raises where the arguments are no more what was decided on. Its permission is spent then."""
    if permitted.is_lenient or captured.is_unchanged(request):
        return
    yield from concluded(action_id, "failed", "it did not run: the arguments changed")
    raise _changed(request, permitted)


def _changed(request: ActionRequest, permitted: Permitted) -> Changed:
    return Changed(
        f"the arguments of {request.action} changed while it waited, so it was not called",
        reasons=("the arguments changed",),
        action_id=permitted.action_id,
        decision=permitted.decision,
    )


def _still_permitted(permitted: Permitted, request: ActionRequest, way: Way) -> Steps:
    """Raises where the program has come to stop what people approved meanwhile. Its permission is
    spent, so that nothing runs by it later."""
    objections = () if way.objections_now is None else way.objections_now()
    reasons = tuple(objection.reason for objection in objections if objection.verdict == "block")
    if not reasons:
        return
    why = "; ".join(reasons)
    yield from concluded(permitted.action_id, "failed", f"it did not run: {why}")
    raise Blocked(
        f"{request.action} is blocked: {why}",
        reasons=reasons,
        action_id=permitted.action_id,
        decision=permitted.decision,
    )


def propose(request: ActionRequest, way: Way) -> Steps:
    """Only decides, and records the decision. Nobody is asked about what the program itself stops."""
    decision = tightened((yield _proposal(request, way)), way.objections)
    if decision.approval is not None and way.mirrors and decision.id is not None:
        yield Tell(decision.id, way.within)
    return decision


def _redeemed(permitted: Permitted, call: ActionRequest) -> Steps:
    """Spends the permission for a call; the id under which to report, if there is one."""
    action_id = permitted.action_id
    if action_id is None:  # Only shadow answers without a record.
        return None
    try:
        body = {"id": action_id, "warrant": permitted.warrant}
        yield Step("redeem", call, body, hurried=permitted.is_lenient)
    except PlacetError as error:
        if permitted.is_lenient:
            return action_id
        if isinstance(error, Unavailable):
            # Nobody says no; nobody has said yes either.
            raise
        raise Blocked(
            f"{call.action} may not run any more: {error}",
            reasons=(str(error),),
            action_id=action_id,
            decision=permitted.decision,
        ) from error
    return action_id
