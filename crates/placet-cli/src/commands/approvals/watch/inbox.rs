//! What the screen shows, and what keys do to it. No I/O, and the time is an argument.

use std::collections::BTreeSet;

use placet::{ApprovalId, Timestamp};
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::INTERRUPT;
use super::details;
use super::feed::{Answer, Happening};
use super::form::{Form, Intent, Step};
use crate::place::{Held, Resolved};

/// What is to be done outside.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Asked {
    Nothing,
    Send(Answer),
    Leave,
    Stop(i32),
}

/// A word to the person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Notice {
    pub(super) text: String,
    pub(super) is_bad: bool,
}

/// The screen.
#[derive(Debug)]
pub(super) struct Inbox {
    held: Vec<Held>,
    selected: Option<ApprovalId>,
    pub(super) form: Option<Form>,
    pub(super) notice: Option<Notice>,
    /// Why the daemon cannot be asked at this moment.
    pub(super) lost: Option<String>,
    /// Those whose long values are open.
    opened: BTreeSet<ApprovalId>,
    /// Those of which everything has been on the screen.
    read: BTreeSet<ApprovalId>,
    scroll: usize,
    page: usize,
}

impl Inbox {
    pub(super) fn new(held: Vec<Held>) -> Self {
        let selected = held.first().map(|first| first.terms().id);
        Self {
            held,
            selected,
            form: None,
            notice: None,
            lost: None,
            opened: BTreeSet::new(),
            read: BTreeSet::new(),
            scroll: 0,
            page: 1,
        }
    }

    pub(super) fn held(&self) -> &[Held] {
        &self.held
    }

    pub(super) fn place(&self) -> Option<usize> {
        self.held.iter().position(|held| Some(held.terms().id) == self.selected)
    }

    pub(super) fn current(&self) -> Option<&Held> {
        self.held.get(self.place()?)
    }

    pub(super) fn is_open(&self, id: ApprovalId) -> bool {
        self.opened.contains(&id)
    }

    /// Told by whoever draws: so many lines of the action on a pane of this height. Which of them to
    /// begin with.
    pub(super) fn drawn(&mut self, total: usize, height: usize, now: Timestamp) -> usize {
        self.page = height.saturating_sub(1).max(1);
        self.scroll = self.scroll.min(total.saturating_sub(height));
        let is_at_end = self.scroll + height >= total;
        let whole = self.current().filter(|held| {
            is_at_end && (self.is_open(held.terms().id) || !details::has_folds(held, now))
        });
        if let Some(id) = whole.map(|held| held.terms().id) {
            self.read.insert(id);
        }
        self.scroll
    }

    pub(super) fn happened(&mut self, happening: Happening, now: Timestamp) -> Asked {
        match happening {
            Happening::Key(key) => return self.key(key, now),
            Happening::Paste(text) => {
                if let Some(form) = &mut self.form {
                    form.paste(&text);
                }
            }
            Happening::Waits(held) => self.waits(held),
            Happening::Lost(why) => self.lost = Some(why),
            Happening::Answered(id, resolved) => self.answered(id, resolved),
            Happening::Resized => {}
            Happening::Gone => return Asked::Leave,
            Happening::Signal(number) => return Asked::Stop(number),
        }
        Asked::Nothing
    }

    /// Time has passed: at the deadline the answer is no, and a form for it is worth nothing.
    pub(super) fn passed(&mut self, now: Timestamp) -> Asked {
        let over = self.form.as_ref().filter(|form| !form.is_sent).is_some_and(|form| {
            let held = self.held.iter().find(|held| held.terms().id == form.id);
            held.is_some_and(|held| held.terms().deadline <= now)
        });
        if over {
            self.form = None;
            self.say("too late: the deadline has passed", true);
        }
        Asked::Nothing
    }

    fn waits(&mut self, held: Vec<Held>) {
        let place = self.place().unwrap_or_default();
        self.lost = None;
        self.held = held;
        if self.current().is_none() {
            let next = self.held.get(place).or(self.held.last());
            self.selected = next.map(|held| held.terms().id);
            self.scroll = 0;
        }
        let waits: BTreeSet<ApprovalId> = self.held.iter().map(|held| held.terms().id).collect();
        self.opened.retain(|id| waits.contains(id));
        self.read.retain(|id| waits.contains(id));
        if self.form.as_ref().is_some_and(|form| !form.is_sent && !waits.contains(&form.id)) {
            self.form = None;
            self.say("it waits no more: somebody answered, or the time is over", true);
        }
    }

