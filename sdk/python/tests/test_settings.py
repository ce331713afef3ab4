"""A wrong setting is an error, never a default."""

import threading
from decimal import Decimal

import pytest
from conftest import at_once, policy, program

import placet
from placet import (
    ActionClass,
    ActionRequest,
    ApprovalStore,
    ApprovalTerms,
    AutonomyState,
    Budget,
    ConfigError,
    EvalMetrics,
    GraduationThresholds,
    Guard,
    Invalid,
    KillSwitch,
    PlacetError,
    RiskTier,
    Status,
    Unavailable,
    Verdict,
    configure,
    current,
    guarded,
    supervised,
    unconfigure,
)
from placet._settings import Settings

MANUAL, SUPERVISED = AutonomyState.MANUAL, AutonomyState.SUPERVISED


@pytest.mark.parametrize(
    "wrong",
    [
        {"mode": "Shadow"},
        {"mode": ""},
        {"mode": True},
        {"sample_percent": 101},
        {"sample_percent": -1},
        {"sample_percent": "many"},
        {"sample_percent": float("nan")},
        {"on_review": "ask"},
        {"review_timeout": 0},
        {"review_timeout": float("inf")},
        {"timeout": "soon"},
        {"url": "localhost:4747"},
        {"url": "http://127.0.0.1:1"},
        {"url": "http://h:abc", "key": "k"},
        {"url": "http://[bad", "key": "k"},
        {"url": "http://two words", "key": "k"},
        {"url": "http://", "key": "k"},
        {"url": "unix:", "key": "k"},
        {"url": " ", "key": "k"},
        {"key": 7},
        {"key": "k"},
        {"key": "", "url": "http://127.0.0.1:1"},
        {"key": " ", "url": "http://127.0.0.1:1"},
        {"key": "k\u00e9y", "url": "http://127.0.0.1:1"},
        {"key": "k\n", "url": "http://127.0.0.1:1"},
        {"policy": 7},
        {"policy": ""},
        {"store": 7},
        {"review_timeout": 1e300},
        {"review_timeout": 10**400},
        {"review_timeout": 10**5000},
        {"sample_percent": "1_0"},
        {"sample_percent": "\uff11\uff10"},
        {"sample_percent": "0x1"},
        {"sample_percent": ""},
        {"store": ":memory: "},
        {"store": " :MEMORY:"},
        {"tenant": "a/b"},
        {"tenant": "a\nb"},
        {"tenant": "a" * 99_999},
        {"tenant": 7},
        {"agent": "\udcff"},
        {"agent": "a" * 99_999},
        {"shadow_limit": True},
        {"no_such_setting": 1},
        {"url": "http://127.0.0.1:1", "key": "k", "policy": "policy.toml"},
    ],
)
def test_a_wrong_setting_is_an_error(wrong):
    with pytest.raises(ConfigError):
        Settings().changed(**wrong)
    with pytest.raises(ConfigError):
        configure(**wrong)


@pytest.mark.parametrize(
    "name, value",
    [("MODE", "enforced"), ("SAMPLE_PERCENT", "ten"), ("ON_REVIEW", "?"), ("URL", "ftp://x")]
    + [("MODE", ""), ("URL", ""), ("POLICY", ""), ("STORE", ""), ("TENANT", " ")]
    + [("MODEE", "shadow"), ("ENFORCEMENT_MODE", "shadow"), ("SAMPLE", "10"), ("AGENT_ID", "bot")]
    + [("SAMPLE_PERCENT", "1_0"), ("SAMPLE_PERCENT", "\uff11\uff10"), ("STORE", ":memory: ")]
    + [("SAMPLE_PERCENT", "\t5\n"), ("SAMPLE_PERCENT", "5\n"), ("SAMPLE_PERCENT", "1e-320")]
    + [("TIMEOUT", "\t5"), ("SAMPLE_PERCENT", "\u20075")]
    + [("TENANT", "a/b"), ("AGENT", "\udcff"), ("AGENT", "a" * 99_999), ("TENANT", "a\tb")]
    + [("POLICIY", "policy.toml"), ("API_KEY", "k"), ("BASE_URL", "http://h")],
)
def test_a_wrong_variable_is_an_error(monkeypatch, name, value):
    monkeypatch.setenv(f"PLACET_{name}", value)
    given = {} if name == "STORE" else {"store": ":memory:"}
    with pytest.raises(ConfigError, match=f"PLACET_{name}"):
        configure(**given)


