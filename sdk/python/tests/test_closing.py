"""Closing a guard ends what waits at it, and leaves nothing behind."""

import asyncio
import gc
import os
import threading
import time

import pytest
from conftest import PATIENCE, first_pending, nothing_waits, policy

from placet import Guard, ReviewPending, Status, Unavailable, supervised


@pytest.fixture
def again(backend, tmp_path):
    """A guard, and what opens another at the same log."""
    if backend.kind == "in process":
        opened = lambda: Guard(policy(), store=tmp_path / "log.db")
    else:
        backend.open()
        daemon = backend._daemons[-1]
        opened = lambda: Guard.connect(daemon.url, daemon.agent, approver_key=daemon.approver)
    guards = [opened()]
    yield guards[0], opened
    guards[0].close()


def test_a_log_that_this_very_process_has_open_is_said_to_be(tmp_path):
    log = tmp_path / "log.db"
    with Guard(policy(), store=log):
        with pytest.raises(Unavailable) as refused:
            Guard(policy(), store=log)
        said = str(refused.value)
        assert f"is in use by process {os.getpid()} (" in said
        assert "this process itself: share the guard that has the log open, or close that one first" in said
    Guard(policy(), store=log).close()


def in_thread(call):
    """What a call raises in another thread."""
    raised = []

    def run():
        try:
            call()
        except BaseException as error:
            raised.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread, raised


def never(*_):
    raise AssertionError("it ran")


def test_who_waits_is_told_and_the_log_is_free(again):
    guard, opened = again
    thread, raised = in_thread(lambda: guard.execute("issue_refund", {"amount": "1"}, never))
    action = first_pending(guard, amount="1").action_id
    since = time.monotonic()
    guard.close()
    thread.join(PATIENCE)
    assert not thread.is_alive() and time.monotonic() - since < PATIENCE
    [error] = raised
    assert isinstance(error, Unavailable) and "this guard is closed" in str(error)
    with opened() as other:
        assert nothing_waits(other) and other.status(action) is Status.WITHDRAWN


def test_who_waits_on_a_loop_is_told_as_well(again):
    guard, opened = again

    async def main():
        calls = [
            asyncio.ensure_future(guard.aexecute("issue_refund", {"amount": f"{n}"}, never))
            for n in range(1, 4)
        ]
        while len(guard.pending()) < 3:
            await asyncio.sleep(0.01)
        await asyncio.to_thread(guard.close)
        done, open_still = await asyncio.wait(calls, timeout=PATIENCE)
        assert not open_still
        for call in done:
            with pytest.raises(Unavailable, match="this guard is closed"):
                call.result()

    asyncio.run(main())
    with opened() as other:
        assert nothing_waits(other)


def test_who_only_looked_takes_nothing_back(again):
    guard, opened = again
    decision = guard.propose("issue_refund", params={"amount": "1"})
    thread, raised = in_thread(lambda: guard.wait(decision.id))
    # Until it waits.
    carrier = guard._carrier
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and not getattr(carrier, "_waiting", True):
        time.sleep(0.01)
    guard.close()
    thread.join(PATIENCE)
    assert not thread.is_alive() and isinstance(raised[0], Unavailable)
    with opened() as other:
        assert [held.action_id for held in other.pending()] == [decision.id]


@pytest.mark.parametrize("is_async", [False, True])
def test_what_was_held_just_before_is_taken_back_as_well(again, is_async):
    """Its decision arrives only when the guard is closed already."""
    guard, opened = again
    carrier = guard._carrier
    do, ado = carrier.do, carrier.ado

    def doing(step):
        done = do(step)
        if step.name == "propose":
            guard.close()
        return done

    async def adoing(step):
        done = await ado(step)
        if step.name == "propose":
            await asyncio.to_thread(guard.close)
        return done

    carrier.do, carrier.ado = doing, adoing
    with pytest.raises(Unavailable, match="this guard is closed"):
        if is_async:
            asyncio.run(guard.aexecute("issue_refund", {"amount": "1"}, never))
        else:
            guard.execute("issue_refund", {"amount": "1"}, never)
    with opened() as other:
        assert nothing_waits(other)


def test_what_waits_for_others_is_left_to_them(again):
    guard, opened = again
    with pytest.raises(ReviewPending) as pending:
        supervised("issue_refund", guard=guard, on_review="fail_closed")(never)("1")
    guard.close()
    with opened() as other:
        assert [held.action_id for held in other.pending()] == [pending.value.action_id]


@pytest.mark.parametrize("when", ["at once", "when it is awaited"])
def test_a_callback_that_is_cancelled_says_no(backend, when):
    def cancelled(request):
        raise asyncio.CancelledError

    async def acancelled(request):
        await asyncio.sleep(0)
        raise asyncio.CancelledError

    confirm = cancelled if when == "at once" else acancelled
    guard = backend.open(confirm=confirm)
    call = guard.aexecute("issue_refund", {"amount": "1"}, never)
    denied = asyncio.run(asyncio.wait_for(call, PATIENCE))
    assert not denied and denied.status is Status.DENIED and "cancelled" in denied.reason


def test_a_callback_whose_caller_is_cancelled_is_no_answer(backend):
    """Then the action is taken back, as ever."""

    async def slow(request):
        await asyncio.sleep(10 * PATIENCE)

    guard = backend.open(confirm=slow)

    async def main():
        call = asyncio.ensure_future(guard.aexecute("issue_refund", {"amount": "1"}, never))
        while not guard.pending():
            await asyncio.sleep(0.01)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        # What was proposed at that very moment is taken back by the loop.
        assert await asyncio.to_thread(nothing_waits, guard)

    asyncio.run(main())


@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="sockets are counted there")
def test_loops_that_are_closed_leave_nothing_at_a_daemon(daemon):
    def sockets():
        links = [os.path.join("/proc/self/fd", one) for one in os.listdir("/proc/self/fd")]
        return sum(os.path.islink(it) and os.readlink(it).startswith("socket:") for it in links)

    with Guard.connect(daemon.url, daemon.agent) as guard:
        counts = []
        # Without what would collect them by chance.
        gc.disable()
        try:
            for _ in range(8):
                loop = asyncio.new_event_loop()
                loop.run_until_complete(guard.apropose("get_order"))
                # Nobody ends what runs on it first.
                loop.close()
                counts.append(sockets())
        finally:
            gc.enable()
        assert counts[-1] <= counts[1], counts
        assert len(guard._carrier._clients) == 1
