//! What every page has around its content.

use placet::KeyScope;

use super::assets::href;
use super::visitor::Visitor;

/// A place that the navigation leads to. A page that comes later gets its line in [`PLACES`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Inbox,
    Activity,
    Autonomy,
    Standing,
    Switches,
    Policy,
    People,
    Integrations,
    Log,
}

/// The navigation, in its order. Whoever is signed in may see all of it; what they may do there is
/// another matter.
const PLACES: [(Place, &str, &str); 9] = [
    (Place::Inbox, "/console", "Inbox"),
    (Place::Activity, "/console/activity", "Activity"),
    (Place::Autonomy, "/console/autonomy", "Autonomy"),
    (Place::Standing, "/console/standing", "Standing"),
    (Place::Switches, "/console/switches", "Switches"),
    (Place::Policy, "/console/policy", "Policy"),
    (Place::People, "/console/people", "People"),
    (Place::Integrations, "/console/integrations", "Integrations"),
    (Place::Log, "/console/log", "Log"),
];

/// The page that somebody sees first.
pub(super) const FIRST: &str = "/console";

/// One entry of the navigation.
#[derive(Debug)]
pub(crate) struct Item {
    pub(crate) href: &'static str,
    pub(crate) name: &'static str,
    pub(crate) is_here: bool,
}

/// What a page says of what was asked for last.
#[derive(Debug)]
pub(crate) enum Notice {
    /// It was done.
    Done(String),
    /// It was not, and why.
    Wrong(String),
}

/// Whoever is signed in, as the page names them.
#[derive(Debug)]
pub(crate) struct Who {
    pub(crate) person: String,
    pub(crate) roles: String,
    pub(crate) tenant: Option<String>,
}

/// What every page has around its content.
#[derive(Debug)]
pub(crate) struct Frame {
    pub(crate) title: &'static str,
    pub(crate) nav: Vec<Item>,
    pub(crate) who: Option<Who>,
    /// What every form carries as `token`.
    pub(crate) token: String,
    /// What a form carries as `once` that must not be carried out twice.
    pub(crate) once: String,
    pub(crate) notice: Option<Notice>,
    pub(crate) css: String,
    /// The stylesheet of the pages that show actions.
    pub(crate) actions_css: String,
    pub(crate) js: String,
    pub(crate) icon: String,
}

impl Frame {
    /// Around a page for somebody who is signed in.
    pub(crate) fn new<R>(title: &'static str, place: Place, visitor: &Visitor<R>) -> Self {
        let item = |(of, href, name)| Item { href, name, is_here: of == place };
        let roles: Vec<&str> =
            visitor.principal.key.scopes.iter().map(|role| KeyScope::as_str(*role)).collect();
        let who = Who {
            person: visitor.person.to_string(),
            roles: roles.join(", "),
            tenant: visitor.tenant().map(ToString::to_string),
        };
        Self {
            nav: PLACES.into_iter().map(item).collect(),
            who: Some(who),
            token: visitor.form_token(),
            once: once(),
            ..Self::bare(title)
        }
    }

    /// Around a page for anybody.
    pub(crate) fn bare(title: &'static str) -> Self {
        Self {
            title,
            nav: Vec::new(),
            who: None,
            token: String::new(),
            once: String::new(),
            notice: None,
            css: href("console.css"),
            actions_css: href("actions.css"),
            js: href("console.js"),
            icon: href("icon.svg"),
        }
    }

    /// The same, with a word on what was asked for last.
    #[must_use]
    pub(crate) fn with(self, notice: Option<Notice>) -> Self {
        Self { notice, ..self }
    }
}

/// A name for a form that was not there before. Without randomness there is none, and such a form
/// is carried out as often as it is sent.
fn once() -> String {
    let mut bytes = [0; 16];
    match getrandom::fill(&mut bytes) {
        Ok(()) => u128::from_le_bytes(bytes).to_string(),
        Err(_) => String::new(),
    }
}
