"""Running actions: once, with what was decided on, and reported whatever happens."""

import asyncio
import gc
import itertools
import threading
import time
import tracemalloc
from concurrent.futures import Future
from datetime import date
from decimal import Decimal

import pytest
from conftest import PATIENCE, first_pending, nothing_waits, policy

from placet import (
    ActionDenied,
    ActionRequest,
    AuditEntry,
    Blocked,
    Changed,
    ConfigError,
    Guard,
    Invalid,
    PlacetError,
    Refusal,
    ResolveOutcome,
    ReviewPending,
    SignOff,
    Status,
    Verdict,
    supervised,
)
from placet._reply import reply_of
from placet._step import Step


def executor(tool, params):
    return tool, params


def in_background(call):
    """Runs a call in a thread; gives the thread and where its result will be."""
    box = []

    def run():
        try:
            box.append(call())
        except BaseException as error:
            box.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread, box


def test_a_safe_call_runs_at_once(guard):
    assert guard.execute("get_order", {"id": 7}, executor) == ("get_order", {"id": 7})
    assert guard.pending() == []


def test_a_held_call_runs_once_when_it_is_approved(guard):
    calls = []
    call = lambda: guard.execute("issue_refund", {"amount": "10"}, lambda *a: calls.append(a) or "done")
    thread, box = in_background(call)
    held = first_pending(guard)
    assert (held.tool, held.params) == ("issue_refund", {"amount": "10"})
    assert calls == []
    assert guard.resolve(held.request_id, True, actor="ann") is ResolveOutcome.RESOLVED
    thread.join(PATIENCE)
    assert box == ["done"] and len(calls) == 1
    again = guard.resolve(held.request_id, True, actor="ann")
    assert again is ResolveOutcome.ALREADY_RESOLVED and not again
    assert guard.status(held.action_id) is Status.SUCCEEDED
    assert guard.pending() == []


def test_a_denied_call_is_a_false_value_and_stays_denied(guard):
    thread, box = in_background(lambda: guard.execute("issue_refund", {"amount": "10"}, executor))
    held = first_pending(guard)
    guard.resolve(held.request_id, False, actor="ann", reason="not this one")
    thread.join(PATIENCE)
    [denied] = box
    assert isinstance(denied, ActionDenied) and not denied
    assert denied.to_dict() == {
        "denied": True,
        "tool": "issue_refund",
        "reason": "not this one",
        "status": "denied",
        "action_id": held.action_id,
        "request_id": held.request_id,
    }
    assert denied.reason == "not this one" and denied.status is Status.DENIED
    assert denied.action_id == held.action_id and denied.request_id == held.request_id
    again = guard.execute("issue_refund", {"amount": "10"}, executor, reason="please")
    assert not again and again.status is Status.BLOCKED


@pytest.mark.parametrize("denied", ["10.0", 10, Decimal("1E+1")])
def test_a_denied_amount_stays_denied_in_every_spelling(guard, denied):
    decision = guard.propose("issue_refund", params={"amount": denied})
    guard.resolve(decision.approval.id, False, actor="ann")
    for spelled in (10, 10.0, "10", "10.00", Decimal("10"), Decimal("1E+1"), Decimal("10.0")):
        again = guard.propose("issue_refund", params={"amount": spelled})
        assert again.verdict is Verdict.BLOCK, spelled
    assert guard.evaluate("issue_refund", params={"amount": "10.01"}).verdict is not Verdict.BLOCK


def test_an_answer_to_nothing_is_unknown(guard):
    unknown = "apr_0198c2f4-5b1c-7d2e-8a3f-1b2c3d4e5f60"
    assert guard.resolve(unknown, True, actor="ann") is ResolveOutcome.UNKNOWN


@pytest.mark.parametrize("answer", ["false", "yes", 1, 0, None, [], object(), Future(), "coroutine"])
def test_only_true_approves(guard, answer):
    decision = guard.propose("issue_refund", params={"amount": "10"})
    answer = a_coroutine() if answer == "coroutine" else answer
    with pytest.raises(TypeError):
        guard.resolve(decision.approval.id, answer, actor="ann")
    with pytest.raises(TypeError):
        asyncio.run(guard.aresolve(decision.approval.id, answer, actor="ann"))
    assert guard.status(decision.id) is Status.PENDING
    getattr(answer, "close", lambda: None)()


