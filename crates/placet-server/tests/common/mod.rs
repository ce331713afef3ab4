//! A daemon in this process, with a key of every kind, and a client that speaks to it.

#![allow(dead_code, reason = "every test uses a part of it")]

pub(crate) mod browser;
pub(crate) mod chromium;
pub(crate) mod collector;
mod contract;
mod installed;
pub(crate) mod raw;
pub(crate) mod sample;

use std::io::BufReader;
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use placet::store::Environment;
use placet::{
    Config, Guard, KeyScope, LogPlace, NewKey, NewPerson, PolicyFile, PolicySource, TenantId,
};
use placet_server::{Listen, Server, ServerConfig, Stop, StopHandle};
use serde_json::Value;

#[allow(unused_imports, reason = "one test asks for them")]
pub(crate) use contract::endpoints;

/// A policy with a class of every kind.
pub(crate) const POLICY: &str = r#"
version = 1
mode = "enforce"

[actions.get_order]
risk = "read"

[actions.send_note]
risk = "reversible_write"
max_state = "autonomous"

[actions.deploy]
risk = "consequential"

[actions.issue_refund]
risk = "reversible_write"
value = "/amount"
currency = "/currency"
auto_cap = "100"
hard_cap = "1000"
approval = { deadline = "15m" }

[graduation.supervised]
pass_rate = 0.9
adversarial_pass_rate = 0.0
min_samples = 10
"#;

/// A daemon that is stopped when it is dropped.
pub(crate) struct Daemon {
    pub(crate) address: SocketAddr,
    pub(crate) guard: Option<Guard>,
    pub(crate) keys: Keys,
    handle: StopHandle,
    thread: Option<JoinHandle<bool>>,
}

/// The secrets of keys: two of those who run the daemon, the rest of the tenants acme and umbrella.
#[derive(Clone, Debug)]
pub(crate) struct Keys {
    pub(crate) operator: String,
    pub(crate) overseer: String,
    pub(crate) agent: String,
    pub(crate) one_agent: String,
    pub(crate) admin: String,
    pub(crate) approver: String,
    pub(crate) auditor: String,
    pub(crate) other_agent: String,
    pub(crate) other_admin: String,
}

/// What was answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: ureq::http::HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }
}

impl Daemon {
    /// A daemon with [`POLICY`] and a log in memory.
    pub(crate) fn start() -> Self {
        Self::with(ServerConfig::default(), LogPlace::Memory)
    }

    /// A daemon with the policy of the example.
    pub(crate) fn with_example_policy(log: LogPlace) -> Self {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        let policy = folder.join("../../examples/support-and-deploy/policy.toml");
        let config = Config { policy: PolicySource::Path(policy), log };
        Self::serve(ServerConfig::default(), config)
    }

    pub(crate) fn with(config: ServerConfig, log: LogPlace) -> Self {
        let policy = PolicyFile { name: "policy.toml".to_owned(), text: POLICY.to_owned() };
        Self::serve(config, Config { policy: PolicySource::Files(vec![policy]), log })
    }

    /// A daemon with a policy of its own.
    pub(crate) fn with_policy(text: &str) -> Self {
        let policy = PolicyFile { name: "policy.toml".to_owned(), text: text.to_owned() };
        let policy = PolicySource::Files(vec![policy]);
        Self::serve(ServerConfig::default(), Config { policy, log: LogPlace::Memory })
    }

    /// A daemon with a clock and a random source of its own.
    pub(crate) fn in_environment(environment: Arc<dyn Environment>) -> Self {
        let policy = PolicyFile { name: "policy.toml".to_owned(), text: POLICY.to_owned() };
        let policy = PolicySource::Files(vec![policy]);
        let config = Config { policy, log: LogPlace::Memory };
        let guard = Guard::open_in(config, environment).expect("a guard");
        Self::of(ServerConfig::default(), guard)
    }

    fn serve(config: ServerConfig, config_of_guard: Config) -> Self {
        Self::of(config, Guard::open(config_of_guard).expect("a guard"))
    }

