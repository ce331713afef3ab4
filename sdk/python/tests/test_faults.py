"""A daemon that is down, hangs, or talks nonsense: shadow goes on, and enforce runs nothing."""

import asyncio
import socket
import threading
import time

import pytest
from conftest import PATIENCE, Daemon, at_once, first_pending, policy, program
from faulty import FAULTS, OUTCOME, PROPOSE, REDEEM, SETTLE, Faulty

from placet import Guard, Mode, PlacetError, Status, Unavailable, supervised

BOUND = 0.3
"""How long a call in shadow may be held up, in seconds."""

SLACK = 0.2
"""What a machine takes on top, in seconds. What hangs here hangs for much longer."""

TRIES = 20
"""How often a call may be made until the machine is not busy with something else meanwhile."""


def is_held_up_no_longer_than(limit, call):
    """Whether a call takes no longer than that, in seconds, by itself. What it takes because others run
    is not always as much."""
    for _ in range(TRIES):
        start = time.monotonic()
        call()
        if time.monotonic() - start < limit + SLACK:
            return True
    return False


@pytest.fixture(scope="module")
def lax(tmp_path_factory):
    """A daemon whose policy permits programs to be in shadow."""
    started = Daemon(tmp_path_factory.mktemp("lax"), policy(on_review="shadow"))
    yield started
    started.stop()


@pytest.fixture
def faulty_shadow(in_shadow):
    """A proxy in front of the daemon whose policy is in shadow."""
    with Faulty(in_shadow.url) as proxy:
        yield proxy


@pytest.fixture(scope="module")
def in_shadow(tmp_path_factory):
    """A daemon whose policy is in shadow itself."""
    started = Daemon(tmp_path_factory.mktemp("in-shadow"), policy(mode=Mode.SHADOW))
    yield started
    started.stop()


def open_guard(url, key, **settings):
    return Guard.connect(url, key, **{"timeout": 1, **settings})


def never(tool, params):
    raise AssertionError("it ran")


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_enforce_runs_nothing(daemon, fault):
    def at(place, tool, params):
        with (
            Faulty(daemon.url, fault, place) as faulty,
            open_guard(faulty.url, daemon.agent, review_timeout=0.3) as guard,
        ):
            at_once(*[lambda call=call: run_nothing(call, tool, params) for call in both(guard)])

    at_once(
        lambda: at(PROPOSE, "get_order", {"id": 1}),
        lambda: at(REDEEM, "get_order", {"id": 1}),
        lambda: at(SETTLE, "issue_refund", {"amount": "10"}),
    )


def both(guard):
    """A call now, and on an event loop."""
    return guard.execute, lambda *of: asyncio.run(guard.aexecute(*of))


def run_nothing(call, tool, params):
    """It is raised, or said by a value that is false."""
    try:
        assert not call(tool, params, never)
    except PlacetError:
        pass


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_what_ran_is_given_whatever_becomes_of_its_report(daemon, faulty, fault):
    faulty.fault, faulty.at = fault, OUTCOME
    with open_guard(faulty.url, daemon.agent, timeout=3) as guard:
        of = ("get_order", {"id": 1}, lambda *_: "ran")
        assert at_once(*[lambda call=call: call(*of) for call in both(guard)]) == ["ran"] * 2


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_shadow_never_raises_and_never_waits_long(lax, fault):
    """What hangs would hang for as long as a daemon may take, which is far beyond the limit."""
    settings = {"mode": Mode.SHADOW, "shadow_limit": BOUND, "timeout": PATIENCE}

    def at(place):
        with (
            Faulty(lax.url, fault, place) as faulty,
            open_guard(faulty.url, lax.agent, **settings) as guard,
        ):

            @supervised("issue_refund", guard=guard)
            def refund(amount):
                return amount

            @supervised("issue_refund", guard=guard)
            async def arefund(amount):
                return amount

            def calls():
                assert refund("10") == "10"
                assert asyncio.run(arefund("10")) == "10"

            assert is_held_up_no_longer_than(2 * BOUND, calls)

    at_once(*[lambda place=place: at(place) for place in ("", PROPOSE, REDEEM, OUTCOME)])


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_a_policy_that_was_last_heard_of_in_shadow_stops_nothing(in_shadow, fault):
    """The program says nothing of shadow, so it knows it by what the daemon said before."""

    def at(place):
        with (
            Faulty(in_shadow.url, None, place) as faulty,
            open_guard(faulty.url, in_shadow.agent, shadow_limit=BOUND, timeout=PATIENCE) as guard,
        ):
            guard.evaluate("get_order")
            faulty.fault = fault

            def calls():
                for call in both(guard):
                    assert call("issue_refund", {"amount": "5000"}, lambda *_: "ran") == "ran"

            assert is_held_up_no_longer_than(2 * BOUND, calls)

    at_once(*[lambda place=place: at(place) for place in ("", PROPOSE, REDEEM, OUTCOME)])


