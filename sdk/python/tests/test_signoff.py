"""No way of Python reaches a gated status without a complete sign-off, and a refused change leaves
no trace."""

import copy
import copyreg
import dataclasses
import enum
import gc
import json
import pickle
import threading
import weakref
from dataclasses import dataclass

import pytest
from records import WORDS, Claim, Report, State, is_unsigned, signed

from placet import SignoffGatedRecord, SignoffRequired, signoff_gated


def test_a_complete_sign_off_reaches_the_status():
    claim = Claim()
    claim.verbatim_response = WORDS
    claim.responsible_owner = "ann"
    claim.status = "approved"
    assert claim.status == "approved" and claim.is_signed_off
    assert signed() == Claim(status="approved", verbatim_response=WORDS, responsible_owner="ann")
    assert isinstance(claim, SignoffGatedRecord) and dataclasses.is_dataclass(claim)
    assert "amount='10'" in repr(claim)


def test_ungated_statuses_are_free():
    claim = Claim()
    claim.status = "sent"
    assert claim.status == "sent" and not claim.is_signed_off


@pytest.mark.parametrize(
    "statements",
    [
        {},
        {"verbatim_response": WORDS},
        {"responsible_owner": "ann"},
        {"verbatim_response": "yes", "responsible_owner": "ann"},
        {"verbatim_response": " " * 80, "responsible_owner": "ann"},
        {"verbatim_response": "\u200b" * 80, "responsible_owner": "ann"},
        {"verbatim_response": WORDS, "responsible_owner": "\u200b"},
        {"verbatim_response": WORDS.encode(), "responsible_owner": "ann"},
        {"verbatim_response": None, "responsible_owner": "ann"},
        {"verbatim_response": [WORDS], "responsible_owner": "ann"},
    ],
)
def test_an_incomplete_one_does_not(statements):
    with pytest.raises(SignoffRequired) as refused:
        Claim(status="approved", **statements)
    assert refused.value.missing and refused.value.status == "approved"
    claim = Claim(**statements)
    before = dataclasses.asdict(claim)
    for change in (
        lambda: setattr(claim, "status", "approved"),
        lambda: object.__setattr__(claim, "status", "approved"),
        lambda: type(claim).__setattr__(claim, "status", "paid"),
        lambda: type(claim).__mro__[0].__dict__["status"].__set__(claim, "approved"),
        lambda: claim.__init__(status="approved", **statements),
        lambda: claim.__init__(amount="999", notes=["changed"]),
        lambda: Claim.__init__(claim, amount="999", status="approved", **statements),
        lambda: dataclasses.replace(claim, status="approved"),
        lambda: dataclasses.replace(claim, status="approved", amount="999"),
    ):
        with pytest.raises(SignoffRequired):
            change()
        assert is_unsigned(claim) and dataclasses.asdict(claim) == before


def test_the_dictionary_of_the_object_says_nothing():
    claim = Claim()
    claim.__dict__["status"] = "approved"
    vars(claim).update(status="approved", verbatim_response=WORDS, responsible_owner="ann")
    assert is_unsigned(claim) and claim.verbatim_response == ""
    with pytest.raises(AttributeError):
        object.__getattribute__(claim, "status")


@pytest.mark.parametrize(
    "change",
    [
        lambda claim: setattr(claim, "verbatim_response", ""),
        lambda claim: setattr(claim, "responsible_owner", ""),
        lambda claim: setattr(claim, "verbatim_response", WORDS + " And more."),
        lambda claim: setattr(claim, "amount", "1000000"),
        lambda claim: object.__setattr__(claim, "amount", "1000000"),
    ],
)
def test_what_was_signed_stays_as_it_was(change):
    claim = signed()
    before = dataclasses.asdict(claim)
    with pytest.raises(SignoffRequired, match="signed off"):
        change(claim)
    assert dataclasses.asdict(claim) == before
    claim.status = "sent"
    change(claim)


