"""Shadow stops no call, whatever is wrong on our side or on the program's; and it loosens no policy."""

import asyncio
import collections.abc
import datetime
import threading

import pytest
from conftest import PATIENCE, Backend, Daemon, policy

from placet import Guard, Invalid, Mode, ReviewPending, observing, supervised

NAN = float("nan")


POLICIES = {"by the policy": policy(mode=Mode.SHADOW), "by the program": policy(on_review="shadow")}
"""Because of whom a guard is in shadow: its policy is, or permits that it is."""


@pytest.fixture(scope="module")
def daemons(tmp_path_factory):
    """One for each of the policies."""
    started = {
        who: Daemon(tmp_path_factory.mktemp("daemon"), of) for who, of in POLICIES.items()
    }
    yield started
    for daemon in started.values():
        daemon.stop()


@pytest.fixture(params=[(kind, who) for kind in ("in process", "daemon") for who in POLICIES])
def shadow(request, daemons):
    """A guard in shadow."""
    kind, who = request.param
    settings = {} if who == "by the policy" else {"mode": "shadow"}
    if kind == "in process":
        guard = Guard(POLICIES[who], **settings)
    else:
        daemon = daemons[who]
        guard = Guard.connect(daemon.url, daemon.agent, shadow_limit=PATIENCE, **settings)
        # By what that is answered it knows what the policy is.
        guard.evaluate("get_order")
    with guard:
        yield guard


def never(tool, params):
    raise AssertionError("it ran")


def unwilling(*_, **__):
    raise LookupError("no such order")


WRONG = {
    "a payload that fails": {"payload": unwilling},
    "a payload that is none": {"payload": lambda *_: 7},
    "a reason that is no text": {"reason": 5},
    "a value that is none": {"value": object()},
    "a tenant that is none": {"tenant_id": "no tenant\n"},
}


@pytest.mark.parametrize("wrong", WRONG)
def test_what_the_program_gets_wrong_stops_no_call(shadow, wrong):
    @supervised("drop_database", guard=shadow, **WRONG[wrong])
    def drop(name):
        return f"dropped {name}"

    @supervised("drop_database", guard=shadow, **WRONG[wrong])
    async def adrop(name):
        return f"dropped {name}"

    assert drop("orders") == asyncio.run(adrop("orders")) == "dropped orders"


@pytest.mark.parametrize("wrong", WRONG)
def test_where_it_binds_it_stops_the_call(wrong):
    with Guard(policy(), on_review="fail_closed") as guard:
        called = []
        drop = supervised("drop_database", guard=guard, **WRONG[wrong])(called.append)
        with pytest.raises((Invalid, TypeError)):
            drop("orders")
        assert called == [] and guard.pending() == []


def test_what_a_payload_raised_is_said():
    with Guard(policy()) as guard:
        drop = supervised("drop_database", guard=guard, payload=unwilling)(never)
        with pytest.raises(Invalid, match="payload= failed with LookupError: no such order") as error:
            drop("t", {})
        assert isinstance(error.value.__cause__.__cause__, LookupError)


@pytest.mark.parametrize("params", [{"name": NAN}, {"name": threading.Lock()}, "orders", 7, ["a"]])
def test_params_of_any_kind_stop_no_call(shadow, params):
    assert shadow.execute("drop_database", params, lambda tool, given: given) == params
    assert asyncio.run(shadow.aexecute("drop_database", params, lambda *_: "ran")) == "ran"


class Unreadable(collections.abc.Mapping):
    def __len__(self):
        return 1

    def __iter__(self):
        raise OSError("the line is dead")

    def __getitem__(self, name):
        raise KeyError(name)


def test_params_that_nobody_can_read_stop_no_call(shadow):
    params = Unreadable()
    assert shadow.execute("drop_database", params, lambda tool, given: given) is params
    assert asyncio.run(shadow.aexecute("drop_database", params, lambda tool, given: given)) is params


def test_params_that_nobody_can_read_are_refused_where_it_binds(backend):
    guard = backend.open()
    for call in (guard.execute, lambda *of: asyncio.run(guard.aexecute(*of))):
        with pytest.raises(Invalid, match="the params cannot be read: OSError: the line is dead"):
            call("get_order", Unreadable(), never)


@pytest.mark.parametrize("tool", ["", "t" * 10_000, "two\nlines", "drop_database"])
@pytest.mark.parametrize("params", [{"name": NAN}, "orders", {}])
def test_nobody_gets_round_a_policy_by_what_cannot_be_written_down(tmp_path, tool, params):
    """The program asks for shadow and the policy does not permit it, so what cannot be decided on
    does not run."""
    with Guard(policy(), mode="shadow", on_review="fail_closed") as guard:
        try:
            assert not guard.execute(tool, params, never)
        except Invalid:
            pass


