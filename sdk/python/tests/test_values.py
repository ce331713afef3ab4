"""Values stay as they are, are equal where they say the same, and go to other processes."""

import copy
import json
import multiprocessing
import pickle
import sys
import threading
from concurrent.futures import ProcessPoolExecutor
from decimal import Decimal
from fractions import Fraction

import pytest
from conftest import PATIENCE, policy

from placet import (
    ActionDenied,
    ActionRequest,
    ApprovalRequest,
    Blocked,
    Decision,
    Guard,
    NotApproved,
    Refusal,
    ReviewPending,
    SignOff,
    Status,
    classify,
    supervised,
)

DUPLICATES = [copy.copy, copy.deepcopy, lambda it: pickle.loads(pickle.dumps(it))]


def request(**fields):
    given = {"value": 7, "agent": "bot", "reason": "why", "context": {"goal": "a"}, **fields}
    return ActionRequest("issue_refund", "acme", params={"amount": "10", "lines": [1]}, **given)


def decided(request):
    return Guard(policy()).evaluate(request)


@pytest.mark.parametrize("duplicate", DUPLICATES)
def test_a_request_is_copied_whole(duplicate):
    for enforce in (True, False):
        one = request(enforce=enforce, user="ann", build="b", session="s")
        again = duplicate(one)
        assert again == one and hash(again) == hash(one) and again.to_json() == one.to_json()
        assert again.params == one.params and again.value == 7


@pytest.mark.parametrize("duplicate", DUPLICATES)
def test_a_decision_is_copied_whole(duplicate):
    decision = Guard(policy()).propose(request())
    again = duplicate(decision)
    assert again == decision and hash(again) == hash(decision)
    assert again.to_json() == decision.to_json() and again.reasons == decision.reasons
    for part in ("approval", "findings"):
        one, other = getattr(decision, part), getattr(again, part)
        assert one == other == duplicate(one) and hash(one) == hash(other)
        assert repr(one) == repr(other)


def test_equal_decisions_are_equal_and_others_are_not():
    guard = Guard(policy())
    one, other = guard.evaluate(request()), guard.evaluate(request())
    assert one is not other and one == other and len({one, other}) == 1
    assert one != guard.evaluate(ActionRequest("get_order"))
    assert one != one.tightened("block", "why not") and one != one.to_json()
    assert one.findings[0] != one.tightened("block", "x").findings[-1]


WIRE = {
    "id": "act_018f7e3c-9d2a-7b4e-8c11-2f6d5a3b9e70",
    "verdict": "require_approval",
    "mode": "enforce",
    "class": None,
    "risk": None,
    "autonomy": None,
    "findings": [],
    "policy": "sha256:" + "0" * 64,
    "approval": {
        "id": "apr_018f7e3c-9d2a-7b4e-8c11-2f6d5a3b9e70",
        "deadline": "2026-01-02T03:04:05Z",
        "quorum": 1,
        "fields": [],
        "least_length": 0,
        "url": "/inbox/apr_1",
    },
    "warrant": "a-secret-until-it-is-spent",
}


HELD = {
    "decision": {**WIRE, "warrant": None, "at": None},
    "action": {"tool": "issue_refund", "params": {"amount": "10", "lines": [{"sku": "a"}]}},
}


def test_a_warrant_stays_in_its_process():
    decision = Decision.from_json(json.dumps(WIRE))
    again = pickle.loads(pickle.dumps(decision))
    assert decision.warrant and decision.is_approved
    assert again.warrant is None and again.is_approved and again == decision
    assert again.approval == decision.approval and again.approval.url == "/inbox/apr_1"
    assert WIRE["warrant"].encode() not in pickle.dumps(decision)
    assert copy.copy(decision).warrant == decision.warrant


def errors():
    decision = decided(request())
    said = {"reasons": ("why",), "action_id": "act_1", "decision": decision}
    return [
        Blocked("no", **said),
        NotApproved("no", status=Status.DENIED, **said),
        ReviewPending("later", approval=decision.approval, **said),
    ]


@pytest.mark.parametrize("duplicate", DUPLICATES)
def test_what_is_raised_is_copied_whole(duplicate):
    for error in errors():
        again = duplicate(error)
        assert type(again) is type(error) and again.args == error.args
        assert vars(again) == vars(error)
    denied = Guard(policy()).execute("issue_refund", {"amount": "5000"}, lambda *_: 1)
    assert isinstance(denied, ActionDenied) and duplicate(denied) == denied


def blocks():
    guard = Guard(policy())
    supervised("issue_refund", guard=guard)(lambda amount: amount)("5000")


def test_it_arrives_from_another_process_as_what_it_is():
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        with pytest.raises(Blocked, match="hard_cap of 1000") as blocked:
            pool.submit(blocks).result(60)
    assert blocked.value.decision.reason == "5000 is above the hard_cap of 1000"
    assert blocked.value.action_id == blocked.value.decision.id