    fn answered(&mut self, id: ApprovalId, resolved: Result<Resolved, String>) {
        match resolved {
            Ok(Resolved { outcome, status }) => {
                self.form = self.form.take().filter(|form| form.id != id);
                let status = status.unwrap_or_default();
                match outcome.as_str() {
                    "resolved" => self.say(&format!("{id}: {status}"), false),
                    "expired" => self.say("too late: the deadline has passed", true),
                    _ => self.say(&format!("nothing changed: it is {status} already"), true),
                }
            }
            Err(why) => {
                if let Some(form) = &mut self.form {
                    form.is_sent = false;
                }
                self.say(&why, true);
            }
        }
    }

    fn key(&mut self, key: KeyEvent, now: Timestamp) -> Asked {
        if key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL) {
            return Asked::Stop(INTERRUPT);
        }
        self.notice = None;
        self.passed(now);
        match self.form.take() {
            Some(form) => self.write(form, key),
            None => self.browse(key, now),
        }
    }

    fn write(&mut self, mut form: Form, key: KeyEvent) -> Asked {
        let id = form.id;
        let asked = match form.key(key) {
            Step::Cancelled => {
                self.say("nothing was answered", false);
                return Asked::Nothing;
            }
            Step::Lacking(what) => {
                self.say(&what, true);
                Asked::Nothing
            }
            Step::Editing => Asked::Nothing,
            Step::Finished(reply) => Asked::Send(Answer { id, reply }),
        };
        self.form = Some(form);
        asked
    }

    fn browse(&mut self, key: KeyEvent, now: Timestamp) -> Asked {
        match key.code {
            KeyCode::Char('q') | KeyCode::Esc => return Asked::Leave,
            KeyCode::Char('j') | KeyCode::Down => self.choose(1, 0),
            KeyCode::Char('k') | KeyCode::Up => self.choose(0, 1),
            KeyCode::PageDown | KeyCode::Char(' ') => self.scroll += self.page,
            KeyCode::PageUp | KeyCode::Char('b') => {
                self.scroll = self.scroll.saturating_sub(self.page);
            }
            KeyCode::Home => self.scroll = 0,
            KeyCode::Char('o') => self.open(),
            KeyCode::Char('a') => self.begin(Intent::Approve, now),
            KeyCode::Char('d') => self.begin(Intent::Deny, now),
            _ => {}
        }
        Asked::Nothing
    }

    fn choose(&mut self, down: usize, up: usize) {
        let Some(place) = self.place() else { return };
        let last = self.held.len().saturating_sub(1);
        let place = (place + down).saturating_sub(up).min(last);
        self.selected = self.held.get(place).map(|held| held.terms().id);
        self.scroll = 0;
    }

    fn open(&mut self) {
        if let Some(id) = self.current().map(|held| held.terms().id) {
            self.opened.insert(id);
            self.scroll = 0;
        }
    }

    fn begin(&mut self, intent: Intent, now: Timestamp) {
        let Some(held) = self.current() else { return };
        match self.hindrance(held, intent, now) {
            None => self.form = Some(Form::new(held, intent)),
            Some(why) => self.say(why, true),
        }
    }

    /// What has to happen before it can be answered.
    fn hindrance(&self, held: &Held, intent: Intent, now: Timestamp) -> Option<&'static str> {
        let id = held.terms().id;
        if held.terms().deadline <= now {
            return Some("too late: the deadline has passed");
        }
        if intent == Intent::Deny {
            return None;
        }
        if held.action().is_none() {
            return Some("what it was is erased; it can only be denied");
        }
        if !held.is_genuine() {
            return Some("this is not what the digest names; it can only be denied");
        }
        if details::has_folds(held, now) && !self.is_open(id) {
            return Some("open the long values first: o");
        }
        let is_read = self.read.contains(&id);
        (!is_read).then_some("there is more below; read to the end first: space")
    }

    fn say(&mut self, text: &str, is_bad: bool) {
        self.notice = Some(Notice { text: text.to_owned(), is_bad });
    }
}
