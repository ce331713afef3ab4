//! Deciding over HTTP: the daemon, and beside it the same web framework with nothing to do, and other
//! products that decide over HTTP.

mod bare;
mod cerbos;
mod client;
mod daemon;
mod peer;
mod squidbrake;

use std::time::Duration;

use anyhow::{Context as _, Result};
use tokio::runtime::Builder;

use crate::durable::OneRow;
use crate::measure::{Contestant, Scale, in_turn, median};
use crate::priority::Awake;
use crate::progress;
use crate::report::{Chart, Line, Section, Table, Target, nanos, per_second, ratio};
use crate::sample::Refund;
use crate::scratch::Scratch;
use bare::Bare;
use client::send_for;
pub(crate) use client::{Connection, Header, Request};
pub(crate) use daemon::{CLASSES, Daemon};
use peer::{Installed, NAMES};

/// Durable decisions a second that there should be over [`GOAL_CONNECTIONS`].
pub(crate) const GOAL: f64 = 10_000.0;
const GOAL_CONNECTIONS: usize = 64;

/// The same, once [`GOAL`] is reached.
const FURTHER_GOAL: f64 = 20_000.0;

/// What evaluating may take on top of a bare handler at the median, in nanoseconds.
const GOAL_EVALUATE: f64 = 50_000.0;

/// What proposing over one connection may take on top of a plain commit of one row, at the median,
/// in nanoseconds.
const GOAL_PROPOSE: f64 = 150_000.0;

/// The daemon's log.
const LOG: &str = "placet.db";

const ABOUT: &str = "\
Requests over so many keep-alive connections, each of which sends its next when it has its \
answer; clients and server share the machine, and each core is kept awake by a process that runs \
when nobody else wants to: to wake it takes longer than some of these answers. \"Propose\" is \
`POST /v1/actions`, durable before it is answered; \"evaluate\" is `POST /v1/evaluate`, which \
records nothing. Beside them the same server library answers a fixed text to the same request: \
what HTTP alone costs here. Beside one connection plain SQLite commits one row of the same log \
at a time, as in the section before. The second table has two other products, in turns with the \
first and with the same clients; each gets our rules and caps in its own language, and before it \
is measured it has to allow the refund that we allow, and not to allow a large one. Cerbos \
0.51.0 (`CheckResources` over HTTP) is one process on all cores. Its audit log is off, so it \
answers from memory and keeps nothing, and its like here is evaluating; it has no key to check, \
knows allow and deny, and holds nothing for people. HTTP is its second language, which it \
translates into gRPC within the process. Squidbrake 0.14.8 (`POST /v1/events`) is one process, \
as it comes, in Python. Its like is proposing: it checks a key, looks at what came before, \
redacts, and adds a row and a link of its hash chain to SQLite before it answers, though with \
`synchronous = NORMAL`, which may lose the last answers when the power fails. Of its own rules \
it has none here. Where a cell says \"not measured\", the product could not be installed or \
started.";

/// How fast something went.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Throughput {
    /// Requests a second.
    rate: f64,
    /// What one took at the median, in nanoseconds.
    p50: f64,
    /// The same for the slowest of a hundred.
    p99: f64,
}

impl Throughput {
    fn median(turns: &[Self]) -> Self {
        let of = |figure: fn(&Self) -> f64| median(&turns.iter().map(figure).collect::<Vec<_>>());
        Self { rate: of(|turn| turn.rate), p50: of(|turn| turn.p50), p99: of(|turn| turn.p99) }
    }
}

/// What came of so many connections.
struct Row {
    connections: usize,
    propose: Throughput,
    evaluate: Throughput,
    bare: Throughput,
    /// A plain commit of one row; only beside one connection.
    commit: Option<Throughput>,
    /// The other products, as far as they run.
    others: [Option<Throughput>; NAMES.len()],
}

impl Row {
    /// What proposing takes on top of a plain commit, at the median.
    fn above_a_commit(&self) -> f64 {
        self.commit.map_or(f64::NAN, |commit| self.propose.p50 - commit.p50)
    }
}

pub(crate) fn measure(scale: &Scale) -> Result<Section> {
    let scratch = Scratch::new("peers")?;
    let peers = peer::install(&scratch, scale);
    let _awake = Awake::keep();
    let mut rows = Vec::new();
    for &connections in scale.connections {
        progress(&format!("  {connections} connections"));
        rows.push(compare(connections, scale, &peers)?);
    }
    let many = rows.iter().rev().find(|row| row.connections <= GOAL_CONNECTIONS);
    let many = many.map_or(f64::NAN, |row| row.propose.rate);
    let one = rows.first().map_or(f64::NAN, |row| row.evaluate.p50 - row.bare.p50);
    let alone = rows.first().map_or(f64::NAN, Row::above_a_commit);
    Ok(Section {
        title: "Deciding over HTTP",
        about: ABOUT,
        targets: vec![
            Target::at_least("durable decisions, 64 connections", many, GOAL, per_second),
            Target::at_least("the same, further goal", many, FURTHER_GOAL, per_second),
            Target::at_most(
                "one connection, above a plain commit of one row",
                alone,
                GOAL_PROPOSE,
                nanos,
            ),
            Target::at_most("evaluating, above a bare handler", one, GOAL_EVALUATE, nanos),
        ],
        charts: vec![chart(&rows)],
        tables: vec![table(&rows), others(&rows)],
    })
}

