//! What takes the whole log, on a file and on the copy that a daemon sends; and that nothing of that copy
//! is left.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::mpsc::channel;

use super::support::pty::Pty;
use super::support::{Ended, World};
use super::{Pair, arguments, comparable};

/// How long a fake daemon says its log is, and how much of it it sends.
const LENGTH: usize = 4_000_000;
const SENT: usize = 1_000_000;

/// A command that asks a daemon, and makes what it needs for a moment in a folder of the world.
fn asking(world: &World, line: &str, url: &str, key: &str) -> Command {
    let folder = world.path("for-a-moment");
    std::fs::create_dir_all(&folder).unwrap();
    let mut command = world.command(&arguments(line));
    command.env("PLACET_URL", url).env("PLACET_KEY", key).env("TMPDIR", folder);
    command
}

/// What is left of what was needed for a moment.
fn left(world: &World) -> Vec<std::path::PathBuf> {
    let found = std::fs::read_dir(world.path("for-a-moment")).unwrap();
    found.map(|entry| entry.unwrap().path()).collect()
}

/// The public key of the log of a world, as an argument.
fn by_key(world: &World) -> String {
    format!("--verifier {}", world.ok(&["log", "key", "--log", "placet.db"]).trim())
}

impl Pair {
    /// Asks the daemon for the copy of its log.
    fn copied(&self, line: &str, key: &str) -> Ended {
        let ended = asking(&self.held, line, &self.daemon.url(), key).output().unwrap();
        assert!(left(&self.held).is_empty(), "{line}: {:?}", left(&self.held));
        Ended::from(ended)
    }
}

#[test]
fn a_log_is_verified_and_exported_the_same_on_a_file_and_on_a_daemon() {
    let (pair, keys) = Pair::new(&[&["--scope", "admin"]]);
    let operator = keys[0].as_str();
    for world in [&pair.file, &pair.held] {
        world.write("kept", world.ok(&["log", "checkpoint", "--log", "placet.db"]));
    }
    std::fs::copy(pair.file.path("kept"), pair.held.path("of-another")).unwrap();
    std::fs::copy(pair.held.path("kept"), pair.file.path("of-another")).unwrap();
    let (near, far) = (by_key(&pair.file), by_key(&pair.held));
    for (line, status) in [
        ("log verify", 0),
        ("log verify --json", 0),
        ("log verify --against kept", 0),
        ("log verify --against of-another --json", 1),
        ("log verify --against missing", 3),
        ("log export tiles", 0),
        ("log export tiles", 0),
        ("log export tiles --json", 0),
    ] {
        let on_file = pair.file.run(&arguments(&format!("{line} {near} --log placet.db")));
        let on_daemon = pair.copied(&format!("{line} {far}"), operator);
        assert_eq!(comparable(&on_file), comparable(&on_daemon), "{line}");
        assert_eq!(on_daemon.status, status, "{line}: {}{}", on_daemon.out, on_daemon.err);
    }
    // The same tiles as the daemon's own file gives.
    pair.held.ok(&["log", "export", "near", "--log", "placet.db"]);
    let read = |tile: &str| {
        ["near", "tiles"].map(|folder| std::fs::read(pair.held.path(folder).join(tile)).unwrap())
    };
    let [head, other] = read("checkpoint");
    assert!(head == other);
    let size = String::from_utf8(head).unwrap().lines().nth(1).unwrap().to_owned();
    for tile in [format!("tile/0/000.p/{size}"), format!("tile/entries/000.p/{size}")] {
        let [near, far] = read(&tile);
        assert!(near == far, "{tile}");
    }
    // What is named on the command line counts more than what is said once for all.
    let named = pair.copied("log verify --log placet.db", "");
    assert!(named.status == 0 && named.out.contains("the log verifies"), "{}", named.err);
    pair.daemon.stop();
}

#[test]
fn a_copy_of_a_daemons_log_is_believed_by_a_key_that_the_user_names() {
    let (pair, keys) = Pair::new(&[
        &["--scope", "admin"],
        &["--scope", "admin", "--tenant", "acme"],
        &["--scope", "auditor"],
    ]);
    let [operator, admin, auditor] = [0, 1, 2].map(|index| keys[index].as_str());
    let (own, other) = (by_key(&pair.held), by_key(&pair.file));
    for line in ["log verify", "log export tiles"] {
        let unnamed = pair.copied(line, operator);
        assert_eq!(unnamed.status, 2, "{line}: {}", unnamed.err);
        assert!(unnamed.err.contains("placet log key"), "{line}: {}", unnamed.err);
        for key in [admin, auditor] {
            let refused = pair.copied(&format!("{line} {own}"), key);
            assert_eq!(refused.status, 3, "{line}: {}", refused.err);
            assert!(refused.err.contains("`admin` and no tenant"), "{line}: {}", refused.err);
        }
        let foreign = pair.copied(&format!("{line} {other}"), operator);
        assert_eq!(foreign.status, 1, "{line}: {}{}", foreign.out, foreign.err);
        // A file is judged no other way.
        let on_file = pair.held.run(&arguments(&format!("{line} {other} --log placet.db")));
        assert_eq!(comparable(&on_file), comparable(&foreign), "{line}");
        assert!(!pair.held.path("tiles").exists(), "{line}");
    }
    pair.daemon.stop();
}