@pytest.mark.parametrize("text", ["10", " 10 ", "10.0", "1e1", "+10.", "010"])
def test_a_number_is_one_in_each_way_in_which_people_write_it(monkeypatch, text):
    monkeypatch.setenv("PLACET_SAMPLE_PERCENT", text)
    assert Settings.from_environment().sample_percent == 10.0


def test_a_key_without_an_address_is_an_error(monkeypatch):
    monkeypatch.setenv("PLACET_KEY", "k")
    with pytest.raises(ConfigError, match="PLACET_URL"):
        configure()


def test_what_is_for_others_is_left_to_them(monkeypatch):
    others = ["LOG", "CA", "LISTEN", "TRACE", "WEBHOOKS", "WHEEL", "MCP_TOKEN", "NIGHTLY"]
    for name in [*others, "HOOK_DRY_RUN", "SOMETHING_ELSE"]:
        monkeypatch.setenv(f"PLACET_{name}", "7")
    configure(policy=policy(), store=":memory:")
    unconfigure()


class Store:
    def put(self, request): ...


class Switch:
    def is_tripped(self, action=None):
        return False


class Figures:
    def metrics_for(self, action):
        return EvalMetrics(1.0, 1.0, 1)


class Sink:
    def record(self, entry): ...


class Static:
    @staticmethod
    def is_tripped(action=None):
        return False


@pytest.mark.parametrize(
    "wrong",
    [{"approvals": ApprovalStore}, {"kill_switch": KillSwitch}, {"kill_switch": Switch}]
    + [{"metrics": Figures}, {"metrics": [Figures(), Figures]}, {"audit": Sink}],
)
def test_a_class_is_not_one_of_its_objects(wrong):
    with pytest.raises(ConfigError, match=r"is a class; write \w+\(\), with parentheses"):
        Guard(store=":memory:", **wrong)
    Guard(store=":memory:", kill_switch=Static).close()


@pytest.mark.parametrize(
    "wrong",
    [
        {"policy": 7},
        {"policy": b"policy.toml"},
        {"store": 7},
        {"confirm": "yes"},
        {"ask": "shell"},
        {"ask": object()},
        {"on_request": 7},
        {"approvals": object()},
        {"approvals": Store()},
        {"metrics": object()},
        {"audit": object()},
        {"kill_switch": True},
        {"tripped_verdict": "allow"},
        {"tripped_verdict": "stop"},
        {"review_timeout": 1e300},
    ],
)
def test_a_guard_is_opened_with_what_makes_sense(wrong):
    with pytest.raises(ConfigError):
        Guard(**wrong)


AT = {"url": "http://127.0.0.1:1", "key": "key"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"url": 5},
        {"url": None},
        {"url": "http://h:abc"},
        {"url": "http://h:99999"},
        {"url": "http://[bad"},
        {"key": 7},
        {"key": None},
        {"key": " "},
        {"key": "k\u00e9y"},
        {"approver_key": 5},
        {"approver_key": ""},
        {"verify": "no"},
        {"on_request": 7},
        {"ask": "terminal", "approver_key": "k"},
        {"confirm": "yes", "approver_key": "k"},
        {"approvals": object(), "approver_key": "k"},
        {"policy": "policy.toml"},
        {"timeout": 0},
    ],
)
def test_a_daemon_is_named_with_what_makes_sense(wrong):
    with pytest.raises(ConfigError) as error:
        Guard.connect(**{**AT, **wrong})
    assert "k\u00e9y" not in str(error.value)


