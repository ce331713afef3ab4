//! The screen, drawn: the list, the action, the form, the keys.
//!
//! Only the sixteen colours of the terminal are used, on its own background, so that it is readable
//! on a light one as on a dark one; without colours, weight and words say the same.

use placet::Timestamp;
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::details::{self, DetailLine};
use super::form::{Form, Input};
use super::inbox::Inbox;
use crate::commands::approvals::card::{self, Tone};
use crate::escape;
use crate::place::Held;

/// The least screen on which an action can be judged.
const MIN_COLUMNS: u16 = 60;
const MIN_ROWS: u16 = 16;

/// Rows of the list, with its heading.
const LIST_ROWS: u16 = 6;

/// Columns of a field's name in the form: as many as the sentence has that asks for the last word.
const MAX_PROMPT: usize = 25;

/// Less than this is left: hurry. In milliseconds.
const SOON_MS: u128 = 60_000;

/// Styles, with or without colours.
pub(super) struct Paint {
    has_colors: bool,
}

impl Paint {
    pub(super) fn new(has_colors: bool) -> Self {
        Self { has_colors }
    }

    fn tone(&self, tone: Tone) -> Style {
        match tone {
            Tone::Plain => Style::new(),
            Tone::Strong => Style::new().add_modifier(Modifier::BOLD),
            Tone::Faint => Style::new().add_modifier(Modifier::DIM),
            Tone::Held => self.color(Color::Yellow),
            Tone::Bad => self.color(Color::Red).add_modifier(Modifier::BOLD),
        }
    }

    fn color(&self, color: Color) -> Style {
        if self.has_colors { Style::new().fg(color) } else { Style::new() }
    }
}

pub(super) fn draw(inbox: &mut Inbox, frame: &mut Frame<'_>, paint: &Paint, now: Timestamp) {
    let area = frame.area();
    if area.width < MIN_COLUMNS || area.height < MIN_ROWS {
        let text = format!("the terminal is too small: {MIN_COLUMNS}x{MIN_ROWS} is the least");
        frame.render_widget(Paragraph::new(text), area);
        return;
    }
    let form = inbox.form.as_ref().map_or(0, |form| form.inputs.len() + 1);
    let form = u16::try_from(form).unwrap_or(LIST_ROWS);
    let [title, list, pane, below, status] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Length(LIST_ROWS),
        Constraint::Min(4),
        Constraint::Length(form),
        Constraint::Length(1),
    ])
    .areas(area);
    frame.render_widget(Paragraph::new(title_line(inbox, paint)), title);
    frame.render_widget(Paragraph::new(list_lines(inbox, list, paint, now)), list);
    draw_details(inbox, frame, pane, paint, now);
    if let Some(form) = &inbox.form {
        frame.render_widget(Paragraph::new(form_lines(form, below, paint)), below);
        place_cursor(form, frame, below);
    }
    frame.render_widget(Paragraph::new(status_line(inbox, paint)), status);
}

fn title_line(inbox: &Inbox, paint: &Paint) -> Line<'static> {
    let count = match inbox.held().len() {
        0 => "nothing waits for people".to_owned(),
        1 => "1 action waits for people".to_owned(),
        count => format!("{count} actions wait for people"),
    };
    let mut spans = vec![Span::styled(format!(" placet  {count}"), paint.tone(Tone::Strong))];
    if let Some(why) = &inbox.lost {
        let why = escape::line(why).into_owned();
        spans.push(Span::styled(format!("  {why}; trying again"), paint.tone(Tone::Bad)));
    }
    Line::from(spans)
}

fn list_lines(inbox: &Inbox, area: Rect, paint: &Paint, now: Timestamp) -> Vec<Line<'static>> {
    let width = usize::from(area.width);
    let rows = usize::from(area.height).saturating_sub(2);
    let selected = inbox.place().unwrap_or_default();
    let first = (selected + 1).saturating_sub(rows);
    let heading = list_row("  ", ["tool", "agent", "risk", "signed", "left"], width);
    let mut lines = vec![Line::styled(heading, paint.tone(Tone::Faint))];
    for (place, held) in inbox.held().iter().enumerate().skip(first).take(rows) {
        let style = list_style(held, place == selected, paint, now);
        lines.push(Line::styled(list_line(held, place == selected, width, now), style));
    }
    lines.resize_with(rows + 1, Line::default);
    lines.push(Line::styled("─".repeat(width), paint.tone(Tone::Faint)));
    lines
}

fn list_style(held: &Held, is_selected: bool, paint: &Paint, now: Timestamp) -> Style {
    let is_soon = held.terms().deadline.since(now).as_millis() < SOON_MS;
    let style = paint.tone(if is_soon { Tone::Bad } else { Tone::Plain });
    if is_selected { style.add_modifier(Modifier::REVERSED) } else { style }
}