def test_nothing_is_deleted():
    claim = signed()
    for name in ("status", "verbatim_response"):
        with pytest.raises(AttributeError):
            delattr(claim, name)
        with pytest.raises(AttributeError):
            object.__delattr__(claim, name)
    assert claim.is_signed_off


@pytest.mark.parametrize(
    "duplicate", [copy.copy, copy.deepcopy, lambda it: pickle.loads(pickle.dumps(it))]
)
def test_a_signed_record_is_not_copied_and_another_is(duplicate):
    with pytest.raises(SignoffRequired, match="one record"):
        duplicate(signed())
    claim = Claim(amount="7", notes=["n"])
    again = duplicate(claim)
    assert again == claim and type(again) is Claim and again is not claim
    with pytest.raises(SignoffRequired):
        again.status = "approved"


def test_what_is_pickled_by_hand_is_checked():
    from placet._gated import again

    with pytest.raises(SignoffRequired):
        again(Claim, {"status": "approved", "amount": "1"})


def test_without_init_there_is_no_status():
    claim = Claim.__new__(Claim, status="approved")
    assert not claim.is_signed_off
    with pytest.raises(AttributeError):
        claim.status
    claim.status = "approved"
    with pytest.raises(AttributeError):
        claim.status
    assert not claim.is_signed_off


def test_a_record_that_leaks_while_it_is_made_is_not_signed():
    leaked = []

    @signoff_gated(gated={"approved"})
    @dataclass
    class Leaky:
        status: str = "draft"
        verbatim_response: str = ""
        responsible_owner: str = ""

        def __post_init__(self):
            leaked.append(self)
            assert not self.is_signed_off

    with pytest.raises(SignoffRequired):
        Leaky(status="approved")
    assert not leaked[0].is_signed_off
    with pytest.raises(AttributeError):
        leaked[0].status


class Sneaky(str):
    def __eq__(self, other):
        return False

    __hash__ = str.__hash__


def test_a_status_cannot_pretend():
    claim = Claim()
    for status in (Sneaky("approved"), State.APPROVED, ["approved"], b"approved", 1):
        with pytest.raises(TypeError):
            claim.status = status
    assert is_unsigned(claim)
    report = Report()
    for status in ("approved", "APPROVED", None):
        with pytest.raises(TypeError):
            report.status = status
    with pytest.raises(SignoffRequired):
        report.status = State("approved")
    report.why = "because"
    report.status = State.APPROVED
    assert report.is_signed_off


class Stage(str, enum.Enum):
    DRAFT = "draft"
    APPROVED = "approved"


class Bits(enum.Flag):
    SENT = 1
    APPROVED = 2


def test_only_members_of_the_enum_are_its_members():
    @signoff_gated(gated={Stage.APPROVED}, status="stage", required={"why": 5})
    @dataclass
    class Staged:
        stage: Stage = Stage.DRAFT
        why: str = ""

    record = Staged()
    fake = str.__new__(Stage, "approved")
    fake._name_, fake._value_ = "APPROVED", "approved"
    assert fake == Stage.APPROVED
    with pytest.raises(TypeError, match="cannot be this Stage"):
        record.stage = fake
    assert record.stage is Stage.DRAFT
    for gated in ({fake}, {Bits.APPROVED}, {Bits.APPROVED, Bits.SENT}):
        with pytest.raises(TypeError):
            signoff_gated(gated=gated, status="stage", required={"why": 5})(
                dataclass(type("Other", (), {"__annotations__": {"stage": Stage, "why": str}}))
            )


# The words are those of one record.


@pytest.mark.parametrize(
    "another",
    [
        lambda claim: dataclasses.replace(claim, amount="1000000"),
        lambda claim: dataclasses.replace(claim),
        lambda claim: dataclasses.replace(claim, responsible_owner="bob", status="paid"),
        lambda claim: Claim(**dataclasses.asdict(claim)),
        lambda claim: Claim(**{f.name: getattr(claim, f.name) for f in dataclasses.fields(claim)}),
    ],
)
def test_a_sign_off_is_for_one_record(another):
    claim = signed()
    with pytest.raises(SignoffRequired, match="written for another record"):
        another(claim)
    assert claim.is_signed_off and claim.amount == "10"