@pytest.mark.parametrize(
    "wrong",
    [
        {"mode": "nope"},
        {"on_review": "nope"},
        {"kill_switch": Verdict.ALLOW},
        {"kill_switch": "off"},
        {"cool_down": 15},
        {"budgets": ("24h",)},
        {"budgets": (Budget("24h", count=True),)},
        {"budgets": (Budget("24h", value=1.5),)},
        {"classes": [ActionClass("pay", RiskTier.READ, auto_cap=1.5)]},
        {"classes": [ActionClass("pay", RiskTier.READ, approval=ApprovalTerms(quorum="2"))]},
        {"thresholds": GraduationThresholds({SUPERVISED: 0.9}, {SUPERVISED: 0}, {})},
        {"thresholds": 0.9},
    ],
)
def test_a_policy_is_made_of_what_makes_sense(wrong):
    with pytest.raises(ConfigError):
        Guard(policy(**wrong))


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: ActionClass("pay", "read2"), "pay: risk is one of read, "),
        (lambda: ActionClass("pay", RiskTier.READ, max_state=7), "pay: max_state is of AutonomyState"),
        (lambda: GraduationThresholds({SUPERVISED: 2}, {}, {}), "pass_rate for supervised is a rate"),
        (lambda: GraduationThresholds({SUPERVISED: "0.9"}, {}, {}), "is a number, not '0.9'"),
        (lambda: GraduationThresholds({"supervised": 0.9}, {}, {}), "a state is of AutonomyState"),
        (lambda: GraduationThresholds({}, {}, {SUPERVISED: 1.5}), "min_samples for supervised"),
        (lambda: GraduationThresholds({MANUAL: 0.9}, {}, {}), "pass_rate has a bar for manual"),
        (lambda: GraduationThresholds({}, {}, {MANUAL: 0}), "min_samples has a bar for manual"),
        (lambda: GraduationThresholds(0.9, {}, {}), "pass_rate has a bar for each state"),
        (lambda: EvalMetrics(2, 1.0, 5), "pass_rate is a rate from 0 to 1, not 2"),
        (lambda: EvalMetrics(1.0, float("nan"), 5), "adversarial_pass_rate is a rate"),
        (lambda: EvalMetrics(1.0, 1.0, -1), "sample_size is a number of samples"),
        (lambda: EvalMetrics(True, 1.0, 5), "pass_rate is a number, not True"),
    ],
)
def test_what_makes_no_sense_is_not_even_made(make, words):
    with pytest.raises(ConfigError, match=words):
        make()


@pytest.mark.parametrize(
    ("place", "wrong"),
    [
        ("actions['pay'].hard_cap", {"hard_cap": Decimal("nan")}),
        ("actions['pay'].hard_cap", {"hard_cap": Decimal("-1")}),
        ("actions['pay'].auto_cap", {"auto_cap": 100, "hard_cap": 10}),
        ("actions['pay'].value", {"value": "amount"}),
        ("actions['pay'].aliases", {"aliases": ("a", "a")}),
        ("actions['pay'].approval.deadline", {"approval": ApprovalTerms(2, ("a",), "soon")}),
        ("actions['pay'].approval.quorum", {"approval": ApprovalTerms(0, (), "5m")}),
        ("budgets[1].window", {"budgets": (Budget("24h", count=1), Budget("x", count=1))}),
        ("sample_percent", {"sample_percent": 200.0}),
        ("unclassified", {"unclassified": "allow"}),
        ("rules, line 1, column 8", {"rules": "permit("}),
        (
            "thresholds.min_samples[AutonomyState.SUPERVISED]",
            {"thresholds": GraduationThresholds(*[{SUPERVISED: 0.9}] * 2, {SUPERVISED: 0})},
        ),
    ],
)
def test_what_is_wrong_in_a_policy_is_found_where_it_was_written(place, wrong):
    words = {name: wrong.pop(name) for name in list(wrong) if name in ActionClass.__annotations__}
    classes = [ActionClass("pay", RiskTier.CONSEQUENTIAL, **words)]
    with pytest.raises(Invalid) as error:
        Guard(policy(classes=classes, **wrong), store=":memory:")
    assert str(error.value).startswith(f"{place}: ")
    assert "policy.toml" not in str(error.value) and "line 7" not in str(error.value)


def test_an_amount_is_the_same_in_every_spelling():
    spelt = Decimal("1000").normalize()
    assert str(spelt) == "1E+3"
    classes = [ActionClass("pay", RiskTier.REVERSIBLE_WRITE, hard_cap=spelt, value="/amount")]
    budgets = (Budget("24h", value=spelt, actions=("pay",)),)
    with Guard(policy(classes=classes, budgets=budgets), store=":memory:") as guard:
        pay = lambda amount: guard.evaluate("pay", params={"amount": amount}).verdict
        assert pay("1000") is Verdict.REQUIRE_APPROVAL and pay("1000.01") is Verdict.BLOCK


