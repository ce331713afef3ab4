"""What a program brings of its own can only make decisions stricter."""

import asyncio
import datetime

import pytest
from conftest import policy

from placet import (
    ActionRequest,
    AuditEntry,
    AutonomyState,
    EvalMetrics,
    GraduationThresholds,
    Guard,
    KillSwitch,
    Mode,
    Verdict,
)

STATES = (AutonomyState.SUPERVISED, AutonomyState.AUTONOMOUS)
BAR = GraduationThresholds(
    pass_rate=dict(zip(STATES, (0.8, 0.95))),
    adversarial_pass_rate=dict(zip(STATES, (0.7, 0.9))),
    min_samples=dict(zip(STATES, (50, 200))),
)


class Metrics:
    def __init__(self, gives):
        self.gives = gives

    def metrics_for(self, action):
        if isinstance(self.gives, Exception):
            raise self.gives
        return self.gives


class Switch:
    def __init__(self, says):
        self.says = says

    def is_tripped(self, action=None):
        if isinstance(self.says, Exception):
            raise self.says
        return self.says


def refund(amount="10"):
    return ActionRequest("issue_refund", params={"amount": amount})


@pytest.mark.parametrize(
    ("metrics", "state", "verdict"),
    [
        (EvalMetrics(0.79, 0.99, 500), AutonomyState.MANUAL, Verdict.REQUIRE_APPROVAL),
        (EvalMetrics(0.8, 0.7, 50), AutonomyState.SUPERVISED, Verdict.REQUIRE_APPROVAL),
        (EvalMetrics(0.8, 0.7, 49), AutonomyState.MANUAL, Verdict.REQUIRE_APPROVAL),
        (EvalMetrics(0.95, 0.9, 200), AutonomyState.AUTONOMOUS, Verdict.ALLOW),
        (EvalMetrics(1.0, 1.0, 200), AutonomyState.AUTONOMOUS, Verdict.ALLOW),
        (EvalMetrics(0.95, 0.89, 200), AutonomyState.SUPERVISED, Verdict.REQUIRE_APPROVAL),
    ],
)
def test_metrics_decide_by_the_bar(metrics, state, verdict):
    guard = Guard(policy(thresholds=BAR), metrics=Metrics(metrics))
    decision = guard.evaluate(refund())
    assert decision.autonomy_state is state and decision.verdict is verdict


def test_metrics_make_nothing_consequential_autonomous():
    guard = Guard(policy(thresholds=BAR), metrics=Metrics(EvalMetrics(1.0, 1.0, 10**6)))
    decision = guard.evaluate(ActionRequest("drop_database"))
    assert decision.autonomy_state is AutonomyState.SUPERVISED
    assert decision.verdict is Verdict.REQUIRE_APPROVAL


@pytest.mark.parametrize(
    "gives",
    [
        RuntimeError("down"),
        None,
        True,
        {"pass_rate": 1.0},
        EvalMetrics(1.1, 1.0, 500),
        EvalMetrics(float("nan"), 1.0, 500),
        EvalMetrics(-0.1, 1.0, 500),
        EvalMetrics(1.0, float("inf"), 500),
        EvalMetrics(1.0, 1.0, -1),
        EvalMetrics(1.0, 1.0, 1.5),
        EvalMetrics("1.0", 1.0, 500),
    ],
)
def test_metrics_that_fail_or_lie_are_a_finding(gives):
    guard = Guard(policy(thresholds=BAR), metrics=Metrics(gives))
    decision = guard.evaluate(refund())
    assert decision.verdict is Verdict.BLOCK
    assert "metrics provider" in decision.reason
    assert decision.findings[-1].check == "caller"


@pytest.mark.parametrize("says", [True, RuntimeError("down"), None, "False", 0, 1, []])
def test_a_switch_that_is_tripped_fails_or_lies_stops(says):
    guard = Guard(policy(), kill_switch=Switch(says))
    decision = guard.evaluate(ActionRequest("get_order"))
    assert decision.verdict is Verdict.BLOCK and "kill switch" in decision.reason
    denied = guard.execute("get_order", {}, lambda *_: pytest.fail("it ran"))
    assert not denied and "kill switch" in denied.reason
    assert not guard.execute("issue_refund", {"amount": "1"}, lambda *_: pytest.fail("it ran"))
    assert guard.pending() == []


def test_a_switch_of_the_program_goes_on_and_off():
    switch = KillSwitch()
    guard = Guard(policy(), kill_switch=switch)
    run = lambda: guard.execute("get_order", {}, lambda *_: "ran")
    assert run() == "ran"
    switch.trip("get_order")
    assert not run()
    switch.reset("get_order")
    switch.trip()
    assert not run()
    switch.reset()
    assert run() == "ran"


def test_in_shadow_a_switch_only_would_have_stopped():
    guard = Guard(policy(mode=Mode.SHADOW), kill_switch=Switch(True))
    decision = guard.evaluate(ActionRequest("get_order"))
    assert decision.verdict is Verdict.ALLOW and decision.would_have is Verdict.BLOCK
    assert guard.execute("get_order", {}, lambda *_: "ran") == "ran"


class Sink:
    def __init__(self):
        self.entries = []

    def record(self, entry):
        self.entries.append(entry)


class AsyncSink(Sink):
    async def record(self, entry):
        self.entries.append(entry)


def entry(request, decision, **of):
    now = datetime.datetime.now(datetime.timezone.utc)
    return AuditEntry(request, decision, approved=None, executed=True, timestamp=now, **of)


def test_what_a_program_ran_itself_is_recorded(backend):
    sink = Sink()
    guard = backend.open(audit=sink)
    request = ActionRequest("get_order", params={"id": 7})
    told = entry(request, guard.evaluate(request))
    guard.record(told)
    assert sink.entries == [told]
    proposed = guard.propose(request)
    guard.record(entry(request, proposed))
    assert guard.status(proposed.id).value == "succeeded"


def test_an_async_sink_is_awaited():
    sink = AsyncSink()
    guard = Guard(policy(), audit=sink)
    request = ActionRequest("get_order")
    told = entry(request, guard.evaluate(request))
    asyncio.run(guard.arecord(told))
    assert sink.entries == [told]
    with pytest.raises(ValueError, match="async"):
        guard.record(told)


def test_a_sink_that_fails_is_heard():
    class Broken:
        def record(self, entry):
            raise OSError("the disk is full")

    guard = Guard(policy(), audit=Broken())
    request = ActionRequest("get_order")
    with pytest.raises(OSError, match="disk is full"):
        guard.record(entry(request, guard.evaluate(request)))


def test_in_shadow_by_its_policy_nothing_has_to_be_asked_for(caplog):
    guard = Guard(policy(mode=Mode.SHADOW))
    assert guard.execute("issue_refund", {"amount": "5000"}, lambda *_: "ran") == "ran"
    assert caplog.records == []
