"""What a program brings of its own can only make decisions stricter."""

import asyncio
import datetime

import pytest
from conftest import policy

from placet import (
    ActionRequest,
    AuditEntry,
    AutonomyState,
    ConfigError,
    EvalMetrics,
    GraduationThresholds,
    Guard,
    Invalid,
    KillSwitch,
    Mode,
    Status,
    Verdict,
    observing,
)
from placet._step import Step

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


def lied(*of):
    """Figures that make no sense, whose class does not keep them from being made."""
    made = object.__new__(EvalMetrics)
    for name, value in zip(("pass_rate", "adversarial_pass_rate", "sample_size"), of, strict=True):
        object.__setattr__(made, name, value)
    return made


@pytest.mark.parametrize(
    "gives",
    [
        RuntimeError("down"),
        None,
        True,
        {"pass_rate": 1.0},
        lied(1.1, 1.0, 500),
        lied(float("nan"), 1.0, 500),
        lied(-0.1, 1.0, 500),
        lied(1.0, float("inf"), 500),
        lied(1.0, 1.0, -1),
        lied(1.0, 1.0, 1.5),
        lied("1.0", 1.0, 500),
        lied(True, True, 500),
        lied(1.0, 1.0, True),
    ],
)
def test_metrics_that_fail_or_lie_are_a_finding(gives):
    stopped(Guard(policy(thresholds=BAR), metrics=Metrics(gives)), "metrics provider")


@pytest.mark.parametrize("later", [(1.1, 1.0, 500), (1.0, True, 500), (1.0, 1.0, 500.0), (1, 1, -1)])
def test_metrics_that_were_sound_before_are_looked_at_again(later):
    figures = EvalMetrics(1.0, 1.0, 500)
    metrics = Metrics(figures)
    with Guard(policy(thresholds=BAR), store=":memory:", metrics=metrics) as guard:
        assert guard.evaluate(refund()).is_allowed and guard.evaluate(refund()).is_allowed
        vars(figures).update(vars(lied(*later)))
        stopped(guard, "metrics provider")


def stopped(guard, by):
    """Whatever a program asks, the answer is no, and nobody is asked for another."""
    for action in (ActionRequest("get_order"), refund()):
        decisions = [guard.evaluate(action), guard.propose(action)]
        decisions.append(asyncio.run(guard.apropose(action)))
        for decision in decisions:
            assert decision.verdict is Verdict.BLOCK and by in decision.reason
            assert decision.findings[-1].check == "caller" and decision.warrant is None
    calls = []
    run = lambda *of: calls.append(of)
    for tool, params in (("get_order", {}), ("issue_refund", {"amount": "1"})):
        denied = guard.execute(tool, params, run)
        assert not denied and by in denied.reason
        assert not asyncio.run(guard.aexecute(tool, params, run))
    assert not guard.gate(run)()
    assert calls == [] and guard.pending() == []


def test_a_daemon_has_evidence_of_its_own():
    with pytest.raises(ConfigError, match="report"):
        Guard.connect("http://127.0.0.1:1", "key", metrics=Metrics(EvalMetrics(1.0, 1.0, 500)))


@pytest.mark.parametrize("says", [True, RuntimeError("down"), None, "False", 0, 1, []])
def test_a_switch_that_is_tripped_fails_or_lies_stops(backend, says):
    stopped(backend.open(kill_switch=Switch(says)), "kill switch")


@pytest.mark.parametrize("says", [True, RuntimeError("down")])
def test_what_a_switch_stops_is_on_record_and_never_an_approval(backend, says):
    """Not even for a moment: people are told of an approval as soon as it is opened."""
    told = []
    guard = backend.open(kill_switch=Switch(says), on_request=told.append)
    stopped(guard, "kill switch")
    events = backend.log(guard)
    assert [event for event in events if "withdrawn" in event] == [] and told == []
    decided = [event["decided"] for event in events if "decided" in event]
    # A proposal of each on a thread and on a loop, four calls, and one of a gated function.
    assert len(decided) == 9 and not any("approval" in one for one in decided)
    assert {one["decision"]["verdict"] for one in decided} == {"block"}
    assert {one["assessment"]["treatment"] for one in decided} == {"stopped"}


def test_a_gated_function_is_stopped_in_shadow_as_well(backend):
    guard = backend.open(policy(mode=Mode.SHADOW), kill_switch=Switch(True))

    @guard.gate
    def get_order():
        raise AssertionError("it ran")

    denied = get_order()
    assert not denied and denied.status is Status.BLOCKED and "kill switch" in denied.reason
    [decided] = [event["decided"] for event in backend.log(guard) if "decided" in event]
    assert decided["decision"]["verdict"] == "block" and "approval" not in decided


