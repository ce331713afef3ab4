"""Of the calls with one idempotency key, one runs."""

import asyncio
import threading
import time

import pytest
from conftest import PATIENCE, Daemon, first_pending, policy

from placet import Blocked, Guard, Invalid, TooMany
from placet._once import KEPT, Claim, Once

RETRIES = 8


class Ran:
    """Counts how often it is called, by many at once."""

    def __init__(self):
        self.count = 0
        self._lock = threading.Lock()

    def __call__(self, tool, params):
        with self._lock:
            self.count += 1
        return "done"


def together(calls):
    """What calls give that are made at once."""
    start, results = threading.Barrier(len(calls)), []

    def run(call):
        start.wait(PATIENCE)
        results.append(call())

    threads = [threading.Thread(target=run, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    return results


def test_eight_retries_at_once_run_once(guard):
    ran = Ran()
    of = lambda: guard.execute("get_order", {"id": 7}, ran, idempotency_key="order-7")
    results = together([of] * RETRIES)
    assert ran.count == 1 and results.count("done") == 1
    denied = [result for result in results if not result]
    assert len(denied) == RETRIES - 1 and "idempotency key" in denied[0].reason
    assert not of() and ran.count == 1
    assert guard.execute("get_order", {"id": 7}, ran, idempotency_key="another") == "done"


def test_eight_retries_of_what_is_held_run_once(guard):
    ran, box = Ran(), []
    of = lambda: guard.execute("issue_refund", {"amount": "10"}, ran, idempotency_key="refund-7")
    threads = threading.Thread(target=lambda: box.extend(together([of] * RETRIES)))
    threads.start()
    held = first_pending(guard)
    guard.resolve(held.request_id, True, actor="ann")
    threads.join(PATIENCE)
    assert ran.count == 1 and box.count("done") == 1 and len(box) == RETRIES
    assert guard.pending() == []


def test_eight_retries_on_an_event_loop_run_once(guard):
    ran = Ran()

    async def main():
        of = lambda: guard.aexecute("get_order", {"id": 7}, ran, idempotency_key="order-7")
        return await asyncio.gather(*[of() for _ in range(RETRIES)])

    assert asyncio.run(main()).count("done") == 1 and ran.count == 1


def test_eight_programs_at_one_daemon_run_it_once(tmp_path):
    """Each with a guard of its own, so that only the daemon knows of them all."""
    daemon, ran = Daemon(tmp_path, policy()), Ran()
    guards = [Guard.connect(daemon.url, daemon.agent) for _ in range(RETRIES)]
    try:
        of = lambda guard: guard.execute("get_order", {"id": 7}, ran, idempotency_key="order-7")
        results = together([lambda guard=guard: of(guard) for guard in guards])
        assert ran.count == 1 and results.count("done") == 1, results
    finally:
        for guard in guards:
            guard.close()
        daemon.stop()


@pytest.mark.parametrize("key", ["", 7, b"key", True, "\ud800"])
def test_a_key_is_a_text(guard, key):
    with pytest.raises(Invalid, match="idempotency_key"):
        guard.execute("get_order", {}, lambda *_: pytest.fail("it ran"), idempotency_key=key)
    with pytest.raises(Invalid, match="idempotency_key"):
        asyncio.run(guard.aexecute("get_order", {}, lambda *_: pytest.fail("it ran"), idempotency_key=key))


@pytest.mark.parametrize("key", ["", 7, "\ud800"])
def test_what_is_no_key_stops_nobody_in_shadow(backend, key):
    guard = backend.open(policy(on_review="shadow"), mode="shadow")
    of = ("drop_database", {}, lambda *_: "ran")
    assert guard.execute(*of, idempotency_key=key) == "ran"
    assert asyncio.run(guard.aexecute(*of, idempotency_key=key)) == "ran"


def test_in_shadow_keys_stop_nobody(monkeypatch):
    monkeypatch.setattr("placet._once.MOST", 2)
    run = lambda guard, key: guard.execute("wipe", {}, lambda *_: "ran", idempotency_key=key)
    with Guard(policy(mode="shadow")) as guard:
        assert [run(guard, key) for key in ("a", "b", "c", "", 7)] == ["ran"] * 5
        assert not run(guard, "a")
    with Guard(policy(unclassified="inspect")) as guard:
        read = lambda key: guard.execute("get_order", {}, lambda *_: "ran", idempotency_key=key)
        assert [read("a"), read("b")] == ["ran"] * 2
        with pytest.raises(TooMany):
            read("c")


def test_a_call_that_got_no_key_gives_none_back(monkeypatch):
    """The key may be another call's by the time it ends."""
    monkeypatch.setattr("placet._once.MOST", 1)
    once = Once()
    once.claim("a", "t")
    with Claim(once, "b", "t", lambda _: None, shadow=True):
        once.release("a")
        once.claim("b", "t")
    with pytest.raises(Blocked):
        once.claim("b", "t")


def test_the_oldest_keys_are_forgotten_and_only_they_are_looked_at(monkeypatch):
    once, now = Once(), [0.0]
    monkeypatch.setattr("placet._once.time.monotonic", lambda: now[0])
    for number in range(20_000):
        once.claim(f"{number}", "t")
        now[0] += 1
    start = time.perf_counter()
    for number in range(20_000, 40_000):
        once.claim(f"{number}", "t")
        now[0] += KEPT / 20_000
    assert time.perf_counter() - start < 5, "each claim has looked at all of them"
    assert len(once._since) < 21_000
    once.claim("0", "t")
    with pytest.raises(Blocked):
        once.claim("39999", "t")


def test_what_did_not_run_can_be_tried_again(backend):
    ran, guard = Ran(), backend.open(on_review="fail_closed")
    of = lambda: guard.execute("issue_refund", {"amount": "10"}, ran, idempotency_key="refund-7")
    first = of()
    assert not first and ran.count == 0
    if backend.kind == "daemon":
        # It is the same action, and still waits.
        assert of().action_id == first.action_id
        guard.resolve(first.request_id, True)
        assert guard.status(first.action_id).value == "approved"


def test_what_failed_may_have_had_effects_and_is_not_run_again(guard):
    def fails(tool, params):
        raise OSError("the line is dead")

    with pytest.raises(OSError):
        guard.execute("get_order", {"id": 7}, fails, idempotency_key="order-7")
    assert not guard.execute("get_order", {"id": 7}, fails, idempotency_key="order-7")
