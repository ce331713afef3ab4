//! Cuts a file into its rules, before anything recursive looks at them.
//!
//! Each rule is then read by itself: an error in one does not hide those in the next, its line
//! is known, and one that is nested too deeply for a parser's stack never reaches a parser.

/// The text of one rule, with the `;` that ends it.
pub(super) struct Statement<'a> {
    /// Where it begins in its file, in bytes.
    pub(super) start: usize,
    pub(super) text: &'a str,
    /// How many operators, brackets and dots it has.
    pub(super) operators: usize,
    /// How deeply its brackets and its `if`s are nested, or more.
    pub(super) nesting: usize,
}

/// The rules of a file, in order. Whatever follows the last `;` is one more, unless it is blank.
pub(super) fn statements(file: &str) -> Vec<Statement<'_>> {
    let mut cutter = Cutter { file, ..Cutter::default() };
    for (at, c) in file.char_indices() {
        cutter.take(at, c);
    }
    if cutter.within == Within::Slash {
        cutter.start.get_or_insert(file.len() - 1);
    }
    cutter.finish(file.len());
    cutter.done
}

#[derive(Clone, Copy, Default, PartialEq)]
enum Within {
    #[default]
    Code,
    Slash,
    Comment,
    Text,
    Escape,
}

#[derive(Default)]
struct Cutter<'a> {
    file: &'a str,
    within: Within,
    start: Option<usize>,
    operators: usize,
    open: usize,
    nesting: usize,
    word: String,
    done: Vec<Statement<'a>>,
}

impl Cutter<'_> {
    fn take(&mut self, at: usize, c: char) {
        self.within = match (self.within, c) {
            (Within::Comment, '\n' | '\r') => Within::Code,
            (Within::Comment, _) | (Within::Slash, '/') => Within::Comment,
            (Within::Text, '"') => Within::Code,
            (Within::Text, '\\') => Within::Escape,
            (Within::Text | Within::Escape, _) => Within::Text,
            (Within::Code, '/') => Within::Slash,
            (Within::Slash, _) => self.after_lone_slash(at, c),
            (Within::Code, _) => self.code(at, c),
        };
    }

    /// One slash is no comment. It is no Cedar either, but that is for the parser to say.
    fn after_lone_slash(&mut self, at: usize, c: char) -> Within {
        self.start.get_or_insert(at - 1);
        self.code(at, c)
    }

    fn code(&mut self, at: usize, c: char) -> Within {
        if c.is_alphanumeric() || c == '_' {
            self.word.push(c);
        } else {
            if self.word == "if" {
                self.nest();
            }
            self.word.clear();
        }
        if !c.is_whitespace() {
            self.start.get_or_insert(at);
        }
        if "([{.!=<>&|+-*".contains(c) {
            self.operators += 1;
        }
        match c {
            '"' => return Within::Text,
            ';' => self.finish(at + 1),
            '(' | '[' | '{' => self.nest(),
            ')' | ']' | '}' => self.open = self.open.saturating_sub(1),
            _ => {}
        }
        Within::Code
    }

    /// An `if` has no end of its own, so it counts until the end of the rule.
    fn nest(&mut self) {
        self.open += 1;
        self.nesting = self.nesting.max(self.open);
    }

    fn finish(&mut self, end: usize) {
        if let Some(start) = self.start.take() {
            let text = self.file.get(start..end).unwrap_or_default();
            self.done.push(Statement {
                start,
                text,
                operators: self.operators,
                nesting: self.nesting,
            });
        }
        (self.operators, self.open, self.nesting) = (0, 0, 0);
        self.word.clear();
    }
}