@pytest.mark.parametrize("params", [{"name": NAN}, "orders"])
def test_nor_at_a_daemon(tmp_path, params):
    backend = Backend("daemon", tmp_path)
    try:
        guard = backend.open(mode="shadow", shadow_limit=30)
        for tool in ("drop_database", ""):
            with pytest.raises(Invalid):
                guard.execute(tool, params, never)
        assert guard.pending() == []
    finally:
        backend.close()


def test_a_guard_that_is_closed_stops_no_call(shadow):
    run = lambda: shadow.execute("drop_database", {}, lambda *_: "ran")
    assert run() == "ran"
    shadow.close()
    assert run() == "ran"
    assert asyncio.run(shadow.aexecute("drop_database", {}, lambda *_: "ran")) == "ran"


def test_the_context_stops_no_call(shadow):
    for wrong in ({"agent": "no agent\n"}, {"at": object()}, {"since": datetime.date}, {"n": NAN}):
        with observing(**wrong):
            assert shadow.execute("drop_database", {}, lambda *_: "ran") == "ran"


@pytest.mark.parametrize("percent", [0.01, 100])
def test_a_sample_of_who_has_no_name_that_can_be_written(backend, percent):
    guard = backend.open(policy(on_review="shadow"), mode="sample", sample_percent=percent)
    of = ("drop_database", {}, lambda *_: "ran")
    for call in (guard.execute, lambda *of, **by: asyncio.run(guard.aexecute(*of, **by))):
        if percent < 1:
            assert call(*of, session_id="\ud800") == "ran"
        else:
            with pytest.raises(Invalid):
                call(*of, session_id="\ud800")


def test_a_switch_and_metrics_of_the_program_stop_no_call(shadow):
    class Broken:
        is_tripped = metrics_for = unwilling

    for policy_of, mode in ((policy(mode="shadow"), None), (policy(on_review="shadow"), "shadow")):
        with Guard(policy_of, mode=mode, kill_switch=Broken(), metrics=Broken()) as guard:
            for tool in ("get_order", "drop_database"):
                assert guard.execute(tool, {}, lambda *_: "ran") == "ran"


def test_who_asks_for_more_than_shadow_gets_it(shadow):
    if shadow._settings.mode is Mode.SHADOW:
        denied = shadow.execute("issue_refund", {"amount": "5000"}, never, enforce=True)
        assert not denied and "hard_cap" in denied.reason
    gated = supervised("drop_database", guard=shadow, on_review="fail_closed", enforce=True)(never)
    with pytest.raises(ReviewPending):
        gated("t", {})


class Unspeakable:
    """Nobody can write it down in any way."""

    def __str__(self):
        raise RuntimeError("no text")

    __repr__ = __str__


class Hashed(dict):
    __hash__ = lambda self: 1


UNREADABLE = {
    "a set of what is no dict": ({}, lambda: ({Hashed(a=1)},), {}),
    "such a set beside a payload": ({"payload": lambda amount: {}}, lambda: ({Hashed(a=1)},), {}),
    "who has no text": ({}, lambda: ("1",), {"agent": Unspeakable()}),
    "a session without a text": ({"session_id": Unspeakable()}, lambda: ("1",), {}),
    "a tenant without a text": ({"tenant_id": Unspeakable()}, lambda: ("1",), {}),
    "a key without a text": ({"idempotency_key": Unspeakable()}, lambda: ("1",), {}),
}


@pytest.mark.parametrize("what", UNREADABLE)
@pytest.mark.parametrize("mode", ["shadow", "sample"])
def test_what_nobody_can_read_stops_no_call(backend, what, mode):
    share = {"sample_percent": 0} if mode == "sample" else {}
    guard = backend.open(policy(on_review="shadow"), mode=mode, **share)
    fields, arguments, context = UNREADABLE[what]
    run = supervised("issue_refund", guard=guard, **fields)(lambda amount: "ran")
    with observing(**context):
        assert run(*arguments()) == "ran"


def test_a_default_that_nobody_can_read_stops_no_call(backend):
    strange = {Hashed(a=1)}
    guard = backend.open(policy(on_review="shadow"), mode="shadow")
    run = supervised("issue_refund", guard=guard)(lambda amount, of=strange: of)
    assert run("1") is strange
