"""Records that need a sign-off, for the tests of them."""

import enum
from dataclasses import dataclass, field

from placet import signoff_gated

WORDS = "I compared the invoice with the order line by line, and both say the same."


@signoff_gated(gated={"approved", "paid"})
@dataclass
class Claim:
    amount: str = "10"
    status: str = "draft"
    verbatim_response: str = ""
    responsible_owner: str = ""
    notes: list = field(default_factory=list)


class State(enum.Enum):
    DRAFT = "draft"
    APPROVED = "approved"


@signoff_gated(gated={State.APPROVED}, required={"why": 5})
@dataclass
class Report:
    status: State = State.DRAFT
    why: str = ""


def signed():
    return Claim(verbatim_response=WORDS, responsible_owner="ann", status="approved")


def is_unsigned(claim):
    return claim.status in ("draft", "sent") and not claim.is_signed_off


@signoff_gated(gated={"never"})
@dataclass
class Free:
    amount: str = ""
    status: str = "draft"
    verbatim_response: str = ""
    responsible_owner: str = ""
    notes: list = field(default_factory=list)
