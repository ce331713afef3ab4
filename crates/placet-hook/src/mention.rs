//! The paths that a text may name, also where it is a command.
//!
//! A command is not parsed here, but taken apart in every way in which a shell or a program might: with
//! and without its quotes, at `=` and `:`, and again inside of what was quoted. What only turns out while
//! it runs, such as `$x` and `*`, stands for whatever it may become. So more is found than is there,
//! and never less of what is written out.

use std::collections::BTreeSet;

/// Words of one command that are looked at. Inspection gives up long before.
const MAX_WORDS: usize = 4_000;

/// How often a quoted text may hold another command.
const MAX_DEPTH: usize = 6;

/// What stands for any text: the value of a variable, the output of a command, one of several words.
pub(crate) const ANYTHING: char = '\u{1}';

/// What stands for any part of one name: `*`, `?` and `[…]`.
pub(crate) const SOMETHING: char = '\u{2}';

/// The words of a command.
#[derive(Debug, Default)]
pub(crate) struct Words {
    /// In the order in which they were found; some are parts of others.
    pub(crate) all: Vec<String>,
    known: BTreeSet<String>,
    /// Whether there were more than anybody looks at.
    pub(crate) is_cut: bool,
}

impl Words {
    /// Takes a command apart.
    pub(crate) fn of(text: &str) -> Self {
        let mut words = Self::default();
        words.shell(text, 0);
        words.fragments(text);
        words
    }

    /// The words as a shell has them, without quotes.
    fn shell(&mut self, text: &str, depth: usize) {
        for Quoted { word, is_quoted } in Reader::of(text) {
            let parts: Vec<&str> = word.split(['=', ':', ',', '@']).collect();
            if parts.len() > 1 {
                parts.into_iter().for_each(|part| self.add(part));
            }
            if is_quoted && depth < MAX_DEPTH && word.contains([' ', '\'', '"', ';', '>', '\n']) {
                self.shell(&word, depth + 1);
            }
            self.add(&word);
        }
    }

    /// The parts between all that separates anything in a program's text.
    fn fragments(&mut self, text: &str) {
        let is_between =
            |c: char| c.is_whitespace() || "'\"`()[]{}<>|;&,=:$@\\".contains(c) || c.is_control();
        text.split(is_between).for_each(|part| self.add(part));
    }

    fn add(&mut self, word: &str) {
        if self.all.len() >= MAX_WORDS {
            self.is_cut = true;
        } else if !word.is_empty() && self.known.insert(word.to_owned()) {
            self.all.push(word.to_owned());
        }
    }
}

struct Quoted {
    word: String,
    is_quoted: bool,
}

/// Reads words one by one.
struct Reader<'a> {
    rest: std::iter::Peekable<std::str::Chars<'a>>,
}

impl<'a> Reader<'a> {
    fn of(text: &'a str) -> Self {
        Self { rest: text.chars().peekable() }
    }

    /// What stands between `open` and its `close`; its meaning is not known before it runs.
    fn skip(&mut self, open: char, close: char) {
        let mut depth = 1_usize;
        for c in self.rest.by_ref() {
            if c == close {
                depth -= 1;
            } else if c == open {
                depth += 1;
            }
            if depth == 0 {
                return;
            }
        }
    }

    fn expansion(&mut self, word: &mut String) {
        let from = word.len();
        word.push(ANYTHING);
        match self.rest.peek() {
            Some('{') => {
                self.rest.next();
                let name = self.name();
                if name == "HOME" && self.rest.peek() == Some(&'}') {
                    word.replace_range(from.., "~");
                }
                self.skip('{', '}');
            }
            Some('(') => {
                self.rest.next();
                self.skip('(', ')');
            }
            Some(c) if c.is_ascii_alphabetic() || *c == '_' => {
                if self.name() == "HOME" {
                    word.replace_range(from.., "~");
                }
            }
            Some('\'' | '"') | None => {
                word.truncate(from);
            }
            Some(_) => {
                self.rest.next();
            }
        }
    }

