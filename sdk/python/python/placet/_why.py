"""Why a held action was not approved, in words."""

from __future__ import annotations

from ._types import Status

_WHY = {
    Status.DENIED: "a person said no",
    Status.EXPIRED: "nobody answered before the deadline, so the answer is no",
    Status.WITHDRAWN: "it was taken back",
    Status.VOIDED: "a kill switch or another policy ended it",
    Status.SUPERSEDED: "people put another action in its place",
    Status.PENDING: "nobody answered in time",
}


def why(status: Status) -> str:
    """What a status says about that."""
    return _WHY.get(status, f"it is {status.value}")


def why_not(tool: str, status: Status, denial: str | None) -> str:
    """The same as a sentence, with what a person said."""
    return f"{tool} was not approved: {why(status)}" + (f": {denial}" if denial else "")
