//! Server-sent events, read as they come.

use std::time::Duration;

use bytes::{Bytes, BytesMut};

/// Reads the data of events out of a stream of bytes.
#[derive(Debug)]
pub(crate) struct Events {
    line: BytesMut,
    data: BytesMut,
    has_data: bool,
    after_return: bool,
    limit: usize,
    /// The id of the event that has not ended yet.
    id: Option<Bytes>,
    last_id: Option<Bytes>,
    retry: Option<Duration>,
}

/// An event that is larger than anybody reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooLarge;

/// How a line ended what stands before it.
enum Ended {
    /// It did not.
    Nothing,
    /// An event without data, which may say where the stream is.
    Empty,
    /// An event with this data.
    Event(Bytes),
}

impl Events {
    /// A reader of events with at most so many bytes.
    pub(crate) fn new(limit: usize) -> Self {
        let (line, data) = (BytesMut::new(), BytesMut::new());
        let (id, last_id, retry) = (None, None, None);
        Self { line, data, has_data: false, after_return: false, limit, id, last_id, retry }
    }

    /// Forgets half an event, because the stream begins anew after the last whole one.
    pub(crate) fn begin_again(&mut self) {
        let (limit, last_id, retry) = (self.limit, self.last_id.take(), self.retry);
        *self = Self { last_id, retry, ..Self::new(limit) };
    }

    /// The id of the event that came last, with which a stream is taken up again after it.
    pub(crate) fn last_id(&self) -> Option<&Bytes> {
        self.last_id.as_ref()
    }

    /// How long whoever takes the stream up again shall wait before that, if the server says so.
    pub(crate) fn retry(&self) -> Option<Duration> {
        self.retry
    }

    /// Takes in what came; the data of the events that are whole by now.
    pub(crate) fn push(&mut self, part: &[u8]) -> Result<Vec<Bytes>, TooLarge> {
        let mut whole = Vec::new();
        let mut rest = part;
        while !rest.is_empty() {
            let (used, ended) = self.line(rest)?;
            if let Ended::Event(data) = ended {
                whole.push(data);
            }
            rest = rest.get(used..).unwrap_or_default();
        }
        Ok(whole)
    }

    /// Takes in what came up to the end of one line: how much that was, and what it ended.
    fn line(&mut self, part: &[u8]) -> Result<(usize, Ended), TooLarge> {
        let end = part.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
        let text = part.get(..end.unwrap_or(part.len())).unwrap_or_default();
        if self.line.len() + self.data.len() + text.len() > self.limit {
            return Err(TooLarge);
        }
        self.line.extend_from_slice(text);
        let after_return = self.after_return && text.is_empty();
        self.after_return = end.and_then(|end| part.get(end)) == Some(&b'\r');
        match end {
            None => Ok((part.len(), Ended::Nothing)),
            // The second half of one end of a line.
            Some(0) if after_return && !self.after_return => Ok((1, Ended::Nothing)),
            Some(end) => Ok((end + 1, self.end_line())),
        }
    }

    fn end_line(&mut self) -> Ended {
        let line = self.line.split();
        if line.is_empty() {
            let data = self.data.split().freeze();
            self.last_id = self.id.take().or(self.last_id.take());
            return match std::mem::take(&mut self.has_data) {
                true => Ended::Event(data),
                false => Ended::Empty,
            };
        }
        if let Some(id) = value(&line, b"id:") {
            self.id = Some(Bytes::copy_from_slice(id));
        } else if let Some(retry) = value(&line, b"retry:") {
            let millis = std::str::from_utf8(retry).ok().and_then(|it| it.parse().ok());
            self.retry = millis.map(Duration::from_millis).or(self.retry);
        } else if let Some(data) = value(&line, b"data:") {
            if std::mem::replace(&mut self.has_data, true) {
                self.data.extend_from_slice(b"\n");
            }
            self.data.extend_from_slice(data);
        }
        Ended::Nothing
    }
}

/// The value of a line that begins with such a name.
fn value<'a>(line: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let value = line.strip_prefix(name)?;
    Some(value.strip_prefix(b" ").unwrap_or(value))
}

/// Cuts a stream of bytes where an event ends in it, so that none goes on in half.
#[derive(Debug)]
pub(crate) struct Cut {
    events: Events,
    held: BytesMut,
}

impl Cut {
    /// Events with at most so many bytes.
    pub(crate) fn new(limit: usize) -> Self {
        Self { events: Events::new(limit), held: BytesMut::new() }
    }

    /// Whether an event has said where the stream can be taken up again.
    pub(crate) fn can_go_on(&self) -> bool {
        self.events.last_id.is_some()
    }

    /// Takes in what came: each event that is whole by now, as it came, and the data in it.
    pub(crate) fn push(&mut self, part: &[u8]) -> Result<Vec<(Bytes, Option<Bytes>)>, TooLarge> {
        let mut whole = Vec::new();
        let mut rest = part;
        while !rest.is_empty() {
            let (used, ended) = self.events.line(rest)?;
            let (line, after) = rest.split_at_checked(used).unwrap_or((rest, &[]));
            if self.held.len() + line.len() > self.events.limit {
                return Err(TooLarge);
            }
            self.held.extend_from_slice(line);
            match ended {
                Ended::Nothing => {}
                Ended::Empty => whole.push((self.held.split().freeze(), None)),
                Ended::Event(data) => whole.push((self.held.split().freeze(), Some(data))),
            }
            rest = after;
        }
        Ok(whole)
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
            let (mut events, mut cut) = (Events::new(1_000), Cut::new(1_000));
            let (mut read, mut whole) = (Vec::new(), Vec::new());
            for part in text.as_bytes().chunks(step) {
                read.extend(events.push(part).unwrap());
                whole.extend(cut.push(part).unwrap());
            }
            let cuts: Vec<_> = whole.iter().filter_map(|(_, data)| data.clone()).collect();
            prop_assert_eq!(&cuts, &read);
            let passed: Vec<u8> = whole.iter().flat_map(|(raw, _)| raw.to_vec()).collect();
            let passed = String::from_utf8(passed).unwrap();
            prop_assert_eq!(passed.trim(), text.trim());
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
    fn no_event_goes_on_in_half() {
        let mut cut = Cut::new(100);
        let whole = cut.push(b"retry: 20\nid: 4\n\ndata: a\r\n\r\n: note\n\ndata: half").unwrap();
        let texts: Vec<_> =
            whole.iter().map(|(raw, _)| String::from_utf8_lossy(raw).into_owned()).collect();
        assert_eq!(texts, ["retry: 20\nid: 4\n\n", "data: a\r\n\r", "\n: note\n\n"]);
        assert_eq!(cut.events.retry(), Some(Duration::from_millis(20)));
        assert!(cut.can_go_on());
    }

    #[test]
    fn where_half_an_event_stands_is_not_where_a_stream_is_taken_up_again() {
        let mut events = Events::new(100);
        events.push(b"id: 1\ndata: a\n\nid: 2\ndata: b").unwrap();
        assert_eq!(events.last_id(), Some(&Bytes::from("1")));
        events.begin_again();
        assert_eq!(events.push(b"data: c\n\n").unwrap(), [Bytes::from("c")]);
        assert_eq!(events.last_id(), Some(&Bytes::from("1")));
    }

    #[test]
    fn what_has_no_end_is_given_up() {
        assert_eq!(Events::new(10).push(b"data: 123456789"), Err(TooLarge));
    }
}