def test_a_policy_says_what_a_file_says():
    """Each of the terms, by what it does."""
    budget = Budget("24h", count=1, actions=("get_order",), over=Verdict.BLOCK, name="orders")
    of = policy(kill_switch=Verdict.REQUIRE_APPROVAL, cool_down="0s", budgets=(budget,))
    with Guard(of, confirm=lambda request: False) as guard:
        run = lambda tool, **params: guard.execute(tool, params, lambda *_: "ran")
        assert run("get_order") == "ran" and "orders" in run("get_order").reason
        assert [run("issue_refund", amount="1").status.value for _ in range(2)] == ["denied"] * 2
        guard.trip("tool:issue_refund", "a drill")
        tripped = guard.evaluate("issue_refund", params={"amount": "1"})
        assert tripped.verdict is Verdict.REQUIRE_APPROVAL


@pytest.mark.parametrize("given", [{}, {"enforce": False}])
def test_enforce_is_enforce_whatever_the_policy_says(backend, given):
    guard = backend.open(policy(mode="shadow", on_review="shadow"), mode="enforce", review_timeout=0.2)
    over = {"params": {"amount": "5000"}, **given}
    assert guard.evaluate("issue_refund", **over).verdict is Verdict.BLOCK
    assert guard.propose("issue_refund", **over).verdict is Verdict.BLOCK
    request = ActionRequest(
        "drop_database", params={"of": "orders"}, context={"goal": "space"}, user="ann", **given
    )
    assert guard.evaluate(request).verdict is Verdict.REQUIRE_APPROVAL
    held = guard.propose(request)
    assert held.verdict is Verdict.REQUIRE_APPROVAL and not held.would_have
    [shown] = guard.pending()
    assert shown.to_dict()["action"]["context"] == {"goal": "space"} and shown.user == "ann"
    never = lambda *_: pytest.fail("it ran")
    run = lambda on_review: guard.execute("drop_database", {}, never, on_review=on_review, **given)
    reviews = ("block", "fail_closed", "fail_open", "shadow")
    assert not any(at_once(*[lambda review=review: run(review) for review in reviews]))


def test_a_wrong_word_at_a_function_is_an_error_where_it_is_written():
    with pytest.raises(ConfigError, match="on_review"):
        supervised("get_order", on_review="ask")
    with pytest.raises(TypeError, match="supervised takes no 'onreview'; it takes on_review, "):
        supervised("get_order", onreview="block")
    for wrong in (print, 5):
        with pytest.raises(TypeError, match=r"write @supervised\(\) or @supervised\("):
            supervised(wrong)
        with pytest.raises(TypeError, match="write guarded"):
            guarded(wrong, {}, print)
    for wrong in (supervised("get_order"), Guard(store=":memory:").gate):
        with pytest.raises(TypeError, match="above a function, not str"):
            wrong("get_order")


def test_a_wrong_word_at_a_call_is_named(guard):
    words = "takes no 'review_timeout'; it takes on_review, idempotency_key, agent, "
    for call in (guard.evaluate, guard.propose, lambda *it, **of: guard.execute(*it, {}, print, **of)):
        with pytest.raises(TypeError, match=words):
            call("get_order", review_timeout=3)


def test_an_empty_key_is_named_with_where_keys_come_from():
    with pytest.raises(ConfigError, match="key is empty; a daemon asks for one") as error:
        Guard.connect("http://127.0.0.1:1", "")
    assert "leave it out" not in str(error.value)


@pytest.mark.parametrize("kind", ["in process", "at a daemon"])
def test_the_variables_are_enough_for_many_threads_at_once(tmp_path, request, kind):
    if kind == "in process":
        (tmp_path / "policy.toml").write_text(policy().to_toml())
        variables = {"PLACET_POLICY": "policy.toml"}
    else:
        daemon = request.getfixturevalue("daemon")
        variables = {"PLACET_URL": daemon.url, "PLACET_KEY": daemon.agent}
    code = """
        import asyncio, threading
        from placet import supervised

        @supervised("get_order")
        def get_order(id):
            return id

        @supervised("get_order")
        async def aget_order(id):
            return id

        start, got = threading.Barrier(8), []

        def first(id):
            start.wait(60)
            got.append(asyncio.run(aget_order(id)) if id % 2 else get_order(id))

        threads = [threading.Thread(target=first, args=(id,)) for id in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        print(sorted(got))
    """
    done = program(code, tmp_path, **variables)
    assert done.stdout == "[0, 1, 2, 3, 4, 5, 6, 7]\n", done.stderr
    assert (tmp_path / "placet.db").exists() is (kind == "in process")


