"""Measures calls of Placet for Python, each beside the same call of another package.

usage: calls.py evaluate|fresh|safe|approved|shadow SECONDS
"""

import asyncio
import contextlib
import json
import logging
import os
import subprocess
import sys
import tempfile
import threading
from decimal import Decimal
from pathlib import Path

from turns import has, in_turns, tell

from placet import (
    ActionClass,
    ActionRequest,
    ApprovalTerms,
    AutonomyState,
    EvalMetrics,
    GraduationThresholds,
    Guard,
    RiskTier,
    TrustPolicy,
    supervised,
)

logging.disable(logging.CRITICAL)

STATES = (AutonomyState.SUPERVISED, AutonomyState.AUTONOMOUS)
BAR = ((0.80, 0.95), (0.70, 0.90), (50, 200))
RATES = (0.9, 0.8, 100)
ORDER = {"id": "o-17"}
REFUND = {"order": "o-17", "amount": "42.00"}


def policy(**changes):
    """What both evaluate by, and what the calls below are."""
    refund = ActionClass(
        "issue_refund",
        RiskTier.REVERSIBLE_WRITE,
        auto_cap=Decimal("100"),
        hard_cap=Decimal("1000"),
        approval=ApprovalTerms(fields=(), deadline="5m"),
    )
    reads = {name: ActionClass(name, RiskTier.READ) for name in ("read_ledger", "get_order")}
    return TrustPolicy({**reads, "issue_refund": refund}, **changes)


def run(tool, params):
    return params


class Rates:
    def __init__(self, kind):
        self._given = kind(*RATES)

    def metrics_for(self, action):
        return self._given


def evaluate(seconds, folder):
    """A decision on a request with a value, by earned autonomy and a cap; nothing is recorded."""
    guard, request = evaluator(), refund(ActionRequest)
    of = {"Placet": lambda: guard.evaluate(request)}
    assert of["Placet"]().is_allowed
    if has("warrantd"):
        theirs, kind = warrantd()
        their_request = refund(kind)
        of["warrantd"] = lambda: theirs.evaluate(their_request)
    return in_turns(of, seconds)


def fresh(seconds, folder):
    """The same on a request that is made for it, and that nothing is known of yet."""
    guard = evaluator()
    of = {"Placet": lambda: guard.evaluate(refund(ActionRequest))}
    if has("warrantd"):
        theirs, kind = warrantd()
        of["warrantd"] = lambda: theirs.evaluate(refund(kind))
    return in_turns(of, seconds)


def refund(kind):
    return kind("issue_refund", tenant_id="acme", value=Decimal("50"))


def evaluator():
    bar = GraduationThresholds(*(dict(zip(STATES, row)) for row in BAR))
    return Guard(policy(thresholds=bar), metrics=Rates(EvalMetrics))


def warrantd():
    import warrantd as other

    states = (other.AutonomyState.SUPERVISED, other.AutonomyState.AUTONOMOUS)
    entry = other.ActionClass(
        name="issue_refund",
        risk=other.RiskTier.REVERSIBLE_WRITE,
        auto_cap=Decimal("100"),
        hard_cap=Decimal("1000"),
    )
    bar = other.GraduationThresholds(*(dict(zip(states, row)) for row in BAR))
    trust = other.TrustLayer(
        policy=other.TrustPolicy(actions={"issue_refund": entry}, thresholds=bar),
        metrics=Rates(other.EvalMetrics),
        audit=None,
    )
    request = refund(other.ActionRequest)
    assert trust.evaluate(request).verdict is other.Verdict.ALLOW
    return trust, other.ActionRequest


def safe(seconds, folder):
    """A call that runs at once. Ours is decided on, permitted, reported, and all of that durable."""
    guard = Guard(policy(), store=folder / "safe.db")
    of = {"Placet": lambda: guard.execute("get_order", ORDER, run)}
    assert of["Placet"]() == ORDER
    if has("agentguard"):
        from agentguard import AgentGuard

        other = AgentGuard(confirm=lambda request: True)
        of["agentguard-hitl"] = lambda: other.execute("get_order", ORDER, run)
    return in_turns(of, seconds)


def approved(seconds, folder):
    """A call that a function of the program is asked about, which says yes at once."""
    guard = Guard(policy(), store=folder / "approved.db", confirm=lambda request: True)
    of = {"Placet": lambda: guard.execute("issue_refund", REFUND, run)}
    assert of["Placet"]() == REFUND
    if has("agentguard"):
        from agentguard import AgentGuard

        other = AgentGuard(confirm=lambda request: True)
        of["agentguard-hitl"] = lambda: other.execute("delete_order", REFUND, run)
    return in_turns(of, seconds)


def shadow(seconds, folder):
    """A decorated call in shadow: ours at a daemon with its log, theirs where nothing is decided."""
    with daemon(folder) as (url, key), answering() as other_url:
        guard = Guard.connect(url, key, mode="shadow", shadow_limit=5)
        ours = supervised("issue_refund", guard=guard)(lambda order, amount: amount)
        of = {"Placet": lambda: ours(**REFUND)}
        if has("supervisor_guards"):
            import supervisor_guards as other

            other.configure(other_url, "bench", "a secret for loopback", enforcement_mode="shadow")
            theirs = other.supervised("issue_refund")(lambda order, amount: amount)
            of["supervisor-guards"] = lambda: theirs(**REFUND)
        figures = in_turns(of, seconds)
        guard.close()
        return figures


@contextlib.contextmanager
def daemon(folder):
    """A daemon of the package, and a key of an agent."""
    (folder / "policy.toml").write_text(policy(on_review="shadow").to_toml())
    command = [sys.executable, "-m", "placet._cli"]
    named = ["--json", "--name", "bench", "--scope", "agent", "--tenant", "default"]
    made = subprocess.run(
        [*command, "key", "create", *named, "--log", "placet.db"],
        cwd=folder,
        check=True,
        capture_output=True,
    )
    serve = ["serve", "--listen", "127.0.0.1:0", "--policy", "policy.toml"]
    limits = ["--rate", "1000000", "--burst", "1000000"]
    process = subprocess.Popen(
        [*command, *serve, *limits], cwd=folder, stderr=subprocess.PIPE, text=True
    )
    address = process.stderr.readline().split()[-1]
    threading.Thread(target=process.stderr.read, daemon=True).start()
    try:
        yield f"http://{address}", json.loads(made.stdout)["secret"]
    finally:
        process.terminate()
        process.wait()


ALLOWED = json.dumps(
    {
        "action_id": "a-1",
        "decision": "allow",
        "reasons": [],
        "risk_score": 0,
        "policy_version": "1",
        "shadow_would_have": "allow",
    }
).encode()


@contextlib.contextmanager
def answering():
    """A server, in a process of its own, that answers the same to everything, at once."""
    command = [sys.executable, __file__, "answer", "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()


async def answer():
    async def serve(reader, writer):
        head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                asked = (await reader.readuntil(b"\r\n\r\n")).lower()
                length = asked.partition(b"content-length:")[2].partition(b"\r\n")[0]
                await reader.readexactly(int(length or 0))
                writer.write(head + b"content-length: %d\r\n\r\n" % len(ALLOWED) + ALLOWED)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


def main(what, seconds):
    if what == "answer":
        asyncio.run(answer())
        return
    with tempfile.TemporaryDirectory(dir=".") as made:
        # The others write beside the program.
        folder = Path(made).resolve()
        os.chdir(folder)
        parts = (evaluate, fresh, safe, approved, shadow)
        measure = next(part for part in parts if part.__name__ == what)
        tell(measure(seconds, folder))
        os.chdir(folder.parent)


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]))