def test_not_even_once_that_record_is_gone():
    claim = signed()
    draft = dataclasses.replace(claim, status="draft", amount="1000000")
    del claim
    with pytest.raises(SignoffRequired, match="written for another record"):
        draft.status = "approved"
    draft.verbatim_response = WORDS
    draft.status = "approved"
    assert draft.is_signed_off


def test_a_reducer_of_the_program_does_not_move_it():
    claim = signed()
    copyreg.pickle(Claim, lambda it: (Claim, tuple(dataclasses.asdict(it).values())))
    try:
        with pytest.raises(SignoffRequired):
            copy.copy(claim)
    finally:
        del copyreg.dispatch_table[Claim]
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        with pytest.raises(TypeError, match="cannot pickle"):
            object.__reduce_ex__(claim, protocol)


def test_a_record_that_changed_is_signed_anew():
    claim = signed()
    claim.status = "sent"
    claim.status = "approved"
    claim.status = "sent"
    claim.amount = "1000000"
    with pytest.raises(SignoffRequired, match="before the record changed"):
        claim.status = "approved"
    assert claim.status == "sent"
    copied = copy.copy(claim)
    with pytest.raises(SignoffRequired, match="written for another record"):
        copied.status = "approved"
    claim.verbatim_response = WORDS
    claim.status = "paid"
    assert claim.status == "paid" and claim.is_signed_off


def test_a_stored_record_comes_back_with_its_words():
    row = json.loads(json.dumps(dataclasses.asdict(signed())))
    assert Claim(**row).is_signed_off
    with pytest.raises(SignoffRequired):
        Claim(**{**row, "verbatim_response": ""})


def test_only_fields_are_held_still():
    """What is said of it, is so: a list in a field is one that anybody can change."""
    claim = signed()
    claim.notes.append("later")
    claim.remark = "no field"
    assert claim.notes == ["later"] and claim.is_signed_off


def test_a_record_that_holds_itself_is_freed():
    claim = Claim()
    claim.notes.append(claim)
    gone = weakref.ref(claim)
    del claim
    gc.collect()
    assert gone() is None


def test_threads_at_once_see_no_unsigned_status():
    claim = Claim(verbatim_response=WORDS, responsible_owner="ann")
    over, seen = threading.Event(), []

    def clears():
        while not over.is_set():
            for value in ("", "ann"):
                try:
                    claim.responsible_owner = value
                except SignoffRequired:
                    pass

    def approves():
        for _ in range(3_000):
            try:
                claim.verbatim_response = WORDS
                claim.status = "approved"
                seen.append(bool(claim.responsible_owner))
                claim.status = "sent"
            except SignoffRequired:
                pass
        over.set()

    threads = [threading.Thread(target=clears) for _ in range(3)]
    threads.append(threading.Thread(target=approves))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert over.is_set() and seen and all(seen)


@pytest.mark.parametrize(
    "duplicate", [copy.copy, copy.deepcopy, lambda it: pickle.loads(pickle.dumps(it))]
)
def test_a_copy_of_what_was_taken_back_is_another_record(duplicate):
    claim = signed()
    claim.status = "draft"
    copied = duplicate(duplicate(claim))
    assert copied == claim
    copied.amount = "1000000"
    with pytest.raises(SignoffRequired, match="written for another record"):
        copied.status = "approved"
    copied.verbatim_response = WORDS
    copied.status = "approved"
    claim.status = "approved"
    assert claim.is_signed_off and copied.is_signed_off
    claim.status = "draft"
    claim.verbatim_response = WORDS + " Once more."
    fresh = duplicate(claim)
    fresh.status = "approved"
    assert fresh.is_signed_off


