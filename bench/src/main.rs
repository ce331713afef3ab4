//! Measures Placet, and beside it what else one could use, and writes a report about it.
//!
//! `cargo run --release --bin placet-bench` takes some minutes and replaces `docs/benchmarks.md`
//! and its chart. Whatever is compared is measured in the same run and in turns, a round of each,
//! so that a machine that is busy for a while slows all of them; the report has the medians.

mod args;
mod chart;
mod crowd;
mod decide;
mod durable;
mod gateway;
mod installed;
mod log;
mod machine;
mod measure;
mod priority;
mod python;
mod report;
mod sample;
mod scratch;
mod serve;
mod soak;
mod waits;

use std::fs;
use std::process::ExitCode;

use anyhow::{Context as _, Result};

use args::{Args, Child, Command, Part};
use mimalloc::MiMalloc;
use report::Report;

/// The same as in the command.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> Result<ExitCode> {
    match Args::parse(std::env::args().skip(1))? {
        Command::Help => show(args::HELP),
        Command::Measure(args) => measure_all(&args)?,
        Command::Child(Child::Wait(waiter, count)) => show(&waits::run(waiter, count)?),
        Command::Child(Child::Spin) => priority::spin()?,
        Command::Child(Child::Daemon(log)) => soak::run_daemon(&log)?,
        Command::Child(Child::Echo) => gateway::run_echo()?,
        Command::Child(Child::Placet(words)) => return Ok(placet(words)),
        Command::Child(child) => show(&log::run_child(&child)?),
    }
    Ok(ExitCode::SUCCESS)
}

/// Is the `placet` command.
fn placet(words: Vec<String>) -> ExitCode {
    let words = std::iter::once("placet".to_owned()).chain(words).map(Into::into);
    ExitCode::from(placet_cli::run(&words.collect::<Vec<_>>()))
}

fn measure_all(args: &Args) -> Result<()> {
    let scale = if args.quick { measure::Scale::QUICK } else { measure::Scale::FULL };
    let mut report = Report::new(machine::describe());
    for part in args.parts() {
        progress(&format!("{part}:"));
        report.add(match part {
            Part::Decide => decide::measure(&scale),
            Part::Durable => durable::measure(&scale),
            Part::Serve => serve::measure(&scale),
            Part::Crowd => crowd::measure(&scale),
            Part::Soak => soak::measure(args.soak.unwrap_or(scale.soaked)),
            Part::Waits => waits::measure(&scale),
            Part::Gateway => gateway::measure(&scale),
            Part::Log => log::measure(&scale),
            Part::Python => python::measure(&scale),
        }?);
    }
    write(args, &report)
}

fn write(args: &Args, report: &Report) -> Result<()> {
    let text = report.markdown();
    let Some(folder) = &args.out else {
        show(&text);
        return Ok(());
    };
    fs::create_dir_all(folder).context("the folder of the report cannot be created")?;
    for (name, content) in [(report::TEXT, text), (report::CHART, report.svg())] {
        let path = folder.join(name);
        fs::write(&path, content).with_context(|| format!("cannot write {}", path.display()))?;
        progress(&format!("wrote {}", path.display()));
    }
    Ok(())
}

/// Says on stderr how far it is.
#[expect(clippy::print_stderr, reason = "this is the one place that tells the progress")]
fn progress(text: &str) {
    eprintln!("{text}");
}

#[expect(clippy::print_stdout, reason = "this is the one place that prints a result")]
fn show(text: &str) {
    println!("{}", text.trim_end());
}
