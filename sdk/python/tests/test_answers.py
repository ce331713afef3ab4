"""What a daemon answers is held against what it was asked: nothing runs on half an answer."""

import asyncio

import pytest
from conftest import nothing_waits
from faulty import REDEEM, SETTLE

from placet import Guard, PlacetError, Unavailable

ANOTHER = "act_0198c2f4-5b1c-7d2e-8a3f-1b2c3d4e5f60"


@pytest.fixture
def guard(daemon, faulty):
    with Guard.connect(faulty.url, daemon.agent, approver_key=daemon.approver) as guard:
        yield guard


def without(name):
    return lambda answer: {key: value for key, value in answer.items() if key != name}


def other(**fields):
    return lambda answer: {**answer, **fields}


def never(tool, params):
    raise AssertionError("it ran")


@pytest.mark.parametrize(
    "said",
    [
        lambda answer: {},
        lambda answer: {"id": "act_x"},
        without("id"),
        without("tool"),
        without("params"),
        other(id=ANOTHER),
        other(tool="drop_database"),
        other(params={}),
        other(params={"id": 2}),
        other(params={"id": True}),
        other(params={"id": "1"}),
        other(params={"id": 1, "more": 1}),
        other(params=[["id", 1]]),
        other(params=None),
    ],
)
def test_what_is_redeemed_is_this_call_and_no_other(guard, faulty, said):
    faulty.at, faulty.fault = REDEEM, said
    with pytest.raises(Unavailable, match="redeem"):
        guard.execute("get_order", {"id": 1}, never)
    with pytest.raises(Unavailable, match="redeem"):
        asyncio.run(guard.aexecute("get_order", {"id": 1}, never))


def test_the_same_params_are_the_same_in_every_spelling(guard, faulty):
    faulty.at, faulty.fault = REDEEM, other(params={"id": 1.0})
    assert guard.execute("get_order", {"id": 1}, lambda *_: "ran") == "ran"


@pytest.mark.parametrize(
    "said",
    [
        lambda answer: {},
        other(status="granted"),
        other(status=True),
        other(status=None),
        without("id"),
        other(id=ANOTHER, status="approved"),
        other(status="approved", warrant=7),
        other(status="superseded", successor=7),
        other(status="approved", action=[]),
    ],
)
def test_what_became_of_an_action_is_said_whole(guard, faulty, said):
    faulty.at, faulty.fault = SETTLE, said
    with pytest.raises(Unavailable, match="settle"):
        guard.execute("issue_refund", {"amount": "10"}, never)
    with pytest.raises(Unavailable, match="settle"):
        asyncio.run(guard.aexecute("issue_refund", {"amount": "10"}, never))
    faulty.fault = None
    assert nothing_waits(guard)


def test_who_says_that_it_was_approved_has_to_show_a_warrant(guard, faulty):
    faulty.at, faulty.fault = SETTLE, other(status="approved")
    assert not guard.execute("issue_refund", {"amount": "10"}, never)
    faulty.fault = None
    for held in guard.pending():
        guard.withdraw(held.request_id)


def test_what_was_not_recorded_was_not_decided(guard, faulty):
    faulty.at, faulty.fault = "/v1/actions", without("id")
    with pytest.raises(Unavailable, match="not recorded"):
        guard.execute("get_order", {"id": 1}, never)
    with pytest.raises(Unavailable, match="not recorded"):
        guard.propose("get_order", params={"id": 1})


@pytest.mark.parametrize("rows", [[], [{"tenant": "default", "class": "issue_refund"}]])
def test_a_list_that_never_ends_is_no_answer(guard, faulty, rows):
    faulty.fault = lambda answer: {"classes": rows, "next": "issue_refund/default"}
    with pytest.raises(Unavailable):
        guard.autonomy()


ASKED = {
    "pending": lambda guard, of: guard.pending(),
    "resolve": lambda guard, of: guard.resolve(of.approval.id, False),
    "withdraw": lambda guard, of: guard.withdraw(of.approval.id),
    "status": lambda guard, of: guard.status(of.id),
    "wait": lambda guard, of: guard.wait(of.id),
    "trip": lambda guard, of: guard.trip("tool:wipe", "a drill"),
    "reset": lambda guard, of: guard.reset("tool:wipe", "it is over"),
    "switches": lambda guard, of: guard.switches(),
    "report": lambda guard, of: guard.report("issue_refund", source="evals", passed=1, failed=0),
    "autonomy": lambda guard, of: guard.autonomy(),
    "evaluate": lambda guard, of: guard.evaluate("get_order"),
}


@pytest.mark.parametrize("name", ASKED)
@pytest.mark.parametrize("nonsense", [b"{}", b'{"approvals": {}, "switches": [7], "classes": [{}]}'])
def test_no_answer_is_taken_for_one_that_says_nothing(guard, faulty, name, nonsense):
    of = guard.propose("issue_refund", params={"amount": "10"})
    faulty.fault = nonsense
    with pytest.raises(Unavailable):
        ASKED[name](guard, of)
    faulty.fault = None
    try:
        guard.withdraw(of.approval.id)
    except PlacetError:
        pass
