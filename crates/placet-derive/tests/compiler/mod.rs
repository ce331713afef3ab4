//! The compiler, to which each file in `tests/fail` is given with the very crates that the test was
//! built with, which Cargo names: nothing is compiled a second time. What the compiler says stands
//! beside the file, without what changes with the code around it. `COMPILE_FAIL=overwrite` writes it
//! anew when a compiler words it differently.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// Lines that say nothing of the error.
const CLOSING: [&str; 3] =
    ["error: aborting due to", "For more information about", "Some errors have detailed"];

/// Fails unless the compiler refuses every file, of which there are at least so many, and says what
/// is written down. The files use crates under a name, each of which is one that was built.
pub(crate) fn refuses_all(crates: &[(&'static str, &str)], least: usize) {
    let built = built();
    let find = |(name, of): &(&'static str, &str)| {
        let path = built.get(*of).unwrap_or_else(|| panic!("Cargo does not say where {of} is"));
        (*name, path.clone())
    };
    let crates: Vec<_> = crates.iter().map(find).collect();
    let mut files: Vec<PathBuf> = Path::new("tests/fail")
        .read_dir()
        .unwrap()
        .map(|file| file.unwrap().path())
        .filter(|path| path.extension().is_some_and(|it| it == "rs"))
        .collect();
    files.sort();
    assert!(files.len() >= least, "{files:?}");
    let wrong: Vec<String> = files.iter().filter_map(|file| wrong(file, &crates)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What is not as it is written down, if anything is not.
fn wrong(file: &Path, crates: &[(&str, PathBuf)]) -> Option<String> {
    let name = file.display();
    let Some(said) = refusal(file, crates) else { return Some(format!("{name} compiles")) };
    let beside = file.with_extension("stderr");
    if std::env::var_os("COMPILE_FAIL").is_some_and(|it| it == "overwrite") {
        std::fs::write(beside, said).unwrap();
        return None;
    }
    let expected = std::fs::read_to_string(beside).unwrap_or_default();
    (said != expected)
        .then(|| format!("{name}: expected\n{expected}\nbut the compiler says\n{said}"))
}

/// What the compiler says to a file, if it refuses it.
fn refusal(file: &Path, crates: &[(&str, PathBuf)]) -> Option<String> {
    let mut rustc = Command::new(tool("RUSTC", "rustc"));
    rustc.args(["--edition", "2024", "--crate-type", "bin", "--emit", "metadata"]);
    rustc.args(["-A", "warnings", "--diagnostic-width", "140", "--color", "never", "--out-dir"]);
    rustc.arg(env!("CARGO_TARGET_TMPDIR")).arg(file);
    for (name, path) in crates {
        rustc.arg("--extern").arg(format!("{name}={}", path.display()));
        rustc.arg("-L").arg(format!("dependency={}", path.parent().unwrap().display()));
    }
    let done = rustc.output().unwrap();
    let said = String::from_utf8(done.stderr).unwrap();
    (!done.status.success()).then(|| steady(&said))
}

/// Where the crates are that this test was built with.
fn built() -> BTreeMap<String, PathBuf> {
    let mut cargo = Command::new(tool("CARGO", "cargo"));
    cargo.args(["test", "--workspace", "--test", "compile_fail", "--no-run", "--offline"]);
    cargo.args(["--quiet", "--message-format", "json"]);
    if !cfg!(debug_assertions) {
        cargo.arg("--release");
    }
    let done = cargo.output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let lines = String::from_utf8(done.stdout).unwrap();
    let built = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    built.filter_map(|built| artifact(&built)).collect()
}

/// A crate that was built, and where it is.
fn artifact(built: &Value) -> Option<(String, PathBuf)> {
    let files = built["filenames"].as_array()?;
    let is_crate =
        |file: &&str| file.ends_with(".rlib") || file.ends_with(std::env::consts::DLL_EXTENSION);
    let file = files.iter().filter_map(Value::as_str).find(is_crate)?;
    Some((built["target"]["name"].as_str()?.replace('-', "_"), PathBuf::from(file)))
}

/// The tool that Cargo runs us with, else the one of this name.
fn tool(variable: &str, name: &str) -> OsString {
    std::env::var_os(variable).unwrap_or_else(|| name.into())
}

/// What the compiler says of the file, and where else it points, without what it shows from there and
/// how wide that makes its margin.
fn steady(said: &str) -> String {
    let mut text = String::new();
    let mut is_elsewhere = false;
    for line in said.lines().filter(|line| !CLOSING.iter().any(|it| line.starts_with(it))) {
        let rest = line.trim_start_matches(|sign: char| sign == ' ' || sign.is_ascii_digit());
        let margin = &line[..line.len() - rest.len()];
        let line = if let Some(place) = rest.strip_prefix("--> ").or(rest.strip_prefix("::: ")) {
            is_elsewhere = !place.starts_with("tests/fail/") || place.contains("..");
            let place = if is_elsewhere { elsewhere(place) } else { place.to_owned() };
            format!("  {} {place}", &rest[..3])
        } else if rest.starts_with('|') {
            if is_elsewhere {
                continue;
            }
            format!("{:>2} {rest}", margin.trim())
        } else if rest.starts_with("= ") {
            format!("   {rest}")
        } else if margin.starts_with("   ") {
            format!("           {rest}")
        } else {
            line.to_owned()
        };
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text.trim_end().to_owned() + "\n"
}

/// A place in another file, without its line and column; in the standard library, without where that
/// is.
fn elsewhere(place: &str) -> String {
    let file = place.split(".rs").next().unwrap_or_default();
    let file = file.rsplit_once("/library/").map_or(file, |(_, file)| file);
    format!("{file}.rs")
}
