"""A store of the program's own mirrors what waits; the log stays the truth."""

import asyncio
import threading
import time
from decimal import Decimal

import pytest
from conftest import PATIENCE, policy

from placet import (
    ActionClass,
    ApprovalTerms,
    ConfigError,
    Guard,
    Refusal,
    RiskTier,
    SignOff,
    Status,
    TooMany,
    Unavailable,
)


class Store:
    """A dict, as a program might begin with."""

    def __init__(self):
        self.waiting = {}
        self.answers = {}
        self.ends = {}
        self.comes = threading.Event()

    def put(self, request):
        assert request.request_id not in self.waiting
        self.waiting[request.request_id] = request
        self.comes.set()

    def answer(self, request_id):
        return self.answers.get(request_id)

    def ended(self, request_id, status):
        assert request_id not in self.ends
        del self.waiting[request_id]
        self.ends[request_id] = status


def started(guard, **of):
    """A call that waits, and where its result will be."""
    box = []
    run = lambda: box.append(guard.execute("issue_refund", {"amount": "10"}, lambda *_: "paid", **of))
    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread, box


def came(store):
    assert store.comes.wait(PATIENCE)
    [request] = store.waiting.values()
    return request


@pytest.mark.parametrize(
    ("answer", "status"),
    [(True, Status.APPROVED), (SignOff("bob"), Status.APPROVED)]
    + [(False, Status.DENIED), (Refusal("bob", "too much"), Status.DENIED)],
)
def test_an_answer_in_the_store_is_the_answer(backend, answer, status):
    store = Store()
    guard = backend.open(approvals=store)
    thread, box = started(guard)
    request = came(store)
    assert request.tool == "issue_refund" and request.params == {"amount": "10"}
    store.answers[request.request_id] = answer
    thread.join(PATIENCE)
    assert bool(box[0]) is (status is Status.APPROVED)
    assert store.ends == {request.request_id: status} and store.waiting == {}


def test_the_store_is_told_whoever_answers(backend):
    store = Store()
    guard = backend.open(approvals=store)
    thread, box = started(guard)
    request = came(store)
    guard.resolve(request.request_id, True, actor="ann")
    thread.join(PATIENCE)
    assert box == ["paid"] and store.ends == {request.request_id: Status.APPROVED}


def test_what_nobody_answers_is_taken_back(backend):
    store = Store()
    guard = backend.open(approvals=store, review_timeout=0.2)
    thread, box = started(guard)
    thread.join(PATIENCE)
    assert not box[0] and list(store.ends.values()) == [Status.WITHDRAWN]


def test_on_an_event_loop(backend):
    store = Store()
    guard = backend.open(approvals=store)

    async def main():
        call = guard.aexecute("issue_refund", {"amount": "10"}, lambda *_: "paid")
        task = asyncio.create_task(call)
        while not store.waiting:
            await asyncio.sleep(0.01)
        [request] = store.waiting.values()
        store.answers[request.request_id] = True
        assert await asyncio.wait_for(task, PATIENCE) == "paid"
        assert store.ends == {request.request_id: Status.APPROVED}
        call = guard.aexecute("issue_refund", {"amount": "11"}, lambda *_: "paid")
        task = asyncio.create_task(call)
        while not store.waiting:
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert store.waiting == {} and Status.WITHDRAWN in store.ends.values()

    asyncio.run(main())


def test_what_does_not_wait_is_collected(backend):
    store = Store()
    guard = backend.open(approvals=store, on_review="fail_closed")
    assert not guard.execute("issue_refund", {"amount": "10"}, lambda *_: pytest.fail("it ran"))
    proposed = guard.propose("issue_refund", params={"amount": "11"})
    assert len(store.waiting) == 2 and guard.collect() == 0
    store.answers[proposed.approval.id] = SignOff("bob")
    assert guard.collect() == 1
    assert store.ends == {proposed.approval.id: Status.APPROVED}
    [other] = store.waiting
    guard.withdraw(other)
    assert guard.collect() == 0
    assert store.ends[other] is Status.WITHDRAWN and store.waiting == {}


async def a_yes():
    return True


class Yes(SignOff):
    """A sign-off that is not only one."""