@pytest.mark.parametrize("asked", ["evaluate", "propose"])
def test_a_policy_is_in_shadow_as_long_as_its_last_answer_says_so(in_shadow, faulty_shadow, asked):
    def mode(word):
        return lambda answer: {**answer, "mode": word}

    def runs():
        calls = both(guard)
        return [call("get_order", {"id": 1}, lambda *_: "ran") for call in calls] == ["ran"] * 2

    with open_guard(faulty_shadow.url, in_shadow.agent) as guard:
        # Nobody knows yet what the policy is.
        faulty_shadow.fault = 500
        for call in both(guard):
            with pytest.raises(Unavailable):
                call("get_order", {"id": 1}, never)
        faulty_shadow.fault = None
        getattr(guard, asked)("get_order")
        faulty_shadow.fault = 500
        assert runs()
        # Who asks to be held to the decision is held to it.
        with pytest.raises(Unavailable):
            guard.execute("get_order", {"id": 1}, never, enforce=True)
        faulty_shadow.fault = mode("enforce")
        getattr(guard, asked)("get_order")
        faulty_shadow.fault = 500
        for call in both(guard):
            with pytest.raises(Unavailable):
                call("get_order", {"id": 1}, never)


def test_an_answer_that_comes_too_late_says_what_the_policy_is_all_the_same(in_shadow, faulty_shadow):
    """A call in shadow does not wait for it; the next one knows."""
    gone = threading.Event()

    def slow(answer):
        gone.wait(PATIENCE)
        return {**answer, "mode": "enforce"}

    with open_guard(faulty_shadow.url, in_shadow.agent, shadow_limit=0.05, timeout=PATIENCE) as guard:
        for call in both(guard):
            gone.clear()
            faulty_shadow.fault = None
            guard.evaluate("get_order")
            faulty_shadow.at, faulty_shadow.fault = PROPOSE, slow
            assert call("get_order", {"id": 1}, lambda *_: "ran") == "ran"
            gone.set()
            until = time.monotonic() + PATIENCE
            while guard._policy_is_in_shadow() and time.monotonic() < until:
                time.sleep(0.01)
            assert not guard._policy_is_in_shadow()


def test_what_is_held_although_shadow_was_asked_for_waits_as_always(daemon, faulty):
    """The policy lets no program be in shadow: no limit of shadow ends a wait for people."""
    settings = {"mode": "shadow", "shadow_limit": 2, "timeout": PATIENCE}
    with (
        open_guard(daemon.url, daemon.agent, approver_key=daemon.approver) as people,
        open_guard(faulty.url, daemon.agent, **settings) as guard,
    ):

        def waits(run, amount):
            box, params = [], {"amount": amount}
            call = lambda: box.append(run("issue_refund", params, lambda *_: "ran"))
            thread = threading.Thread(target=call, daemon=True)
            thread.start()
            held = first_pending(people, **params)
            thread.join(2.4)
            assert thread.is_alive() and people.status(held.action_id).value == "pending"
            people.resolve(held.request_id, True)
            thread.join(PATIENCE)
            assert box == ["ran"]

        now, on_a_loop = both(guard)
        at_once(lambda: waits(now, "7.70"), lambda: waits(on_a_loop, "7.71"))
        faulty.at, faulty.fault = SETTLE, 500
        with pytest.raises(Unavailable):
            guard.execute("issue_refund", {"amount": "11"}, never)