def test_what_a_person_is_shown_cannot_be_changed():
    guard = Guard(policy())
    guard.propose("issue_refund", params={"amount": "10", "lines": [{"sku": "a"}]})
    [held] = guard.pending()
    for change in (
        lambda: held.params.update(amount="1"),
        lambda: held.params.__setitem__("amount", "1"),
        lambda: held.params["lines"].append("b"),
        lambda: held.params["lines"][0].pop("sku"),
    ):
        with pytest.raises(TypeError, match="stays as it is"):
            change()
    assert held.params == {"amount": "10", "lines": [{"sku": "a"}]}
    assert json.loads(json.dumps(held.params)) == held.to_dict()["action"]["params"]
    for duplicate in DUPLICATES:
        assert duplicate(held) == held and type(duplicate(held).params) is type(held.params)


def test_what_people_say_and_what_inspection_finds_cannot_be_changed():
    given = {"why": "I read it"}
    signed = SignOff("ann", given, params={"lines": [{"sku": "a"}]})
    given["why"] = "no"
    found = classify("run_sql", {"query": "DROP TABLE orders"})
    for change in (
        lambda: signed.statements.update(why="no"),
        lambda: signed.params["lines"][0].pop("sku"),
        lambda: found.evidence[0].clear(),
    ):
        with pytest.raises(TypeError, match="stays as it is"):
            change()
    assert signed.statements == {"why": "I read it"} and found.evidence[0]["effect"]
    for duplicate in DUPLICATES:
        assert duplicate(signed) == signed and duplicate(found) == found


def test_what_cannot_be_changed_is_made_once():
    of = policy()
    params = ApprovalRequest.from_wire(HELD).params
    of.actions.__init__(evil=1)
    params.__init__({"amount": "1"})
    params["lines"].__init__([2])
    assert "evil" not in of.actions
    assert params == {"amount": "10", "lines": [{"sku": "a"}]} == dict(params)


def test_equal_values_have_the_same_hash():
    for make in (
        lambda: SignOff("ann", {"why": "x"}, {"lines": [{"n": 1}]}, ("finance",)),
        lambda: Refusal("ann", "no"),
        lambda: classify("run_sql", {"query": "DROP TABLE orders"}),
        lambda: ApprovalRequest.from_wire(HELD),
        lambda: policy(),
    ):
        assert make() == make() and len({make(), make()}) == 1


def test_a_policy_cannot_be_changed():
    of = policy()
    with pytest.raises(TypeError, match="stays as it is"):
        of.actions["drop_database"] = of.actions["get_order"]
    with pytest.raises(TypeError, match="stays as it is"):
        of.actions.clear()
    for duplicate in DUPLICATES:
        assert duplicate(of) == of and duplicate(of).to_toml() == of.to_toml()
        with pytest.raises(TypeError):
            del duplicate(of).actions["get_order"]


def test_a_reason_has_its_limit_like_everybody_elses():
    assert ActionRequest("issue_refund", reason="a" * 16_384).reason
    with pytest.raises(ValueError, match="/reason: is 16385 bytes long; at most 16384 are accepted"):
        ActionRequest("issue_refund", reason="a" * 16_385)


def others_ran(guard, request):
    """Whether another thread, which waits for nothing but the interpreter, gets it while a request is
    judged. Nobody takes the interpreter from a thread that does not let go of it."""
    gate, ran = threading.Lock(), []
    gate.acquire()

    def waits():
        with gate:
            ran.append("ran")

    thread = threading.Thread(target=waits)
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1_000)
    try:
        # It lets go of the interpreter only where it has come to the gate.
        thread.start()
        gate.release()
        guard.evaluate(request)
        return bool(ran)
    finally:
        sys.setswitchinterval(interval)
        thread.join(PATIENCE)


def test_others_run_while_something_large_is_judged():
    with Guard(policy()) as guard:

        def of(words):
            # A new one each time: of the same there is nothing to find out any more.
            return ActionRequest("issue_refund", params={"amount": "10", "text": "x y " * words})

        # Nearly as large, and judged without letting go.
        large, small = 20_000, 15_000
        assert guard.evaluate(of(large)).reasons == guard.evaluate(of(small)).reasons
        assert not any(others_ran(guard, of(small)) for _ in range(20))
        # A machine that has much to do may leave the other thread where it is, once or twice.
        assert any(others_ran(guard, of(large)) for _ in range(200))


@pytest.mark.parametrize("sign", [1, -1])
def test_a_whole_number_has_as_many_digits_as_are_said(sign):
    longest = sign * (10**400 - 1)
    assert str(longest) in ActionRequest("x", params={"a": longest}).to_json()
    with pytest.raises(ValueError, match="/a: a whole number of more than 400 digits"):
        ActionRequest("x", params={"a": sign * 10**400})
    with pytest.raises(ValueError, match="/a: a whole number of more than 400 digits"):
        ActionRequest("x", params={"a": sign * 10**100_000})


def test_a_whole_number_of_many_digits_is_the_same_in_every_kind():
    spelt = [10**399, Decimal(10**399), Fraction(10**399)]
    assert len({ActionRequest("x", params={"a": one}).to_json() for one in spelt}) == 1