#[test]
fn a_daemons_log_that_was_altered_is_found_out_from_afar() {
    let (pair, keys) =
        Pair::new(&[&["--scope", "admin"], &["--scope", "agent", "--tenant", "default"]]);
    let [operator, agent] = [keys[0].as_str(), &keys[1]];
    pair.far("check calls.jsonl --record", agent);
    let verify = format!("log verify {}", by_key(&pair.held));
    assert_eq!(pair.copied(&verify, operator).status, 0);
    let log = rusqlite::Connection::open(pair.held.path("placet.db")).unwrap();
    let alter = "UPDATE entries SET leaf = replace(leaf, 'issue_refund', 'issue_refunt') \
                 WHERE leaf LIKE '%decided%issue_refund%'";
    assert_eq!(log.execute(alter, []).unwrap(), 1);
    let index = "SELECT idx FROM entries WHERE leaf LIKE '%issue_refunt%'";
    let index: i64 = log.query_row(index, [], |row| row.get(0)).unwrap();
    drop(log);
    let found = pair.copied(&verify, operator);
    assert_eq!(found.status, 1, "{}", found.err);
    assert!(found.out.contains(&format!("entry {index}")), "{}", found.out);
    assert!(found.out.contains("does not verify"), "{}", found.out);
}

/// Takes one request and sends a part of what it says it will.
fn begin_to_answer(listener: &TcpListener) -> TcpStream {
    let (mut stream, _) = listener.accept().unwrap();
    let mut request = Vec::new();
    let mut part = [0; 1024];
    while !request.windows(4).any(|end| end == b"\r\n\r\n") {
        let length = stream.read(&mut part).unwrap();
        request.extend_from_slice(&part[..length]);
    }
    assert!(request.starts_with(b"GET /v1/log/backup "), "{}", String::from_utf8_lossy(&request));
    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {LENGTH}\r\n\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(&vec![0; SENT]).unwrap();
    stream
}

#[test]
fn nothing_of_a_copy_is_left_when_its_daemon_goes_away() {
    let pair = Pair::new(&[]).0;
    let by_key = by_key(&pair.held);
    for line in ["log verify", "log export tiles"] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let fake = std::thread::spawn(move || drop(begin_to_answer(&listener)));
        let key = super::key(&pair.file, &["--scope", "admin"]);
        let ended = asking(&pair.held, &format!("{line} {by_key}"), &url, &key).output().unwrap();
        let ended = Ended::from(ended);
        assert_eq!((ended.status, ended.out.as_str()), (3, ""), "{line}: {}", ended.err);
        assert!(ended.err.contains("does not answer"), "{line}: {}", ended.err);
        assert!(left(&pair.held).is_empty(), "{line}");
        assert!(!pair.held.path("tiles").exists(), "{line}");
        fake.join().unwrap();
    }
}

/// At a terminal it is seen to come; a signal ends the command, and nothing is left.
#[test]
fn nothing_of_a_copy_is_left_when_a_signal_ends_the_command() {
    let (world, operator) = super::world();
    let by_key = by_key(&world);
    for (signal, number) in [("INT", 2), ("TERM", 15), ("HUP", 1)] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (over, until_over) = channel::<()>();
        let fake = std::thread::spawn(move || {
            let stream = begin_to_answer(&listener);
            until_over.recv().unwrap_err();
            drop(stream);
        });
        let mut pty = Pty::open();
        let mut command = asking(&world, &format!("log verify {by_key}"), &url, &operator);
        command.env("TERM", "xterm-256color").stdout(Stdio::null()).stderr(pty.line());
        let mut child = command.spawn().unwrap();
        pty.shows("25 %");
        assert_eq!(left(&world).len(), 1);
        let id = child.id().to_string();
        assert!(Command::new("kill").args(["-s", signal, &id]).status().unwrap().success());
        assert_eq!(child.wait().unwrap().code(), Some(128 + number), "{signal}");
        assert!(left(&world).is_empty(), "{signal}: {:?}", left(&world));
        drop(over);
        fake.join().unwrap();
    }
}
