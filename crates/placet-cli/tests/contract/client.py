"""Speaks to a daemon through the client that a stock generator made from docs/openapi.json, and
makes every call that it has."""

import importlib
import os
import pkgutil
import sys
import uuid

sys.path.insert(0, sys.argv[1])

import generated.api
from generated import AuthenticatedClient
from generated.models import (
    Action,
    ActionParams,
    Answer,
    AutonomyState,
    Candidate,
    Consistency,
    Credentials,
    Decision,
    Erasure,
    Evidence,
    KeyScope,
    Mode,
    NewIntegration,
    NewPerson,
    Outcome,
    OutcomeWord,
    PersonPowers,
    PolicyFile,
    PolicyFiles,
    Problem,
    Ratification,
    Reach,
    Receipt,
    Redemption,
    RedemptionParams,
    Reset,
    ResolveOutcome,
    RevokeStanding,
    Role,
    Status,
    StatusWord,
    Trip,
    Verdict,
)

POLICY = """
version = 1
[actions.get_order]
risk = "read"
[actions.issue_refund]
risk = "reversible_write"
value = "/amount"
auto_cap = "100"
hard_cap = "1000"
approval = { fields = ["verbatim_response"] }
[actions.close_account]
risk = "consequential"
max_state = "autonomous"
auto_cap = "10"
value = "/amount"
[graduation]
sources = ["evals", "attacks"]
[graduation.supervised]
pass_rate = 0.5
adversarial_pass_rate = 0.0
min_samples = 5
[graduation.autonomous]
pass_rate = 0.5
adversarial_pass_rate = 0.5
min_samples = 5
"""
BEYOND = {
    "follow_events": "it never ends, and is no JSON",
    "read_metrics": "the generator knows no OpenMetrics",
}
"""Calls that are not made, and why."""

MODULES = {
    name: f"generated.api.{tag}.{name}"
    for _, tag, _ in pkgutil.iter_modules(generated.api.__path__)
    for _, name, _ in pkgutil.iter_modules([f"{generated.api.__path__[0]}/{tag}"])
}
called = set()


def client(secret):
    return AuthenticatedClient(base_url=sys.argv[2], token=secret)


def ask(name, who, *path, **fields):
    """Makes a call and gives the answer as the client read it, whatever its status."""
    called.add(name)
    return importlib.import_module(MODULES[name]).sync(*path, client=who, **fields)


def do(name, who, *path, **fields):
    """The same for a call that has to be answered."""
    answer = ask(name, who, *path, **fields)
    assert answer is not None and not isinstance(answer, Problem), (name, answer)
    return answer


def raw(name, who, *path, **fields):
    """The body of the answer, where it is no JSON."""
    called.add(name)
    answer = importlib.import_module(MODULES[name]).sync_detailed(*path, client=who, **fields)
    assert answer.status_code == 200, (name, answer)
    return answer.content


def action(tool, **params):
    return Action(tool=tool, params=ActionParams.from_dict(params))


def propose(tool, **params):
    decision = do("propose_action", agent, body=action(tool, **params))
    assert isinstance(decision, Decision)
    return decision


def refund(order):
    decision = propose("issue_refund", order=order, amount="42.00")
    assert decision.verdict is Verdict.REQUIRE_APPROVAL
    return decision


operator = client(os.environ["PLACET_OPERATOR"])
agent = client(os.environ["PLACET_AGENT"])
approver = client(os.environ["PLACET_APPROVER"])

# The daemon, and its policy.
raw("health", operator), raw("ready", operator)
assert do("read_openapi", operator).to_dict()["openapi"].startswith("3.1")
files = PolicyFiles(files=[PolicyFile(name="policy.toml", text=POLICY)])
assert do("validate_policy", operator, body=files).valid
installed = do("install_policy", operator, body=files)
assert do("replay_policy", operator, body=Candidate(files=files.files)).tightened == 0
assert do("read_policy", operator).policy == installed.policy

# A decision, and what is asked about it.
before = do("evaluate_action", agent, body=action("issue_refund", order="o-1", amount="42.00"))
decision = refund("o-1")
assert decision.mode is Mode.ENFORCE and decision.class_ == "issue_refund"
assert decision.digest == before.digest and decision.findings[0].check == before.findings[0].check
assert decision.approval.deadline > decision.at
status = do("read_action", agent, decision.id)
assert isinstance(status, Status) and status.status is StatusWord.PENDING
assert status.log_index == decision.log_index

