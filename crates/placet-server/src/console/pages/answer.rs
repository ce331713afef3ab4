//! `/console/actions/{id}/answer`: what a person says to a held action.

use std::collections::BTreeSet;
use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use placet::core::approval::Statement;
use placet::core::json::Pointer;
use placet::policy::parse_duration;
use placet::{
    ActionId, ApprovalId, Approver, Followed, Guard, Json, Object, Reach, Reply, Resolution,
    Status, Timestamp,
};

use super::super::diff::diff;
use super::super::fault::{Fault, go_to};
use super::super::form::{Fields, Sent, Submitted};
use super::super::frame::{Frame, Notice, Place};
use super::super::held::{
    Field, Frozen, PIN, USES, claims, field_name, fields as fields_of, notices, pinned,
};
use super::super::params::{editable, params_text, pretty};
use super::super::shown::filters;
use super::super::tree::sha256;
use super::super::visitor::Visitor;
use super::action::{find, page, told};
use super::policy::{Shown as Compared, folded as compared};
use super::{reply, sentence};
use crate::api::answer;
use crate::app::App;
use crate::auth::role::{self, Reader};
use crate::wire::{Path, Problem};

/// Most identical actions that are answered at once.
const MAX_TWINS: usize = 50;

/// The step between changing the params and approving them: what differs.
#[derive(Template)]
#[template(path = "edited.html")]
struct Edited {
    frame: Frame,
    of: Frozen,
    lines: Vec<Compared>,
    /// The new params, as they will be frozen but for secrets.
    params: String,
    /// The hash of what is shown here.
    seen: String,
    /// The statement, carried along.
    carried: Vec<(String, String)>,
    digest: String,
}

/// The step before: the params, to be changed. They have a form of their own, so that no other answer
/// carries them along.
#[derive(Template)]
#[template(path = "edit.html")]
struct Edit {
    frame: Frame,
    of: Frozen,
    params: String,
    fields: Vec<Field>,
    reads: Vec<String>,
    digest: String,
}

/// What somebody asked for.
enum Asked {
    /// Take in an answer.
    Reply(Reply),
    /// Show the params to be changed.
    Change,
    /// Show what differs first.
    Compare(Object),
}

/// Where a page is that says what became of an answer, when it is asked for again.
pub(super) async fn show(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    visitor: Visitor<Reader>,
) -> Result<Response, Fault> {
    let id: ActionId = id.parse().map_err(Problem::missing)?;
    find(&app, &visitor, id).await?;
    Ok(go_to(&format!("/console/actions/{id}")))
}

pub(super) async fn submit(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    sent: Sent<role::Approver>,
) -> Result<Response, Fault> {
    let id: ActionId = id.parse().map_err(Problem::missing)?;
    let form = match sent {
        Sent::Read(form) => form,
        Sent::TooLarge(visitor, problem) => {
            let why = sentence(&problem.detail());
            let why = format!("This was too large, and nothing was done. {why}");
            let status = problem.status();
            let (visitor, notice) = (visitor.into(), Some(Notice::Wrong(why)));
            let page = page(&app, &visitor, id, notice, None, status).await;
            return page.map(|page| problem.told_by(page));
        }
    };
    let Submitted { visitor, guard, fields, .. } = form;
    let followed = find(&app, &visitor, id).await?;
    let approver = visitor.principal.approver(&app.guard)?;
    let visitor: Visitor<Reader> = visitor.into();
    let done = match asked(&fields, &followed, app.guard.now()) {
        Ok(Asked::Change) => {
            return Ok(change(&visitor, &followed, &fields, None, StatusCode::OK));
        }
        Ok(Asked::Compare(params)) => return Ok(compare(&visitor, &followed, &fields, params)),
        Ok(Asked::Reply(reply)) => take(&app, &guard, &approver, &followed, reply, &fields).await,
        Err(problem) => Err(problem),
    };
    say(&app, &visitor, &followed, &fields, done).await
}