def test_a_switch_that_is_tripped_while_it_waits_stops_what_was_approved(backend):
    switch, asked = KillSwitch(), []

    def confirm(request):
        asked.append(request)
        switch.trip("issue_refund")
        return True

    async def aconfirm(request):
        return confirm(request)

    for of, run in ((confirm, Guard.execute), (aconfirm, lambda *of: asyncio.run(Guard.aexecute(*of)))):
        guard = backend.open(kill_switch=switch, confirm=of)
        denied = run(guard, "issue_refund", {"amount": "10"}, lambda *_: pytest.fail("it ran"))
        assert not denied and denied.status is Status.BLOCKED and "kill switch" in denied.reason
        assert guard.status(asked[-1].action_id) is Status.FAILED
        switch.reset("issue_refund")
    assert len(asked) == 2


def test_in_shadow_a_switch_that_is_tripped_meanwhile_stops_nothing(backend):
    switch = KillSwitch()
    guard = backend.open(policy(mode=Mode.SHADOW), kill_switch=switch)
    assert guard.execute("issue_refund", {"amount": "1"}, lambda *_: switch.trip() or "ran") == "ran"


def test_a_switch_can_leave_it_to_people(backend):
    guard = backend.open(
        kill_switch=Switch(True), tripped_verdict=Verdict.REQUIRE_APPROVAL, on_review="fail_closed"
    )
    held = guard.propose("get_order")
    assert held.verdict is guard.evaluate("get_order").verdict is Verdict.REQUIRE_APPROVAL
    assert not guard.execute("get_order", {}, lambda *_: pytest.fail("it ran"))
    assert len(guard.pending()) == 2
    assert guard.propose(refund("5000")).verdict is Verdict.BLOCK
    broken = backend.open(kill_switch=Switch(None), tripped_verdict="require_approval")
    stopped(broken, "kill switch")


def test_a_switch_of_the_program_goes_on_and_off(backend):
    switch = KillSwitch()
    guard = backend.open(kill_switch=switch)
    run = lambda: guard.execute("get_order", {}, lambda *_: "ran")
    assert run() == "ran"
    switch.trip("get_order")
    assert not run()
    switch.reset("get_order")
    switch.trip()
    assert not run()
    switch.reset()
    assert run() == "ran"


def test_in_shadow_a_switch_only_would_have_stopped(backend):
    guard = backend.open(policy(mode=Mode.SHADOW), kill_switch=Switch(True))
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


@pytest.mark.parametrize(
    ("amount", "approved", "executed", "error", "status"),
    [
        ("10", True, True, None, Status.BLOCKED),
        ("10", False, False, None, Status.BLOCKED),
        ("5000", None, True, None, Status.BLOCKED),
        (None, None, True, None, Status.SUCCEEDED),
        (None, None, True, "the line is dead", Status.FAILED),
        (None, None, False, None, Status.ALLOWED),
    ],
)
def test_what_was_only_evaluated_is_recorded_as_it_was(
    backend, amount, approved, executed, error, status
):
    """Nobody is asked, not even for a moment, and the log has what the program says of it."""
    request = ActionRequest("get_order") if amount is None else refund(amount)
    guard = backend.open()
    seen = recorded_ids(guard)
    guard.record(AuditEntry(request, guard.evaluate(request), approved, executed, "k-7", error=error))
    [(action_id, approval)] = seen
    assert approval is None
    assert guard.pending() == [] and guard.status(action_id) is status
    found = guard._carrier.do(Step("follow", body={"id": action_id}))
    said = found["action"]["context"]["recorded"]
    assert said.pop("at") and said.pop("verdict")
    expected = {"approved": approved, "executed": executed, "error": error, "idempotency_key": "k-7"}
    assert said == {name: value for name, value in expected.items() if value is not None}


def recorded_ids(guard):
    """Where the ids of what a guard proposes will be, and of the approvals that are opened for it."""
    ids, do = [], guard._carrier.do

    def noting(step):
        done = do(step)
        if step.name == "propose":
            ids.append((done.id, done.approval))
        return done

    guard._carrier.do = noting
    return ids


def test_an_async_sink_is_awaited():
    sink = AsyncSink()
    guard = Guard(policy(), audit=sink)
    request = ActionRequest("get_order")
    told = entry(request, guard.evaluate(request))
    asyncio.run(guard.arecord(told))
    assert sink.entries == [told]
    with pytest.raises(ValueError, match="async"):
        guard.record(told)


def test_a_sink_that_fails_is_heard_and_the_log_has_it_all_the_same(backend):
    class Broken:
        def record(self, entry):
            raise OSError("the disk is full")

    guard = backend.open(audit=Broken())
    request = ActionRequest("get_order")
    proposed = [guard.propose(request) for _ in range(2)]
    with pytest.raises(OSError, match="disk is full"):
        guard.record(entry(request, proposed[0]))
    with pytest.raises(OSError, match="disk is full"):
        asyncio.run(guard.arecord(entry(request, proposed[1])))
    assert [guard.status(one.id) for one in proposed] == [Status.SUCCEEDED] * 2