# A person answers, and what was approved runs once.
held = decision.approval.id
assert held in [it.decision.approval.id for it in do("list_approvals", approver).approvals]
assert do("read_approval", approver, held).decision.id == decision.id
reach = Reach(params=["/order"], uses=5)
answer = Answer(approved=True, verbatim_response="I read the ticket and saw the photo of the broken cup.", standing=reach)
resolution = do("resolve_approval", approver, held, body=answer)
assert resolution.outcome is ResolveOutcome.RESOLVED
status = do("read_action", agent, decision.id, prefer="wait=5")
redemption = Redemption(
    warrant=status.warrant,
    tool="issue_refund",
    params=RedemptionParams.from_dict({"order": "o-1", "amount": "42.00"}),
)
assert do("redeem_warrant", agent, body=redemption).id == decision.id
assert ask("redeem_warrant", agent, body=redemption).status == 409
done = Outcome(status=OutcomeWord.SUCCEEDED)
assert do("report_outcome", agent, decision.id, body=done).status is StatusWord.SUCCEEDED
assert do("read_history", approver, decision.id).status is StatusWord.SUCCEEDED
standing = do("list_standing_approvals", approver).standing_approvals[0].id
do("revoke_standing_approval", approver, standing, body=RevokeStanding(reason="enough"))
withdrawn = do("withdraw_approval", agent, refund("o-2").approval.id)
assert withdrawn.status is StatusWord.WITHDRAWN

# Kill switches; a write that is repeated.
trip = Trip(scope="tenant:acme/tool:issue_refund", reason="a drill")
tripped = do("trip_kill_switch", operator, body=trip, idempotency_key="drill-1")
assert tripped.scope == trip.scope
assert do("trip_kill_switch", operator, body=trip, idempotency_key="drill-1") == tripped
switches = do("list_kill_switches", operator).switches
assert [switch.scope for switch in switches] == [trip.scope]
assert propose("issue_refund", order="o-3", amount="1").verdict is Verdict.BLOCK
body = Reset(reason="the drill is over")
assert do("reset_kill_switch", operator, trip.scope, body=body).scope == trip.scope
assert refund("o-4").verdict is Verdict.REQUIRE_APPROVAL
refused = ask("trip_kill_switch", agent, body=trip)
assert isinstance(refused, Problem) and refused.status == 403

# Autonomy.
for source, adversarial in (("evals", False), ("attacks", True)):
    report = Evidence(
        class_="close_account",
        source=source,
        passed=20,
        failed=0,
        adversarial=adversarial,
        tenant="acme",
    )
    do("report_evidence", operator, body=report)
ratified = do("ratify_autonomy", approver, "close_account", body=Ratification())
assert ratified.autonomy is AutonomyState.AUTONOMOUS
standings = do("read_autonomy", operator, tenant="acme").classes
states = {it.class_: it.autonomy for it in standings}
assert states["close_account"] is AutonomyState.AUTONOMOUS, states

# Applications, people and the keys of warrants.
new = NewIntegration(name="made by a generated client", scopes=[KeyScope.AGENT], tenant="acme")
made = do("create_integration", operator, body=new)
assert isinstance(made, Credentials)
turned = do("rotate_integration", operator, made.app_id, idempotency_key=str(uuid.uuid4()))
assert turned.secret != made.secret
listed = do("list_integrations", operator).integrations
assert made.app_id in [integration.app_id for integration in listed]
agent = client(turned.secret)
assert propose("get_order").log_index > decision.log_index
do("revoke_integration", operator, made.app_id)
assert ask("propose_action", agent, body=action("get_order")).status == 401
uwe = NewPerson(person="uwe", roles=[Role.APPROVER], tenant="acme")
assert do("invite_person", operator, body=uwe).person == "uwe"
do("change_person", operator, "uwe", body=PersonPowers(roles=[Role.AUDITOR]))
people = {it.person: it.roles for it in do("list_people", operator).people}
assert people["uwe"] == [Role.AUDITOR]
do("remove_person", operator, "uwe")
key = do("rotate_warrant_key", operator).kid
assert key in [it.to_dict()["kid"] for it in do("read_warrant_keys", operator).keys]
assert do("list_dead_letters", operator).dead_letters == []
assert do("read_metrics_summary", operator).open_approvals >= 1

# The log.
size = int(raw("read_checkpoint", operator).split(b"\n")[1])
receipt = do("prove_log", operator, index=decision.log_index)
assert isinstance(receipt, Receipt) and receipt.index == decision.log_index
assert isinstance(do("prove_log", operator, from_=1), Consistency)
hashes = do("read_hashes_tile", operator, 0, f"000.p/{size}")
assert len(hashes.payload.read()) == 32 * size
entries = do("read_entries_tile", operator, f"000.p/{size}").payload.read()
assert receipt.leaf.encode() in entries
gone = do("erase_entry", operator, decision.log_index, body=Erasure(reason="asked to"))
assert gone.log_index >= size
assert receipt.leaf.encode() in raw("back_up_log", operator)

missing = MODULES.keys() - called - BEYOND.keys()
assert not missing, f"no call of these: {sorted(missing)}"
print("the generated client works")