def test_a_wait_ends_when_its_caller_says_and_not_when_the_daemon_does(daemon, faulty):
    """A daemon waits whole seconds. Who waits for less hangs up, and then looks once more."""
    faulty.at, faulty.fault = SETTLE, "never answers a wait"
    with open_guard(faulty.url, daemon.agent, review_timeout=0.2) as guard:

        def waits(run, amount):
            denied = run("issue_refund", {"amount": amount}, never)
            assert not denied and "nobody answered in time" in denied.reason

        now, on_a_loop = both(guard)
        at_once(lambda: waits(now, "6.60"), lambda: waits(on_a_loop, "6.61"))


def test_who_hung_up_looks_once_more_whether_somebody_answered(daemon, faulty):
    faulty.at, faulty.fault = SETTLE, "never answers a wait"
    with (
        open_guard(daemon.url, daemon.agent, approver_key=daemon.approver) as people,
        open_guard(
            faulty.url,
            daemon.agent,
            review_timeout=0.2,
            on_request=lambda request: people.resolve(request.request_id, True),
            approver_key=daemon.approver,
        ) as guard,
    ):
        assert guard.execute("issue_refund", {"amount": "6.62"}, lambda *_: "ran") == "ran"


def test_a_loop_is_not_held_up_by_what_connecting_takes(daemon):
    """What takes long to load is loaded when the guard is opened, and not by the first call."""
    code = f"""
        import asyncio, sys
        from placet import Guard

        guard = Guard.connect({daemon.url!r}, {daemon.agent!r}, mode="shadow", shadow_limit=0.05)
        before = set(sys.modules)
        print(asyncio.run(guard.aexecute("get_order", {{"id": 1}}, lambda *_: "ran")))
        print(sorted({{name.partition(".")[0] for name in set(sys.modules) - before}} - {{"placet"}}))
    """
    done = program(code)
    assert done.stdout == "ran\n[]\n", (done.stdout, done.stderr)


def test_nobody_is_there(daemon):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with open_guard(url, daemon.agent) as guard, pytest.raises(Unavailable, match="did not answer"):
            guard.execute("get_order", {"id": 1}, lambda *_: pytest.fail("it ran"))
        with open_guard(url, daemon.agent, mode="shadow") as guard:
            assert guard.execute("get_order", {"id": 1}, lambda *_: "ran") == "ran"


def test_a_key_is_never_shown(daemon, faulty):
    faulty.fault = 401
    with open_guard(faulty.url, daemon.agent) as guard:
        with pytest.raises(PlacetError) as error:
            guard.propose("get_order")
        assert daemon.agent not in f"{error.value!r} {guard!r} {vars(guard)!r}"


def test_where_the_policy_permits_no_shadow_its_decisions_bind(daemon):
    # With time enough: in shadow, what is not answered in time runs.
    settings = {"mode": "shadow", "on_review": "fail_closed", "shadow_limit": 30}
    with open_guard(daemon.url, daemon.agent, **settings) as guard:
        denied = guard.execute("issue_refund", {"amount": "10"}, lambda *_: pytest.fail("it ran"))
        assert not denied


def test_what_came_of_a_call_in_shadow_is_told_before_the_end(lax, monkeypatch):
    monkeypatch.setattr("placet._posts.GRACE", PATIENCE)
    ids = []
    with open_guard(lax.url, lax.agent, mode="shadow", shadow_limit=PATIENCE) as guard:
        do = guard._carrier.do

        def noting(step):
            done = do(step)
            if step.name == "propose":
                ids.append(done.id)
            return done

        guard._carrier.do = noting
        assert guard.execute("issue_refund", {"amount": "5000"}, lambda *_: "ran") == "ran"
    with open_guard(lax.url, lax.agent, timeout=PATIENCE) as guard:
        assert [guard.status(one) for one in ids] == [Status.SUCCEEDED]


