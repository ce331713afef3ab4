//! What makes no sense keeps a daemon from starting, and is told in words.

use super::support::daemon::Daemon;
use super::{propose, world};

/// A certificate of version 1, as `openssl x509 -req` makes one without extensions.
const OLD: &str = "\
-----BEGIN CERTIFICATE-----\n\
MIIBIjCByQIUONBxlrbi9gnCZVVvBc8KFZvboygwCgYIKoZIzj0EAwIwFDESMBAG\n\
A1UEAwwJbG9jYWxob3N0MB4XDTI2MTEyMjIxMTcyM1oXDTM2MTExOTIxMTcyM1ow\n\
FDESMBAGA1UEAwwJbG9jYWxob3N0MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE\n\
kmlpuLWmJkpG7vhS9PozgwAQUf+mL/4Iu5DO9fs4FRH+2IprP3b6IkOc0rU5UEXK\n\
JZ2CwY+Qk01aGkbANaUIRzAKBggqhkjOPQQDAgNIADBFAiAeEpSAC75tBlniNoiZ\n\
g7h3oUomh3gWWl2L09QwDhBvaQIhAOImfuTh0b/vtOoZWoia+F1HQgRlnv1hF7ZC\n\
qPEyTCT8\n\
-----END CERTIFICATE-----\n";

#[test]
fn a_word_that_is_no_level_is_refused() {
    let (world, ..) = world();
    for filter in ["wran", "warn,placet::request", "loud,placet=info", "inof"] {
        // A collector that makes no sense is the next thing to be refused.
        let mut command = world.command(&["serve", "--listen", "127.0.0.1:0"]);
        command.env("PLACET_TRACE", filter).env("OTEL_EXPORTER_OTLP_ENDPOINT", "nowhere");
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{filter}");
        let text = String::from_utf8(output.stderr).unwrap();
        assert!(text.contains("PLACET_TRACE") && text.contains("help:"), "{filter}: {text}");
    }
}

/// Where only one part of the daemon writes, SIGUSR1 makes the others write as well, and it no less.
#[test]
fn more_is_written_than_one_part_was_to_write() {
    let (world, agent, _) = world();
    let mut command =
        world.command(&["serve", "--listen", "127.0.0.1:0", "--policy", "policy.toml"]);
    command.env("PLACET_TRACE", "placet::request=trace");
    let mut daemon = Daemon::run(command);
    daemon.signal("USR1");
    daemon.line("the level has changed");
    propose(&daemon, &agent);
    daemon.line("/v1/actions");
    daemon.signal("USR2");
    daemon.line("the level has changed");
    daemon.stop();
}

#[test]
fn names_and_origins_that_match_nothing_or_everything_are_refused() {
    let (world, ..) = world();
    for (option, value) in [
        ("--host", ""),
        ("--host", "http://placet.example.com"),
        ("--host", "placet.example.com/"),
        ("--host", "*.example.com"),
        ("--host", "placet example"),
        ("--host", "placet.example.com:0"),
        ("--host", "placet.example.com:99999"),
        ("--host", "2001:db8::1"),
        ("--host", "ann@placet.example.com"),
        ("--origin", ""),
        ("--origin", "*"),
        ("--origin", "null"),
        ("--origin", "https://tools.example.com/"),
        ("--origin", "https://tools.example.com/page"),
        ("--origin", "https://*.example.com"),
        ("--origin", "https://tools.example.com:443"),
        ("--origin", "tools.example.com"),
        ("--origin", "https://ann@tools.example.com"),
    ] {
        // Nothing to wait for where it is taken: the log has no folder.
        let given = format!("{option}={value}");
        let ended = world.run(&["serve", "--log", "no/such/placet.db", &given]);
        assert_eq!(ended.status, 2, "{given}: {}", ended.err);
        assert!(ended.err.contains(option) && ended.err.contains("write"), "{}", ended.err);
    }
    let taken = [
        "--host=placet.example.com",
        "--host=Placet.Example.com:8443",
        "--host=[2001:db8::1]",
        "--host=placet_1",
        "--origin=https://tools.example.com",
        "--origin=http://localhost:3000",
        "--origin=chrome-extension://abcdefghijklmnop",
    ];
    Daemon::start(&world, &taken).stop();
}

#[test]
fn an_old_certificate_is_refused_in_words() {
    let (world, ..) = world();
    world.write("cert.pem", OLD);
    let pair = rcgen::KeyPair::generate().unwrap();
    world.write("key.pem", pair.serialize_pem());
    let serve = ["serve", "--listen", "127.0.0.1:0", "--tls-cert", "cert.pem", "--tls-key"];
    let ended = world.run(&[&serve[..], &["key.pem"]].concat());
    assert_eq!(ended.status, 3);
    let (is_clear, is_raw) = (ended.err.contains("version 3"), ended.err.contains("Unsupported"));
    assert!(is_clear && !is_raw && ended.err.contains("cert.pem"), "{}", ended.err);
}

#[test]
fn a_mistake_in_the_file_of_webhooks_has_its_place_on_a_line_of_its_own() {
    let (world, ..) = world();
    world.write("hooks.toml", "console = \"https://placet.example.com\"\n[[webhook]\n");
    let serve = ["serve", "--listen", "127.0.0.1:0", "--webhooks", "hooks.toml"];
    let ended = world.run(&serve);
    assert_eq!(ended.status, 3);
    assert!(ended.err.contains("hooks.toml:2:11: "), "{}", ended.err);
    assert!(ended.err.contains("help:") && !ended.err.contains("U+000A"), "{}", ended.err);
}