/// Tells what came of an answer.
async fn say(
    app: &Arc<App>,
    visitor: &Visitor<Reader>,
    followed: &Followed,
    fields: &Fields,
    done: Result<Taken, Problem>,
) -> Result<Response, Fault> {
    let id = followed.id();
    match done {
        Ok(Taken { of: Resolution::Resolved(Status::Superseded), .. }) => {
            let successor = find(app, visitor, id).await?.successor.unwrap_or(id);
            Ok(go_to(&format!("/console/actions/{successor}")))
        }
        Ok(Taken { of: Resolution::Resolved(_), refused }) if refused.is_empty() => {
            Ok(go_to(&format!("/console?answered={id}")))
        }
        Ok(Taken { of: Resolution::Resolved(_), refused }) => {
            let told = told(app, find(app, visitor, id).await?).await?;
            let notice = Notice::Wrong(format!(
                "{told}\nNot answered with it were:\n{}",
                refused.join("\n")
            ));
            page(app, visitor, id, Some(notice), None, StatusCode::OK).await
        }
        Ok(Taken { of: late, .. }) => {
            let before = told(app, find(app, visitor, id).await?).await?;
            let first = match late {
                Resolution::AlreadyResolved(Status::Pending) => "You have signed this already.",
                Resolution::Expired => "The deadline has passed, so the answer is no.",
                _ => "This was answered before, and nothing was changed now.",
            };
            let notice = Notice::Wrong(format!("{first} {before}"));
            page(app, visitor, id, Some(notice), None, StatusCode::CONFLICT).await
        }
        Err(problem) => {
            let notice = Notice::Wrong(sentence(&problem.detail()));
            let status = problem.status();
            // Whoever was changing the params goes on there.
            if fields.one("params").is_some() && followed.status == Status::Pending {
                let page = change(visitor, followed, fields, Some(notice), status);
                return Ok(problem.told_by(page));
            }
            let page = page(app, visitor, id, Some(notice), Some(fields), status).await;
            page.map(|page| problem.told_by(page))
        }
    }
}

/// Reads a form. Nothing but the two words of its buttons is an answer.
fn asked(fields: &Fields, followed: &Followed, now: Timestamp) -> Result<Asked, Problem> {
    let choice = fields.one("choice").unwrap_or_default();
    match choice {
        "deny" => {
            let reason = fields.text("reason");
            let reason =
                reason.ok_or_else(|| Problem::invalid("say why not; the agent is told"))?;
            Ok(Asked::Reply(Reply::Deny { reason: reason.replace("\r\n", "\n") }))
        }
        "approve" | "stand" | "edit" | "approve-edited" => {
            has_seen(fields, followed)?;
            let statement = statement(fields, followed);
            match choice {
                "approve" => Ok(Asked::Reply(Reply::Approve { statement })),
                "stand" => {
                    let reach = reach(fields, followed, now)?;
                    Ok(Asked::Reply(Reply::ApproveStanding { statement, reach }))
                }
                "edit" if fields.one("params").is_none() => Ok(Asked::Change),
                "edit" => Ok(Asked::Compare(params(fields)?)),
                _ => {
                    let params = params(fields)?;
                    let seen = sha256(Json::Object(params.clone()).canonical().as_bytes());
                    if fields.one("seen") != Some(&seen) {
                        return Err(Problem::invalid("look at what differs before you approve it"));
                    }
                    Ok(Asked::Reply(Reply::Edit { params, statement }))
                }
            }
        }
        _ => Err(Problem::invalid("choose to approve or to deny; nothing else is an answer")),
    }
}

/// Whether the form was made for this very action, and all of its long values were opened.
fn has_seen(fields: &Fields, followed: &Followed) -> Result<(), Problem> {
    let of = Frozen::new(followed);
    if of.digest.is_none() || fields.one("digest") != of.digest.as_deref() {
        return Err(Problem::invalid("the form is not of this action; open it again"));
    }
    let read: BTreeSet<&str> = fields.all("read").collect();
    // When it is not pending any more there is nothing to open, and the engine says so.
    let unread = of.folds.iter().filter(|fold| !read.contains(fold.as_str())).count();
    match unread {
        0 => Ok(()),
        _ if followed.status != Status::Pending => Ok(()),
        1 => Err(Problem::invalid("a long value was not opened; open and read it, then approve")),
        many => Err(Problem::invalid(format!(
            "{many} long values were not opened; open and read them, then approve"
        ))),
    }
}

fn statement(fields: &Fields, followed: &Followed) -> Statement {
    let wanted = followed.answer.approval.iter().flat_map(|approval| &approval.fields);
    let field = |name: &String| {
        let typed = fields.one(&field_name(name)).unwrap_or_default();
        (name.clone(), typed.replace("\r\n", "\n"))
    };
    wanted.map(field).collect()
}

/// How far the like of it may be done without asking.
fn reach(fields: &Fields, followed: &Followed, now: Timestamp) -> Result<Reach, Problem> {
    let pin = |choice: &str| {
        pinned(followed, choice).ok_or_else(|| Problem::invalid("tick the boxes of the form"))
    };
    let pins = fields.all(PIN).map(pin).collect::<Result<BTreeSet<Pointer>, _>>()?;
    if pins.is_empty() {
        return Err(Problem::invalid("tick the params that must stay the same, or all of them"));
    }
    let uses = fields.text(USES).map(str::parse).transpose();
    let uses = uses.map_err(|_| Problem::invalid("how often is a whole number, such as 10"))?;
    let lasts = parse_duration(fields.needed("lasts")?);
    let lasts =
        lasts.ok_or_else(|| Problem::invalid("for how long is a time, such as 8h or 7d"))?;
    Ok(Reach { pins, uses, until: Some(now.saturating_add(lasts)) })
}

