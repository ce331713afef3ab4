//! Where somebody goes on once they have signed in.

use axum::http::{Method, Uri};

use super::frame::FIRST;
use super::is_page;

/// Longest address that somebody comes back to, in bytes: all that the console itself links to are
/// shorter.
const MAX_BYTES: usize = 512;

/// Pages that nobody comes back to: they are for whoever is not signed in.
const FOR_STRANGERS: [&str; 2] = ["/console/sign-in", "/console/enrol"];

/// The address of a page of the console, as it stands behind the origin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Back(String);

impl Back {
    /// Takes an address that somebody names; none where it is not one of our pages. What a browser
    /// could take for the address of another site is none.
    pub(crate) fn parse(address: &str) -> Option<Self> {
        let path = address.split('?').next().unwrap_or_default();
        let is_plain = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'\\' | b'#');
        let is_ours = is_page(path) && !FOR_STRANGERS.contains(&path);
        let stays = !path.contains("//") && !path.contains("..") && !path.contains('%');
        let is_short = address.len() <= MAX_BYTES && address.bytes().all(is_plain);
        (is_ours && stays && is_short).then(|| Self(address.to_owned()))
    }

    /// The page that a request asked for, or that has the form which was sent.
    pub(crate) fn of(method: &Method, uri: &Uri) -> Option<Self> {
        if method == Method::GET {
            return Self::parse(uri.path_and_query()?.as_str());
        }
        let (page, _) = uri.path().rsplit_once('/')?;
        Self::parse(page)
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Where to sign in before. What comes first anyway needs no mention.
    pub(crate) fn by_way_of_sign_in(&self) -> String {
        if self.0 == FIRST {
            return "/console/sign-in".to_owned();
        }
        let mut query = form_urlencoded::Serializer::new(String::new());
        format!("/console/sign-in?{}", query.append_pair("next", &self.0).finish())
    }
}
