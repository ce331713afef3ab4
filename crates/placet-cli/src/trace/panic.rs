//! A panic as one line of JSON, where every other line is one.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::io::Write;
use std::panic::{self, PanicHookInfo};
use std::thread;

use serde_json::{Value, json};

use super::line::now;

/// Has panics written in the form of all other lines, each to what `out` gives. That one cannot be
/// written is no matter: there is nobody to tell.
pub(super) fn write_as_json<W: Write>(out: impl Fn() -> W + Send + Sync + 'static) {
    panic::set_hook(Box::new(move |found| {
        // One write, so that no other line gets into it.
        let line = format!("{}\n", line(found));
        drop(out().write_all(line.as_bytes()));
    }));
}

fn line(found: &PanicHookInfo<'_>) -> Value {
    let said = found.payload_as_str().unwrap_or("nothing that is text");
    let mut line = json!({
        "timestamp": now(),
        "level": "ERROR",
        "message": "a thread has panicked",
        "target": "placet::panic",
        "thread": thread::current().name().unwrap_or("without a name"),
        "panic": said,
        "place": found.location().map(ToString::to_string),
    });
    // Only where somebody asks for it by RUST_BACKTRACE.
    let trace = Backtrace::capture();
    if let (BacktraceStatus::Captured, Some(fields)) = (trace.status(), line.as_object_mut()) {
        fields.insert("backtrace".to_owned(), trace.to_string().into());
    }
    line
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

    use std::io::{self, Write};
    use std::panic;
    use std::sync::mpsc::{Sender, channel};
    use std::thread;

    use serde_json::Value;

    use super::write_as_json;

    /// Sends what is written.
    struct Sent(Sender<Vec<u8>>);

    impl Write for Sent {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.send(bytes.to_vec()).map_err(io::Error::other)?;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_panic_is_one_line_of_json() {
        let (sender, written) = channel();
        let before = panic::take_hook();
        write_as_json(move || Sent(sender.clone()));
        let thread = thread::Builder::new().name("a \"thread\"".to_owned());
        let ended = thread.spawn(|| panic!("over\n{}", "two lines")).unwrap().join();
        panic::set_hook(before);
        assert!(ended.is_err());
        // Another test may have panicked meanwhile.
        let lines = written.iter().map(|line| String::from_utf8(line).unwrap());
        let line = lines.into_iter().find(|line| line.contains("two lines")).unwrap();
        assert!(line.ends_with('\n') && line.matches('\n').count() == 1, "{line}");
        let told: Value = serde_json::from_str(&line).unwrap();
        assert_eq!((&told["level"], &told["panic"]), (&"ERROR".into(), &"over\ntwo lines".into()));
        assert_eq!(told["thread"], "a \"thread\"");
        assert!(told["place"].as_str().unwrap().contains("panic.rs:"), "{line}");
    }
}
