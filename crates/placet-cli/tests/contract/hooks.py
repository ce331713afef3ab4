"""Keeps schemathesis from cutting the branch that it sits on, which is to end the keys that it
sends, and from waiting for people, of whom there are none; lets every other request be about
something that is there; and reads the events that the description has only as text."""

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
EVENTS = "/v1/events"


@schemathesis.hook
def before_call(context, case, kwargs):
    if case.path_parameters and case.path_parameters.get("id") in OWN_KEYS:
        case.path_parameters["id"] = ANOTHER
    for path, prefix in [("/v1/actions/", "act_"), ("/v1/approvals/", "apr_")]:
        if case.operation.path.startswith(path) and next(turns) % 2:
            case.path_parameters["id"] = prefix + next(held)
    # A stream of events is one that ends.
    if case.operation.path == EVENTS or (case.headers and "Prefer" in case.headers):
        case.headers["Prefer"] = "wait=0"


@schemathesis.check
def events_are_entries(context, response, case):
    """Every event is an entry of the log: named by its index, in order, with its kind and as JSON."""
    if case.operation.path != EVENTS or response.status_code != 200:
        return
    text = response.content.decode()
    assert text == "" or text.endswith("\n\n"), text[-100:]
    indices = []
    for event in text.split("\n\n")[:-1]:
        fields = dict(line.split(": ", 1) for line in event.split("\n"))
        assert set(fields) == {"id", "event", "data"}, event
        entry = json.loads(fields["data"])
        indices.append(entry["index"])
        assert fields["id"] == str(entry["index"]) and entry["at"].endswith("Z"), event
        kind = entry["event"]
        assert fields["event"] == (kind if isinstance(kind, str) else next(iter(kind))), event
    assert indices == sorted(set(indices))
