//! A browser: it keeps a cookie, says where its forms come from, and does not follow where it is sent.

#![allow(clippy::unwrap_used, reason = "tests")]

use placet::{KeyScope, NewPerson};
use regex::Regex;

use super::{Answer, Daemon};

/// A password that everyone has.
pub(crate) const PASSWORD: &str = "four words to remember";

/// Somebody's browser.
pub(crate) struct Browser<'a> {
    daemon: &'a Daemon,
    pub(crate) cookie: Option<String>,
}

impl<'a> Browser<'a> {
    pub(crate) fn new(daemon: &'a Daemon) -> Self {
        Self { daemon, cookie: None }
    }

    /// The browser of somebody who is signed in.
    pub(crate) fn signed_in(daemon: &'a Daemon, person: &str) -> Self {
        let mut browser = Self::new(daemon);
        let answer = browser.sign_in(person, PASSWORD);
        assert_eq!((answer.status, browser.cookie.is_some()), (303, true), "{}", answer.text);
        browser
    }

    pub(crate) fn origin(&self) -> String {
        format!("http://{}", self.daemon.address)
    }

    pub(crate) fn sign_in(&mut self, person: &str, password: &str) -> Answer {
        self.post("/console/sign-in", &[("person", person), ("password", password)])
    }

    pub(crate) fn get(&mut self, path: &str) -> Answer {
        self.send("GET", path, None, &[])
    }

    /// Sends a form of one of our pages, without the token of the session.
    pub(crate) fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let origin = self.origin();
        self.send("POST", path, Some(fields), &[("origin", &origin)])
    }

    /// Opens a page, fills in one of its forms and sends it, with what the page put into it.
    pub(crate) fn submit(&mut self, page: &str, path: &str, fields: &[(&str, &str)]) -> Answer {
        let token = self.token(page);
        let mut all = vec![("token", token.as_str())];
        all.extend(fields);
        self.post(path, &all)
    }

    /// The token in the forms of a page.
    pub(crate) fn token(&mut self, page: &str) -> String {
        let text = self.get(page).text;
        let token = Regex::new(r#"name="token" value="([^"]+)""#).unwrap();
        token.captures(&text).unwrap_or_else(|| panic!("no form on {page}: {text}"))[1].to_owned()
    }

    pub(crate) fn send(
        &mut self,
        method: &str,
        path: &str,
        fields: Option<&[(&str, &str)]>,
        headers: &[(&str, &str)],
    ) -> Answer {
        let body = fields.map(|fields| {
            let mut body = form_urlencoded::Serializer::new(String::new());
            body.extend_pairs(fields);
            ("application/x-www-form-urlencoded", body.finish().into_bytes())
        });
        let cookie = self.cookie.clone();
        let mut all = headers.to_vec();
        if let Some(cookie) = &cookie {
            all.push(("cookie", cookie));
        }
        let mut response = self.daemon.request(method, path, None, body, &all);
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let is_endless =
            headers.get("content-type").is_some_and(|kind| kind == "text/event-stream");
        let text = if is_endless {
            String::new()
        } else {
            response.body_mut().read_to_string().expect("text")
        };
        for set in headers.get_all("set-cookie") {
            let pair = set.to_str().unwrap().split(';').next().unwrap();
            let is_empty = pair.ends_with('=');
            self.cookie = (!is_empty).then(|| pair.to_owned());
        }
        Answer { status, headers, text }
    }
}

/// People of every kind, each with [`PASSWORD`]: `olga` runs the daemon, `otto` only reads, `ana`,
/// `ben` and `carl` are the admin, approver and auditor of acme, `uma` is the admin of umbrella.
pub(crate) fn people(daemon: &Daemon) {
    use KeyScope::{Admin, Approver, Auditor};
    let guard = daemon.guard.as_ref().expect("running");
    for (name, tenant, roles) in [
        ("olga", None, vec![Admin, Approver, Auditor]),
        ("otto", None, vec![Auditor]),
        ("ana", Some("acme"), vec![Admin]),
        ("ben", Some("acme"), vec![Approver]),
        ("carl", Some("acme"), vec![Auditor]),
        ("uma", Some("umbrella"), vec![Admin]),
    ] {
        let new = NewPerson {
            person: name.parse().unwrap(),
            tenant: tenant.map(|tenant| tenant.parse().unwrap()),
            roles: roles.into_iter().collect(),
            groups: [].into(),
        };
        let invited = guard.blocking().invite(new).unwrap();
        guard.blocking().enrol(&invited.token, PASSWORD).unwrap();
    }
}
