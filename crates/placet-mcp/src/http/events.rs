//! Server-sent events, read as they come.

use bytes::{Bytes, BytesMut};

/// Reads the data of events out of a stream of bytes.
#[derive(Debug)]
pub(crate) struct Events {
    line: BytesMut,
    data: BytesMut,
    has_data: bool,
    after_return: bool,
    limit: usize,
    last_id: Option<Bytes>,
}

/// An event that is larger than anybody reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooLarge;

impl Events {
    /// A reader of events with at most so many bytes.
    pub(crate) fn new(limit: usize) -> Self {
        let (line, data) = (BytesMut::new(), BytesMut::new());
        Self { line, data, has_data: false, after_return: false, limit, last_id: None }
    }

    /// The id of the event that came last, with which a stream is taken up again after it.
    pub(crate) fn last_id(&self) -> Option<&Bytes> {
        self.last_id.as_ref()
    }

    /// Takes in what came; the data of the events that are whole by now.
    pub(crate) fn push(&mut self, part: &[u8]) -> Result<Vec<Bytes>, TooLarge> {
        let mut whole = Vec::new();
        for byte in part {
            let after_return = std::mem::replace(&mut self.after_return, *byte == b'\r');
            match byte {
                // The second half of one end of a line.
                b'\n' if after_return => {}
                b'\n' | b'\r' => whole.extend(self.end_line()),
                byte => self.line.extend_from_slice(&[*byte]),
            }
            if self.line.len() + self.data.len() > self.limit {
                return Err(TooLarge);
            }
        }
        Ok(whole)
    }

    fn end_line(&mut self) -> Option<Bytes> {
        let line = self.line.split();
        if line.is_empty() {
            let data = self.data.split().freeze();
            return std::mem::take(&mut self.has_data).then_some(data);
        }
        if let Some(id) = line.strip_prefix(b"id:") {
            self.last_id = Some(Bytes::copy_from_slice(id.strip_prefix(b" ").unwrap_or(id)));
        }
        let value = line.strip_prefix(b"data:")?;
        if std::mem::replace(&mut self.has_data, true) {
            self.data.extend_from_slice(b"\n");
        }
        self.data.extend_from_slice(value.strip_prefix(b" ").unwrap_or(value));
        None
    }
}

/// A message as an event. It has no end of a line in it.
pub(crate) fn event(message: &[u8]) -> Bytes {
    let mut event = BytesMut::from(&b"event: message\ndata: "[..]);
    event.extend_from_slice(message);
    event.extend_from_slice(b"\n\n");
    event.freeze()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn events_are_the_same_however_they_arrive(
            datas in prop::collection::vec("[a-z{}\": ]{1,20}", 0..6),
            ends in prop::sample::select(vec!["\n", "\r\n", "\r"]),
            step in 1_usize..7,
        ) {
            let text: String = datas
                .iter()
                .map(|data| format!(": note{ends}id: 7{ends}event: message{ends}data: {data}{ends}{ends}"))
                .collect();
            let mut events = Events::new(1_000);
            let mut read = Vec::new();
            for part in text.as_bytes().chunks(step) {
                read.extend(events.push(part).unwrap());
            }
            let last = (!datas.is_empty()).then(|| Bytes::from("7"));
            prop_assert_eq!(events.last_id(), last.as_ref());
            prop_assert_eq!(read, datas.into_iter().map(Bytes::from).collect::<Vec<_>>());
        }
    }

    #[test]
    fn lines_of_data_are_one() {
        let read = Events::new(100).push(b"data: a\ndata:b\n\n\n").unwrap();
        assert_eq!(read, [Bytes::from("a\nb")]);
    }

    #[test]
    fn what_has_no_end_is_given_up() {
        assert_eq!(Events::new(10).push(b"data: 123456789"), Err(TooLarge));
    }
}
