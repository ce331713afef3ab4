//! What makes no sense keeps a daemon from starting, and is told in words.

use super::support::daemon::Daemon;
use super::{propose, world};

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
