"""Who acts is said once around a task, and known to every call inside it."""

import asyncio
import contextvars
import threading
from concurrent.futures import ThreadPoolExecutor

from conftest import policy

from placet import Guard, Verdict, carry, current_context, observe, observing, supervised


def in_thread(function):
    seen = []
    thread = threading.Thread(target=lambda: seen.append(function()))
    thread.start()
    thread.join()
    return seen[0]


def in_pool(function):
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(function).result()


def seen():
    return dict(current_context())


def test_blocks_nest_and_end():
    with observing(agent="bot", goal="a"):
        with observing(goal="b", user="ann"):
            assert seen() == {"agent": "bot", "goal": "b", "user": "ann"}
        assert seen() == {"agent": "bot", "goal": "a"}
    assert seen() == {}


def test_a_thread_has_no_context_unless_it_is_carried():
    for run in (in_thread, in_pool):
        with observing(agent="bot"):
            assert run(seen) == {}
            carried = carry(seen)
        assert run(carried) == {"agent": "bot"}
        assert seen() == {}


def test_a_thread_of_a_pool_that_had_a_task_has_none_of_its_context():
    with ThreadPoolExecutor(1) as pool:
        with observing(agent="first"):
            assert pool.submit(carry(seen)).result() == {"agent": "first"}
        assert pool.submit(seen).result() == {}


def test_what_is_carried_is_as_it_was_and_changes_nothing_here():
    def changes():
        observe(agent="other")
        return seen()

    with observing(agent="bot"):
        carried = carry(changes)
        observe(agent="later")
        assert in_thread(carried) == {"agent": "other"}
        # Each call starts from the same.
        assert in_thread(carried) == {"agent": "other"}
        assert in_thread(carry(seen)) == {"agent": "later"} == seen()
    observe()


def test_several_threads_carry_one_function_at_once():
    meet = threading.Barrier(4, timeout=30)

    def met():
        meet.wait()
        return seen()

    with observing(agent="bot"):
        carried = carry(met)
    with ThreadPoolExecutor(4) as pool:
        assert [one.result() for one in [pool.submit(carried) for _ in range(4)]] == [
            {"agent": "bot"}
        ] * 4


def test_tasks_inherit_and_do_not_hand_back():
    async def task():
        before = seen()
        observe(agent="inner")
        return before, await asyncio.to_thread(seen)

    async def main():
        with observing(agent="bot"):
            return await asyncio.gather(task(), task()), seen()

    inherited, after = contextvars.copy_context().run(asyncio.run, main())
    assert inherited == [({"agent": "bot"}, {"agent": "inner"})] * 2 and after == {"agent": "bot"}


def test_it_reaches_the_decision_over_a_thread():
    guard = Guard(policy())

    @supervised("issue_refund", guard=guard, on_review="fail_closed")
    def refund(amount):
        raise AssertionError("it ran")

    def refused():
        try:
            refund("10")
        except Exception as error:
            return error.decision

    with observing(agent="bot", session_id="s-1", user="ann", goal="close it"):
        carried, bare = carry(refused), refused
    for function in (carried, bare):
        assert in_thread(function).verdict is Verdict.REQUIRE_APPROVAL
    held = {request.session_id: request for request in guard.pending()}
    assert held["s-1"].agent_id == "bot" and held["s-1"].user == "ann"
    assert held["s-1"].to_dict()["action"]["context"] == {"goal": "close it"}
    assert held[None].agent_id is None and held[None].user is None
