//! A held action as a person sees it before they answer: everything of it, from the frozen bytes.

use placet::core::event::ActionPayload;
use placet::core::json::Pointer;
use placet::core::limits::{MAX_PINS, MAX_REASON_BYTES, MAX_STATEMENT_BYTES};
use placet::escape::clipped;
use placet::store::projection::Status;
use placet::{
    Event, Followed, GroupName, Json, Notice, Object, Pending, PersonId, RiskTier, Timestamp,
    Verdict,
};

use super::form::Fields;
use super::pages::time;
use super::shown::odd_ones;
use super::tree::Tree;

/// Everything of a frozen action, with what was found about it.
#[derive(Debug)]
pub(super) struct Frozen {
    pub(super) id: String,
    /// Whether it waits for people.
    pub(super) is_open: bool,
    pub(super) tool: String,
    pub(super) class: Option<String>,
    pub(super) risk: &'static str,
    /// How the risk is coloured.
    pub(super) risk_tone: &'static str,
    pub(super) autonomy: Option<&'static str>,
    pub(super) tenant: String,
    pub(super) agent: Option<String>,
    pub(super) build: Option<String>,
    pub(super) session: Option<String>,
    pub(super) user: Option<String>,
    pub(super) value: Option<String>,
    /// As HTML; none when the payload was erased.
    pub(super) params: Option<String>,
    pub(super) reason: Option<String>,
    pub(super) context: Option<String>,
    /// What the gate itself says of the call.
    pub(super) notices: Vec<Said>,
    pub(super) effects: Vec<String>,
    pub(super) seen: Vec<Seen>,
    pub(super) findings: Vec<Finding>,
    pub(super) digest: Option<String>,
    pub(super) short: String,
    /// How many characters of it are not what they seem.
    pub(super) odd: usize,
    /// What must have been opened before it is approved.
    pub(super) folds: Vec<String>,
    /// Its size in bytes.
    pub(super) size: usize,
}

/// One thing that the gate says.
#[derive(Debug)]
pub(super) struct Said {
    pub(super) reason: String,
    /// What others wrote that led it there, as HTML.
    pub(super) details: Option<String>,
}

/// One thing that inspection saw.
#[derive(Debug)]
pub(super) struct Seen {
    pub(super) what: String,
    pub(super) tone: &'static str,
    pub(super) place: String,
    pub(super) reason: String,
    /// As HTML.
    pub(super) source: String,
}

/// One check's word.
#[derive(Debug)]
pub(super) struct Finding {
    pub(super) check: String,
    pub(super) verdict: &'static str,
    pub(super) tone: &'static str,
    pub(super) reason: String,
}

/// A held action with the form that answers it.
#[derive(Debug)]
pub(super) struct Card {
    pub(super) of: Frozen,
    pub(super) deadline: String,
    pub(super) left: String,
    pub(super) quorum: u8,
    pub(super) signed: Vec<String>,
    pub(super) groups: Vec<String>,
    /// What whoever looks has done about it already, where they have.
    pub(super) own: Option<Own>,
    pub(super) fields: Vec<Field>,
    /// Why whoever looks cannot answer, where they cannot.
    pub(super) barred: Option<String>,
    /// Other held actions that are the same call.
    pub(super) twins: Vec<Twin>,
    /// What was typed before, where the form comes back.
    pub(super) denial: String,
    pub(super) is_typed: bool,
    /// Longest reason, in bytes.
    pub(super) most: usize,
    /// What can be pinned to let the like of it stand; none where nothing can stand.
    pub(super) standing: Option<Pinnable>,
    /// Whether it is too large to be shown among others.
    pub(super) is_large: bool,
    /// Changes when somebody signs.
    pub(super) version: String,
}

/// Who looks at a held action.
pub(super) struct Looker {
    pub(super) person: PersonId,
    /// The groups they are in; none where they may not answer.
    pub(super) groups: Option<Vec<GroupName>>,
}

/// The sign-off of whoever looks.
#[derive(Debug)]
pub(super) struct Own {
    pub(super) at: String,
    /// What is still missing, in a sentence.
    pub(super) missing: String,
}

/// What of an action can be pinned in a standing approval.
#[derive(Debug)]
pub(super) struct Pinnable {
    pub(super) class: String,
    pub(super) params: Vec<Param>,
    /// How often, as it was typed.
    pub(super) uses: String,
    pub(super) is_chosen: bool,
}

/// One param, or all of them.
#[derive(Debug)]
pub(super) struct Param {
    /// Its number, or [`ALL`]: no text of an agent gets into an attribute.
    pub(super) choice: String,
    pub(super) name: String,
    pub(super) value: String,
    pub(super) is_ticked: bool,
}

