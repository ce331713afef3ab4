//! Deciding over HTTP: the daemon, and beside it the same web framework with nothing to do.

mod client;

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context as _, Result};
use placet::{Config, Guard, KeyScope, LogPlace, NewKey, PolicySource, TenantId};
use placet_server::{Limits, Listen, Server, ServerConfig, Stop, StopHandle};
use tokio::runtime::{Builder, Runtime};

use crate::durable::OneRow;
use crate::measure::{Contestant, Scale, in_turn, median};
use crate::progress;
use crate::report::{Chart, Line, Section, Table, Target, nanos, per_second};
use crate::sample::{self, Refund};
use crate::scratch::Scratch;
use client::{Request, send_for};

/// Durable decisions a second that there should be over [`GOAL_CONNECTIONS`].
const GOAL: f64 = 10_000.0;
const GOAL_CONNECTIONS: usize = 64;

/// What evaluating may take on top of a bare handler at the median, in nanoseconds.
const GOAL_EVALUATE: f64 = 50_000.0;

/// What proposing over one connection may take on top of a plain commit of one row, at the median,
/// in nanoseconds.
const GOAL_PROPOSE: f64 = 150_000.0;

/// Classes in the policy.
const CLASSES: usize = 10;

/// The daemon's log.
const LOG: &str = "placet.db";

const ABOUT: &str = "\
Requests over so many keep-alive connections, each of which sends its next when it has its answer; \
clients and server share the machine. \"Propose\" is `POST /v1/actions`, durable before it is \
answered; \"evaluate\" is `POST /v1/evaluate`, which records nothing. Beside them the same server \
library answers a fixed text to the same request: what HTTP alone costs here. Beside one connection \
plain SQLite commits one row of the same log at a time, as in the section before.";

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
}

impl Row {
    /// What proposing takes on top of a plain commit, at the median.
    fn above_a_commit(&self) -> f64 {
        self.commit.map_or(f64::NAN, |commit| self.propose.p50 - commit.p50)
    }
}

pub(crate) fn measure(scale: &Scale) -> Result<Section> {
    let mut rows = Vec::new();
    for &connections in scale.connections {
        progress(&format!("  {connections} connections"));
        rows.push(compare(connections, scale)?);
    }
    let many = rows.iter().rev().find(|row| row.connections <= GOAL_CONNECTIONS);
    let one = rows.first().map_or(f64::NAN, |row| row.evaluate.p50 - row.bare.p50);
    let alone = rows.first().map_or(f64::NAN, Row::above_a_commit);
    Ok(Section {
        title: "Deciding over HTTP",
        about: ABOUT,
        targets: vec![
            Target::at_least(
                "durable decisions, 64 connections",
                many.map_or(f64::NAN, |row| row.propose.rate),
                GOAL,
                per_second,
            ),
            Target::at_most(
                "one connection, above a plain commit of one row",
                alone,
                GOAL_PROPOSE,
                nanos,
            ),
            Target::at_most("evaluating, above a bare handler", one, GOAL_EVALUATE, nanos),
        ],
        chart: Some(chart(&rows)),
        tables: vec![table(&rows)],
    })
}

fn compare(connections: usize, scale: &Scale) -> Result<Row> {
    let scratch = Scratch::new("serve")?;
    let daemon = Daemon::start(&scratch)?;
    let bare = Bare::start()?;
    let clients = Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let turn = scale.disk_turn;
    let refund = Refund::several(CLASSES, false).into_iter().next().context("a refund")?;
    let body = refund.text();
    let request = |address, path: &str| Request::post(address, path, &daemon.key, &body);
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
    let mut contestants: Vec<Contestant<'_, Throughput>> = vec![
        Box::new(|| send(daemon.address, &propose, turn)),
        Box::new(|| send(daemon.address, &evaluate, turn)),
        Box::new(|| send(bare.address, &plain, turn)),
    ];
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
    Ok(Row { connections, propose, evaluate, bare, commit: figures.next() })
}

/// The daemon with a log on the disk, on threads of this process.
struct Daemon {
    address: SocketAddr,
    key: String,
    stop: StopHandle,
    runtime: Option<Runtime>,
}

impl Daemon {
    fn start(scratch: &Scratch) -> Result<Self> {
        let policy = PolicySource::Files(sample::policy(CLASSES));
        let log = LogPlace::File(scratch.file(LOG));
        let guard = Guard::open(Config { policy, log })?;
        for number in 0..CLASSES {
            guard.blocking().report(sample::evidence(number)?)?;
        }
        let key = NewKey {
            name: "bench".parse()?,
            tenant: Some(TenantId::default()),
            agent: None,
            person: None,
            scopes: [KeyScope::Agent].into(),
        };
        let (secret, _) = guard.blocking().create_key(key)?;
        let runtime = Builder::new_multi_thread().enable_all().build()?;
        let config = ServerConfig {
            listen: vec![Listen::Tcp(SocketAddr::from(([127, 0, 0, 1], 0)))],
            limits: Limits {
                requests_per_second: std::num::NonZeroU32::MAX,
                burst: std::num::NonZeroU32::MAX,
                ..Limits::default()
            },
            ..ServerConfig::default()
        };
        let server = runtime.block_on(Server::bind(config, guard))?;
        let Some(Listen::Tcp(address)) = server.addresses().first().cloned() else {
            anyhow::bail!("no address")
        };
        let (stop, handle) = Stop::new();
        runtime.spawn(server.run(stop));
        let key = secret.danger_text().to_string();
        Ok(Self { address, key, stop: handle, runtime: Some(runtime) })
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        self.stop.ask();
        self.stop.ask();
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_timeout(Duration::from_secs(5));
        }
    }
}

/// The web framework alone, which reads the body and answers a text.
struct Bare {
    address: SocketAddr,
    runtime: Option<Runtime>,
}

impl Bare {
    fn start() -> Result<Self> {
        let runtime = Builder::new_multi_thread().enable_all().build()?;
        let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        runtime.spawn(async move {
            let handler = axum::routing::post(async |_: axum::body::Bytes| FIXED);
            let router = axum::Router::new().route("/v1/actions", handler);
            let listener = tokio::net::TcpListener::from_std(listener)?;
            axum::serve(listener, router).await
        });
        Ok(Self { address, runtime: Some(runtime) })
    }
}

/// About as long as a decision.
const FIXED: &str = concat!(
    r#"{"verdict":"allow","mode":"enforce","class":"issue_refund","risk":"reversible_write","#,
    r#""autonomy":"supervised","findings":[{"check":"autonomy","verdict":"allow","reason":"#,
    r#""supervised: at or below the auto cap"}],"digest":"sha256:0000000000000000000000000000"}"#
);

impl Drop for Bare {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
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

fn chart(rows: &[Row]) -> Chart {
    let line = |name: &str, figures: fn(&Row) -> Throughput| Line {
        name: name.to_owned(),
        points: rows.iter().map(|row| figures(row).rate).collect(),
    };
    Chart {
        title: "Requests a second, by number of connections",
        ticks: rows.iter().map(|row| row.connections.to_string()).collect(),
        lines: vec![
            line("propose, durable", |row| row.propose),
            line("evaluate", |row| row.evaluate),
            line("bare handler", |row| row.bare),
        ],
        goal: GOAL,
        unit: per_second,
    }
}
