//! Where requests begin and end, watched from outside the parser.
//!
//! The parser takes a line feed alone for the end of a line, as the standard allows. A proxy before
//! us may take the same byte for a part of a value, and what it sends on as one request would be two
//! to us. So the bytes are watched as they come in: a head whose lines do not all end in CR LF is
//! spoilt before the parser sees it. Nothing else is judged here; at worst a request is refused.

/// A byte that the parser refuses wherever it stands in a head.
const SPOILT: u8 = 0;

/// The requests of one connection, as far as they have come in.
#[derive(Debug, Default)]
pub(super) struct Framing {
    at: At,
    /// The line at hand, as far as it has come in. The parser reads no more than a head's limit
    /// ahead, so it is no longer than that.
    line: Vec<u8>,
    /// Whether a line of the head at hand has come in.
    begun: bool,
    /// The length of the body that follows the head at hand.
    length: u64,
}

/// What the next byte belongs to.
#[derive(Debug, Default)]
enum At {
    #[default]
    Head,
    /// A body of which so many bytes are to come.
    Body(u64),
    /// Nobody knows. The request is refused and the connection closed after that.
    Lost,
}

impl At {
    /// With so many bytes of a body to come.
    fn after(left: u64) -> Self {
        if left == 0 { Self::Head } else { Self::Body(left) }
    }
}

impl Framing {
    /// Watches bytes that have come in, and spoils what must not be read.
    pub(super) fn watch(&mut self, mut bytes: &mut [u8]) {
        while !bytes.is_empty() {
            bytes = match self.at {
                At::Head => self.head(bytes),
                At::Body(left) => self.body(bytes, left),
                At::Lost => return,
            };
        }
    }

    /// Whether a part of a request has come in, and another has not.
    pub(super) fn is_within(&self) -> bool {
        match self.at {
            At::Head => self.begun || !self.line.is_empty(),
            At::Body(_) | At::Lost => true,
        }
    }

    fn body<'a>(&mut self, bytes: &'a mut [u8], left: u64) -> &'a mut [u8] {
        let here = usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len());
        let left = left.saturating_sub(u64::try_from(here).unwrap_or(u64::MAX));
        self.at = At::after(left);
        bytes.get_mut(here..).unwrap_or_default()
    }

    fn head<'a>(&mut self, bytes: &'a mut [u8]) -> &'a mut [u8] {
        let feed = bytes.iter().position(|byte| *byte == b'\n');
        let ends = feed.map_or(bytes.len(), |feed| feed + 1);
        let Some((line, rest)) = bytes.split_at_mut_checked(ends) else { return &mut [] };
        self.line.extend_from_slice(line);
        if feed.is_some() {
            if self.line.ends_with(b"\r\n") {
                self.end_line();
            } else {
                line.fill(SPOILT);
                self.at = At::Lost;
            }
        }
        rest
    }

    fn end_line(&mut self) {
        let line = std::mem::take(&mut self.line);
        if line != b"\r\n" {
            self.begun = true;
            self.field(&line);
        } else if self.begun {
            // The head is complete. Empty lines before one are skipped by the parser.
            self.begun = false;
            self.at = At::after(std::mem::take(&mut self.length));
        }
    }

    /// Notes what a line says about the length of the body.
    fn field(&mut self, line: &[u8]) {
        let mut parts = line.splitn(2, |byte| *byte == b':');
        let name = parts.next().unwrap_or_default();
        let value = parts.next().unwrap_or_default();
        if name.eq_ignore_ascii_case(b"content-length") {
            match digits(value.trim_ascii()) {
                Some(length) => self.length = length,
                None => self.at = At::Lost,
            }
        } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
            self.at = At::Lost;
        }
    }
}

fn digits(text: &[u8]) -> Option<u64> {
    let all_digits = !text.is_empty() && text.iter().all(u8::is_ascii_digit);
    let text = std::str::from_utf8(text).ok().filter(|_| all_digits)?;
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::indexing_slicing, reason = "tests")]

    use super::Framing;

    /// What is left of bytes that come in in pieces of one size.
    fn watched(bytes: &[u8], piece: usize) -> (Vec<u8>, bool) {
        let (mut bytes, mut framing) = (bytes.to_vec(), Framing::default());
        for piece in bytes.chunks_mut(piece) {
            framing.watch(piece);
        }
        (bytes, framing.is_within())
    }

    #[test]
    fn what_is_framed_well_passes_however_it_is_cut() {
        let requests = b"\r\nPOST / HTTP/1.1\r\nHost: a\r\ncontent-LENGTH:  5 \r\n\r\n\n\nx\r\n\
                         GET / HTTP/1.1\r\nHost: a\r\n\r\n";
        for piece in 1..=requests.len() {
            assert_eq!(watched(requests, piece), (requests.to_vec(), false), "{piece}");
        }
    }

    #[test]
    fn a_line_feed_alone_spoils_the_head_it_is_in() {
        let request = b"GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n";
        for piece in 1..=request.len() {
            let (left, within) = watched(request, piece);
            assert_eq!(left[23], 0, "{piece}");
            assert!(within);
        }
        assert_eq!(watched(b"GET / HTTP/1.1\r\n\n", 3).0.last(), Some(&0));
        assert_eq!(watched(b"\nGET / HTTP/1.1\r\n", 3).0.first(), Some(&0));
    }

    #[test]
    fn a_request_is_open_until_its_last_byte() {
        let request = b"POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\nab";
        for cut in 1..request.len() {
            assert!(watched(&request[..cut], 7).1, "{cut}");
        }
        assert!(!watched(request, 7).1);
        assert!(!watched(b"", 1).1);
    }
}
