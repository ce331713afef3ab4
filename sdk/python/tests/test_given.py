"""What makes no sense is refused in the same words in this process and at a daemon."""

import asyncio

import pytest

from placet import Guard, Invalid, Missing, PlacetError, ResolveOutcome
from placet._step import Step

ELSEWHERE = "0198c2f4-5b1c-7d2e-8a3f-1b2c3d4e5f60"
NO_IDS = ["", "apr_x", "act_x", "../x", "apr_?x=1", "apr_x/../../v1", "\0", "a" * 9_000]
NO_IDS += [f"apr_{ELSEWHERE.upper()}", f"apr_{ELSEWHERE} ", f" apr_{ELSEWHERE}", f"wrt_{ELSEWHERE}"]
NO_TEXTS = [None, 3, b"apr_x", "\ud800", "file \udcff"]
NO_TENANTS = ["", "a/b", "a\0b", "a\nb", "x" * 5_000, "\ud800", 5, b"x", True]
NO_SCOPES = ["", "frobnicate", "tool", "tool:", "tenant:", "tenant:a/b", "tenant:a/tool:", "ALL"]
NO_SCOPES += ["agent:a\nb", "tool:" + "x" * 600, "\ud800", None, 5, b"all"]


def refused(kind, ask, *words, pointer=None):
    with pytest.raises(PlacetError) as error:
        ask()
    assert type(error.value) is kind, error.value
    assert error.value.pointer == pointer and len(str(error.value)) < 400
    assert all(word in str(error.value) for word in words), error.value
    assert "line 1 column" not in str(error.value)


def test_what_is_no_id_names_nothing(guard):
    of_actions = (
        guard.status,
        guard.wait,
        lambda named: asyncio.run(guard.await_(named)),
    )
    for named in [*NO_IDS, f"act_{ELSEWHERE}"]:
        for approved in (True, False):
            assert guard.resolve(named, approved, actor="ann") is ResolveOutcome.UNKNOWN
        assert asyncio.run(guard.aresolve(named, True)) is ResolveOutcome.UNKNOWN
        refused(Missing, lambda: guard.withdraw(named), "request_id")
    for named in [*NO_IDS, f"apr_{ELSEWHERE}"]:
        for ask in of_actions:
            refused(Missing, lambda: ask(named), "action_id")
    for named in NO_TEXTS:
        for ask in of_actions:
            refused(Invalid, lambda: ask(named), "action_id", pointer="/action_id")
        for ask in (guard.withdraw, lambda named: guard.resolve(named, True, actor="ann")):
            refused(Invalid, lambda: ask(named), "request_id", pointer="/request_id")


def test_what_is_unknown_is_missing_whoever_takes_it_back(guard):
    unknown = f"apr_{ELSEWHERE}"
    assert guard.resolve(unknown, True, actor="ann") is ResolveOutcome.UNKNOWN
    refused(Missing, lambda: guard.withdraw(unknown), unknown)
    held = guard.propose("issue_refund", params={"amount": "1"}).approval.id
    for _ in range(2):
        guard.withdraw(held)


def test_what_is_no_tenant_has_nothing(guard):
    for tenant in NO_TENANTS:
        asks = (
            lambda: guard.pending(tenant),
            lambda: guard.autonomy(tenant),
            lambda: guard.report("issue_refund", source="e", passed=1, failed=0, tenant=tenant),
        )
        for ask in asks:
            refused(Invalid, ask, "tenant", pointer="/tenant")


def test_a_class_stands_in_rows_of_one_shape(guard):
    guard.report("issue_refund", source="evals", passed=3, failed=0)
    rows = guard.autonomy("default")
    assert rows and all(row["build"] is None for row in rows)
    names = "tenant class build risk autonomy max_state".split()
    assert all([*row][:6] == names for row in [*rows, *guard.autonomy()])


def test_every_class_is_told_however_many_pages_that_takes(guard, monkeypatch):
    for build in ("a/1", "b 2", None):
        guard.report("issue_refund", source="evals", passed=3, failed=0, build=build)
    whole = guard.autonomy()
    monkeypatch.setattr("placet._wire.PAGE", 1)
    assert len(whole) > 3 and guard.autonomy() == whole


def test_what_is_no_scope_stops_nothing(guard):
    for scope in NO_SCOPES:
        for ask in (guard.trip, guard.reset):
            refused(Invalid, lambda: ask(scope, "a drill"), "scope", pointer="/scope")
    for wrong, at in (({"reason": "\ud800"}, "reason"), ({"reason": None}, "reason"), ({"by": ""}, "by")):
        refused(Invalid, lambda: guard.trip("all", **{"reason": "x", **wrong}), at, pointer=f"/{at}")
    assert guard.switches() == []
    for scope in ("tenant:default", "tenant:default/agent:a/b", "tenant:default/tool:x:y"):
        guard.trip(scope, "a drill")
        assert guard.switches() == [scope]
        guard.reset(scope, "it is over")


def test_evidence_is_made_of_what_makes_sense(guard):
    sound = {"source": "evals", "passed": 1, "failed": 0}
    wrong = [("source", "\ud800"), ("source", 5), ("passed", "1"), ("failed", -1), ("failed", True)]
    for name, value in [*wrong, ("adversarial", "no"), ("build", ""), ("passed", 2**64)]:
        report = lambda: guard.report("issue_refund", **{**sound, name: value})
        refused(Invalid, report, name, pointer=f"/{name}")
    refused(Invalid, lambda: guard.report("\ud800", **sound), "class", pointer="/action_class")


def test_an_answer_is_made_of_what_makes_sense(guard):
    held = guard.propose("issue_refund", params={"amount": "1"}).approval.id
    for approved in (True, False):
        resolve = lambda **of: guard.resolve(held, approved, **{"actor": "ann", **of})
        refused(Invalid, lambda: resolve(foo="\ud800"), "foo has half of", pointer="/foo")
        refused(Invalid, lambda: resolve(actor="\ud800"), "person has half", pointer="/person")
        refused(Invalid, lambda: resolve(actor="x" * 5_000), "person is 5000", pointer="/person")
        refused(Invalid, lambda: resolve(groups=["\ud800"]), "groups: each of them", pointer="/groups")
    refused(Invalid, lambda: guard.resolve(held, False, params={}), "params", pointer="/params")
    assert [held] == [one.request_id for one in guard.pending()]


def test_what_the_policy_does_not_permit_is_said_in_one_way(guard):
    run = lambda: guard.execute("get_order", {}, lambda *_: 0, on_review="fail_open")
    refused(Invalid, run, "the policy does not permit fail_open", pointer="/treatment")
    with pytest.raises(Invalid, match="^the policy"):
        run()


def test_what_a_daemon_cannot_read_is_nothing_to_try_again(daemon):
    with Guard.connect(daemon.url, daemon.agent, approver_key=daemon.approver) as guard:
        for step in (
            Step("follow", body={"id": "\0"}),
            Step("pending", body={"tenant": ""}),
            Step("trip", body={"scope": "\ud800", "reason": "a drill"}),
        ):
            refused(Invalid, lambda: guard._carrier.do(step))