fn list_line(held: &Held, is_selected: bool, width: usize, now: Timestamp) -> String {
    let terms = held.terms();
    let signed = format!("{}/{}", held.signed().len(), terms.quorum);
    let left = card::left(terms.deadline, now);
    let risk = held.decision().risk.map_or("unknown", |risk| risk.as_str());
    let (tool, agent) = (held.text("tool").unwrap_or("erased"), held.text("agent").unwrap_or("–"));
    list_row(if is_selected { "▸ " } else { "  " }, [tool, agent, risk, &signed, &left], width)
}

/// A row of the list: what is not as wide as its column is padded, what is wider is cut.
fn list_row(mark: &str, cells: [&str; 5], width: usize) -> String {
    let rest = width.saturating_sub(2 + 17 + 8 + 9);
    let widths = [rest * 3 / 5, rest * 2 / 5, 17, 8, 9];
    let cells = cells.iter().zip(widths).map(|(text, width)| {
        let text = escape::clipped(text, width.saturating_sub(1));
        crate::console::cell(anstyle::Style::new(), &text, width)
    });
    format!("{mark}{}", cells.collect::<String>())
}

fn draw_details(
    inbox: &mut Inbox,
    frame: &mut Frame<'_>,
    area: Rect,
    paint: &Paint,
    now: Timestamp,
) {
    let (width, height) = (usize::from(area.width), usize::from(area.height));
    let lines = inbox.current().map_or_else(Vec::new, |held| {
        details::lines(held, inbox.is_open(held.terms().id), width, now)
    });
    let (total, rows) = (lines.len(), height.saturating_sub(1));
    let first = inbox.drawn(total, rows, now);
    let mut shown: Vec<Line<'_>> =
        lines.iter().skip(first).take(rows).map(|line| detail(line, paint)).collect();
    shown.resize_with(rows, Line::default);
    let last = (first + rows).min(total);
    let place = match total > rows {
        true => format!("── lines {} to {last} of {total} ", first + 1),
        false => String::new(),
    };
    let rule = format!("{place}{}", "─".repeat(width.saturating_sub(place.chars().count())));
    shown.push(Line::styled(rule, paint.tone(Tone::Faint)));
    frame.render_widget(Paragraph::new(shown), area);
}

fn detail(line: &DetailLine, paint: &Paint) -> Line<'static> {
    let label = if line.text.is_empty() { line.tone } else { Tone::Faint };
    Line::from(vec![
        Span::styled(line.label.clone(), paint.tone(label)),
        Span::styled(line.text.clone(), paint.tone(line.tone)),
    ])
}

fn form_lines(form: &Form, area: Rect, paint: &Paint) -> Vec<Line<'static>> {
    let heading = format!(" {} {}", form.intent.word(), form.id);
    let mut lines = vec![Line::styled(heading, paint.tone(Tone::Strong))];
    for (place, input) in form.inputs.iter().enumerate() {
        let tone = if place == form.focus { Tone::Strong } else { Tone::Plain };
        lines.push(Line::from(vec![
            Span::styled(prompt(input, place == form.focus), paint.tone(tone)),
            Span::raw(written(input, area.width)),
        ]));
    }
    lines
}

fn prompt(input: &Input, is_focused: bool) -> String {
    let mark = if is_focused { '▸' } else { ' ' };
    let count = match input.least {
        Some(least) if least > 1 => format!(" {}/{least}", input.length()),
        _ => String::new(),
    };
    format!("{mark} {}{count}: ", escape::clipped(&input.name, MAX_PROMPT))
}

/// The end of what was written, as far as there is room: that is where the cursor is.
fn written(input: &Input, width: u16) -> String {
    let taken = prompt(input, true).chars().count() + 1;
    details::tail(&escape::line(&input.text), usize::from(width).saturating_sub(taken))
}

fn place_cursor(form: &Form, frame: &mut Frame<'_>, area: Rect) {
    let Some(input) = form.inputs.get(form.focus) else { return };
    let line = format!("{}{}", prompt(input, true), written(input, area.width));
    let columns = unicode_width::UnicodeWidthStr::width(line.as_str());
    let column = u16::try_from(columns).unwrap_or(area.width).min(area.width.saturating_sub(1));
    let row = u16::try_from(form.focus + 1).unwrap_or_default();
    frame.set_cursor_position((area.x + column, area.y + row));
}

fn status_line(inbox: &Inbox, paint: &Paint) -> Line<'static> {
    if let Some(notice) = &inbox.notice {
        let tone = if notice.is_bad { Tone::Bad } else { Tone::Strong };
        return Line::styled(format!(" {}", escape::line(&notice.text)), paint.tone(tone));
    }
    let keys = match &inbox.form {
        Some(form) if form.is_sent => " sending…",
        Some(_) => " enter next   tab move   esc cancel",
        None => " ↑↓ choose  space read on  b back  o open long values  a approve  d deny  q quit",
    };
    Line::styled(keys, paint.tone(Tone::Faint))
}