/// What an approver must write.
#[derive(Debug)]
pub(super) struct Field {
    pub(super) name: String,
    pub(super) label: String,
    pub(super) least: u16,
    /// Most of it, in bytes.
    pub(super) most: usize,
    pub(super) is_statement: bool,
    pub(super) typed: String,
}

/// The same call, asked for once more.
#[derive(Debug)]
pub(super) struct Twin {
    pub(super) id: String,
    pub(super) agent: Option<String>,
    pub(super) session: Option<String>,
    pub(super) user: Option<String>,
    pub(super) left: String,
    /// Whether all that differs from the first is shown here, so that it can be answered with it.
    pub(super) is_alike: bool,
}

/// Largest action that is shown in full among others, in bytes.
const MAX_AMONG_OTHERS: usize = 64 * 1024;

/// The field of a form for a param that is pinned.
pub(super) const PIN: &str = "pin";

/// What stands for all params at once.
const ALL: &str = "all";

/// The field for how often a standing approval is used.
pub(super) const USES: &str = "uses";

/// How much of a param's value is shown beside the box that pins it, in columns: all of it stands
/// above.
const SHOWN_OF_PARAM: usize = 48;

/// The id of the form that answers an action.
pub(super) fn form_of(id: &str) -> String {
    format!("answer-{id}")
}

impl Frozen {
    /// What there is to see of an action.
    pub(super) fn new(followed: &Followed) -> Self {
        let id = followed.id().to_string();
        let is_open = followed.status == Status::Pending;
        let mut tree = if is_open { Tree::of_form(form_of(&id)) } else { Tree::default() };
        let empty = Object::new();
        let fields = followed.frozen.as_ref().and_then(|frozen| frozen.action.as_object());
        let text = |name: &str| fields.unwrap_or(&empty).get(name)?.as_str().map(str::to_owned);
        let answer = &followed.answer;
        let digest = answer.digest.map(|digest| digest.to_string());
        let short = digest.as_deref().map(short).unwrap_or_default();
        let mut html = |name: &str| Some(tree.json(fields?.get(name)?));
        let (params, context) = (html("params"), html("context"));
        let reason = text("reason").map(|reason| tree.text(&reason));
        let value = value(followed, fields, &mut tree);
        let notices = notices(followed).into_iter().map(|notice| said(notice, &mut tree)).collect();
        let seen = followed.frozen.as_ref().map(seen).unwrap_or_default();
        let names = [text("agent"), text("build"), text("session"), text("user")];
        let subject = &followed.subject;
        let named = names.iter().flatten().map(|name| odd_ones(name)).sum::<usize>();
        let odd =
            tree.odd + named + odd_ones(subject.tool.as_str()) + odd_ones(subject.tenant.as_str());
        let [agent, build, session, user] = names;
        Self {
            id,
            is_open,
            tool: subject.tool.to_string(),
            class: answer.class.as_ref().map(ToString::to_string),
            risk: risk(answer.risk),
            risk_tone: match answer.risk {
                Some(RiskTier::Read) => "good",
                Some(RiskTier::ReversibleWrite) => "held",
                Some(RiskTier::Consequential) | None => "bad",
            },
            autonomy: answer.autonomy.map(|state| state.as_str()),
            tenant: subject.tenant.to_string(),
            agent: agent.or(subject.agent.as_ref().map(ToString::to_string)),
            build: build.or(subject.build.as_ref().map(ToString::to_string)),
            session,
            user,
            value,
            params,
            reason,
            context,
            notices,
            effects: effects(followed.frozen.as_ref()),
            seen,
            findings: answer.findings.iter().map(finding).collect(),
            digest,
            short,
            odd,
            folds: tree.folds,
            size: followed.frozen.as_ref().map_or(0, |frozen| frozen.action.canonical().len()),
        }
    }
}

impl Card {
    /// The card of a held action.
    pub(super) fn new(pending: &Pending, looker: &Looker, now: Timestamp) -> Self {
        let of = Frozen::new(&pending.followed);
        let terms = &pending.approval;
        let own = |at| Own { at: time(at), missing: more_have_to_sign(pending.missing()) };
        let is_in = |wanted: &String| {
            let groups = looker.groups.as_deref().unwrap_or_default();
            groups.iter().any(|group| group.as_str() == wanted)
        };
        let barred = match looker.groups {
            None => Some("You may look at this, but answering takes the role approver.".to_owned()),
            Some(_) if !terms.groups.is_empty() && !terms.groups.iter().any(is_in) => {
                Some(format!("This takes somebody of the group {}.", terms.groups.join(" or ")))
            }
            Some(_) => None,
        };
        Self {
            is_large: of.size > MAX_AMONG_OTHERS,
            version: format!("{}-{}", of.short, pending.signed.len()),
            of,
            deadline: terms.deadline.to_string(),
            left: left(terms.deadline, now),
            quorum: terms.quorum,
            signed: pending.signed.iter().map(ToString::to_string).collect(),
            groups: terms.groups.clone(),
            own: pending.signed_at(&looker.person).map(own),
            fields: fields(&terms.fields, terms.least_length, |_| String::new()),
            barred,
            twins: Vec::new(),
            denial: String::new(),
            is_typed: false,
            most: MAX_REASON_BYTES,
            standing: pinnable(&pending.followed),
        }
    }