def test_where_it_permits_shadow_nothing_is_stopped(lax):
    with open_guard(lax.url, lax.agent, mode="shadow", shadow_limit=PATIENCE) as guard:
        assert guard.execute("issue_refund", {"amount": "5000"}, lambda *_: "ran") == "ran"


def test_a_stable_share_is_enforced(lax):
    with open_guard(
        lax.url, lax.agent, mode="sample", sample_percent=50, shadow_limit=PATIENCE
    ) as guard:

        def run(session):
            call = lambda: guard.execute(
                "issue_refund", {"amount": "5000"}, lambda *_: "ran", session_id=session
            )
            return bool(call())

        first = [run(f"s-{n}") for n in range(20)]
        assert {True, False} == set(first)
        assert [run(f"s-{n}") for n in range(20)] == first


FORK = """
    import multiprocessing, os, sys
    from placet import Guard, PlacetError

    guard = {opened}
    guard.propose("get_order", params={{"id": 1}})

    def child(queue):
        try:
            queue.put(guard.{asks}("get_order", params={{"id": 2}}).verdict.value)
        except PlacetError as error:
            queue.put(str(error))

    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    processes = [context.Process(target=child, args=(queue,)) for _ in range(4)]
    for process in processes:
        process.start()
    print(sorted({{queue.get(timeout=60) for _ in processes}}))
    for process in processes:
        process.join(60)
        assert process.exitcode == 0, process.exitcode
    print(guard.propose("get_order", params={{"id": 3}}).verdict.value)
"""


def forked(opened, folder, asks="propose"):
    done = program(FORK.format(opened=opened, asks=asks), folder)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.mark.parametrize("asks", ["propose", "evaluate"])
def test_a_child_is_told_that_the_log_is_its_parents(asks, tmp_path):
    """Also by what records nothing: its answer would be that of another moment."""
    (tmp_path / "policy.toml").write_text(policy().to_toml())
    [told, after] = forked('Guard("policy.toml")', tmp_path, asks)
    assert "opened by process" in told and "Guard.connect" in told
    assert after == "allow"
    with Guard(tmp_path / "policy.toml") as guard:
        assert guard.propose("get_order").is_allowed


def test_a_child_has_connections_of_its_own(daemon, tmp_path):
    [told, after] = forked(f"Guard.connect({daemon.url!r}, {daemon.agent!r})", tmp_path)
    assert (told, after) == ("['allow']", "allow")


def test_ctrl_c_ends_a_wait(tmp_path):
    code = """
        import os, signal, sys, threading, time
        from placet import Guard

        # A shell that runs tests in the background ignores it for all that they start.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        guard = Guard()

        def waits():
            frame = sys._current_frames()[threading.main_thread().ident]
            return frame.f_code.co_name == "do" and frame.f_locals["step"].name == "settle"

        def interrupt():
            while not waits():
                time.sleep(0.001)
            os.kill(os.getpid(), signal.SIGINT)

        threading.Thread(target=interrupt, daemon=True).start()
        try:
            guard.execute("drop_database", {}, print)
        except KeyboardInterrupt:
            print("interrupted", guard.pending())
    """
    done = program(code, tmp_path)
    assert done.stdout == "interrupted []\n", (done.stdout, done.stderr)


def test_who_drops_a_generator_in_the_midst_does_not_wait_for_the_daemon(daemon):
    dropped, waited, answered = threading.Event(), [], threading.Event()

    def late(said):
        waited.append(dropped.wait(PATIENCE))
        answered.set()
        return said

    with (
        Faulty(daemon.url, late, OUTCOME) as faulty,
        open_guard(faulty.url, daemon.agent, timeout=2 * PATIENCE) as guard,
    ):
        count = supervised("get_order", guard=guard)(lambda to: (yield from range(to)))
        going = count(2)
        assert next(going) == 0
        del going
        dropped.set()
        assert answered.wait(PATIENCE) and waited == [True]
