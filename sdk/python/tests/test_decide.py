"""Deciding: the same answers from both kinds of guard."""

import enum
from decimal import Decimal
from fractions import Fraction

import pytest
from conftest import policy

from placet import (
    ActionClass,
    ActionRequest,
    AutonomyState,
    GraduationThresholds,
    Guard,
    Invalid,
    Mode,
    RiskTier,
    Verdict,
    classify,
)


def test_a_read_is_allowed_and_a_write_waits(guard):
    read = guard.evaluate("get_order", params={"id": 7})
    assert read.verdict is Verdict.ALLOW and read.is_allowed
    assert read.risk is RiskTier.READ and read.mode is Mode.ENFORCE
    assert read.id is None and read.log_index is None
    write = guard.evaluate("issue_refund", params={"amount": "10"})
    assert write.verdict is Verdict.REQUIRE_APPROVAL
    assert write.autonomy_state is AutonomyState.MANUAL
    assert write.reasons == ("manual: a person approves every call",)


def test_above_the_hard_cap_nothing_runs(guard):
    assert guard.evaluate("issue_refund", params={"amount": "1000"}).verdict is not Verdict.BLOCK
    over = guard.evaluate("issue_refund", params={"amount": "1000.01"})
    assert over.verdict is Verdict.BLOCK
    assert "hard_cap" in over.reason


@pytest.mark.parametrize("amount", ["-1", "NaN", "Infinity", "1e400", "", "ten", None, [], True])
def test_amounts_that_are_none_are_blocked(guard, amount):
    assert guard.evaluate("issue_refund", params={"amount": amount}).verdict is Verdict.BLOCK


@pytest.mark.parametrize("amount", [1000.01, 1e9, Decimal("1000.001"), 10**30, -0.5, Decimal("-1")])
def test_numbers_of_every_kind_are_held_against_the_cap(guard, amount):
    assert guard.evaluate("issue_refund", params={"amount": amount}).verdict is Verdict.BLOCK


SUPERVISED = AutonomyState.SUPERVISED
BAR = GraduationThresholds({SUPERVISED: 0.9}, {SUPERVISED: 0.0}, {SUPERVISED: 10})


def test_only_an_amount_lets_pass_what_has_a_cap(backend):
    """Where nothing else holds it: the class has earned that small ones run by themselves."""
    of = ActionClass("pay", RiskTier.REVERSIBLE_WRITE, auto_cap="100", hard_cap="1000", value="/amount")
    guard = backend.open(policy(thresholds=BAR, classes=[of]))
    guard.report("pay", source="evals", passed=10, failed=0)
    verdict = lambda **params: guard.evaluate("pay", params=params).verdict
    assert verdict(amount="10") is verdict(amount=100) is Verdict.ALLOW
    assert verdict(amount="100.01") is verdict(amount=500.0) is Verdict.REQUIRE_APPROVAL
    missing = guard.evaluate("pay", params={"total": "10"})
    assert missing.verdict is Verdict.REQUIRE_APPROVAL
    assert "value" in [it.check for it in missing.findings if it.verdict is missing.verdict]
    for wrong in (None, "", "NaN", float(2**70), -0.01, Decimal("-1"), True, [10]):
        assert verdict(amount=wrong) is Verdict.BLOCK, wrong


SPELLINGS = {
    "ten": [10, 10.0, Decimal("10"), Decimal("1E+1"), Decimal("10.00"), Fraction(20, 2)],
    "a tenth": [0.1, Decimal("0.10"), Decimal("1E-1"), Fraction(1, 10)],
    "nothing": [0, -0.0, Decimal("-0"), Decimal("0E+9")],
    "beyond what a double counts": [2**60, 2.0**60, Decimal(2**60)],
    "with an exponent": [10**22, 1e22, Decimal("1E+22"), Fraction(10**22)],
}


@pytest.mark.parametrize("number", SPELLINGS)
def test_spellings_of_one_number_are_one_action(guard, number):
    """Wherever the number stands: in the params, however deep, beside them, or as the value."""
    for place in (
        lambda it: {"params": {"amount": it}},
        lambda it: {"params": {"lines": [{"n": (it,)}]}},
        lambda it: {"context": {"n": it}},
        lambda it: {"value": it},
    ):
        spelled = [place(it) for it in SPELLINGS[number] if not no_value(place(it))]
        assert len({guard.evaluate("issue_refund", **it).digest for it in spelled}) == 1
        requests = {ActionRequest("issue_refund", **it) for it in spelled}
        assert len(requests) == len({Guard.idempotency_key(one) for one in requests}) == 1


def no_value(fields):
    """Whether it claims a value as a fraction, which no amount is."""
    return isinstance(fields.get("value"), Fraction)


