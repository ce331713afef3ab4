//! What a daemon reads again while it runs: its policy, and its certificate.

use std::process::Command;

use placet_client::tls;
use rcgen::{CertificateParams, KeyPair, date_time_ymd};

use super::support::World;
use super::support::daemon::{Daemon, call};
use super::{POLICY, STRICTER, propose, world};

/// Forbids what the policy file allows.
const RULES: &str = "@id(\"closed\")\n@reason(\"closed today\")\n@verdict(\"block\")\n\
    forbid(principal, action, resource);\n";

#[test]
fn a_policy_that_is_no_file_is_refused_and_the_next_one_is_read() {
    let (world, agent, _) = world();
    let mut daemon = Daemon::start(&world, &["--policy", "policy.toml"]);
    std::fs::remove_file(world.path("policy.toml")).unwrap();
    let made = Command::new("mkfifo").arg(world.path("policy.toml")).status().unwrap();
    assert!(made.success());
    daemon.signal("HUP");
    let said = daemon.line("still holds");
    assert!(said.contains("policy.toml") && said.contains("no regular file"), "{said}");
    std::fs::remove_file(world.path("policy.toml")).unwrap();
    world.write("policy.toml", STRICTER);
    daemon.signal("HUP");
    daemon.line("another policy holds now");
    assert_eq!(propose(&daemon, &agent)["verdict"], "require_approval");
    daemon.stop();
}

#[test]
fn files_that_go_or_come_with_a_policy_are_named_in_a_warning() {
    let (world, agent, _) = world();
    world.write("closed.cedar", RULES);
    let mut daemon = Daemon::start(&world, &["--policy", "policy.toml"]);
    assert_eq!(propose(&daemon, &agent)["verdict"], "block");
    std::fs::rename(world.path("closed.cedar"), world.path("closed.kept")).unwrap();
    daemon.signal("HUP");
    let said = daemon.line("are gone from the policy");
    assert!(said.contains("warning ") && said.contains("closed.cedar"), "{said}");
    daemon.line("another policy holds now");
    assert_eq!(propose(&daemon, &agent)["verdict"], "allow");
    std::fs::rename(world.path("closed.kept"), world.path("closed.cedar")).unwrap();
    daemon.signal("HUP");
    let said = daemon.line("have come to the policy");
    assert!(said.contains("warning ") && said.contains("closed.cedar"), "{said}");
    assert_eq!(propose(&daemon, &agent)["verdict"], "block");
    // What one file says otherwise than before concerns no other.
    world.write("policy.toml", POLICY.replace("read", "reversible_write"));
    daemon.signal("HUP");
    daemon.line("another policy holds now");
    assert_eq!(daemon.passed("are gone from").or(daemon.passed("have come to")), None);
    daemon.stop();
}

/// A certificate that was good from one year to another, and its key, as files.
fn certificate(world: &World, from: i32, to: i32) {
    let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
    let mut params = CertificateParams::new(names).unwrap();
    params.not_before = date_time_ymd(from, 1, 1);
    params.not_after = date_time_ymd(to, 1, 1);
    let key = KeyPair::generate().unwrap();
    world.write("cert.pem", params.self_signed(&key).unwrap().pem());
    world.write("key.pem", key.serialize_pem());
}

/// The line of the figures that says until when the certificate is good.
fn good_until(world: &World, daemon: &Daemon, trusted: &str, key: &str) -> String {
    let config = ureq::Agent::config_builder().proxy(None);
    let trusted = tls::config(Some(&world.path(trusted))).unwrap();
    let agent = config.tls_config(trusted).build().into();
    let url = format!("https://{}", daemon.address);
    let (status, text) = call(&agent, &url, "GET", "/metrics", key, None).unwrap();
    assert_eq!(status, 200, "{text}");
    let is_meant = |line: &&str| line.starts_with("placet_tls_certificate_not_after");
    text.lines().find(is_meant).unwrap_or_default().to_owned()
}

#[test]
fn a_certificate_that_is_not_valid_now_is_not_taken_and_the_figures_say_until_when_it_is() {
    let (world, _, operator) = world();
    certificate(&world, 2020, 2090);
    std::fs::copy(world.path("cert.pem"), world.path("first.pem")).unwrap();
    let tls = ["--tls-cert", "cert.pem", "--tls-key", "key.pem"];
    let mut daemon = Daemon::start(&world, &tls);
    let until = "placet_tls_certificate_not_after_seconds 3786912000";
    assert_eq!(good_until(&world, &daemon, "first.pem", &operator), until);
    for (from, to, said) in [(2020, 2021, "expired"), (2090, 2091, "not valid yet")] {
        certificate(&world, from, to);
        daemon.signal("HUP");
        let line = daemon.line("the certificate from before is still shown");
        assert!(line.contains("error ") && line.contains(said), "{line}");
        assert_eq!(good_until(&world, &daemon, "first.pem", &operator), until);
    }
    certificate(&world, 2020, 2091);
    daemon.signal("HUP");
    daemon.line("the certificate was read again");
    let until = "placet_tls_certificate_not_after_seconds 3818448000";
    assert_eq!(good_until(&world, &daemon, "cert.pem", &operator), until);
    daemon.stop();

    certificate(&world, 2020, 2021);
    // It is said before it listens.
    let daemon = Daemon::start(&world, &tls);
    let line = daemon.passed("no client will take the certificate").unwrap();
    assert!(line.contains("error ") && line.contains("expired"), "{line}");
    daemon.stop();

    let daemon = Daemon::start(&world, &[]);
    let (status, text) = daemon.call("GET", "/metrics", &operator, None);
    assert!(status == 200 && !text.contains("placet_tls_certificate"), "{text}");
}
