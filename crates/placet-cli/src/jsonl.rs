//! Reading JSON lines from anyone, in bounded memory.
//!
//! A line that is too long is passed over without being kept, however long it is; it is an error of
//! that line and of no other. Blank lines are counted and otherwise ignored.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, stdin};
use std::path::Path;

use placet_core::Json;
use placet_core::json::ParseError;
use placet_core::limits::MAX_JSON_BYTES;

use crate::escape;
use crate::failure::Failure;

/// Bytes that are read at a time.
const BUFFER_BYTES: usize = 64 * 1024;

/// Longest line that is read, in bytes. A document has its own, lower limit; the rest is room for
/// the carriage return that some systems put at the end.
const MAX_LINE_BYTES: usize = MAX_JSON_BYTES + 1;

/// A line that is not blank.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Line {
    /// Its number, from 1.
    pub(crate) number: u64,
    /// Its bytes without the line feed; nothing if it was too long.
    pub(crate) bytes: Option<Vec<u8>>,
    /// How many bytes of the input it and the blank lines before it take up.
    pub(crate) length: u64,
}

impl Line {
    /// The JSON value on the line, or what is wrong with it.
    pub(crate) fn json(&self) -> Result<Json, String> {
        let bytes = self.bytes.as_deref().ok_or_else(too_long)?;
        Json::parse(bytes).map_err(|error| describe(&error))
    }
}

/// The lines of an input.
#[derive(Debug)]
pub(crate) struct Lines<R> {
    input: R,
    number: u64,
}

impl<R: BufRead> Lines<R> {
    pub(crate) fn new(input: R) -> Self {
        Self { input, number: 0 }
    }

    /// The next line that is not blank; nothing at the end.
    pub(crate) fn next(&mut self) -> io::Result<Option<Line>> {
        let mut length = 0;
        while let Some((bytes, read)) = self.raw()? {
            self.number += 1;
            length += read;
            if bytes.as_ref().is_none_or(|bytes| !bytes.trim_ascii().is_empty()) {
                return Ok(Some(Line { number: self.number, bytes, length }));
            }
        }
        Ok(None)
    }

    /// One line, blank or not, and how many bytes were read for it.
    fn raw(&mut self) -> io::Result<Option<(Option<Vec<u8>>, u64)>> {
        let mut bytes = Vec::new();
        let limit = u64::try_from(MAX_LINE_BYTES).unwrap_or(u64::MAX).saturating_add(1);
        let mut read =
            u64::try_from(self.input.by_ref().take(limit).read_until(b'\n', &mut bytes)?)
                .unwrap_or(0);
        if read == 0 {
            return Ok(None);
        }
        let ended = bytes.last() == Some(&b'\n');
        if ended {
            bytes.pop();
        }
        if bytes.len() <= MAX_LINE_BYTES {
            return Ok(Some((Some(bytes), read)));
        }
        if !ended {
            read += u64::try_from(self.input.skip_until(b'\n')?).unwrap_or(0);
        }
        Ok(Some((None, read)))
    }
}

/// A file, or standard input for `-`, to be read in lines.
pub(crate) fn open(path: &Path) -> Result<Lines<Box<dyn BufRead + Send>>, Failure> {
    let input: Box<dyn Read + Send> =
        if is_stdin(path) { Box::new(stdin()) } else { Box::new(open_file(path)?) };
    Ok(Lines::new(Box::new(BufReader::with_capacity(BUFFER_BYTES, input))))
}

/// Whether the path stands for standard input.
pub(crate) fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == "-"
}

fn open_file(path: &Path) -> Result<File, Failure> {
    let file = File::open(path).map_err(|error| Failure::file("read", path, error))?;
    let metadata = file.metadata().map_err(|error| Failure::file("read", path, error))?;
    if metadata.is_dir() {
        return Err(Failure::unusable_because(format!(
            "{} is a folder, not a file",
            path.display()
        )));
    }
    Ok(file)
}

/// What is wrong with a document that is one line.
fn describe(error: &ParseError) -> String {
    let mut text = format!("column {}", error.column);
    if error.line > 1 {
        text = format!("line {}, {text}", error.line);
    }
    if !error.pointer.is_root() {
        text.push_str(&format!(", at {}", escape::clipped(error.pointer.as_str(), 80)));
    }
    format!("{text}: {}", error.kind)
}

fn too_long() -> String {
    format!("the line is longer than {MAX_JSON_BYTES} bytes; send the large part by reference")
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn read(text: &[u8]) -> Vec<(u64, Option<usize>)> {
        let mut lines = Lines::new(text);
        let mut found = Vec::new();
        while let Some(line) = lines.next().unwrap() {
            found.push((line.number, line.bytes.map(|bytes| bytes.len())));
        }
        found
    }

    #[test]
    fn blank_lines_count_and_are_passed_over() {
        assert_eq!(read(b"{}\n\n \r\n[1]"), [(1, Some(2)), (4, Some(3))]);
    }

    #[test]
    fn a_line_that_is_too_long_is_passed_over_and_the_next_is_read() {
        let mut text = vec![b'x'; 10 * 1024 * 1024];
        text.extend(b"\n{}\n");
        assert_eq!(read(&text), [(1, None), (2, Some(2))]);
    }

    #[test]
    fn the_longest_line_is_read() {
        let mut text = vec![b'x'; MAX_LINE_BYTES];
        assert_eq!(read(&text), [(1, Some(MAX_LINE_BYTES))]);
        text.extend(b"\n{}");
        assert_eq!(read(&text), [(1, Some(MAX_LINE_BYTES)), (2, Some(2))]);
        text.insert(0, b'x');
        assert_eq!(read(&text), [(1, None), (2, Some(2))]);
    }

    #[test]
    fn lengths_add_up_to_the_input() {
        let text = b"{}\n\n[1]\n";
        let mut lines = Lines::new(&text[..]);
        let mut sum = 0;
        while let Some(line) = lines.next().unwrap() {
            sum += line.length;
        }
        assert_eq!(sum, 8);
    }
}
