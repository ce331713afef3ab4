//! What the gateway says of a tool by its own word.
//!
//! Whoever is asked must be able to tell it from what the agent says of its call, and from what the
//! server says of its tool: a server's own text stands in the details only.

use placet::{Json, Notice, Object};

use super::Known;

/// Under which name the place of something odd stands.
const PLACE: &str = "place";

impl Known {
    /// Why calls of this tool are held, and what in it is not what it seems.
    pub(super) fn notices(&self) -> Vec<Notice> {
        let concern = self.standing.concern();
        let concern = concern.map(|reason| Notice { reason, details: self.difference.clone() });
        let odd = self.suspicions.iter().map(|odd| {
            let mut details = Object::new();
            details.insert(PLACE.to_owned(), Json::String(odd.pointer.clone()));
            Notice { reason: format!("its definition {}", odd.reason), details }
        });
        concern.into_iter().chain(odd).collect()
    }
}
