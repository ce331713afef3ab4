"""What waits is listed whole, for whom it is asked; and an agent's key can do none of what people can."""

import pytest
from conftest import Backend, policy

from placet import (
    ActionClass,
    ApprovalTerms,
    Forbidden,
    Guard,
    Missing,
    PlacetError,
    ResolveOutcome,
    RiskTier,
    Status,
)


def test_all_that_waits_is_listed(backend, monkeypatch):
    if backend.kind == "daemon":
        monkeypatch.setattr("placet._wire.PAGE", 10)
        monkeypatch.setattr("placet._inbox.PAGE", 10)
    guard = backend.open()
    count = 25 if backend.kind == "daemon" else 1_001
    # One agent may not leave so many open.
    of = lambda n: guard.propose("issue_refund", params={"n": n, "amount": "1"}, agent=f"bot-{n % 2}")
    ids = [of(n).id for n in range(count)]
    assert [held.action_id for held in guard.pending()] == ids


def test_a_tenant_sees_its_own(backend):
    guard = backend.open()
    guard.propose("issue_refund", params={"amount": "1"})
    guard.report("issue_refund", source="evals", passed=3, failed=0)
    assert [held.tenant_id for held in guard.pending("default")] == ["default"]
    assert {row["tenant"] for row in guard.autonomy("default")} == {"default"}
    assert guard.pending("other") == []
    rows = of_another_tenant(backend, guard)
    assert {row["class"] for row in rows} == {"issue_refund", "drop_database"}
    assert {row["tenant"] for row in rows} == {"other"}
    assert {row["autonomy"] for row in rows} == {"manual"}


def of_another_tenant(backend, guard):
    """Where the classes stand for a tenant of which nothing is known. The key of another sees nothing."""
    if backend.kind == "in process":
        return guard.autonomy("other")
    with pytest.raises(Forbidden, match="another tenant"):
        guard.autonomy("other")
    daemon = backend._daemons[-1]
    with Guard.connect(daemon.url, daemon.approver) as reader:
        return reader.autonomy("other")


def test_an_outcome_is_true_where_the_answer_counted(guard):
    first, second = (
        guard.propose("issue_refund", params={"amount": "1", "n": n}).approval.id for n in range(2)
    )
    assert guard.resolve(first, True) and not guard.resolve(first, True)
    assert guard.resolve(second, False) and not guard.resolve(second, True)
    assert [bool(outcome) for outcome in ResolveOutcome] == [True, False, False, False]


def test_after_the_deadline_the_answer_is_no(backend):
    terms = ApprovalTerms(fields=(), deadline="1s")
    guard = backend.open(policy(classes=[ActionClass("pay", RiskTier.CONSEQUENTIAL, approval=terms)]))
    held = guard.propose("pay")
    assert guard.wait(held.id) is Status.EXPIRED
    late = guard.resolve(held.approval.id, True)
    assert late is ResolveOutcome.EXPIRED and not late


@pytest.fixture
def daemon(tmp_path):
    backend = Backend("daemon", tmp_path)
    yield backend
    backend.close()


def test_what_an_agents_key_cannot(daemon):
    """It proposes, and takes back what it proposed itself. Nothing else."""
    owner = daemon.open()
    of_another = owner.propose("issue_refund", params={"amount": "1"}, agent="other-bot")
    url, key = daemon._daemons[-1].url, daemon._daemons[-1].bare_agent
    with Guard.connect(url, key) as guard:
        own = guard.propose("issue_refund", params={"amount": "2"})
        for forbidden in (
            lambda: guard.resolve(own.approval.id, True),
            lambda: guard.resolve(own.approval.id, False),
            lambda: guard.resolve(of_another.approval.id, True),
            lambda: guard.trip("all", "because I can"),
            lambda: guard.reset("all", "because I can"),
            lambda: guard.report("issue_refund", source="me", passed=1_000, failed=0),
        ):
            with pytest.raises(Forbidden):
                forbidden()
        for hidden in (
            lambda: guard.withdraw(of_another.approval.id),
            lambda: guard.status(of_another.id),
            lambda: guard.pending(),
        ):
            with pytest.raises((Missing, Forbidden)):
                hidden()
        assert owner.status(own.id) is owner.status(of_another.id) is Status.PENDING
        assert owner.switches() == []
        guard.withdraw(own.approval.id)
        assert owner.status(own.id) is Status.WITHDRAWN
        with pytest.raises(PlacetError):
            guard.resolve(own.approval.id, True)
