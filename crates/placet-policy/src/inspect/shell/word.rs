//! Words of a command, with quotes taken off and expansions noted.

use brush_parser::ParserOptions;
use brush_parser::word::{ParameterExpr, WordPiece, WordPieceWithSource};

use super::super::argument::Findings;
use super::super::effect::Effect;
use super::inspect_nested;

/// One word as a program would get it, as far as that is known before it runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ShellWord {
    text: String,
    /// Something in it is computed.
    computed: bool,
    /// It may become several words, or none.
    splits: bool,
    /// Everything that is written in it, with what is computed left out.
    written: String,
}

impl ShellWord {
    /// A word that no shell touches.
    pub(super) fn literal(text: &str) -> Self {
        Self { text: text.to_owned(), written: text.to_owned(), ..Self::default() }
    }

    /// The word, if nothing in it is computed.
    pub(super) fn exact(&self) -> Option<&str> {
        (!self.computed && !self.splits).then_some(&*self.text)
    }

    /// The known beginning of the word.
    pub(super) fn known(&self) -> &str {
        &self.text
    }

    /// All that is written in the word, also behind what is computed (`$HOME/.ssh/id_rsa`).
    pub(super) fn written(&self) -> &str {
        &self.written
    }

    /// Whether it is sure to be one word, or a list of file names, that no program takes for an
    /// option.
    pub(super) fn is_surely_operand(&self) -> bool {
        let starts_plain = !self.text.is_empty() && !self.text.starts_with(['-', '+', '@']);
        starts_plain && !self.splits
    }
}

/// Reads a raw word. What it would run while being expanded is inspected too.
pub(super) fn read(raw: &str, depth: usize, findings: &mut Findings) -> ShellWord {
    if is_plain(raw) || matches!(raw, "[" | "]") {
        return ShellWord::literal(raw);
    }
    let mut word = ShellWord::default();
    match brush_parser::word::parse(raw, &ParserOptions::default()) {
        Ok(pieces) => Reader { depth, findings, word: &mut word }.pieces(&pieces, false),
        Err(_) => findings.cannot_tell("a word that cannot be parsed"),
    }
    word
}

/// Inspects the body of a here-document in which the shell expands.
pub(super) fn read_document(raw: &str, depth: usize, findings: &mut Findings) {
    let mut word = ShellWord::default();
    match brush_parser::word::parse_heredoc(raw, &ParserOptions::default()) {
        Ok(pieces) => Reader { depth, findings, word: &mut word }.pieces(&pieces, true),
        Err(_) => findings.cannot_tell("a here-document that cannot be parsed"),
    }
}

fn is_plain(raw: &str) -> bool {
    raw.chars().all(|c| {
        c.is_ascii_alphanumeric()
            || matches!(c, '-' | '_' | '.' | '/' | ',' | ':' | '@' | '%' | '+' | '=')
    })
}

struct Reader<'a> {
    depth: usize,
    findings: &'a mut Findings,
    word: &'a mut ShellWord,
}

impl Reader<'_> {
    fn pieces(&mut self, pieces: &[WordPieceWithSource], quoted: bool) {
        for piece in pieces {
            self.piece(&piece.piece, quoted);
        }
    }

    fn piece(&mut self, piece: &WordPiece, quoted: bool) {
        match piece {
            WordPiece::Text(text) => self.text(text, quoted),
            WordPiece::SingleQuotedText(text) => self.literal(text),
            WordPiece::EscapeSequence(text) => {
                self.literal(text.strip_prefix('\\').unwrap_or(text));
            }
            WordPiece::AnsiCQuotedText(text) if !text.contains('\\') => self.literal(text),
            WordPiece::AnsiCQuotedText(_) | WordPiece::TildeExpansion(_) => {
                self.tilde_or_escape(piece);
            }
            WordPiece::DoubleQuotedSequence(pieces)
            | WordPiece::GettextDoubleQuotedSequence(pieces) => self.pieces(pieces, true),
            WordPiece::ParameterExpansion(expansion) => self.parameter(expansion, quoted),
            WordPiece::CommandSubstitution(command) => self.substitution(command, quoted),
            WordPiece::BackquotedCommandSubstitution(command) => self.backquoted(command, quoted),
            WordPiece::ArithmeticExpression(sum) => self.sum(&sum.value, quoted),
        }
    }

    /// Once a part is computed, what follows it is no known beginning any more.
    fn literal(&mut self, text: &str) {
        self.word.written.push_str(text);
        if !self.word.computed {
            self.word.text.push_str(text);
        }
    }

    fn text(&mut self, text: &str, quoted: bool) {
        if quoted {
            return self.literal(text);
        }
        if text.contains('(') {
            self.findings.cannot_tell("a pattern that some shells run");
        }
        let known = text.split(['*', '?', '[', '{', '(']).next().unwrap_or(text);
        self.literal(known);
        self.word.written.push_str(text.get(known.len()..).unwrap_or(""));
        self.word.computed |= known.len() != text.len();
        self.word.splits |= text.contains('{');
    }

    fn tilde_or_escape(&mut self, piece: &WordPiece) {
        if matches!(piece, WordPiece::TildeExpansion(_)) {
            self.literal("~");
        } else {
            self.word.computed = true;
        }
    }

    fn computed(&mut self, quoted: bool) {
        self.word.computed = true;
        self.word.splits |= !quoted;
    }

    /// Only `$name` and `${name}`: the other forms contain texts that are expanded in turn.
    fn parameter(&mut self, expansion: &ParameterExpr, quoted: bool) {
        use brush_parser::word::Parameter::{Named, Positional, Special};
        let is_plain = matches!(
            expansion,
            ParameterExpr::Parameter {
                parameter: Named(_) | Positional(_) | Special(_),
                indirect: false
            }
        );
        if !is_plain {
            self.findings.cannot_tell("an expansion with a text of its own");
        }
        self.computed(quoted);
    }

    fn substitution(&mut self, command: &str, quoted: bool) {
        let mut inner = inspect_nested(command, self.depth + 1);
        inner.effects.retain(|(effect, ..)| *effect != Effect::Reads);
        self.findings.merge(inner);
        self.computed(quoted);
    }

    fn backquoted(&mut self, command: &str, quoted: bool) {
        if command.contains('\\') {
            self.findings.cannot_tell("backquotes with escapes");
        }
        self.substitution(command, quoted);
    }

    /// A name in a sum is looked up and its value evaluated, which can run commands.
    fn sum(&mut self, sum: &str, quoted: bool) {
        if !is_plain_sum(sum) {
            self.findings.cannot_tell("arithmetic with names or expansions");
        }
        self.computed(quoted);
    }
}

/// Whether arithmetic is about nothing but numbers.
pub(super) fn is_plain_sum(sum: &str) -> bool {
    sum.chars().all(|c| {
        c.is_ascii_digit()
            || matches!(
                c,
                ' ' | '+' | '-' | '*' | '/' | '%' | '(' | ')' | '<' | '>' | '=' | '!' | '&' | '|'
            )
    })
}
