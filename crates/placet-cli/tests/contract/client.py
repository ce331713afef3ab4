"""Speaks to a daemon through the client that a stock generator made from docs/openapi.json."""

import os
import sys

sys.path.insert(0, sys.argv[1])

from generated import AuthenticatedClient
from generated.api.actions import propose_action, read_action
from generated.api.integrations import create_integration, list_integrations
from generated.api.kill_switches import (
    list_kill_switches,
    reset_kill_switch,
    trip_kill_switch,
)
from generated.models import Action, ActionParams, Credentials, Decision, KeyScope, Mode
from generated.models import NewIntegration, Problem, Reset, Status, StatusWord, Trip, Verdict


def client(secret: str) -> AuthenticatedClient:
    return AuthenticatedClient(base_url=sys.argv[2], token=secret)


def propose(tool: str) -> Decision:
    params = ActionParams.from_dict({"order": "o-1", "amount": "42.00"})
    decision = propose_action.sync(client=agent, body=Action(tool=tool, params=params))
    assert isinstance(decision, Decision), decision
    return decision


operator = client(os.environ["PLACET_OPERATOR"])
agent = client(os.environ["PLACET_AGENT"])

decision = propose("issue_refund")
assert decision.mode is Mode.ENFORCE
assert decision.verdict is Verdict.REQUIRE_APPROVAL
assert decision.class_ is None and decision.findings[0].verdict is Verdict.REQUIRE_APPROVAL
assert decision.approval.deadline > decision.at

status = read_action.sync(id=decision.id, client=agent)
assert isinstance(status, Status) and status.status is StatusWord.PENDING
assert status.log_index == decision.log_index

trip = Trip(scope="tenant:acme/tool:issue_refund", reason="a drill")
tripped = trip_kill_switch.sync(client=operator, body=trip, idempotency_key="drill-1")
assert tripped.scope == trip.scope
again = trip_kill_switch.sync(client=operator, body=trip, idempotency_key="drill-1")
assert again == tripped
assert [switch.scope for switch in list_kill_switches.sync(client=operator).switches] == [trip.scope]
assert propose("issue_refund").verdict is Verdict.BLOCK

body = Reset(reason="the drill is over")
reset = reset_kill_switch.sync(scope=trip.scope, client=operator, body=body)
assert reset.scope == trip.scope
assert propose("issue_refund").verdict is Verdict.REQUIRE_APPROVAL

new = NewIntegration(name="made by a generated client", scopes=[KeyScope.AGENT], tenant="acme")
made = create_integration.sync(client=operator, body=new)
assert isinstance(made, Credentials)
listed = list_integrations.sync(client=operator).integrations
assert made.app_id in [integration.app_id for integration in listed]
agent = client(made.secret)
assert propose("get_order").log_index > decision.log_index

refused = trip_kill_switch.sync(client=agent, body=trip)
assert isinstance(refused, Problem) and refused.status == 403

print("the generated client works")
