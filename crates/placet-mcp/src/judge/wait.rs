//! Waiting for people.

use std::time::Duration;

use placet::{ActionId, ToolName, escape};
use placet_gate::{Call, Course, GateError};
use serde_json::json;
use tokio::time::Instant;

use super::{
    Judge, Known, Permit, Ruling, SHOWN, STATE, ToolCall, Waiting, clip, come_back, denied,
    elicitation, words,
};
use crate::ask::{Ask, page};
use crate::client::Client;
use crate::held::{CallKey, HeldCall};
use crate::limits::PROGRESS;

/// A call that waits for people.
struct Waits<'a> {
    tool: &'a ToolName,
    call: &'a ToolCall,
    key: CallKey,
    held: HeldCall,
    approval: String,
    /// Where people answer it, if the decision is fresh and there is such a place.
    place: Option<String>,
}

impl Waits<'_> {
    /// What an agent is told that has to come back.
    fn come_back(&self) -> String {
        come_back(&self.approval, self.place.as_deref())
    }
}

impl Judge {
    /// Waits for people as long as it is allowed to.
    pub(super) async fn wait(
        &self,
        id: ActionId,
        tool: &ToolName,
        (call, known): (&ToolCall, &Known),
        fresh: Option<&Call>,
        hold: Duration,
        ask: &mut Ask,
    ) -> Result<Ruling, GateError> {
        let waits = Waits {
            tool,
            call,
            key: self.key(tool, call, ask.client()),
            held: HeldCall { id, digest: known.digest.clone() },
            approval: id.approval().to_string(),
            place: fresh.and_then(|it| it.approval.as_ref()?.url.clone()),
        };
        self.held().note(waits.key, &waits.held);
        if let Some(ruling) = self.hand_over(&waits, fresh, ask).await {
            return Ok(ruling);
        }
        ask.begin();
        let until = Instant::now() + hold;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let answered = self.gate.course(id, tool, &call.arguments, left.min(PROGRESS));
            let course = tokio::select! {
                course = answered => course,
                () = ask.cancelled() => {
                    self.held().forget(waits.key, &waits.held);
                    self.gate.withdraw(id.approval()).await?;
                    return Ok(Ruling::Cancelled);
                }
            };
            match course {
                Err(error) => return self.not_waited_for(waits, error),
                Ok(Course::Pending) if left.is_zero() => {
                    let later = waits.come_back();
                    self.held().put(waits.key, waits.held);
                    return Ok(Ruling::Refuse(later));
                }
                Ok(Course::Pending) => ask.progress("waiting for a person's approval").await,
                Ok(course) => {
                    // What is permitted may still be made again, if this process ends right here.
                    if !matches!(course, Course::Permitted(_)) {
                        self.held().forget(waits.key, &waits.held);
                    }
                    ask.close_page(&waits.approval).await;
                    return Ok(ended(course, waits));
                }
            }
        }
    }

    /// Leaves the wait to the client, where it can do that; else shows it where people answer.
    async fn hand_over(
        &self,
        waits: &Waits<'_>,
        fresh: Option<&Call>,
        ask: &mut Ask,
    ) -> Option<Ruling> {
        let Waits { tool, held, approval, place, .. } = waits;
        let because = fresh.map(|it| clip(&it.because())).unwrap_or_default();
        let text = format!("{} needs a person's approval: {because}", clip(tool.as_str()));
        if let (true, Some(terms)) =
            (ask.client().takes_tasks, fresh.and_then(|fresh| fresh.approval.as_ref()))
        {
            let Client { opens_pages, is_modern, .. } = *ask.client();
            let shown = place.as_deref().filter(|_| opens_pages && is_modern);
            let page = shown.map(|url| elicitation(&page(url, &text, approval)));
            let (id, tool, deadline) = (held.id, (*tool).clone(), terms.deadline);
            // Before, a task had no place for a page.
            let at = place.as_deref().filter(|_| !is_modern);
            let text = at.map_or(text.clone(), |place| format!("{text}, at {place}"));
            return Some(Ruling::Task(Box::new(Waiting { id, tool, deadline, page, text })));
        }
        let url = place.as_ref()?;
        if ask.client().is_modern && ask.client().opens_pages {
            let requests = json!({ "placet": elicitation(&page(url, &text, approval)) });
            self.held().put(waits.key, held.clone());
            return Some(Ruling::Page(requests, format!("{STATE}{}", held.id)));
        }
        ask.show_page(url, &text, approval).await;
        None
    }

    /// What becomes of a call when nobody can say whether people have answered.
    fn not_waited_for(&self, waits: Waits<'_>, error: GateError) -> Result<Ruling, GateError> {
        if error.is_unknown() {
            self.held().forget(waits.key, &waits.held);
            return Err(error);
        }
        // It still waits, whatever has just gone wrong.
        let (why, later) = (words(&error), waits.come_back());
        let tool = escape::clipped(&waits.call.name, SHOWN);
        self.held().put(waits.key, waits.held);
        tracing::warn!(%tool, %error, "not waited for");
        Ok(Ruling::Refuse(format!("{later} It is not waited for here: {why}.")))
    }
}

/// What becomes of a call that people have answered.
fn ended(course: Course, waits: Waits<'_>) -> Ruling {
    match course {
        Course::Permitted(permitted) => Ruling::Permitted(Permit::of_held(*permitted, waits.held)),
        Course::Denied(reason) => Ruling::Refuse(denied(&reason)),
        Course::Over(status) => {
            Ruling::Refuse(format!("This call was not run: its approval is {status}."))
        }
        Course::Pending => Ruling::Refuse(waits.come_back()),
    }
}
