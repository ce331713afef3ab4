"""Keeps schemathesis from cutting the branch that it sits on, which is to end the keys that it
sends, and from waiting for people, of whom there are none; and lets every other request be about
something that is there."""

import itertools
import json
import os
import urllib.request

import schemathesis

OWN_KEYS = os.environ["PLACET_OWN_KEYS"].split()
ANOTHER = "key_00000000-0000-7000-8000-000000000000"
HELD = 40
"""Actions that wait when it begins."""


def hold(number):
    """Proposes something that is held, and gives the id of the action without what it begins with."""
    action = {"tool": "issue_refund", "agent": f"bot-{number}", "params": {"order": f"o-{number}"}}
    request = urllib.request.Request(
        os.environ["PLACET_URL"] + "/v1/actions",
        json.dumps(action).encode(),
        {
            "Authorization": "Bearer " + os.environ["PLACET_AGENT"],
            "Content-Type": "application/json",
        },
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        decided = json.load(answer)
    assert decided["verdict"] == "require_approval", decided
    return decided["id"].removeprefix("act_")


held = itertools.cycle([hold(number) for number in range(HELD)])
turns = itertools.count()


@schemathesis.hook
def before_call(context, case, kwargs):
    if case.path_parameters and case.path_parameters.get("id") in OWN_KEYS:
        case.path_parameters["id"] = ANOTHER
    for path, prefix in [("/v1/actions/", "act_"), ("/v1/approvals/", "apr_")]:
        if case.operation.path.startswith(path) and next(turns) % 2:
            case.path_parameters["id"] = prefix + next(held)
    if case.headers and "Prefer" in case.headers:
        case.headers["Prefer"] = "wait=0"
