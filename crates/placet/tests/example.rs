//! The example of the support desk and deployment agents says what its README says.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may fail loudly")]

use std::path::PathBuf;

use placet::{Action, Answer, AutonomyState, Config, Evidence, Guard, Json, Verdict};

fn file(name: &str) -> PathBuf {
    let folder =
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../examples/support-and-deploy");
    folder.join(name)
}

fn lines(name: &str) -> Vec<Vec<u8>> {
    let bytes = std::fs::read(file(name)).unwrap();
    bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).map(<[u8]>::to_vec).collect()
}

fn action(line: &[u8]) -> Option<Action> {
    Action::from_json(Json::parse(line).ok()?).ok()
}

/// A day of the example: every call of the trace with its answer.
struct Day {
    guard: Guard,
    answers: Vec<(Action, Answer)>,
}

impl Day {
    fn new(has_evidence: bool) -> Self {
        let guard =
            Guard::open(Config::policy(file("policy.toml"))).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(guard.policy().warnings().to_string(), "");
        for line in lines("evidence.jsonl").iter().filter(|_| has_evidence) {
            let evidence: Evidence = serde_json::from_slice(line).unwrap();
            guard.blocking().report(evidence).unwrap();
        }
        let actions = lines("trace.jsonl").into_iter().map(|line| action(&line).unwrap());
        let answers = actions.map(|action| {
            let answer = guard.blocking().propose(&action).unwrap();
            (action, answer)
        });
        let answers = answers.collect();
        Self { guard, answers }
    }

    fn count(&self, verdict: Verdict) -> usize {
        self.answers.iter().filter(|(_, answer)| answer.verdict == verdict).count()
    }

    /// The verdicts of one tool in one session.
    fn verdicts(&self, session: &str, tool: &str) -> Vec<Verdict> {
        let of = self.answers.iter().filter(|(action, _)| {
            action.session.as_ref().is_some_and(|s| s.as_str() == session)
                && action.tool.as_str() == tool
        });
        of.map(|(_, answer)| answer.verdict).collect()
    }
}

#[test]
fn with_evidence_it_is_a_mix() {
    let day = Day::new(true);
    let total = day.answers.len();
    assert!(total >= 240, "{total} calls");
    let [allowed, held, blocked] = [Verdict::Allow, Verdict::RequireApproval, Verdict::Block]
        .map(|verdict| day.count(verdict) * 100 / total);
    assert!(
        (45..=65).contains(&allowed) && (25..=40).contains(&held) && blocked >= 8,
        "{allowed} {held} {blocked}"
    );
}

#[test]
fn without_evidence_nothing_but_a_read_is_allowed() {
    let day = Day::new(false);
    for (action, answer) in day.answers.iter().filter(|(_, answer)| answer.is_allowed()) {
        let is_manual = answer.autonomy.is_none_or(|state| state == AutonomyState::Manual);
        let is_read = answer.risk.is_none_or(|risk| risk == placet::RiskTier::Read);
        assert!(is_manual && is_read, "{}", action.tool);
    }
    assert!(day.count(Verdict::Allow) > 80);
}

#[test]
fn the_readme_tells_the_truth() {
    use Verdict::{Allow, Block, RequireApproval as Hold};
    let day = Day::new(true);
    for (session, tool, verdicts) in [
        ("ticket-4802", "issue_refund", &[Allow][..]),
        ("LQ-118", "issue_refund", &[Hold]),
        ("ticket-4809", "issue_refund", &[Block, Hold]),
        ("ticket-4818", "issue_refund", &[Hold]),
        ("ticket-4818", "export_customers", &[Hold]),
        ("ticket-4818", "send_email", &[Block]),
        ("ticket-4821", "issue_refund", &[Block, Allow]),
        ("ticket-4822", "issue_refund", &[Block, Block, Block, Allow]),
        ("ticket-4823", "issue_refund", &[Block, Block, Allow]),
        ("ticket-4824", "issue_refund", &[Block, Allow]),
        ("ticket-4825", "issue_refund", &[Block, Block, Allow]),
        ("ticket-4826", "issue_refund", &[Hold, Allow]),
        ("ticket-4827", "issue_refund", &[Hold, Allow, Block]),
        ("ticket-4830", "issue_refսnd", &[Hold]),
        ("ticket-4830", "issue_refund", &[Allow]),
        ("ticket-4835", "send_email", &[Hold, Allow, Hold, Allow, Hold, Allow]),
        ("ticket-4841", "issue_refund", &[Allow]),
        ("ticket-4854", "issue_refund", &[Hold]),
        ("ticket-4856", "refund_order", &[Allow]),
        ("deploy-0614", "deploy", &[Hold, Block, Hold]),
        ("deploy-0621", "rollback_deploy", &[Allow]),
        ("deploy-0632", "set_feature_flag", &[Allow, Allow, Hold, Hold, Allow, Allow]),
    ] {
        assert_eq!(day.verdicts(session, tool), verdicts, "{tool} in {session}");
    }
    assert_eq!(day.verdicts("ticket-4828", "sql_query"), [Block, Allow, Block, Hold, Hold]);
    assert!(
        !day.verdicts("deploy-0622", "shell").iter().rev().take(3).any(|verdict| *verdict == Allow)
    );
    assert_eq!(day.verdicts("deploy-0633", "deploy").last(), Some(&Block));
    assert_eq!(day.verdicts("deploy-0634", "restart_service").last(), Some(&Block));
}

#[test]
fn no_secret_of_the_trace_reaches_the_log() {
    let day = Day::new(true);
    let mut cards = 0;
    for index in 0..day.guard.log().size() {
        let receipt = day.guard.log().receipt(index, true).unwrap();
        let text = serde_json::to_string(&receipt).unwrap();
        for secret in [
            "4111 1111",
            "4111-1111",
            "5555555555554444",
            "4000 0566",
            "\"737\"",
            "cvc 123",
            "not-a-real-token",
            "ghp_0000",
            "bm90LWEtcmVhbC",
            "AKIAIOSF",
            "eyJzdWIi",
            "example-password",
            "correct-horse",
        ] {
            assert!(!text.contains(secret), "{secret} in entry {index}: {text}");
        }
        cards += usize::from(text.contains("[redacted:card-number hmac-sha256:"));
    }
    assert!(cards >= 2, "the receipts hold the redacted texts, or the above says nothing");
}

#[test]
fn of_the_broken_lines_only_the_first_and_the_last_can_be_read() {
    let lines = lines("broken.jsonl");
    let readable: Vec<bool> = lines.iter().map(|line| action(line).is_some()).collect();
    let (ends, middle) =
        (readable.first().zip(readable.last()), readable.get(1..lines.len() - 1).unwrap());
    assert_eq!(ends, Some((&true, &true)));
    assert!(middle.len() >= 12 && middle.iter().all(|readable| !readable), "{readable:?}");
}