def test_nobody_answers_in_time(backend):
    guard = backend.open(review_timeout=0.2)
    denied = guard.execute("issue_refund", {"amount": "10"}, executor)
    assert not denied and "nobody answered in time" in denied.reason
    assert guard.pending() == []


def test_an_answer_that_comes_too_late_is_none(backend):
    def slow(request):
        time.sleep(0.4)
        return True

    guard = backend.open(confirm=slow, review_timeout=0.1)
    never = lambda *_: pytest.fail("it ran")
    for denied in (
        guard.execute("issue_refund", {"amount": "10"}, never),
        asyncio.run(guard.aexecute("issue_refund", {"amount": "11"}, never)),
    ):
        assert not denied and "nobody answered in time" in denied.reason
    assert nothing_waits(guard)


def test_a_blocked_call_is_never_called(guard):
    calls = []
    denied = guard.execute("issue_refund", {"amount": "5000"}, lambda *a: calls.append(a))
    assert not denied and denied.status is Status.BLOCKED and "hard_cap" in denied.reason
    assert calls == []


def test_fail_closed_returns_at_once(guard):
    @supervised("issue_refund", guard=guard, on_review="fail_closed")
    def refund(amount):
        raise AssertionError("it ran")

    with pytest.raises(ReviewPending) as pending:
        refund("10")
    assert pending.value.action_id == guard.pending()[0].action_id
    assert pending.value.approval.quorum == 1 and pending.value.reasons


def test_fail_open_only_where_the_policy_permits_it(backend):
    strict = backend.open()
    with pytest.raises(Invalid, match="does not permit"):
        strict.execute("issue_refund", {"amount": "10"}, executor, on_review="fail_open")
    lax = backend.open(policy(on_review="fail_open"))
    assert lax.execute("issue_refund", {"amount": "10"}, executor, on_review="fail_open")
    assert not lax.execute("issue_refund", {"amount": "5000"}, executor, on_review="fail_open")


def test_what_was_approved_is_what_runs(guard):
    params = {"amount": "10", "lines": [{"sku": "a"}]}
    thread, box = in_background(lambda: guard.execute("issue_refund", params, executor))
    held = first_pending(guard)
    params["amount"] = "999"
    params["lines"][0]["sku"] = "b"
    guard.resolve(held.request_id, True, actor="ann")
    thread.join(PATIENCE)
    assert box == [("issue_refund", {"amount": "10", "lines": [{"sku": "a"}]})]


def test_arguments_that_cannot_be_copied_must_not_change(guard):
    from dataclasses import dataclass

    @dataclass
    class Refund:
        amount: str

    calls = []

    @supervised("issue_refund", guard=guard)
    def refund(amount, of):
        calls.append(of)

    of = Refund("10")
    thread, box = in_background(lambda: refund("10", of))
    held = first_pending(guard)
    assert held.params == {"amount": "10", "of": {"amount": "10"}}
    of.amount = "999"
    guard.resolve(held.request_id, True, actor="ann")
    thread.join(PATIENCE)
    assert isinstance(box[0], Changed) and calls == []


def test_people_can_change_what_runs(guard):
    call = lambda: guard.execute("issue_refund", {"amount": Decimal("10")}, executor)
    thread, box = in_background(call)
    held = first_pending(guard)
    guard.resolve(held.request_id, True, actor="ann", params={"amount": 7})
    thread.join(PATIENCE)
    assert box == [("issue_refund", {"amount": Decimal("7")})]
    assert isinstance(box[0][1]["amount"], Decimal)


EDITS = [{"amount": Decimal("7")}, {"amount": 7, "note": b"by hand", "on": date(2026, 3, 1)}]


@pytest.mark.parametrize("edit", EDITS, ids=["a decimal", "several"])
def test_people_write_params_of_any_kind(backend, edit):
    """What they write is frozen like anything else that is decided on."""

    guard = backend.open()
    decision = guard.propose("issue_refund", params={"amount": "10"})
    assert guard.resolve(decision.approval.id, True, actor="ann", params=edit)
    asked = backend.open(confirm=lambda request: SignOff("ann", params=edit))
    for call in (asked.execute, lambda *of: asyncio.run(asked.aexecute(*of))):
        tool, params = call("issue_refund", {"amount": "11"}, executor)
        assert params["amount"] == 7


