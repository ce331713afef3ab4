//! `/console/policy`: its text, its versions and what changed between them; and for whoever runs the
//! daemon, checking and installing another.

use std::collections::BTreeSet;
use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use placet::{Diagnostics, Guard, GuardError, Policy, PolicyFile};
use serde::Deserialize;

use super::super::diff::{Line, diff};
use super::super::fault::{Fault, go};
use super::super::form::{Fields, Submitted};
use super::super::frame::{Frame, Notice, Place};
use super::super::shown::filters;
use super::super::visitor::Visitor;
use super::{reply, sentence, time};
use crate::app::App;
use crate::auth::role::{Operator, Reader};
use crate::wire::{Problem, Query};

/// How many versions are listed, the latest ones.
const VERSIONS: usize = 30;

/// Lines shown around a change.
const AROUND: usize = 3;

#[derive(Template)]
#[template(path = "policy.html")]
struct Page {
    frame: Frame,
    /// The entry that installed what is shown; none where the policy came from nowhere.
    shown: Option<u64>,
    against: Option<u64>,
    is_current: bool,
    mode: &'static str,
    digest: String,
    files: Vec<Text>,
    versions: Vec<Version>,
    may_install: bool,
}

struct Text {
    name: String,
    lines: Vec<Shown>,
    is_changed: bool,
}

/// One line on the page.
pub(super) struct Shown {
    pub(super) number: Option<usize>,
    pub(super) kind: &'static str,
    pub(super) sign: &'static str,
    pub(super) text: String,
}

struct Version {
    entry: u64,
    at: String,
    by: Option<String>,
    is_shown: bool,
    before: Option<u64>,
}

#[derive(Template)]
#[template(path = "policy_edit.html")]
struct Edit {
    frame: Frame,
    files: Vec<Draft>,
    findings: Vec<Finding>,
}

struct Draft {
    name: String,
    text: String,
}

struct Finding {
    place: String,
    message: String,
    remedy: String,
}

/// What to show: a version, and what it is held against.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    version: Option<u64>,
    against: Option<u64>,
}

pub(super) async fn show(
    State(app): State<Arc<App>>,
    visitor: Visitor<Reader>,
    query: Result<Query<Asked>, Problem>,
) -> Result<Response, Fault> {
    let Query(asked) = query?;
    let page = app.blocking(move |guard| page(guard, &visitor, &asked)).await??;
    Ok(reply(&page, StatusCode::OK))
}

pub(super) async fn edit(
    State(app): State<Arc<App>>,
    visitor: Visitor<Operator>,
) -> Result<Response, Fault> {
    let (policy, _) = app.blocking(Guard::installed).await??;
    let mut files: Vec<PolicyFile> = policy.files().to_vec();
    if files.is_empty() {
        files.push(PolicyFile { name: "policy.toml".to_owned(), text: "version = 1\n".to_owned() });
    }
    Ok(edited(&visitor, files, Vec::new(), None, StatusCode::OK))
}

pub(super) async fn validate(
    State(app): State<Arc<App>>,
    form: Submitted<Operator>,
) -> Result<Response, Fault> {
    let files = files(&form.fields)?;
    let sent = files.clone();
    let loaded = app.blocking(move |_| Policy::load(&sent)).await?;
    let (findings, notice, status) = match &loaded {
        Ok(policy) => {
            let fine = Notice::Done("The policy has no errors.".to_owned());
            (findings(policy.warnings()), fine, StatusCode::OK)
        }
        Err(errors) => {
            let wrong = Notice::Wrong("The policy has errors. Nothing was installed.".to_owned());
            (findings(errors), wrong, StatusCode::UNPROCESSABLE_ENTITY)
        }
    };
    Ok(edited(&form.visitor, files, findings, Some(notice), status))
}

pub(super) async fn install(
    State(app): State<Arc<App>>,
    form: Submitted<Operator>,
) -> Result<Response, Fault> {
    let files = files(&form.fields)?;
    let (by, guard, sent) = (Some(form.visitor.person.clone()), form.guard, files.clone());
    let installed = app.blocking(move |_| guard.blocking().install_policy(&sent, by)).await?;
    match installed {
        Ok(_) => Ok(go("/console/policy")),
        Err(GuardError::Policy(errors)) => {
            let wrong =
                Notice::Wrong("The policy has errors. The one before still holds.".to_owned());
            let findings = findings(&errors);
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            Ok(edited(&form.visitor, files, findings, Some(wrong), status))
        }
        Err(error) => {
            let problem = Problem::from(error);
            let wrong = Notice::Wrong(sentence(&problem.detail()));
            let page = edited(&form.visitor, files, Vec::new(), Some(wrong), problem.status());
            Ok(problem.told_by(page))
        }
    }
}

/// The files of a form. A browser ends lines as its own texts do; a policy is written with line
/// feeds.
fn files(fields: &Fields) -> Result<Vec<PolicyFile>, Problem> {
    let pairs = fields.all("name").zip(fields.all("text"));
    let file = |(name, text): (&str, &str)| PolicyFile {
        name: name.trim().to_owned(),
        text: text.replace("\r\n", "\n"),
    };
    let is_there = |file: &PolicyFile| !file.name.is_empty() && !file.text.trim().is_empty();
    let files: Vec<PolicyFile> = pairs.map(file).filter(is_there).collect();
    let is_named = |file: &PolicyFile| !file.name.contains(|c: char| c == '/' || c.is_control());
    if files.is_empty() || !files.iter().all(is_named) {
        return Err(Problem::invalid("a policy has at least one file, named without a folder"));
    }
    Ok(files)
}