LIES = ["true", "approved", 1, 0, [True], {"approved": True}, object(), a_yes, Yes("bob")]


def test_a_store_that_lies_approves_nothing(backend, caplog):
    store = Store()
    guard = backend.open(approvals=store, review_timeout=0.4)
    held = guard.propose("issue_refund", params={"amount": "11"})
    for count, lie in enumerate([*LIES, a_yes()], start=1):
        store.answers[held.approval.id] = lie
        assert guard.collect() == 0 and guard.status(held.id) is Status.PENDING
        assert caplog.messages[count - 1 :] == [
            f"the store of approvals gave {type(lie).__name__}, which is no answer"
        ]
    store.answer = lambda request_id: "true"
    calls = []
    denied = guard.execute("issue_refund", {"amount": "10"}, lambda *a: calls.append(a))
    assert not denied and "nobody answered in time" in denied.reason and calls == []


def test_an_answer_is_heard_once():
    """What people have said already is not said again each time the store is looked into."""
    of = ActionClass("issue_refund", RiskTier.REVERSIBLE_WRITE, approval=ApprovalTerms(2, fields=()))
    store = Store()
    guard = Guard(policy(classes=[of]), approvals=store, review_timeout=0.4)
    held = guard.propose("issue_refund", params={"amount": "10"})
    store.answers[held.approval.id] = SignOff("bob")
    assert [guard.collect(), guard.collect()] == [1, 0]
    assert guard.status(held.id) is Status.PENDING
    store.answers[held.approval.id] = SignOff("eve")
    assert guard.collect() == 1 and guard.status(held.id) is Status.APPROVED


def failing_once(guard, name, error):
    """Makes an operation of a guard fail the first time."""
    carrier, failed = guard._carrier, []
    do, ado = carrier.do, carrier.ado

    def fail(step):
        if step.name == name and not failed:
            failed.append(step)
            raise error

    def failing(step):
        fail(step)
        return do(step)

    async def afailing(step):
        fail(step)
        return await ado(step)

    carrier.do, carrier.ado = failing, afailing
    return failed


@pytest.mark.parametrize("error", [Unavailable("the line is down"), TooMany("later")])
def test_an_answer_that_could_not_be_given_is_given_again(backend, caplog, error):
    store = Store()
    guard = backend.open(approvals=store)
    held = guard.propose("issue_refund", params={"amount": "10"})
    store.answers[held.approval.id] = True
    failed = failing_once(guard, "resolve", error)
    assert guard.collect() == 0 and guard.status(held.id) is Status.PENDING
    assert len(failed) == 1 and "was not taken in" in caplog.text
    assert guard.collect() == 1 and guard.status(held.id) is Status.APPROVED


def test_a_call_that_waits_gives_it_again(backend):
    store = Store()
    guard = backend.open(approvals=store)
    failed = failing_once(guard, "resolve", Unavailable("the line is down"))
    thread, box = started(guard)
    store.answers[came(store).request_id] = True
    thread.join(PATIENCE)
    assert box == ["paid"] and len(failed) == 1

    async def main():
        failed = failing_once(guard, "resolve", Unavailable("the line is down"))
        store.answer = lambda request_id: True
        call = guard.aexecute("issue_refund", {"amount": "11"}, lambda *_: "paid")
        assert await asyncio.wait_for(call, PATIENCE) == "paid" and len(failed) == 1

    asyncio.run(main())


def test_what_comes_too_late_does_not_count(backend):
    store = Store()
    guard = backend.open(approvals=store)
    held = guard.propose("issue_refund", params={"amount": "10"})
    guard.resolve(held.approval.id, False, actor="ann")
    store.answers[held.approval.id] = True
    assert guard.collect() == 0 and guard.status(held.id) is Status.DENIED
    assert store.ends == {held.approval.id: Status.DENIED}


