//! What a command says when its request was carried out, and the answer does not get through.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};

use crate::support::daemon::Daemon;
use crate::{Ended, World, world};

/// A way to the daemon on which every answer is lost: instead of it come these bytes.
fn lossy(daemon: &str, instead: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let own = listener.local_addr().unwrap().to_string();
    let (url, daemon) = (format!("http://{own}"), daemon.to_owned());
    std::thread::spawn(move || {
        for near in listener.incoming() {
            let (mut near, mut far) = (near.unwrap(), TcpStream::connect(&daemon).unwrap());
            let mut back = far.try_clone().unwrap();
            let mut from = near.try_clone().unwrap();
            let (own, daemon) = (own.clone(), daemon.clone());
            std::thread::spawn(move || {
                let mut part = [0; 4096];
                while let Ok(length @ 1..) = from.read(&mut part) {
                    // The daemon answers to its own name only.
                    let sent = String::from_utf8_lossy(&part[..length]).replace(&own, &daemon);
                    if far.write_all(sent.as_bytes()).is_err() {
                        return;
                    }
                }
            });
            // The daemon has answered, so it is done.
            drop(back.read(&mut [0; 4096]));
            drop(near.write_all(instead.as_bytes()));
            drop(near.shutdown(Shutdown::Both));
            drop(back.shutdown(Shutdown::Both));
        }
    });
    url
}

fn run(world: &World, operator: &str, url: &str, line: &[&str]) -> Ended {
    let mut command = world.command(&[line, &["--url", url]].concat());
    Ended::from(command.env("PLACET_KEY", operator).output().unwrap())
}

#[test]
fn a_write_whose_answer_is_lost_may_have_been_carried_out() {
    let (world, operator) = world();
    let daemon = Daemon::start(&world, &[]);
    let answers = [
        ("cut", "HTTP/1.1 200 OK\r\ncontent-type: appli"),
        ("short", "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"log_index\":"),
        ("nothing", ""),
        ("nonsense", "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nnonsense!"),
        ("gateway", "HTTP/1.1 502 Bad Gateway\r\ncontent-length: 3\r\n\r\noh!"),
    ];
    for (name, instead) in answers {
        let url = lossy(&daemon.address, instead);
        let switch = format!("tool:{name}");
        let trip = ["kill", "trip", &switch, "--reason", "loop"];
        let ended = run(&world, &operator, &url, &trip);
        let list = run(&world, &operator, &daemon.url(), &["kill", "list"]);
        assert!(list.out.contains(&switch), "it is tripped: {}", list.out);
        assert_eq!(ended.status, 3, "{name}: {}", ended.err);
        for says in ["may have been carried out", "placet log show", "placet kill list"] {
            assert!(ended.err.contains(says), "{name}: {says}: {}", ended.err);
        }
        // What changes nothing leaves nothing open.
        let read = run(&world, &operator, &url, &["kill", "list"]);
        assert_eq!(read.status, 3, "{name}: {}", read.err);
        assert!(!read.err.contains("carried out"), "{name}: {}", read.err);
    }
    let url = daemon.url();
    daemon.stop();
    // Nothing was sent to anybody.
    let ended = run(&world, &operator, &url, &["kill", "trip", "all", "--reason", "loop"]);
    assert!(ended.err.contains("does not answer"), "{}", ended.err);
    assert!(!ended.err.contains("carried out"), "{}", ended.err);
}