fn findings(of: &Diagnostics) -> Vec<Finding> {
    of.iter()
        .map(|found| Finding {
            place: format!("{}:{}:{}", found.file, found.line, found.column),
            message: found.message.clone(),
            remedy: found.remedy.clone(),
        })
        .collect()
}

fn edited(
    visitor: &Visitor<Operator>,
    files: Vec<PolicyFile>,
    findings: Vec<Finding>,
    notice: Option<Notice>,
    status: StatusCode,
) -> Response {
    let frame = Frame::new("Change the policy", Place::Policy, visitor).with(notice);
    let files = files.into_iter().map(|file| Draft { name: file.name, text: file.text }).collect();
    reply(&Edit { frame, files, findings }, status)
}

fn page(guard: &Guard, visitor: &Visitor<Reader>, asked: &Asked) -> Result<Page, Problem> {
    let (policy, current) = guard.installed()?;
    let all: Vec<u64> = guard.log().state().policies().collect();
    let shown = asked.version.or(current);
    let known = |entry: u64| all.contains(&entry).then_some(entry);
    let missing = || Problem::missing("no policy was installed by this entry");
    for entry in [asked.version, asked.against].into_iter().flatten() {
        known(entry).ok_or_else(missing)?;
    }
    let files = match shown {
        Some(entry) => guard.log().policy_at(entry).map_err(Problem::unreadable)?,
        None => policy.files().to_vec(),
    };
    let digest = Policy::digest_of(&files).to_string();
    let texts = match asked.against {
        Some(entry) => {
            let before = guard.log().policy_at(entry).map_err(Problem::unreadable)?;
            differences(&before, &files)
        }
        None => files.iter().map(source).collect(),
    };
    Ok(Page {
        frame: Frame::new("Policy", Place::Policy, visitor),
        shown,
        against: asked.against,
        is_current: shown == current,
        mode: policy.terms().mode.as_str(),
        digest,
        files: texts,
        versions: versions(guard, &all, shown)?,
        may_install: visitor.is_operator(),
    })
}

fn versions(guard: &Guard, all: &[u64], shown: Option<u64>) -> Result<Vec<Version>, Problem> {
    let mut versions = Vec::new();
    for (place, entry) in all.iter().enumerate().rev().take(VERSIONS) {
        let found = guard.log().entries(*entry, 1)?.into_iter().next();
        let by = found.as_ref().and_then(|found| match &found.event {
            placet::Event::PolicyInstalled(installed) => installed.by.as_ref(),
            _ => None,
        });
        versions.push(Version {
            entry: *entry,
            at: found.as_ref().map(|found| time(found.at)).unwrap_or_default(),
            by: by.map(ToString::to_string),
            is_shown: shown == Some(*entry),
            before: place.checked_sub(1).and_then(|before| all.get(before)).copied(),
        });
    }
    Ok(versions)
}

fn source(file: &PolicyFile) -> Text {
    let line = |(index, text): (usize, &str)| Shown {
        number: Some(index + 1),
        kind: "",
        sign: "",
        text: text.to_owned(),
    };
    let lines = file.text.lines().enumerate().map(line).collect();
    Text { name: file.name.clone(), lines, is_changed: true }
}

/// Every file that is in one of two versions, with what differs.
fn differences(before: &[PolicyFile], after: &[PolicyFile]) -> Vec<Text> {
    let names: BTreeSet<&str> = before.iter().chain(after).map(|file| file.name.as_str()).collect();
    let text = |files: &'_ [PolicyFile], name: &str| {
        files.iter().find(|file| file.name == name).map(|file| file.text.clone())
    };
    let difference = |name: &str| {
        let (old, new) = (text(before, name), text(after, name));
        let (old, new) = (old.unwrap_or_default(), new.unwrap_or_default());
        let lines = folded(&diff(&old, &new));
        Text { name: name.to_owned(), lines, is_changed: old != new }
    };
    names.into_iter().map(difference).collect()
}

/// The changed lines with a few around them; what is left out is counted.
pub(super) fn folded(lines: &[Line<'_>]) -> Vec<Shown> {
    let is_change = |line: &Line<'_>| !matches!(line, Line::Same(_));
    let is_near = |index: usize| {
        let from = index.saturating_sub(AROUND);
        let near = lines.get(from..(index + AROUND + 1).min(lines.len()));
        near.is_some_and(|near| near.iter().any(is_change))
    };
    let (mut shown, mut number, mut skipped) = (Vec::new(), 0, 0_usize);
    for (index, line) in lines.iter().enumerate() {
        let (kind, sign, text) = match line {
            Line::Same(text) => ("", " ", *text),
            Line::Added(text) => ("added", "+", *text),
            Line::Removed(text) => ("removed", "−", *text),
        };
        if kind != "removed" {
            number += 1;
        }
        if !is_near(index) {
            skipped += 1;
            continue;
        }
        gap(&mut shown, &mut skipped);
        let number = (kind != "removed").then_some(number);
        shown.push(Shown { number, kind, sign, text: text.to_owned() });
    }
    gap(&mut shown, &mut skipped);
    shown
}

fn gap(shown: &mut Vec<Shown>, skipped: &mut usize) {
    if *skipped > 0 {
        let text = format!("{skipped} lines that are the same");
        shown.push(Shown { number: None, kind: "gap", sign: " ", text });
        *skipped = 0;
    }
}
