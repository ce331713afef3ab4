//! What the figures were measured on.

use std::fs;
use std::num::NonZero;
use std::thread;

/// The machine in a few words: what shapes the figures, and nothing that says whose it is.
pub(crate) fn describe() -> String {
    let cpu =
        field("/proc/cpuinfo", "model name").unwrap_or_else(|| "unknown processor".to_owned());
    let flags = field("/proc/cpuinfo", "flags").unwrap_or_default();
    let sha = if flags.split(' ').any(|flag| flag == "sha_ni") { ", SHA instructions" } else { "" };
    let memory = field("/proc/meminfo", "MemTotal").and_then(|text| gibibytes(&text));
    let memory = memory.map_or_else(String::new, |memory| format!(", {memory} GiB of memory"));
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let release = kernel.trim().split('-').next().unwrap_or_default();
    let mode =
        if cfg!(debug_assertions) { "; a debug build, so the figures mean nothing" } else { "" };
    format!("{} cores of {cpu}{sha}{memory}; {} {release}{mode}", cores(), std::env::consts::OS)
}

/// How many threads can run at once.
pub(crate) fn cores() -> usize {
    thread::available_parallelism().map_or(1, NonZero::get)
}

/// The memory that this process has in use, in bytes.
pub(crate) fn memory() -> Option<f64> {
    status_bytes("self", "VmRSS")
}

/// The memory that another process has in use, in bytes, and how much of it is its own: the rest
/// are pages of files, such as its program.
pub(crate) fn memory_of(process: u32) -> Option<[f64; 2]> {
    let process = process.to_string();
    Some([status_bytes(&process, "VmRSS")?, status_bytes(&process, "RssAnon")?])
}

fn status_bytes(process: &str, name: &str) -> Option<f64> {
    let text = field(&format!("/proc/{process}/status"), name)?;
    let kibibytes: f64 = text.split(' ').next()?.parse().ok()?;
    Some(kibibytes * 1024.0)
}

/// The most memory that this process has had in use, in bytes.
pub(crate) fn peak_memory() -> Option<u64> {
    let text = field("/proc/self/status", "VmHWM")?;
    let kibibytes: u64 = text.split(' ').next()?.parse().ok()?;
    Some(kibibytes * 1024)
}

fn field(path: &str, name: &str) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    let line = text.lines().find(|line| line.starts_with(name))?;
    line.split_once(':').map(|(_, value)| value.trim().to_owned())
}

fn gibibytes(kibibytes: &str) -> Option<u64> {
    let kibibytes: u64 = kibibytes.split(' ').next()?.parse().ok()?;
    Some(kibibytes.div_ceil(1024 * 1024))
}
