//! Charts, drawn here as SVG. Colours come from the stylesheet, so they fit both schemes; a table
//! beside each says the same to whoever cannot see it.

use crate::telemetry::Tally;

/// The space that bars are drawn in.
pub(super) const WIDTH: u64 = 960;
/// Its height.
pub(super) const HEIGHT: u64 = 200;

/// One bar: a piece for each verdict, from the bottom up.
#[derive(Debug)]
pub(super) struct Bar {
    pub(super) x: u64,
    pub(super) width: u64,
    pub(super) pieces: Vec<Piece>,
    pub(super) title: String,
}

/// One piece of a bar.
#[derive(Debug)]
pub(super) struct Piece {
    pub(super) y: u64,
    pub(super) height: u64,
    pub(super) class: &'static str,
}

/// The largest count that the bars reach up to: a round number not below any of them.
pub(super) fn top(most: u64) -> u64 {
    let mut power: u64 = 1;
    loop {
        for step in [1, 2, 5] {
            let top = power.saturating_mul(step);
            if top >= most {
                return top.max(4);
            }
        }
        power = power.saturating_mul(10);
    }
}

/// A bar for each tally, with its name.
pub(super) fn bars(tallies: &[(String, Tally)], top: u64) -> Vec<Bar> {
    let count = u64::try_from(tallies.len()).unwrap_or(1).max(1);
    let slot = WIDTH / count;
    let bar = |(place, (name, tally)): (u64, &(String, Tally))| Bar {
        x: place * slot + slot / 8,
        width: (slot - slot / 4).max(1),
        pieces: pieces(*tally, top),
        title: format!(
            "{name}: {} allowed, {} held, {} blocked",
            tally.allowed, tally.held, tally.blocked
        ),
    };
    (0..).zip(tallies).map(bar).collect()
}

fn pieces(tally: Tally, top: u64) -> Vec<Piece> {
    let mut y = HEIGHT;
    let parts = [(tally.allowed, "allow"), (tally.held, "hold"), (tally.blocked, "block")];
    let mut pieces = Vec::new();
    for (count, class) in parts.into_iter().filter(|(count, _)| *count > 0) {
        // What is there shows, however little it is.
        let height = length(count, top, HEIGHT).max(2).min(y);
        y -= height;
        pieces.push(Piece { y, height, class });
    }
    pieces
}

/// How long a bar is for so many of so many.
pub(super) fn length(part: u64, whole: u64, most: u64) -> u64 {
    let scaled = u128::from(part) * u128::from(most) / u128::from(whole.max(1));
    u64::try_from(scaled).unwrap_or(most).min(most)
}

#[cfg(test)]
#[expect(clippy::indexing_slicing, reason = "tests")]
mod tests {
    use super::{HEIGHT, Tally, bars, length, top};

    #[test]
    fn the_scale_ends_at_a_round_number_that_nothing_exceeds() {
        for (most, expected) in [(0, 4), (3, 5), (5, 5), (6, 10), (11, 20), (21, 50), (999, 1000)] {
            assert_eq!(top(most), expected, "{most}");
        }
    }

    #[test]
    fn pieces_stand_on_each_other_and_stay_inside() {
        let tally = Tally { allowed: 6, held: 1, blocked: 3, would_have: 0 };
        let bars = bars(&[("now".to_owned(), tally), ("then".to_owned(), Tally::default())], 10);
        let pieces: Vec<(u64, u64)> = bars[0].pieces.iter().map(|p| (p.y, p.height)).collect();
        assert_eq!(pieces, [(80, 120), (60, 20), (0, 60)]);
        assert!(bars[1].pieces.is_empty());
        assert_eq!(bars[0].title, "now: 6 allowed, 1 held, 3 blocked");
    }

    #[test]
    fn a_little_still_shows_and_too_much_stays_inside() {
        let tally = Tally { allowed: 1_000_000, held: 1, blocked: 1, would_have: 0 };
        let bars = bars(&[(String::new(), tally)], 1_000_000);
        assert!(bars[0].pieces.iter().all(|piece| piece.y + piece.height <= HEIGHT));
        assert_eq!(length(7, 0, 100), 100);
    }
}
