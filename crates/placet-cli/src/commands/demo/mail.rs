//! Mail: a sink that takes it on this machine, and a sender. Just enough of SMTP (RFC 5321) for both.

use std::io::{BufRead as _, BufReader, Error, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use serde_json::Value;

use super::shop::text;

/// How long either side waits for the other.
const PATIENCE: Duration = Duration::from_secs(5);

/// Sends a mail of the agent's to a sink that takes one, and keeps it in a file.
pub(super) fn send(folder: &Path, params: &Value) -> Result<String, String> {
    let (to, subject) = (text(params, "to")?, text(params, "subject")?);
    let body = text(params, "text")?;
    if [to, subject].iter().any(|line| line.contains(['\r', '\n'])) {
        return Err("a line break in the address or the subject".to_owned());
    }
    let message = format!("To: {to}\r\nSubject: {subject}\r\n\r\n{body}");
    let (port, sink) = sink(folder).map_err(|error| error.to_string())?;
    deliver(port, to, &message).map_err(|error| error.to_string())?;
    let taken = sink.join().map_err(|_| "the sink stopped")?;
    taken.map_err(|error| error.to_string())?;
    Ok(format!("mail to {to}"))
}

/// Takes one mail.
fn sink(folder: &Path) -> Result<(u16, JoinHandle<Result<(), Error>>), Error> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let (port, folder) = (listener.local_addr()?.port(), folder.join("mail.txt"));
    let sink = thread::spawn(move || {
        let (stream, _) = listener.accept()?;
        let mail = take(stream)?;
        std::fs::write(folder, mail)
    });
    Ok((port, sink))
}

fn take(mut stream: TcpStream) -> Result<String, Error> {
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut lines = BufReader::new(stream.try_clone()?);
    let mut mail = String::new();
    stream.write_all(b"220 sink\r\n")?;
    loop {
        let mut line = String::new();
        if lines.read_line(&mut line)? == 0 {
            return Err(Error::other("the mail was cut off"));
        }
        match line.split_whitespace().next() {
            Some("DATA") => {
                stream.write_all(b"354 go on\r\n")?;
                loop {
                    let mut line = String::new();
                    if lines.read_line(&mut line)? == 0 || line == ".\r\n" {
                        break;
                    }
                    mail.push_str(line.strip_prefix('.').unwrap_or(&line));
                }
                stream.write_all(b"250 taken\r\n")?;
            }
            Some("QUIT") => {
                stream.write_all(b"221 bye\r\n")?;
                return Ok(mail);
            }
            _ => stream.write_all(b"250 ok\r\n")?,
        }
    }
}

fn deliver(port: u16, to: &str, message: &str) -> Result<(), Error> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut answers = BufReader::new(stream.try_clone()?);
    let mut expect = |code: &str| {
        let mut answer = String::new();
        answers.read_line(&mut answer)?;
        if answer.starts_with(code) { Ok(()) } else { Err(Error::other(answer)) }
    };
    expect("220")?;
    let recipient = format!("RCPT TO:<{to}>");
    for line in ["EHLO shop.example", "MAIL FROM:<support@shop.example>", &recipient] {
        write!(stream, "{line}\r\n")?;
        expect("250")?;
    }
    write!(stream, "DATA\r\n")?;
    expect("354")?;
    for line in message.split("\r\n") {
        // A line that is only a dot would end the mail.
        let dot = if line.starts_with('.') { "." } else { "" };
        write!(stream, "{dot}{line}\r\n")?;
    }
    write!(stream, ".\r\n")?;
    expect("250")?;
    write!(stream, "QUIT\r\n")?;
    expect("221")
}
