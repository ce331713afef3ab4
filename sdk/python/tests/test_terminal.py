"""Asking at the terminal: a person types at a real one, of a process of its own."""

import os
import pty
import sys
import textwrap
import time

from conftest import PATIENCE

PROGRAM = """
    from placet import ActionDenied, Guard, Terminal

    guard = Guard(ask=Terminal("ann"), review_timeout={timeout})
    result = guard.execute("delete_file", {{"path": "notes.txt"}}, lambda *_: "it is gone")
    print("came of it:", result if result else f"nothing, {{result.reason}}", guard.pending())
"""

STATEMENT = "I looked at the file, and nobody needs it any more. Remove it."


def typed(answers, timeout="None"):
    """What a program shows to a person who answers each question as it comes."""
    child, terminal = pty.fork()
    if child == 0:
        code = textwrap.dedent(PROGRAM).format(timeout=timeout)
        os.execv(sys.executable, [sys.executable, "-c", code])
    shown, answers, until = "", list(answers), time.monotonic() + PATIENCE
    while time.monotonic() < until:
        try:
            shown += os.read(terminal, 4096).decode()
        except OSError:
            # The program has ended.
            break
        if answers and shown.endswith(answers[0][0]):
            os.write(terminal, answers.pop(0)[1].encode() + b"\n")
    os.close(terminal)
    assert os.waitpid(child, 0)[1] == 0, shown
    return shown


def test_whoever_types_approve_and_why_lets_it_run():
    shown = typed(
        [
            ("Type approve or deny: ", "y"),
            ("Type approve or deny: ", "approve"),
            ("verbatim_response: ", STATEMENT),
            ("responsible_owner: ", "ann"),
        ]
    )
    assert '/path      "notes.txt"' in shown
    assert "came of it: it is gone []" in shown


def test_whoever_types_deny_says_why():
    shown = typed([("Type approve or deny: ", "deny"), ("is told: ", "keep it")])
    assert "came of it: nothing, keep it []" in shown


def test_nobody_types_anything_in_time():
    shown = typed([], timeout="0.3")
    assert "came of it: nothing, nobody answered in time []" in shown