def test_words_for_one_status_are_not_those_for_another():
    claim = signed()
    for status in (None, "draft"):
        if status is not None:
            claim.status = status
        with pytest.raises(SignoffRequired, match='written for "approved"'):
            claim.status = "paid"
    assert is_unsigned(claim)
    claim.status = "approved"
    with pytest.raises(SignoffRequired, match='written for "approved"'):
        claim.status = "paid"
    assert claim.status == "approved" and claim.is_signed_off
    claim.status = "approved"
    claim.status = "draft"
    claim.verbatim_response = WORDS
    claim.status = "paid"
    assert claim.status == "paid" and claim.is_signed_off


class Alike(enum.Enum):
    DRAFT = "draft"
    APPROVED = "approved"
    PAID = "paid"

    def __str__(self):
        return "status"


def test_members_that_are_written_alike_are_not_one_status():
    @signoff_gated(gated={Alike.APPROVED, Alike.PAID}, required={"why": 1})
    @dataclass
    class Order:
        status: Alike = Alike.DRAFT
        why: str = ""
        amount: str = "1"

    order = Order(status=Alike.APPROVED, why="y")
    with pytest.raises(SignoffRequired):
        order.status = Alike.PAID
    order.status = Alike.DRAFT
    order.amount = "2"
    # Of one character there is one object, which may be written again all the same.
    with pytest.raises(SignoffRequired, match="before the record changed"):
        order.status = Alike.APPROVED
    order.why = "y"
    order.status = Alike.PAID
    assert order.is_signed_off


def test_each_statement_is_written_anew_and_a_name_need_not_be():
    @signoff_gated(gated={"approved"}, required={"why": 20, "owner": 1, "checked": 15})
    @dataclass
    class Order:
        amount: str = "1"
        status: str = "draft"
        why: str = ""
        owner: str = "ann"
        checked: str = ""

    order = Order(status="approved", why=WORDS, checked=WORDS)
    copied = dataclasses.replace(order, status="draft", why=WORDS[:40])
    with pytest.raises(SignoffRequired, match="checked was written for another record"):
        copied.status = "approved"
    order.status, order.amount = "draft", "2"
    order.why = WORDS[:40]
    with pytest.raises(SignoffRequired, match="checked was written before") as refused:
        order.status = "approved"
    assert len(refused.value.missing) == 1
    order.checked = WORDS[:40]
    order.status = "approved"
    assert order.is_signed_off


def test_a_status_that_takes_a_sign_off_can_be_read_as_soon_as_it_is_complete():
    @signoff_gated(gated={"approved"})
    @dataclass
    class Checked:
        amount: str = "1"
        status: str = "draft"
        verbatim_response: str = ""
        responsible_owner: str = ""
        late: bool = False

        def __post_init__(self):
            if self.status not in ("draft", "approved"):
                raise ValueError(self.status)
            if self.late:
                self.amount = "1000000"

    stored = {"status": "approved", "verbatim_response": WORDS, "responsible_owner": "ann"}
    assert Checked(**stored).is_signed_off and Checked().status == "draft"
    with pytest.raises(ValueError):
        Checked(status="lost")
    # From then on it is held still.
    with pytest.raises(SignoffRequired, match="amount was signed off"):
        Checked(**stored, late=True)
    with pytest.raises(AttributeError, match="status cannot be read yet: .*has 3 of at least 50"):
        Checked(**{**stored, "verbatim_response": "yes"})


@pytest.mark.parametrize("name", ["__instancecheck__", "__subclasscheck__", "__getattribute__"])
def test_what_a_gated_class_is_is_not_replaced(name):
    meta = type(Claim)
    with pytest.raises(TypeError, match="stays what it is"):
        setattr(meta, name, lambda *_: True)
    with pytest.raises(TypeError, match="stays what it is"):
        type("Lying", (meta,), {name: lambda *_: True})
    assert not isinstance(object(), Claim)
