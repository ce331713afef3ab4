//! Honest clients of the daemon while others mean no good: idle ones in thousands, slow ones, and
//! some whose requests are too large, too deep or no text.

mod daemon;
mod stranger;

use std::time::{Duration, Instant};

use anyhow::Result;
use tokio::runtime::{Builder, Runtime};

use crate::measure::{Scale, Times, median};
use crate::progress;
use crate::report::{Section, Table, Target, nanos, per_second, ratio};
use crate::scratch::Scratch;
use crate::serve::{Connection, Header, Request};
use daemon::Daemon;
use stranger::{Crowd, Kind};

/// How many times slower the slowest of a hundred honest requests may become.
const GOAL: f64 = 3.0;

/// Honest clients.
const HONEST: usize = 8;

/// How long an honest client thinks before its next request.
const THOUGHT: Duration = Duration::from_millis(5);

const ABOUT: &str = "\
Eight honest clients propose over keep-alive connections, each some hundred times a second, to the \
daemon as it comes, a process of its own with all its limits. Beside them come others, with a key of \
another tenant where one is needed: idle connections, more than the daemon keeps open; connections \
on which a head or a body comes byte by byte; and bodies beyond the limit, nested a hundred thousand \
deep or no UTF-8, each sent again ten milliseconds after its answer. All of them share \
the machine, though the others only get the time that nobody else wants, as if they came from \
elsewhere. Each company comes after turns without any. \"First answer\" is how long the slowest of \
them waited for a connection and the first answer over it; the other times are those over connections \
that are kept.";

/// How soon honest clients were answered.
#[derive(Clone, Copy)]
struct Served {
    rate: f64,
    /// How long the slowest waited for its connection and the first answer over it.
    first: f64,
    p50: f64,
    p99: f64,
}

impl Served {
    fn median(turns: &[Self]) -> Self {
        let of = |figure: fn(&Self) -> f64| median(&turns.iter().map(figure).collect::<Vec<_>>());
        Self {
            rate: of(|turn| turn.rate),
            first: of(|turn| turn.first),
            p50: of(|turn| turn.p50),
            p99: of(|turn| turn.p99),
        }
    }
}

pub(crate) fn measure(scale: &Scale) -> Result<Section> {
    let columns =
        ["honest requests", "first answer", "p50", "p99", "p99 alone", "p99, times as much"];
    let mut table = Table::new("in the company of", columns.map(str::to_owned).to_vec());
    let mut worst = f64::NAN;
    for kind in Kind::ALL {
        let crowd = kind.size(scale.is_full);
        progress(&format!("  {} ({crowd})", kind.name()));
        let [alone, among] = compare(kind, crowd, scale)?;
        let times = among.p99 / alone.p99;
        let cells = vec![
            per_second(among.rate),
            nanos(among.first),
            nanos(among.p50),
            nanos(among.p99),
            nanos(alone.p99),
            ratio(times),
        ];
        table.row(&format!("{crowd} {}", kind.name()), cells);
        worst = worst.max(times);
    }
    Ok(Section {
        title: "Honest clients in bad company",
        about: ABOUT,
        targets: vec![Target::at_most(
            "p99 of honest clients in the worst company, against alone",
            worst,
            GOAL,
            ratio,
        )],
        charts: Vec::new(),
        tables: vec![table],
    })
}

/// Honest clients without company, and then with it.
fn compare(kind: Kind, size: usize, scale: &Scale) -> Result<[Served; 2]> {
    let scratch = Scratch::new("crowd")?;
    let daemon = Daemon::start(&scratch)?;
    let clients = Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let honest = || ask_for(&clients, &daemon, scale.disk_turn);
    honest()?;
    let rounds = scale.rounds.min(3);
    // Not in turn: when thousands have gone, the daemon and the system are busy with that for a while.
    let alone = (0..rounds).map(|_| honest()).collect::<Result<Vec<_>>>()?;
    let among = (0..rounds).map(|_| {
        let _crowd = Crowd::gather(kind, size, &daemon)?;
        honest()
    });
    let among = among.collect::<Result<Vec<_>>>()?;
    Ok([Served::median(&alone), Served::median(&among)])
}

/// Honest clients, until the time is over. Each of their requests must be answered well.
fn ask_for(clients: &Runtime, daemon: &Daemon, turn: Duration) -> Result<Served> {
    let key = Header::bearer(&daemon.honest);
    let address = daemon.address;
    let request = Request::post(address, "/v1/actions", &[key], r#"{"tool": "get_order"}"#);
    let begin = Instant::now();
    let one = |_| {
        let request = request.clone();
        clients.spawn(async move {
            let mut connection = Connection::open(address).await?;
            connection.ask(&request).await?;
            let (first, settled) = (begin.elapsed(), Instant::now());
            let mut times = Times::default();
            loop {
                let asked = Instant::now();
                connection.ask(&request).await?;
                times.add(asked.elapsed());
                if settled.elapsed() >= turn {
                    break;
                }
                tokio::time::sleep(THOUGHT).await;
            }
            Ok::<_, anyhow::Error>((first, times))
        })
    };
    let all: Vec<_> = (0..HONEST).map(one).collect();
    let (mut times, mut firsts) = (Times::default(), Times::default());
    for one in all {
        let (first, of_one) = clients.block_on(one)??;
        firsts.add(first);
        times.extend(of_one);
    }
    let rate = crate::measure::float(times.len()) / turn.as_secs_f64();
    let (p50, p99) = (times.percentile(50.0), times.percentile(99.0));
    Ok(Served { rate, first: firsts.percentile(100.0), p50, p99 })
}