    /// The same with what somebody had typed.
    pub(super) fn with_typed(mut self, fields: &Fields) -> Self {
        for field in &mut self.fields {
            fields.one(&field_name(&field.name)).unwrap_or_default().clone_into(&mut field.typed);
        }
        fields.one("reason").unwrap_or_default().clone_into(&mut self.denial);
        self.is_typed = true;
        if let Some(standing) = &mut self.standing {
            let ticked: Vec<&str> = fields.all(PIN).collect();
            standing.is_chosen = !ticked.is_empty();
            for param in &mut standing.params {
                param.is_ticked = ticked.contains(&param.choice.as_str());
            }
            fields.one(USES).unwrap_or_default().clone_into(&mut standing.uses);
        }
        self
    }

    /// The form that answers it.
    pub(super) fn form(&self) -> String {
        form_of(&self.of.id)
    }

    /// Puts the same call, asked for once more, beside this one.
    pub(super) fn add_twin(&mut self, first: &Pending, twin: &Pending, now: Timestamp) {
        let of = Frozen::new(&twin.followed);
        let is_alike = claims(&first.followed) == claims(&twin.followed)
            && notices(&first.followed) == notices(&twin.followed)
            && first.approval.asks_the_same(&twin.approval);
        self.twins.push(Twin {
            id: of.id,
            agent: of.agent,
            session: of.session,
            user: of.user,
            left: left(twin.approval.deadline, now),
            is_alike,
        });
        self.version = format!("{}+{}", self.version, self.twins.len());
    }
}

/// What an approver must write, with what they have written already.
pub(super) fn fields(names: &[String], least: u16, typed: impl Fn(&str) -> String) -> Vec<Field> {
    let field = |(index, name): (usize, &String)| Field {
        name: name.clone(),
        label: label(name),
        least: if index == 0 { least } else { 1 },
        most: MAX_STATEMENT_BYTES,
        is_statement: index == 0,
        typed: typed(name),
    };
    names.iter().enumerate().map(field).collect()
}

/// The field of a form for a field of a statement.
pub(super) fn field_name(name: &str) -> String {
    format!("statement {name}")
}

/// What can be pinned of a held action: its params one by one where they are few, and all at once.
/// What has no class cannot stand.
fn pinnable(of: &Followed) -> Option<Pinnable> {
    let class = of.answer.class.as_ref()?.to_string();
    let frozen = of.frozen.as_ref()?.action.as_object()?.get("params")?.as_object()?;
    let param = |(number, (name, value)): (usize, (&str, &Json))| Param {
        choice: number.to_string(),
        name: name.to_owned(),
        value: clipped(&value.canonical(), SHOWN_OF_PARAM),
        is_ticked: false,
    };
    let mut params: Vec<Param> = match frozen.iter().count() {
        0 | MAX_PINS.. => Vec::new(),
        _ => frozen.iter().enumerate().map(param).collect(),
    };
    params.push(Param {
        choice: ALL.to_owned(),
        name: "all params".to_owned(),
        value: "exactly as they are here".to_owned(),
        is_ticked: false,
    });
    Some(Pinnable { class, params, uses: String::new(), is_chosen: false })
}

/// The place that a box stands for; none where there is no such box.
pub(super) fn pinned(of: &Followed, choice: &str) -> Option<Pointer> {
    let mut place = Pointer::root();
    if choice != ALL {
        let params = of.frozen.as_ref()?.action.as_object()?.get("params")?.as_object()?;
        let (name, _) = params.iter().nth(choice.parse().ok()?)?;
        place.push(name);
    }
    Some(place)
}

/// What an agent says beside the call itself.
pub(super) fn claims(of: &Followed) -> [Option<&Json>; 3] {
    let fields = of.frozen.as_ref().and_then(|frozen| frozen.action.as_object());
    ["reason", "context", "value"].map(|name| fields.and_then(|fields| fields.get(name)))
}

/// What the gate itself says of a call.
pub(super) fn notices(of: &Followed) -> Vec<Notice> {
    of.frozen.as_ref().map(|frozen| Notice::all(&frozen.evidence)).unwrap_or_default()
}

fn said(of: Notice, tree: &mut Tree) -> Said {
    let details = (!of.details.is_empty()).then(|| tree.json(&Json::Object(of.details)));
    Said { reason: of.reason, details }
}