@pytest.mark.parametrize(
    "odd", [{"params": {"amount": object()}}, {"statements": {"why": b"it was agreed upon"}}]
)
def test_an_answer_that_cannot_be_written_answers_nothing(backend, caplog, odd):
    store = Store()
    guard = backend.open(approvals=store)
    thread, box = started(guard)
    request = came(store)
    store.answers[request.request_id] = SignOff("bob", **odd)
    until = time.monotonic() + PATIENCE
    while not caplog.records and time.monotonic() < until:
        time.sleep(0.01)
    assert "was not taken in" in caplog.text and box == []
    store.answers[request.request_id] = SignOff("bob", params={"amount": Decimal("7")})
    thread.join(PATIENCE)
    assert box == ["paid"]


def test_an_answer_that_is_completed_in_place_is_another(backend):
    """A store may well give the same object again, with more in it."""
    terms = ApprovalTerms(fields=("why",), least_length=10)
    pay = ActionClass("issue_refund", RiskTier.REVERSIBLE_WRITE, approval=terms)
    store = Store()
    guard = backend.open(policy(classes=[pay]), approvals=store)
    held = guard.propose("issue_refund", params={"amount": "10"})
    store.answers[held.approval.id] = answer = SignOff("bob", {"why": "short"})
    assert guard.collect() == 0
    object.__setattr__(answer, "statements", {"why": "it was agreed upon"})
    assert guard.collect() == 1 and guard.status(held.id) is Status.APPROVED


@pytest.mark.parametrize("broken", ["put", "answer", "ended"])
def test_a_store_that_fails_approves_nothing_and_stops_nobody(backend, caplog, broken):
    failed = threading.Event()

    def fails(*_):
        failed.set()
        raise OSError("the table is locked")

    store = Store()
    setattr(store, broken, fails)
    guard = backend.open(approvals=store)
    thread, box = started(guard)
    assert (store.comes if broken == "ended" else failed).wait(PATIENCE)
    [held] = guard.pending()
    assert box == []
    guard.resolve(held.request_id, True, actor="ann")
    thread.join(PATIENCE)
    assert box == ["paid"] and f"failed in {broken}" in caplog.text


def test_an_answer_counts_as_far_as_any_other(backend, caplog):
    """Terms hold, and what was refused is not tried over and over."""
    terms = ApprovalTerms(fields=("why",), least_length=10)
    pay = ActionClass("issue_refund", RiskTier.REVERSIBLE_WRITE, approval=terms)
    store = Store()
    guard = backend.open(policy(classes=[pay]), approvals=store)
    thread, box = started(guard)
    request = came(store)
    for short in (True, SignOff("bob"), SignOff("bob", {"why": "short"})):
        store.answers[request.request_id] = short
        count = len(caplog.records) + 1
        until = time.monotonic() + PATIENCE
        while len(caplog.records) < count and time.monotonic() < until:
            time.sleep(0.01)
        assert "was not taken in" in caplog.records[-1].message
    assert box == [] and len(caplog.records) == 3
    store.answers[request.request_id] = SignOff("bob", {"why": "it was agreed upon"})
    thread.join(PATIENCE)
    assert box == ["paid"]


def test_groups_hold_for_a_store():
    terms = ApprovalTerms(fields=(), groups=("finance",))
    pay = ActionClass("issue_refund", RiskTier.REVERSIBLE_WRITE, approval=terms)
    store = Store()
    with Guard(policy(classes=[pay]), approvals=store, on_review="fail_closed") as guard:
        held = guard.propose("issue_refund", params={"amount": "10"})
        store.answers[held.approval.id] = SignOff("bob", groups=("sales",))
        assert guard.collect() == 0 and guard.status(held.id) is Status.PENDING
        store.answers[held.approval.id] = SignOff("eve", groups=("finance",))
        assert guard.collect() == 1 and guard.status(held.id) is Status.APPROVED


def test_answers_come_from_one_place():
    with pytest.raises(ConfigError, match="give one"):
        Guard(policy(), approvals=Store(), confirm=lambda request: True)
    with pytest.raises(ConfigError, match="approver_key"):
        Guard.connect("http://127.0.0.1:1", "key", approvals=Store())


def test_a_program_can_be_told_besides():
    store, told = Store(), []
    with Guard(policy(), approvals=store, on_request=told.append, on_review="fail_closed") as guard:
        assert not guard.execute("issue_refund", {"amount": "10"}, print)
    assert [one.request_id for one in told] == list(store.waiting)