def test_the_configured_guard_is_used():
    guard = configure(Guard(policy()))

    @supervised("get_order")
    def get_order(id):
        return id

    assert get_order(7) == 7
    assert guarded("get_order", {"id": 7}, lambda id: id, 7) == 7
    named = lambda tool, payload, function: (tool, payload, function)
    given = guarded("get_order", {"id": 7}, named, tool=1, payload=2, function=3)
    assert given == (1, 2, 3)
    unconfigure()
    with pytest.raises(PlacetError, match="closed"):
        guard.evaluate("get_order")


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "policy.toml").write_text(policy().to_toml())
    yield tmp_path
    unconfigure()


def test_a_program_is_configured_again(folder):
    before = configure(policy=folder / "policy.toml")
    allowed = before.propose("get_order").id
    guard = configure(policy=folder / "policy.toml", agent="bot")
    assert guard is not before and guard.status(allowed) is Status.ALLOWED
    with pytest.raises(PlacetError, match="closed"):
        before.propose("get_order")
    again = configure(policy=str(folder / "." / "policy.toml"), store=folder / "placet.db")
    assert again.status(allowed) is Status.ALLOWED
    again.close()
    assert configure(policy=folder / "policy.toml").status(allowed) is Status.ALLOWED


def test_a_guard_stays_where_there_cannot_be_another(folder, monkeypatch):
    before = configure(policy=folder / "policy.toml")
    allowed = before.propose("get_order").id
    sound = (folder / "policy.toml").read_text()
    (folder / "policy.toml").write_text("version = 7")
    with pytest.raises(Invalid):
        configure(policy=folder / "policy.toml")
    with pytest.raises(PlacetError, match="nowhere.toml"):
        configure(policy=folder / "nowhere.toml")
    (folder / "policy.toml").write_text(sound)
    opened, tried = placet._guard.engine_of, []

    def fails_at_last(policy, store):
        tried.append(store)
        if len(tried) > 1:
            raise Unavailable("the disk is gone")
        return opened(policy, store)

    monkeypatch.setattr("placet._guard.engine_of", fails_at_last)
    with pytest.raises(Unavailable, match="disk is gone"):
        configure(policy=folder / "policy.toml")
    assert tried == [":memory:", None]
    assert current() is before and before.status(allowed) is Status.ALLOWED
    assert before.propose("get_order").is_allowed


@pytest.mark.parametrize("place", ["nowhere.toml", "no/where.toml", "folder", "where.db/policy.toml"])
def test_a_missing_policy_is_named(folder, monkeypatch, place):
    """Like any other setting that makes no sense, wherever it was given."""
    (folder / "folder").mkdir()
    for given in (folder / place, str(folder / place)):
        with pytest.raises(ConfigError, match=place):
            Guard(given)
    monkeypatch.setenv("PLACET_POLICY", str(folder / place))
    with pytest.raises(ConfigError, match=place):
        configure()


@pytest.mark.parametrize("place", ["no/where.db", "folder", "policy.toml/where.db"])
def test_a_store_lies_in_a_folder(folder, monkeypatch, place):
    (folder / "folder").mkdir()
    for of in (policy(), folder / "policy.toml"):
        with pytest.raises(ConfigError, match=f"^store: .*{place}"):
            Guard(of, store=folder / place)
    monkeypatch.setenv("PLACET_STORE", str(folder / place))
    with pytest.raises(ConfigError, match=place):
        configure(policy=folder / "policy.toml")
    # Where it is only to be made, it is.
    monkeypatch.chdir(folder)
    Guard(policy(), store="new.db").close()
    assert (folder / "new.db").exists()


def test_whoever_comes_while_the_guard_is_closed_waits_for_its_log(folder, monkeypatch):
    monkeypatch.setenv("PLACET_POLICY", str(folder / "policy.toml"))
    before = configure()
    close, closing, came = before.close, threading.Event(), threading.Event()

    def slowly():
        closing.set()
        # Whoever does not wait comes in between.
        came.wait(0.3)
        close()

    def comes():
        assert closing.wait(30)
        try:
            return current().propose("get_order").is_allowed
        finally:
            came.set()

    monkeypatch.setattr(before, "close", slowly)
    assert at_once(unconfigure, comes) == [None, True]