    fn name(&mut self) -> String {
        let mut name = String::new();
        while let Some(c) = self.rest.next_if(|c| c.is_ascii_alphanumeric() || *c == '_') {
            name.push(c);
        }
        name
    }

    /// A text in quotes. In `$'…'` a backslash may stand for any character.
    fn quoted(&mut self, quote: char, is_ansi: bool, word: &mut String) {
        while let Some(c) = self.rest.next() {
            match c {
                c if c == quote => return,
                '\\' if is_ansi => {
                    word.push(ANYTHING);
                    self.rest.next();
                    while self.rest.next_if(char::is_ascii_hexdigit).is_some() {}
                }
                '\\' if quote == '"' => word.extend(self.rest.next().filter(|c| *c != '\n')),
                '$' if quote == '"' => self.expansion(word),
                '`' if quote == '"' => self.backquoted(word),
                c => word.push(c),
            }
        }
    }

    fn backquoted(&mut self, word: &mut String) {
        word.push(ANYTHING);
        self.rest.by_ref().find(|c| *c == '`');
    }

    fn bracket(&mut self, word: &mut String) {
        word.push(SOMETHING);
        let mut ahead = self.rest.clone();
        if ahead.by_ref().take_while(|c| !c.is_whitespace()).any(|c| c == ']') {
            self.rest.by_ref().find(|c| *c == ']');
        }
    }
}

impl Iterator for Reader<'_> {
    type Item = Quoted;

    fn next(&mut self) -> Option<Quoted> {
        let is_between = |c: &char| c.is_whitespace() || "|;&<>()".contains(*c);
        while self.rest.next_if(is_between).is_some() {}
        self.rest.peek()?;
        let (mut word, mut is_quoted, mut before) = (String::new(), false, ' ');
        while let Some(c) = self.rest.next_if(|c| !is_between(c)) {
            match c {
                '\'' | '"' => {
                    is_quoted = true;
                    self.quoted(c, before == '$' && c == '\'', &mut word);
                }
                '\\' => word.extend(self.rest.next().filter(|c| *c != '\n')),
                '$' => self.expansion(&mut word),
                '`' => self.backquoted(&mut word),
                '*' | '?' => word.push(SOMETHING),
                '[' => self.bracket(&mut word),
                '{' => {
                    word.push(ANYTHING);
                    self.skip('{', '}');
                }
                c => word.push(c),
            }
            before = c;
        }
        Some(Quoted { word, is_quoted })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A word as it may be written so that a shell reads that word.
    fn written(word: &str, how: &[usize]) -> String {
        let ways = word.chars().zip(how.iter().cycle()).map(|(c, way)| match way {
            0 => c.to_string(),
            1 => format!("'{c}'"),
            2 => format!("\"{c}\""),
            3 => format!("\\{c}"),
            4 => format!("''{c}\"\""),
            _ => format!("\\\n{c}"),
        });
        ways.collect()
    }

    proptest! {
        #[test]
        fn a_word_is_found_however_it_is_quoted(
            word in "[a-z./_-]{1,16}",
            how in proptest::collection::vec(0_usize..6, 1..8),
            place in 0_usize..5,
        ) {
            let word_written = written(&word, &how);
            let command = match place {
                0 => format!("tee {word_written}"),
                1 => format!("echo x>{word_written};true"),
                2 => format!("dd if=a of={word_written}"),
                3 => format!("(cat a|tee -a {word_written})&"),
                _ => format!("sh -c \"tee {}\"", word_written.replace('\\', "\\\\").replace('"', "\\\"")),
            };
            prop_assert!(Words::of(&command).all.contains(&word), "{command}");
        }

        #[test]
        fn any_text_is_taken_apart(text in "[a-z '\"\\\\$`{}()\\[\\]*?;>|=\\n]{0,64}") {
            let words = Words::of(&text);
            prop_assert!(words.all.iter().all(|word| !word.is_empty()));
        }
    }
}