def test_a_claimed_value_in_text_is_one_however_it_is_spelled(guard):
    spelled = [10, 10.0, Decimal("1E+1"), "10", "10.0", "10.00"]
    requests = {ActionRequest("issue_refund", value=it, params={"amount": 1}) for it in spelled}
    assert len(requests) == len({Guard.idempotency_key(one) for one in requests}) == 1
    # What is no amount stays what was said, and is a finding.
    for wrong in ("ten", "1,000", "", " 10"):
        assert guard.evaluate("issue_refund", value=wrong).verdict is Verdict.BLOCK


def test_a_retry_in_another_spelling_is_the_same_call_everywhere(backend):
    """For a key of the program, for what is redeemed, and for what was denied."""
    ten = [10, 10.0, Decimal("1E+1"), Fraction(10)]
    guard, ran = backend.open(confirm=lambda request: request.params["amount"] == 10), []
    for amount in ten:
        guard.execute("issue_refund", {"amount": amount}, lambda *of: ran.append(of), idempotency_key="k")
    assert len(ran) == 1
    denied = guard.propose("issue_refund", params={"amount": 20.0})
    guard.resolve(denied.approval.id, False, actor="ann")
    for amount in (20, Decimal("2E+1"), Fraction(20), "20.0"):
        assert guard.propose("issue_refund", params={"amount": amount}).verdict is Verdict.BLOCK


def test_other_params_are_another_action(guard):
    one, other = (guard.evaluate("issue_refund", params={"amount": it}) for it in (10, 11))
    assert one.digest != other.digest


def test_proposing_records_the_decision(guard):
    decision = guard.propose("issue_refund", params={"amount": "10"})
    assert decision.id.startswith("act_") and decision.log_index is not None
    assert [held.action_id for held in guard.pending()] == [decision.id]


def test_a_kill_switch_stops_and_lets_go_on(guard):
    guard.trip("tool:get_order", "a drill", by="ann")
    assert any("get_order" in scope for scope in guard.switches())
    stopped = guard.evaluate("get_order", params={})
    assert stopped.verdict is Verdict.BLOCK
    assert [found.check for found in stopped.findings if found.verdict is Verdict.BLOCK] == [
        "kill_switch"
    ]
    guard.reset(guard.switches()[0], "it is over", by="ann")
    assert guard.evaluate("get_order", params={}).is_allowed


def test_evidence_earns_autonomy_and_never_that_of_another_tenant(backend):
    guard = backend.open(policy(thresholds=BAR))
    assert guard.report("issue_refund", source="evals", passed=9, failed=1) is SUPERVISED
    assert guard.evaluate("issue_refund", params={"amount": "1"}).autonomy_state is SUPERVISED
    other = backend.of_another_tenant(guard)("issue_refund", params={"amount": "1"})
    assert other.autonomy_state is AutonomyState.MANUAL
    rows = {row["class"]: row for row in guard.autonomy()}
    assert rows["issue_refund"]["autonomy"] == "supervised"


def test_evidence_that_is_none_is_an_error(guard):
    with pytest.raises(Invalid):
        guard.report("issue_refund", source="evals", passed=0, failed=0)
    with pytest.raises(Invalid):
        guard.report("no_such_class", source="evals", passed=1, failed=0)


@pytest.mark.parametrize("tool", ["charge_card", "transfer_funds", "grant_admin", "wipe", "deploy"])
def test_a_dangerous_call_is_not_silent_whatever_it_is_called(backend, tool):
    guard = backend.open(policy(unclassified="inspect"))
    assert guard.evaluate(tool, params={"to": "x"}).verdict is not Verdict.ALLOW
    assert not classify(tool).is_read


def test_what_a_call_does_counts_and_not_what_it_is_called():
    assert classify("get_report", {"sql": "DELETE FROM orders"}).risk is not RiskTier.READ
    assert classify("evaluate_model").risk is not None
    assert "deletes" in classify("run_query", {"sql": "DELETE FROM orders"}).effects


def test_a_policy_with_an_error_is_refused():
    with pytest.raises(Invalid, match="auto_cap"):
        Guard(
            policy(
                classes=[
                    ActionClass("pay", RiskTier.REVERSIBLE_WRITE, auto_cap="100", hard_cap="10")
                ]
            )
        )


class Tool(str, enum.Enum):
    READ = "get_order"


@pytest.mark.parametrize("mode", [None, "enforce"])
def test_a_tool_is_named_by_any_text(backend, mode):
    guard = backend.open(mode=mode)
    for decide in (guard.evaluate, guard.propose):
        assert decide(Tool.READ).is_allowed and decide(Tool.READ, params={"id": 7}).is_allowed
