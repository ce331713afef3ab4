//! Runs the detectors over one text and settles what they found.

use std::ops::Range;
use std::sync::OnceLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use regex::Regex;

use super::fold::Folded;
use super::kind::Kind;
use super::rule::{RULES, Rule};
use super::{assignment, card, name, placeholder};

/// Shorter texts hold no secret that could be told from a word.
const MIN_TEXT: usize = 6;

/// Index of the detector of named secrets among the prefilter's bits, after those of the rules.
const NAMED: usize = RULES.len();
/// Fewer digits are no card number.
pub(super) const CARD_DIGITS: u32 = 13;

const _: () = assert!(NAMED < 64, "the prefilter keeps one bit for each detector");

/// A secret in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) range: Range<usize>,
    pub(super) kind: Kind,
}

/// Every detector. A pattern is compiled when a text first gives reason to try it: most processes see no
/// such text, and one that answers a single call would spend most of its time on patterns that it never
/// tries.
#[derive(Debug)]
pub(super) struct Detector {
    /// Finds which detectors a text gives reason to run.
    prefilter: AhoCorasick,
    /// For each of the prefilter's patterns, the detector that it wakes.
    wakes: Vec<usize>,
    /// The patterns of [`RULES`], in their order.
    patterns: Vec<OnceLock<Regex>>,
}

/// Compiles a pattern that is part of this crate.
#[expect(clippy::expect_used, reason = "patterns are constants, and a test compiles each of them")]
pub(super) fn compile(pattern: &str) -> Regex {
    Regex::new(pattern).expect("a constant pattern compiles")
}

#[expect(
    clippy::expect_used,
    reason = "literals are constants, and every test of this module builds this"
)]
fn prefilter(literals: &[&str]) -> AhoCorasick {
    let mut builder = AhoCorasick::builder();
    let builder = builder.ascii_case_insensitive(true).kind(Some(AhoCorasickKind::DFA));
    builder.build(literals).expect("constant literals build")
}

impl Detector {
    pub(super) fn new() -> Self {
        let of_rules = RULES
            .iter()
            .enumerate()
            .flat_map(|(at, rule)| rule.literals.iter().map(move |l| (*l, at)));
        let of_names = name::LITERALS.iter().map(|literal| (*literal, NAMED));
        let (literals, wakes): (Vec<&str>, Vec<usize>) = of_rules.chain(of_names).unzip();
        let patterns = RULES.iter().map(|_| OnceLock::new()).collect();
        Self { prefilter: prefilter(&literals), wakes, patterns }
    }

    /// What a name of a field says about its value.
    pub(super) fn named(&self, name: &str) -> Option<name::Named> {
        if self.wakened(name) & (1 << NAMED) == 0 { None } else { name::says_secret(name) }
    }

    /// Whether a text gives no detector any reason to run: it holds no secret and names none.
    pub(super) fn is_quiet(&self, text: &str) -> bool {
        text.is_ascii() && !self.prefilter.is_match(text) && !has_card_digits(text)
    }

    /// The secrets in a text: in order, apart from each other, and outside of placeholders.
    pub(super) fn spans(&self, text: &str) -> Vec<Span> {
        if text.len() < MIN_TEXT {
            return Vec::new();
        }
        if text.is_ascii() {
            return self.plain(text);
        }
        // As it is written as well: what folds to a digit beside a number would hide the number.
        let mut spans = self.plain(text);
        let folded = Folded::of(text);
        let disguised = self.plain(folded.as_str()).into_iter();
        spans.extend(
            disguised.filter_map(|span| Some(Span { range: folded.original(span.range)?, ..span })),
        );
        if has_card_digits(folded.as_str()) {
            let broken = Folded::with_breaks(text);
            let cards = card::find_mixed(broken.as_str()).into_iter();
            let cards = cards.filter_map(|range| broken.original(range));
            spans.extend(cards.map(|range| Span { range, kind: Kind::CardNumber }));
        }
        settle(spans)
    }

    fn plain(&self, text: &str) -> Vec<Span> {
        let mut spans = Vec::new();
        let awake = self.wakened(text);
        if awake != 0 {
            self.shapes(text, awake, &mut spans);
            if awake & (1 << NAMED) != 0 {
                assignment::find(text, |kind, range| spans.push(Span { range, kind }));
            }
            spare_placeholders(text, &mut spans);
        }
        if has_card_digits(text) {
            let cards = card::find(text).into_iter();
            spans.extend(cards.map(|range| Span { range, kind: Kind::CardNumber }));
        }
        settle(spans)
    }

    /// The detectors to run, one bit each.
    fn wakened(&self, text: &str) -> u64 {
        let woken = self.prefilter.find_overlapping_iter(text);
        woken
            .filter_map(|hit| self.wakes.get(hit.pattern().as_usize()))
            .fold(0, |bits, at| bits | 1 << at)
    }

    fn shapes(&self, text: &str, awake: u64, spans: &mut Vec<Span>) {
        let all = RULES.iter().zip(&self.patterns).enumerate();
        for (_, (rule, pattern)) in all.filter(|(at, _)| awake & (1 << at) != 0) {
            shape(rule, pattern.get_or_init(|| compile(rule.pattern)), text, spans);
        }
    }
}

fn has_card_digits(text: &str) -> bool {
    let least = usize::try_from(CARD_DIGITS).unwrap_or(usize::MAX);
    text.bytes().filter(u8::is_ascii_digit).count() >= least
}

fn shape(rule: &Rule, pattern: &Regex, text: &str, spans: &mut Vec<Span>) {
    let secrets = pattern.captures_iter(text).filter_map(|captures| rule.secret(&captures));
    spans.extend(secrets.map(|range| Span { range, kind: rule.kind }));
}

/// Keeps names and shapes from finding what already stands for a secret. Card numbers are not
/// spared: no genuine placeholder looks like one, and a forged one must not hide one.
fn spare_placeholders(text: &str, spans: &mut Vec<Span>) {
    let kept = placeholder::find(text);
    spans.retain_mut(|span| {
        // The first placeholder that does not end before the secret begins, and the last one that
        // begins before the secret ends.
        let first = kept.get(kept.partition_point(|kept| kept.end <= span.range.start));
        let last = kept
            .get(..kept.partition_point(|kept| kept.start < span.range.end))
            .and_then(<[_]>::last);
        if let Some(last) = last.filter(|last| span.range.end < last.end) {
            span.range.end = last.start;
        }
        !span.range.is_empty() && first.is_none_or(|first| span.range.start < first.start)
    });
}

/// Joins what overlaps. The longest of them names the whole, and among equals the first.
fn settle(mut spans: Vec<Span>) -> Vec<Span> {
    spans.sort_by_key(|span| span.range.start);
    let mut settled: Vec<(Span, usize)> = Vec::with_capacity(spans.len());
    for span in spans {
        match settled.last_mut() {
            Some((last, longest)) if span.range.start < last.range.end => {
                if span.range.len() > *longest {
                    (last.kind, *longest) = (span.kind, span.range.len());
                }
                last.range.end = last.range.end.max(span.range.end);
            }
            _ => {
                let length = span.range.len();
                settled.push((span, length));
            }
        }
    }
    settled.into_iter().map(|(span, _)| span).collect()
}
