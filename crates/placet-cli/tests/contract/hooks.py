"""Keeps schemathesis from cutting the branch that it sits on, which is to end the keys that it
sends, and from waiting for people, of whom there are none."""

import os

import schemathesis

OWN_KEYS = os.environ["PLACET_OWN_KEYS"].split()
ANOTHER = "key_00000000-0000-7000-8000-000000000000"


@schemathesis.hook
def before_call(context, case, kwargs):
    if case.path_parameters and case.path_parameters.get("id") in OWN_KEYS:
        case.path_parameters["id"] = ANOTHER
    if case.headers and "Prefer" in case.headers:
        case.headers["Prefer"] = "wait=0"