fn params(fields: &Fields) -> Result<Object, Problem> {
    let text = fields.needed("params")?;
    match Json::parse(text.as_bytes()) {
        Ok(Json::Object(params)) => Ok(params),
        Ok(other) => {
            Err(Problem::invalid(format!("params are an object, and this is {}", other.kind())))
        }
        Err(error) => Err(Problem::invalid(format!("the params are not JSON: {error}"))),
    }
}

/// The page that has the params to be changed.
fn change(
    visitor: &Visitor<Reader>,
    followed: &Followed,
    fields: &Fields,
    notice: Option<Notice>,
    status: StatusCode,
) -> Response {
    let action = followed.frozen.as_ref().and_then(|frozen| frozen.action.as_object());
    let frozen = || action.and_then(|action| action.get("params")).map(editable);
    let params = fields.one("params").map(|typed| typed.replace("\r\n", "\n"));
    let typed = statement(fields, followed);
    let terms = followed.answer.approval.as_ref();
    let typed = |name: &str| typed.get(name).cloned().unwrap_or_default();
    let of = Frozen::new(followed);
    let page = Edit {
        frame: Frame::new("Change the params", Place::Inbox, visitor).with(notice),
        params: params.or_else(frozen).unwrap_or_default(),
        fields: terms
            .map(|terms| fields_of(&terms.fields, terms.least_length, typed))
            .unwrap_or_default(),
        reads: fields.all("read").map(str::to_owned).collect(),
        digest: of.digest.clone().unwrap_or_default(),
        of,
    };
    reply(&page, status)
}

fn compare(
    visitor: &Visitor<Reader>,
    followed: &Followed,
    fields: &Fields,
    params: Object,
) -> Response {
    let params = Json::Object(params);
    let (old, new) = (params_text(followed), pretty(&params));
    let of = Frozen::new(followed);
    let reads = fields.all("read").map(|hash| ("read".to_owned(), hash.to_owned()));
    let statement = statement(fields, followed).into_iter();
    let page = Edited {
        frame: Frame::new("Approve with other params", Place::Inbox, visitor),
        lines: compared(&diff(&old, &new)),
        seen: sha256(params.canonical().as_bytes()),
        params: editable(&params),
        carried: statement.map(|(name, text)| (field_name(&name), text)).chain(reads).collect(),
        digest: of.digest.clone().unwrap_or_default(),
        of,
    };
    reply(&page, StatusCode::OK)
}

/// What came of an answer.
struct Taken {
    of: Resolution,
    /// The identical actions that were ticked and not answered, each with the reason.
    refused: Vec<String>,
}

/// Takes in an answer, for this action and for those ticked that are the same in everything that
/// was shown.
async fn take(
    app: &Arc<App>,
    guard: &Guard,
    approver: &Approver,
    followed: &Followed,
    reply: Reply,
    fields: &Fields,
) -> Result<Taken, Problem> {
    let is_edit = matches!(reply, Reply::Edit { .. });
    let answered = |approval: ApprovalId, reply: Reply| {
        answer(app, guard.clone(), approval, approver.clone(), reply)
    };
    let resolution = answered(followed.id().approval(), reply.clone()).await?;
    // One standing approval is enough for all that are alike.
    let reply = match reply {
        Reply::ApproveStanding { statement, .. } => Reply::Approve { statement },
        reply => reply,
    };
    let mut refused = Vec::new();
    if !is_edit && matches!(resolution, Resolution::Resolved(_)) {
        for twin in twins(fields) {
            let why = match is_twin(app, followed, twin).await {
                true => refusal(answered(twin.approval(), reply.clone()).await),
                false => Some("It is not the same, and asks to be answered by itself.".to_owned()),
            };
            refused.extend(why.map(|why| format!("{twin}: {why}")));
        }
    }
    Ok(Taken { of: resolution, refused })
}

/// Why a twin was not answered, where it was not.
fn refusal(answered: Result<Resolution, Problem>) -> Option<String> {
    match answered {
        Ok(Resolution::Resolved(_)) => None,
        Ok(Resolution::Expired) => Some("Its deadline has passed, so the answer is no.".to_owned()),
        Ok(_) => Some("It was answered before.".to_owned()),
        Err(problem) => Some(sentence(&problem.detail())),
    }
}

/// The identical actions that a form names.
fn twins(fields: &Fields) -> impl Iterator<Item = ActionId> {
    fields.all("also").filter_map(|id| id.parse().ok()).take(MAX_TWINS)
}

/// Whether an action is the same in everything that a person was shown, and asks the same of them.
async fn is_twin(app: &Arc<App>, followed: &Followed, id: ActionId) -> bool {
    let Ok(Ok(Some(twin))) = app.blocking(move |guard| guard.log().action(id)).await else {
        return false;
    };
    let asks_the_same = match (&followed.answer.approval, &twin.answer.approval) {
        (Some(one), Some(other)) => one.asks_the_same(other),
        _ => false,
    };
    asks_the_same
        && twin.call() == followed.call()
        && claims(followed) == claims(&twin)
        && notices(followed) == notices(&twin)
}