fn compare(connections: usize, scale: &Scale, peers: &[Installed]) -> Result<Row> {
    let scratch = Scratch::new("serve")?;
    let daemon = Daemon::start(scratch.file(LOG))?;
    let bare = Bare::start()?;
    let clients = Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let turn = scale.disk_turn;
    let refund = Refund::several(CLASSES, false).into_iter().next().context("a refund")?;
    let body = refund.text();
    let key = Header::bearer(&daemon.key);
    let request =
        |address, path: &str| Request::post(address, path, std::slice::from_ref(&key), &body);
    let propose = request(daemon.address, "/v1/actions");
    let evaluate = request(daemon.address, "/v1/evaluate");
    let plain = request(bare.address, "/v1/actions");
    let send = |address, request: &Request, turn: Duration| {
        send_for(&clients, address, request, connections, turn)
    };
    // Also leaves rows for the plain commit.
    send(daemon.address, &propose, turn / 5)?;
    let mut commit = match connections {
        1 => Some(OneRow::like(&scratch.file(LOG), &scratch.file("plain.db"))?),
        _ => None,
    };
    let others = NAMES.map(|name| {
        let peer = peers.iter().find(|peer| peer.name == name)?;
        peer.start(&scratch, &refund, &clients)
    });
    let mut contestants: Vec<Contestant<'_, Throughput>> = vec![
        Box::new(|| send(daemon.address, &propose, turn)),
        Box::new(|| send(daemon.address, &evaluate, turn)),
        Box::new(|| send(bare.address, &plain, turn)),
    ];
    for other in others.iter().flatten() {
        contestants.push(Box::new(|| send(other.address, &other.request, turn)));
    }
    if let Some(commit) = &mut commit {
        contestants.push(Box::new(|| {
            let [rate, p50, p99] = commit.commit_for(turn)?;
            Ok(Throughput { rate, p50, p99 })
        }));
    }
    let figures = in_turn(scale.rounds.min(3), &mut contestants)?;
    let mut figures = figures.iter().map(|turns| Throughput::median(turns));
    let mut next = || figures.next().context("three contestants");
    let (propose, evaluate, bare) = (next()?, next()?, next()?);
    let others = others.each_ref().map(|other| other.as_ref().and_then(|_| figures.next()));
    Ok(Row { connections, propose, evaluate, bare, commit: figures.next(), others })
}

fn table(rows: &[Row]) -> Table {
    let columns = [
        "propose",
        "p50",
        "p99",
        "evaluate",
        "p50",
        "p99",
        "bare handler",
        "p50",
        "p99",
        "plain commit, p50",
    ];
    let mut table = Table::new("connections", columns.map(str::to_owned).to_vec());
    for row in rows {
        let commit = row.commit.map_or_else(String::new, |commit| nanos(commit.p50));
        let cells = [row.propose, row.evaluate, row.bare]
            .into_iter()
            .flat_map(|figures| [per_second(figures.rate), nanos(figures.p50), nanos(figures.p99)])
            .chain([commit]);
        table.row(&row.connections.to_string(), cells.collect());
    }
    table
}

fn others(rows: &[Row]) -> Table {
    let figures = |name: &str| [name.to_owned(), "p50".to_owned(), "p99".to_owned()];
    let against = ["Cerbos / evaluate, p50", "Squidbrake / propose, p50"].map(str::to_owned);
    let columns = NAMES.into_iter().flat_map(figures).chain(against).collect();
    let mut table = Table::new("connections", columns);
    let missing = || "not measured".to_owned();
    for row in rows {
        let cells = row.others.iter().flat_map(|other| match other {
            Some(it) => [per_second(it.rate), nanos(it.p50), nanos(it.p99)],
            None => [missing(), missing(), missing()],
        });
        let against =
            row.others.iter().zip([row.evaluate, row.propose]).map(|(other, ours)| {
                other.map_or_else(missing, |other| ratio(other.p50 / ours.p50))
            });
        table.row(&row.connections.to_string(), cells.chain(against).collect());
    }
    table
}

fn chart(rows: &[Row]) -> Chart {
    let line = |name: &str, figures: &dyn Fn(&Row) -> Option<f64>| Line {
        name: name.to_owned(),
        points: rows.iter().filter_map(figures).collect(),
    };
    let mut lines = vec![
        line("propose, durable", &|row| Some(row.propose.rate)),
        line("evaluate", &|row| Some(row.evaluate.rate)),
        line("bare handler", &|row| Some(row.bare.rate)),
    ];
    for (nth, name) in NAMES.into_iter().enumerate() {
        let rate = |row: &Row| row.others.get(nth).copied().flatten().map(|other| other.rate);
        lines.push(line(name, &rate));
    }
    // One that was left out for some of them has no line, because its points would stand elsewhere.
    lines.retain(|line| line.points.len() == rows.len());
    Chart {
        title: "Requests a second, by number of connections",
        ticks: rows.iter().map(|row| row.connections.to_string()).collect(),
        lines,
        goal: GOAL,
        unit: per_second,
    }
}