ODD = {
    "params that cannot be written": {"params": {"amount": object()}},
    "params that are no number": {"params": {"amount": float("nan")}},
    "params that are none": {"params": ["amount"]},
    "a statement of bytes": {"statements": {"why": b"by hand"}},
    "a statement of nothing": {"statements": {"why": None}},
    "a person that is none": {"person": b"ann"},
    "groups that are none": {"groups": (b"finance",)},
}


def test_an_answer_that_cannot_be_written_answers_nothing(guard):
    decision = guard.propose("issue_refund", params={"amount": "10"})
    for odd in ODD.values():
        said = {"person": "ann", **odd}
        words = {**said, **said.get("statements", {}), "actor": said["person"]}
        words = {name: words[name] for name in words if name not in ("statements", "person")}
        with pytest.raises(Invalid):
            guard.resolve(decision.approval.id, True, **words)
        with pytest.raises(Invalid):
            asyncio.run(guard.aresolve(decision.approval.id, True, **words))
        assert guard.status(decision.id) is Status.PENDING


def test_a_callback_whose_answer_cannot_be_written_approves_nothing(backend):
    asked = []

    def confirm(request):
        asked.append(request)
        return SignOff(**{"person": "ann", **odd})

    guard = backend.open(confirm=confirm)
    calls = (guard.execute, lambda *of: asyncio.run(guard.aexecute(*of)))
    for count, (odd, call) in enumerate(itertools.product(ODD.values(), calls), start=1):
        denied = call("issue_refund", {"amount": f"{count}"}, lambda *_: pytest.fail("it ran"))
        assert "what the callback gave cannot be written down" in denied.reason
        assert len(asked) == count
    assert guard.pending() == []


@pytest.mark.parametrize(("person", "why"), [("", "is empty"), ("x" * 600, "is 600 bytes long")])
def test_a_sign_off_of_nobody_approves_nothing_and_leaves_nothing_waiting(backend, person, why):
    guard = backend.open(confirm=lambda request: SignOff(person))
    for amount, call in (("7", guard.execute), ("8", lambda *of: asyncio.run(guard.aexecute(*of)))):
        denied = call("issue_refund", {"amount": amount}, lambda *_: pytest.fail("it ran"))
        assert f"what the callback gave cannot be written down: person {why}" in denied.reason
    assert guard.pending() == []


def test_a_sign_off_of_a_class_of_its_own_approves_nothing(backend):
    class Own(SignOff):
        """Of whose fields nobody knows what they say the next time."""

    guard = backend.open(confirm=lambda request: Own("ann"))
    for amount, call in (("7", guard.execute), ("8", lambda *of: asyncio.run(guard.aexecute(*of)))):
        denied = call("issue_refund", {"amount": amount}, lambda *_: pytest.fail("it ran"))
        assert "gave Own, which is neither True nor a sign-off" in denied.reason


def test_what_an_executor_raises_is_reported_and_raised(backend):
    def fails(tool, params):
        raise RuntimeError("the bank is closed")

    guard, asked = confirming(backend)
    with pytest.raises(RuntimeError, match="the bank is closed"):
        guard.execute("issue_refund", {"amount": "7"}, fails)
    assert guard.status(asked[0].action_id) is Status.FAILED


def test_secrets_in_what_went_wrong_are_not_stored(backend, tmp_path):
    def fails(tool, params):
        raise RuntimeError("the bank takes no password=hunter2-horse here")

    settings = {"store": tmp_path / "placet.db"} if backend.kind == "in process" else {}
    guard = backend.open(**settings)
    with pytest.raises(RuntimeError, match="hunter2"):
        guard.execute("get_order", {"id": 1}, fails)
    with pytest.raises(RuntimeError, match="hunter2"):
        asyncio.run(guard.aexecute("get_order", {"id": 2}, fails))
    request = ActionRequest("get_order", params={"id": 3})
    decision = guard.evaluate(request)
    error = "token=hunter2-horse: no"
    guard.record(AuditEntry(request, decision, approved=None, executed=True, error=error))
    stored = b"".join(file.read_bytes() for file in tmp_path.rglob("placet.db*"))
    assert stored.count(b"the bank takes no password=[redacted:") >= 2
    assert b"token=[redacted:" in stored and b"hunter2" not in stored


def confirming(backend, **settings):
    """A guard whose callback says yes, and all that it was asked."""
    asked = []
    return backend.open(confirm=lambda request: asked.append(request) or True, **settings), asked