def test_whoever_comes_while_another_guard_takes_its_place_gets_that(folder):
    before, after = configure(policy=folder / "policy.toml"), Guard(policy(), store=":memory:")
    close, said = before.close, []
    before.close = lambda: (said.append(current()), close())
    assert configure(after) is after and said == [after]


def test_a_log_has_one_process(tmp_path):
    (tmp_path / "policy.toml").write_text(policy().to_toml())
    with Guard(tmp_path / "policy.toml"):
        with pytest.raises(PlacetError, match="in use"):
            Guard(tmp_path / "policy.toml")
    Guard(tmp_path / "policy.toml").close()


def test_a_closed_guard_says_so():
    guard = Guard(policy())
    guard.close()
    guard.close()
    with pytest.raises(PlacetError, match="closed"):
        guard.evaluate("get_order")


def test_a_policy_that_makes_no_sense_is_an_error():
    with pytest.raises((ConfigError, Invalid)):
        Guard(policy(sample_percent=200.0))
    with pytest.raises((ConfigError, Invalid)):
        Guard(policy(unclassified="allow"))


def test_a_log_is_free_once_its_guard_is_closed(tmp_path):
    (tmp_path / "policy.toml").write_text(policy().to_toml())
    for turn in range(20):
        settings = {"confirm": lambda request: True} if turn % 2 else {"review_timeout": 0.01}
        with Guard(tmp_path / "policy.toml", **settings) as guard:
            guard.execute("issue_refund", {"amount": turn}, lambda *_: True)


@pytest.mark.parametrize("given", [None, "a policy"])
def test_a_log_that_is_gone_with_the_guard_is_said(tmp_path, caplog, given):
    of = given and policy()
    with Guard(of):
        [said] = caplog.messages
        assert "in memory" in said and "store=" in said
    (tmp_path / "policy.toml").write_text(policy().to_toml())
    for kept in (
        lambda: Guard(of, store=":memory:"),
        lambda: Guard(of, store=tmp_path / "log.db"),
        lambda: Guard(tmp_path / "policy.toml"),
        lambda: Guard.from_settings(Settings.from_environment({"PLACET_STORE": ":memory:"})),
    ):
        with kept():
            assert len(caplog.messages) == 1
    with Guard.from_settings(Settings.from_environment({})):
        assert len(caplog.messages) == 2


@pytest.mark.parametrize(
    "url",
    [
        "http://ann:hunter2@127.0.0.1:1",
        "https://hunter2@placet.example",
        "http://ann:hunter2@",
        "http://ann:hunter2@[::1",
        "http://ann:hunter2@placet.example?x=1",
        "ftp://ann:hunter2@placet.example",
        "ann:hunter2@placet.example",
        "http://a:hunter2@b@placet.example",
    ],
)
def test_an_address_has_no_password_and_shows_none(url):
    with pytest.raises(ConfigError, match="url.*address") as error:
        Guard.connect(url, "key")
    assert "hunter2" not in f"{error.value!r} {error.value.__cause__!r}"
    with pytest.raises(ConfigError, match="PLACET_URL.*address") as error:
        Settings.from_environment({"PLACET_URL": url, "PLACET_KEY": "key"})
    assert "hunter2" not in f"{error.value!r} {error.value.__cause__!r}"


def test_settings_that_nobody_checked_show_no_password_either():
    settings = Settings(url="http://ann:hunter2@127.0.0.1:1", key="key", timeout=1)
    assert "hunter2" not in repr(settings) and "127.0.0.1" in repr(settings)
    with pytest.raises(ConfigError, match="address") as error:
        Guard.from_settings(settings)
    assert "hunter2" not in repr(error.value)


def test_a_guard_says_which_one_it_is(folder):
    with Guard(folder / "policy.toml", mode="shadow") as guard:
        assert repr(guard) == (
            f"Guard(policy={str(folder / 'policy.toml')!r}, store={str(folder / 'placet.db')!r}, "
            "mode='shadow')"
        )
    with Guard(policy(), store=":memory:") as guard:
        assert repr(guard) == (
            "Guard(policy=['get_order', 'issue_refund', 'drop_database'], store=':memory:')"
        )
    secret = "plc_secret"
    with Guard.connect("http://127.0.0.1:1", secret, approver_key=secret, mode="enforce") as guard:
        assert repr(guard) == "Guard(url='http://127.0.0.1:1', mode='enforce')"
    assert repr(Guard.__new__(Guard)) == "Guard()"
