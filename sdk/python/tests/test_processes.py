"""Processes that start others: each has its own guard, and is told so where it has not."""

import subprocess
import sys
import textwrap

import pytest
from conftest import Daemon, policy

from placet import Guard

PROGRAM = """
    import multiprocessing, sys
    from placet import Guard, PlacetError

    def asks(queue, url, key):
        with Guard.connect(url, key) as guard:
            queue.put(guard.propose("get_order", params={"id": 2}).verdict.value)

    def opens(queue, policy):
        try:
            with Guard(policy) as guard:
                queue.put(guard.propose("get_order", params={"id": 2}).verdict.value)
        except PlacetError as error:
            queue.put(str(error))

    def given(queue, guard):
        queue.put("it came over")

    if __name__ == "__main__":
        context = multiprocessing.get_context(sys.argv[1])
        queue = context.Queue()

        def said(target, *of):
            process = context.Process(target=target, args=(queue, *of))
            process.start()
            answer = queue.get(timeout=60)
            process.join(60)
            assert process.exitcode == 0, process.exitcode
            return answer

        print(said(asks, *sys.argv[2:4]))
        guard = Guard("policy.toml")
        print(said(opens, "policy.toml"))
        try:
            said(given, guard)
        except TypeError as error:
            print(error)
        guard.close()
        print(said(opens, "policy.toml"))
"""


@pytest.mark.parametrize("method", ["spawn", "forkserver"])
def test_a_process_that_is_started_anew_opens_a_guard_of_its_own(tmp_path, method):
    program = tmp_path / "program.py"
    program.write_text(textwrap.dedent(PROGRAM))
    (tmp_path / "daemon").mkdir()
    daemon = Daemon(tmp_path / "daemon", policy())
    (tmp_path / "policy.toml").write_text(policy().to_toml())
    try:
        done = subprocess.run(
            [sys.executable, program, method, daemon.url, daemon.agent],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=120,
        )
    finally:
        daemon.stop()
    assert done.returncode == 0, done.stderr
    asked, taken, pickled, opened = done.stdout.splitlines()
    assert (asked, opened) == ("allow", "allow")
    assert "is in use by process" in taken
    assert "cannot be pickled" in pickled


SERVER = """
    import os, signal
    from placet import Guard, PlacetError

    {before}

    def worker():
        {inside}
        return guard.execute("get_order", {{"id": os.getpid()}}, lambda tool, params: "ran")

    # As a server does that loads the program before it forks its workers.
    for _ in range(3):
        child = os.fork()
        if child == 0:
            try:
                print(worker(), flush=True)
            except PlacetError as error:
                print(error, flush=True)
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
"""


def served(folder, before, inside="pass"):
    code = textwrap.dedent(SERVER).format(before=before, inside=inside)
    done = subprocess.run(
        [sys.executable, "-W", "ignore::DeprecationWarning", "-c", code],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_workers_of_a_server_that_loads_its_program_first(tmp_path):
    (tmp_path / "policy.toml").write_text(policy().to_toml())
    daemon = Daemon(tmp_path, policy())
    try:
        connect = f"guard = Guard.connect({daemon.url!r}, {daemon.agent!r})"
        assert served(tmp_path, connect) == ["ran"] * 3
    finally:
        daemon.stop()
    log = 'guard = Guard("policy.toml", store="own.db")'
    told = served(tmp_path, log)
    assert len(told) == 3 and all("Guard.connect" in line for line in told)
    assert served(tmp_path, "", f"global guard; {log}") == ["ran"] * 3


def test_a_guard_is_not_copied(tmp_path):
    import copy
    import pickle

    with Guard(policy()) as guard:
        for copied in (copy.copy, copy.deepcopy, pickle.dumps):
            with pytest.raises(TypeError, match="open one in each process"):
                copied(guard)