@pytest.mark.parametrize("raised", [Blocked("inner", reasons=("inner",)), ReviewPending("inner")])
def test_what_ran_is_not_called_denied(backend, raised):
    """Not even where what it does is refused something in its turn."""
    effects = []

    def runs(tool, params):
        effects.append(params)
        raise raised

    guard, asked = confirming(backend)
    with pytest.raises(type(raised), match="inner"):
        guard.execute("issue_refund", {"amount": "7"}, runs)
    with pytest.raises(type(raised), match="inner"):
        asyncio.run(guard.aexecute("issue_refund", {"amount": "8"}, runs))

    @guard.gate
    def issue_refund(amount):
        runs("issue_refund", amount)

    with pytest.raises(type(raised), match="inner"):
        issue_refund("9")
    assert len(effects) == 3
    assert {guard.status(one.action_id) for one in asked} == {Status.FAILED}


def test_a_gated_function_always_asks(guard):
    @guard.gate
    def get_order(id):
        return id

    thread, box = in_background(lambda: get_order(7))
    held = first_pending(guard)
    assert held.params == {"id": 7}
    guard.resolve(held.request_id, True, actor="ann")
    thread.join(PATIENCE)
    assert box == [7]


def test_a_callback_answers(backend):
    asked = []
    guard = backend.open(confirm=lambda request: asked.append(request) or True)
    assert guard.execute("issue_refund", {"amount": "10"}, executor, agent_id="bot", reason="because")
    [request] = asked
    assert request.tool == "issue_refund" and request.params == {"amount": "10"}
    assert request.agent_id == "bot" and request.reason == "because" and request.deadline
    assert request.to_dict()["action"]["params"] == {"amount": "10"}


def test_a_callback_can_take_a_tool_and_its_params(backend):
    def small(tool, params):
        return tool == "issue_refund" and params["amount"] == "10"

    guard = backend.open(confirm=small)
    assert guard.execute("issue_refund", {"amount": "10"}, executor)
    assert not guard.execute("issue_refund", {"amount": "11"}, executor)


@pytest.mark.parametrize("params", ["abc", 7, ["amount"], 0, ""])
def test_params_are_a_mapping(guard, params):
    with pytest.raises(Invalid, match="a mapping"):
        guard.execute("get_order", params, lambda *_: pytest.fail("it ran"))


def test_a_program_is_told_of_what_is_held(backend):
    told = []
    guard = backend.open(on_request=told.append, on_review="fail_closed")
    assert not guard.execute("issue_refund", {"amount": "10"}, executor)
    assert guard.execute("get_order", {"id": 1}, executor)
    assert [request.tool for request in told] == ["issue_refund"]
    assert told[0].request_id == guard.pending()[0].request_id


def test_what_on_request_raises_stops_nobody(backend):
    guard = backend.open(on_request=lambda request: 1 / 0, confirm=lambda request: True)
    assert guard.execute("issue_refund", {"amount": "10"}, executor)


async def a_coroutine():
    return True


class Truthy:
    def __bool__(self):
        return True


@pytest.mark.parametrize(
    "answer",
    [False, "true", "false", "no", 1, 0, None, [True], Truthy(), lambda: True, Future()],
)
def test_nothing_truthy_approves_in_a_callback(backend, answer):
    calls = []
    guard = backend.open(confirm=lambda request: answer)
    denied = guard.execute("issue_refund", {"amount": "10"}, lambda *a: calls.append(a))
    assert not denied and denied.status is Status.DENIED and calls == []


@pytest.mark.parametrize("answer", ["true", 1, [True], Truthy(), "a coroutine that gives True"])
def test_nothing_truthy_approves_in_an_async_callback(backend, answer):
    async def confirm(request):
        # What it gives is its answer, and not what that would give in its turn.
        return a_coroutine() if answer == "a coroutine that gives True" else answer

    guard = backend.open(confirm=confirm)
    never = lambda *_: pytest.fail("it ran")
    denied = asyncio.run(guard.aexecute("issue_refund", {"amount": "10"}, never))
    assert not denied and denied.status is Status.DENIED


def test_a_coroutine_is_no_approval(backend):
    guard = backend.open(confirm=lambda request: a_coroutine())
    denied = guard.execute("issue_refund", {"amount": "10"}, executor)
    assert not denied and "async" in denied.reason