/// How long it is until a time, as people say it.
pub(super) fn left(until: Timestamp, now: Timestamp) -> String {
    let seconds = until.since(now).as_secs();
    match seconds {
        0 => "no time left".to_owned(),
        1..60 => format!("{seconds} s left"),
        60..3_600 => format!("{} min {} s left", seconds / 60, seconds % 60),
        3_600..172_800 => format!("{} h {} min left", seconds / 3_600, seconds % 3_600 / 60),
        _ => format!("{} d {} h left", seconds / 86_400, seconds % 86_400 / 3_600),
    }
}

/// How many more people it takes, in a sentence.
pub(super) fn more_have_to_sign(missing: usize) -> String {
    match missing {
        1 => "One more has to sign.".to_owned(),
        more => format!("{more} more have to sign."),
    }
}

/// The first digits of a digest.
pub(super) fn short(digest: &str) -> String {
    digest.trim_start_matches("sha256:").chars().take(12).collect()
}

pub(super) fn risk(risk: Option<RiskTier>) -> &'static str {
    match risk {
        Some(RiskTier::Read) => "read",
        Some(RiskTier::ReversibleWrite) => "reversible write",
        Some(RiskTier::Consequential) => "consequential",
        None => "unknown risk",
    }
}

/// How a verdict is coloured.
pub(super) fn tone(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Allow => "good",
        Verdict::RequireApproval => "held",
        Verdict::Block => "bad",
    }
}

fn finding(of: &placet::Finding) -> Finding {
    Finding {
        check: of.check.to_string(),
        verdict: of.verdict.as_str(),
        tone: tone(of.verdict),
        reason: of.reason.clone(),
    }
}

/// What the action is worth: as it was read, or else as it was claimed.
fn value(of: &Followed, fields: Option<&Object>, tree: &mut Tree) -> Option<String> {
    let claimed = fields.and_then(|fields| fields.get("value"));
    let Event::Decided(decided) = &of.decided.event else { return None };
    match (decided.assessment.value.money(), claimed) {
        (Some(money), _) => Some(tree.text(&money.to_string())),
        (None, Some(claimed)) => Some(tree.json(claimed)),
        (None, None) => None,
    }
}

/// What a field of a statement is called.
pub(super) fn label(name: &str) -> String {
    match name {
        "verbatim_response" => "Your statement, in your own words".to_owned(),
        "responsible_owner" => "Who answers for it".to_owned(),
        other => {
            let words = other.replace('_', " ");
            let mut chars = words.chars();
            let first = chars.next().map(|first| first.to_uppercase().to_string());
            format!("{}{}", first.unwrap_or_default(), chars.as_str())
        }
    }
}

fn effects(of: Option<&ActionPayload>) -> Vec<String> {
    let effects = of.and_then(|of| of.evidence.as_object()?.get("effects")?.as_array());
    let words = effects.unwrap_or_default().iter().filter_map(Json::as_str);
    words.map(str::to_owned).collect()
}

fn seen(of: &ActionPayload) -> Vec<Seen> {
    let lists = [
        ("confusables", "looks like something else", "bad"),
        ("uninspectable", "cannot be inspected", "bad"),
        ("sensitive", "sensitive", "held"),
        ("evidence", "", ""),
    ];
    let mut all = Vec::new();
    for (list, what, tone) in lists {
        let items = of.evidence.as_object().and_then(|all| all.get(list)?.as_array());
        all.extend(items.unwrap_or_default().iter().map(|item| one_seen(item, what, tone)));
    }
    all
}

fn one_seen(item: &Json, what: &str, tone: &'static str) -> Seen {
    let text =
        |name: &str| item.as_object().and_then(|item| item.get(name)?.as_str()).unwrap_or_default();
    let (what, tone) = match (what, text("effect")) {
        ("", "reads") => ("reads", "good"),
        ("", "writes") => ("writes", "held"),
        ("", effect) => (effect, "bad"),
        (what, _) => (what, tone),
    };
    Seen {
        what: what.to_owned(),
        tone,
        place: text("pointer").to_owned(),
        reason: text("reason").to_owned(),
        source: Tree::default().text(text("source")),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use std::time::Duration;

    use placet::Timestamp;

    use super::left;

    #[test]
    fn a_countdown_is_told_in_the_words_of_people() {
        let now = Timestamp::from_millis(0);
        for (seconds, text) in [
            (0, "no time left"),
            (59, "59 s left"),
            (61, "1 min 1 s left"),
            (7_260, "2 h 1 min left"),
            (172_799, "47 h 59 min left"),
            (200_000, "2 d 7 h left"),
        ] {
            assert_eq!(left(now.saturating_add(Duration::from_secs(seconds)), now), text);
        }
        assert_eq!(left(now, now.saturating_add(Duration::from_secs(9))), "no time left");
    }
}