    fn of(config: ServerConfig, guard: Guard) -> Self {
        let keys = Keys::make(&guard);
        let listen = vec![Listen::Tcp(SocketAddr::from(([127, 0, 0, 1], 0)))];
        let config = ServerConfig { listen, ..config };
        let (stop, handle) = Stop::new();
        let (bound, address) = std::sync::mpsc::channel();
        let inner = guard.clone();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Runtime::new().expect("a runtime");
            let ended = runtime.block_on(async {
                let server = Server::bind(config, inner).await.expect("to listen");
                bound.send(server.addresses()[0].clone()).expect("sent");
                server.run(stop).await
            });
            // As the command does: threads that hang are left behind.
            runtime.shutdown_timeout(Duration::from_secs(2));
            ended
        });
        let Ok(Listen::Tcp(address)) = address.recv() else { panic!("no address") };
        Self { address, guard: Some(guard), keys, handle, thread: Some(thread) }
    }

    /// What stops it.
    pub(crate) fn handle(&self) -> StopHandle {
        self.handle.clone()
    }

    /// Asks it to stop and waits for that; whether everything was answered.
    pub(crate) fn stop(mut self) -> bool {
        self.guard = None;
        self.handle.ask();
        self.ended()
    }

    /// Waits for a stop that was asked for before; whether everything was answered.
    pub(crate) fn ended(mut self) -> bool {
        self.guard = None;
        self.thread.take().expect("running").join().expect("no panic")
    }

    /// The request with a JSON body, if any, by a key, if any.
    pub(crate) fn call(
        &self,
        method: &str,
        path: &str,
        key: Option<&str>,
        body: Option<&Value>,
    ) -> Answer {
        self.call_with(method, path, key, body, &[])
    }

    /// The same with more headers. Every answer is held against the description of the API.
    pub(crate) fn call_with(
        &self,
        method: &str,
        path: &str,
        key: Option<&str>,
        body: Option<&Value>,
        headers: &[(&str, &str)],
    ) -> Answer {
        let body = body.map(|body| ("application/json", body.to_string().into_bytes()));
        self.send(method, path, key, body, headers)
    }

    /// The same with a body of any kind.
    pub(crate) fn send(
        &self,
        method: &str,
        path: &str,
        key: Option<&str>,
        body: Option<(&str, Vec<u8>)>,
        headers: &[(&str, &str)],
    ) -> Answer {
        let mut response = self.request(method, path, key, body, headers);
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        let is_endless =
            headers.get("content-type").is_some_and(|kind| kind == "text/event-stream");
        let bytes = if is_endless {
            Vec::new()
        } else {
            response.body_mut().read_to_vec().expect("a whole body")
        };
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let answer = Answer { status, headers, text };
        contract::check(method, path, &answer);
        answer
    }

    /// Reads a stream of events, line by line.
    pub(crate) fn events(&self, path: &str, key: &str) -> impl std::io::BufRead {
        let response = self.request("GET", path, Some(key), None, &[]);
        assert_eq!(response.status().as_u16(), 200);
        BufReader::with_capacity(1, response.into_body().into_reader())
    }

    pub(crate) fn request(
        &self,
        method: &str,
        path: &str,
        key: Option<&str>,
        body: Option<(&str, Vec<u8>)>,
        headers: &[(&str, &str)],
    ) -> ureq::http::Response<ureq::Body> {
        let url = format!("http://{}{path}", self.address);
        let mut request = ureq::http::Request::builder().method(method).uri(url);
        if let Some(key) = key {
            request = request.header("authorization", format!("Bearer {key}"));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .allow_non_standard_methods(true)
            .timeout_global(Some(Duration::from_secs(60)))
            .build()
            .into();
        let response = match body {
            None if matches!(method, "GET" | "HEAD" | "DELETE" | "OPTIONS") => {
                agent.run(request.body(()).expect("a request"))
            }
            // It has a length, which is 0.
            None => agent.run(request.body("").expect("a request")),
            Some((kind, body)) => {
                let request = request.header("content-type", kind);
                agent.run(request.body(body).expect("a request"))
            }
        };
        response.expect("an answer")
    }

    pub(crate) fn post(&self, path: &str, key: &str, body: &Value) -> Answer {
        self.call("POST", path, Some(key), Some(body))
    }

    pub(crate) fn get(&self, path: &str, key: &str) -> Answer {
        self.call("GET", path, Some(key), None)
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        self.guard = None;
        self.handle.ask();
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

/// A key of a person who answers what waits.
pub(crate) fn person_key(guard: &Guard, tenant: &str, person: &str) -> String {
    let new = NewKey {
        name: person.parse().expect("a name"),
        tenant: Some(tenant.parse().expect("a tenant")),
        agent: None,
        person: Some(person.parse().expect("a name")),
        scopes: [KeyScope::Approver].into(),
    };
    let (secret, _) = guard.blocking().create_key(new).expect("a key");
    secret.danger_text().to_string()
}

/// A proposal as it is sent by a key.
pub(crate) fn proposal(daemon: &Daemon, key: &str) -> String {
    let body = r#"{"tool":"get_order"}"#;
    format!(
        "POST /v1/actions HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {key}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        daemon.address,
        body.len()
    )
}

impl Keys {
    fn make(guard: &Guard) -> Self {
        let key = |tenant: Option<&str>, agent: Option<&str>, scope| {
            let new = NewKey {
                name: "test".parse().expect("a name"),
                tenant: tenant.map(|tenant| tenant.parse::<TenantId>().expect("a tenant")),
                agent: agent.map(|agent| agent.parse().expect("an agent")),
                person: None,
                scopes: [scope].into(),
            };
            let (secret, _) = guard.blocking().create_key(new).expect("a key");
            secret.danger_text().to_string()
        };
        let (acme, umbrella) = (Some("acme"), Some("umbrella"));
        let ann = NewPerson {
            person: "ann".parse().expect("a name"),
            tenant: Some("acme".parse().expect("a tenant")),
            roles: [KeyScope::Approver].into(),
            groups: ["finance".parse().expect("a group")].into(),
        };
        guard.blocking().invite(ann).expect("ann is invited");
        Self {
            operator: key(None, None, KeyScope::Admin),
            overseer: key(None, None, KeyScope::Auditor),
            agent: key(acme, None, KeyScope::Agent),
            one_agent: key(acme, Some("bot"), KeyScope::Agent),
            admin: key(acme, None, KeyScope::Admin),
            approver: person_key(guard, "acme", "ann"),
            auditor: key(acme, None, KeyScope::Auditor),
            other_agent: key(umbrella, None, KeyScope::Agent),
            other_admin: key(umbrella, None, KeyScope::Admin),
        }
    }
}