def test_a_callback_that_fails_approves_nothing(backend):
    guard = backend.open(confirm=lambda request: 1 / 0)
    denied = guard.execute("issue_refund", {"amount": "10"}, executor)
    assert not denied and "ZeroDivisionError" in denied.reason


def test_a_callback_says_no_with_a_reason(backend):
    guard = backend.open(confirm=lambda request: Refusal("ann", "too much"))
    assert guard.execute("issue_refund", {"amount": "10"}, executor).reason == "too much"


def test_a_sign_off_has_what_the_approval_asks_for(tmp_path):
    from placet import ActionClass, ApprovalTerms, RiskTier

    terms = ApprovalTerms(fields=("why",), least_length=10)
    of = policy(classes=[ActionClass("pay", RiskTier.REVERSIBLE_WRITE, approval=terms)])
    answers = [True, SignOff("ann", {"why": "short"}), SignOff("ann", {"why": "it was agreed upon"})]
    results = []
    for answer in answers:
        guard = Guard(of, confirm=lambda request, answer=answer: answer)
        results.append(bool(guard.execute("pay", {}, lambda tool, params: True)))
    assert results == [False, False, True]


def test_confirm_and_ask_are_not_both_given():
    with pytest.raises(ConfigError):
        Guard(policy(), confirm=lambda request: True, ask="terminal")


def test_without_a_terminal_the_answer_is_no():
    import subprocess
    import sys

    code = (
        "from placet import *\n"
        "guard = Guard(ask=Terminal('ann'))\n"
        "print(guard.execute('delete_file', {'path': 'notes.txt'}, print))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, start_new_session=True
    )
    assert done.returncode == 0, done.stderr
    assert "there is no terminal" in done.stdout


def test_an_agents_key_answers_nothing(tmp_path):
    from conftest import Daemon

    from placet import Forbidden

    daemon = Daemon(tmp_path, policy())
    try:
        with Guard.connect(daemon.url, daemon.bare_agent) as guard:
            held = guard.propose("issue_refund", params={"amount": "10"})
            with pytest.raises(Forbidden):
                guard.resolve(held.approval.id, True)
            with pytest.raises(Forbidden):
                asyncio.run(guard.aresolve(held.approval.id, True, actor="ann"))
            # Nor through anything that it holds: whoever carries its requests has only its key.
            assert held.warrant is None and not hasattr(guard._carrier, "engine")
            for step in (
                reply_of(True, held.approval.id, "ann", ["finance"]),
                reply_of(SignOff("ann"), held.approval.id, "ann"),
                Step("held", body={"id": held.approval.id}),
            ):
                with pytest.raises(Forbidden):
                    guard._carrier.do(step)
            request = ActionRequest("issue_refund", params={"amount": "10"})
            for warrant in ("", "eyJhbGciOiJub25lIn0.e30.", None):
                with pytest.raises(PlacetError):
                    guard._carrier.do(Step("redeem", request, {"id": held.id, "warrant": warrant}))
            with pytest.raises(ConfigError, match="approver_key"):
                Guard.connect(daemon.url, daemon.bare_agent, confirm=lambda request: True)
            assert guard.status(held.id) is Status.PENDING
    finally:
        daemon.stop()


def test_a_blocked_call_of_a_decorated_function_raises(guard):
    @supervised("issue_refund", guard=guard)
    def refund(amount):
        raise AssertionError("it ran")

    with pytest.raises(Blocked) as blocked:
        refund(amount="5000")
    assert blocked.value.reasons and blocked.value.action_id.startswith("act_")


def test_what_is_resolved_does_not_accumulate(backend):
    """Nothing of ours is left of a call, however many there were."""
    guard = backend.open(confirm=lambda request: request.params["n"] % 2 == 0)
    of = lambda n: guard.execute("issue_refund", {"amount": "10", "n": n}, executor)

    def ours():
        """What our own code has allocated, in bytes."""
        gc.collect()
        taken = tracemalloc.take_snapshot().filter_traces([tracemalloc.Filter(True, "*/placet/*")])
        return sum(trace.size for trace in taken.traces)

    tracemalloc.start()
    try:
        for n in range(10):
            of(n)
        before = ours()
        results = [bool(of(n)) for n in range(10, 50)]
        assert ours() - before < 40 * 50, "less than the smallest thing for each of them"
    finally:
        tracemalloc.stop()
    assert results == [True, False] * 20
    assert guard.pending() == []
