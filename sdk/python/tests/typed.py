"""What a program writes that is typed strictly. It is only checked, never run."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from placet import (
    ActionClass,
    ActionDenied,
    ActionRequest,
    ApprovalRequest,
    ApprovalStore,
    AuditEntry,
    Budget,
    Decision,
    EvalMetrics,
    Guard,
    Refusal,
    RiskTier,
    SignOff,
    Status,
    TrustPolicy,
    Verdict,
    guarded,
    is_signed_off,
    signoff_gated,
    supervised,
    unconfigure,
)


class Tickets:
    def put(self, request: ApprovalRequest) -> None: ...

    def answer(self, request_id: str) -> bool | SignOff | Refusal | None:
        return SignOff("ann", {"why": "it was agreed upon"})

    def ended(self, request_id: str, status: Status) -> None: ...


policy = TrustPolicy({"pay": ActionClass("pay", RiskTier.CONSEQUENTIAL, hard_cap=Decimal("10"))})
store: ApprovalStore = Tickets()
guard = Guard(policy, approvals=store)
decision: Decision = guard.evaluate(ActionRequest("pay", value=Decimal("1")))
held: bool = decision.verdict is Verdict.REQUIRE_APPROVAL


@supervised("pay")
def pay(amount: str, *, to: str) -> int:
    return len(amount) + len(to)


@supervised("pay")
async def apay(amount: str) -> int:
    return len(amount)


@guard.gate
def wipe(path: str) -> str:
    return path


def small(tool: str, params: Mapping[str, Any]) -> bool:
    return tool == "pay" and bool(params)


asked = Guard(policy, confirm=small, tripped_verdict=Verdict.REQUIRE_APPROVAL)
asked_whole = Guard(policy, confirm=lambda request: request.tool == "pay")
capped = TrustPolicy({}, budgets=(Budget("24h", count=10),), cool_down="15m")
entry = AuditEntry(ActionRequest("pay"), decision, None, True, "key")
asked.record(entry)
unconfigure()


paid: int = pay("10", to="ann")
again: int = guarded("pay", {"amount": "10"}, pay, "10", to="ann")


async def main() -> int:
    return await apay("10")


def wiped() -> str:
    result = wipe("/tmp")
    if isinstance(result, ActionDenied):
        return result.reason
    return result


@guard.gate
async def awipe(path: str) -> str:
    return path


async def awiped() -> str:
    result = await awipe("/tmp")
    return result.reason if isinstance(result, ActionDenied) else result


@signoff_gated(gated={"approved"})
@dataclass
class Claim:
    amount: str
    status: str = "draft"
    verbatim_response: str = ""
    responsible_owner: str = ""


claim = Claim("1")
signed: bool = is_signed_off(claim)


class Rates:
    def metrics_for(self, action: str, *, tenant: str = "default") -> EvalMetrics:
        return EvalMetrics(0.9 if tenant == "default" else 0.0, 0.9, 100)


class RatesOfTenants:
    def metrics_for(self, action: str, *, tenant: str) -> EvalMetrics:
        return EvalMetrics(0.9 if tenant == "acme" else 0.0, 0.9, 100)


class RatesOfAll:
    def metrics_for(self, action: str) -> EvalMetrics:
        return EvalMetrics(0.9, 0.9, 100)


def ask(tool: str, params: dict[str, Any]) -> bool:
    return tool == "pay" and params["amount"] == "10"


async def aask(tool: str, params: dict[str, Any]) -> bool:
    return ask(tool, params)


measured = Guard(policy, metrics=Rates())
measured_each = Guard(policy, metrics=RatesOfTenants())
measured_all = Guard(policy, metrics=[Rates(), RatesOfTenants(), RatesOfAll()])
asked_by_two = [Guard(policy, confirm=ask), Guard(policy, confirm=aask)]
asked_at_a_daemon = Guard.connect("http://127.0.0.1:4747", "key", approver_key="key", confirm=ask)