def test_an_error_that_cannot_be_written_down_is_recorded_readably(backend):
    class Broken:
        def record(self, entry):
            raise OSError("the disk is full")

    guard = backend.open()
    seen = recorded_ids(guard)
    request = ActionRequest("get_order", params={"id": 7})
    guard.record(entry(request, guard.evaluate(request), error="file \udcff is gone"))
    guard._program.audit = Broken()
    with pytest.raises(OSError, match="disk is full"):
        guard.record(entry(request, guard.evaluate(request), error="file \ud800 is gone"))
    proposed = guard.propose(request).id
    seen.pop()
    assert guard.status(proposed) is Status.ALLOWED and len(seen) == 2
    for action_id, _ in seen:
        found = guard._carrier.do(Step("follow", body={"id": action_id}))
        assert found["status"] == "failed"
        assert found["action"]["context"]["recorded"]["error"].startswith("file ")


@pytest.mark.parametrize(
    ("name", "value"),
    [("executed", "no"), ("executed", 1), ("executed", None), ("approved", "yes"), ("approved", 0)]
    + [("idempotency_key", 5), ("idempotency_key", "\ud800"), ("error", 5), ("error", OSError("x"))]
    + [("timestamp", "x"), ("timestamp", datetime.datetime(2020, 1, 1)), ("timestamp", None)]
    + [("request", "get_order"), ("decision", True), ("decision", None)],
)
def test_an_entry_is_made_of_what_makes_sense(name, value):
    with Guard(policy(), store=":memory:") as guard:
        request = ActionRequest("get_order")
        sound = {"request": request, "decision": guard.evaluate(request), "approved": None}
        with pytest.raises(Invalid, match=f"^{name} ") as error:
            AuditEntry(**{**sound, "executed": True, name: value})
        assert error.value.pointer == f"/{name}"


def test_in_shadow_by_its_policy_nothing_has_to_be_asked_for(caplog):
    guard = Guard(policy(mode=Mode.SHADOW), store=":memory:")
    assert guard.execute("issue_refund", {"amount": "5000"}, lambda *_: "ran") == "ran"
    assert caplog.records == []


def test_metrics_may_tell_tenants_apart():
    class Each:
        def __init__(self):
            self.asked = []

        def metrics_for(self, action, *, tenant="nobody"):
            self.asked.append((action, tenant))
            return EvalMetrics(1.0 if tenant == "good" else 0.0, 1.0, 500)

    class Strict(Each):
        def metrics_for(self, action, tenant):
            return super().metrics_for(action, tenant=tenant)

    for provider in (Each(), Strict()):
        with Guard(policy(thresholds=BAR), store=":memory:", metrics=provider, tenant="good") as guard:
            assert guard.evaluate(refund()).autonomy_state is AutonomyState.MANUAL
            earned = guard.evaluate("issue_refund", params={"amount": "1"})
            assert earned.autonomy_state is AutonomyState.AUTONOMOUS
            guard.execute("get_order", {}, lambda *_: None, tenant="other")
            with observing(tenant="context"):
                guard.execute("get_order", {}, lambda *_: None)
            guard.propose("get_order")
        assert [tenant for _, tenant in provider.asked] == "default good other context good".split()


def test_of_several_sources_each_meets_the_bar():
    class Ordinary(Metrics):
        adversarial = False

    def state(*sources):
        with Guard(policy(thresholds=BAR), store=":memory:", metrics=sources) as guard:
            return guard.evaluate(refund()).autonomy_state

    good, weak = EvalMetrics(1.0, 1.0, 500), EvalMetrics(0.9, 0.8, 60)
    unresisting = EvalMetrics(1.0, 0.0, 500)
    assert state(Metrics(good)) is state(Metrics(good), Metrics(good)) is AutonomyState.AUTONOMOUS
    assert state(Metrics(good), Metrics(weak)) is AutonomyState.SUPERVISED
    assert state(Metrics(good), Ordinary(unresisting)) is AutonomyState.AUTONOMOUS
    assert state(Metrics(weak), Ordinary(unresisting)) is AutonomyState.SUPERVISED
    # Somebody has to have adversarial samples.
    assert state(Ordinary(good)) is state(Metrics(unresisting)) is AutonomyState.MANUAL
    stopped(Guard(policy(thresholds=BAR), metrics=[Metrics(good), Metrics(None)]), "metrics provider")
    for wrong in ([], [Metrics(good), object()], [type("Odd", (Metrics,), {"adversarial": 1})(good)]):
        with pytest.raises(ConfigError, match="metrics"):
            Guard(policy(), store=":memory:", metrics=wrong)
