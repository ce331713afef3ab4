//! Programs whose arguments are small programs or requests themselves: find, sed, awk, curl, tar
//! and the clients of databases.

use super::super::argument::Findings;
use super::super::effect::Effect::{self, Executes, Reads, Writes};
use super::super::http::{self, Remark};
use super::super::sql;
use super::options::{exact, may_have, operands};
use super::word::ShellWord;

/// Judges one of these programs.
pub(super) fn judge(program: &str, words: &[ShellWord], findings: &mut Findings) -> bool {
    let reads = match program {
        "date" => date(words),
        "hostname" => hostname(words),
        "sort" => sort(words),
        // Who asks for a computed name tells the name to a server that somebody else may run.
        "dig" | "host" | "nslookup" | "getent" | "whois" | "ping" | "traceroute" => {
            exact(words).is_some() && !may_have(words, &["-f", "--flood"])
        }
        "find" => find(words),
        "sed" => sed(words),
        "awk" | "gawk" | "mawk" => awk(words),
        "tar" => tar(words),
        "unzip" => {
            exact(words).is_some_and(|words| matches!(*words, ["-l" | "-Z" | "-v" | "-t", _]))
        }
        "uniq" | "xxd" => {
            operands(words).count() <= 1 && !may_have(words, &["-r"]) && exact(words).is_some()
        }
        "printf" => !may_have(words, &["-v"]),
        "test" | "[" => exact(words)
            .is_some_and(|words| words.iter().all(|word| !word.contains(['[', '$', '`']))),
        "curl" => return curl(words, findings),
        "psql" | "mysql" | "mariadb" | "sqlite3" => return database(program, words, findings),
        _ => return false,
    };
    let effect = if reads { Reads } else { Executes };
    let reason = if reads {
        program.to_owned()
    } else {
        format!("{program} that may write or run something")
    };
    findings.does(effect, reason);
    true
}

/// A format or a time to be shown. Any other operand is a time to be set (`date 01010000`).
fn date(words: &[ShellWord]) -> bool {
    let Some(words) = exact(words) else { return false };
    let mut rest = words.iter();
    while let Some(word) = rest.next() {
        let is_known = match *word {
            "-d" | "--date" | "-r" | "--reference" => rest.next().is_some(),
            "-u" | "--utc" | "-R" | "--rfc-email" | "--iso-8601" | "--universal" => true,
            _ => ["+", "-I", "-d", "--date=", "--iso-8601=", "--rfc-3339=", "--reference="]
                .iter()
                .any(|start| word.starts_with(start)),
        };
        if !is_known {
            return false;
        }
    }
    true
}

/// An operand would be the machine's new name.
fn hostname(words: &[ShellWord]) -> bool {
    const SHOWING: [&str; 14] = [
        "-f",
        "--fqdn",
        "--long",
        "-s",
        "--short",
        "-i",
        "--ip-address",
        "-I",
        "--all-ip-addresses",
        "-d",
        "--domain",
        "-A",
        "--all-fqdns",
        "--version",
    ];
    exact(words).is_some_and(|words| words.iter().all(|word| SHOWING.contains(word)))
}

/// On Windows, the output's name stands behind `/O`.
fn sort(words: &[ShellWord]) -> bool {
    const WRITING: [&str; 5] =
        ["-o", "--output", "--compress-program", "-T", "--temporary-directory"];
    let is_output = |word: &ShellWord| {
        let text = word.known().to_ascii_lowercase();
        text.len() >= 2 && "/output".starts_with(text.as_str())
    };
    !may_have(words, &WRITING) && !words.iter().any(is_output)
}

/// find's tests look; its actions do not. A word that is computed could become an action.
fn find(words: &[ShellWord]) -> bool {
    const ACTIONS: [&str; 9] = [
        "-delete", "-exec", "-execdir", "-ok", "-okdir", "-fprint", "-fprint0", "-fprintf", "-fls",
    ];
    words.iter().all(|word| match word.exact() {
        Some(text) => !ACTIONS.contains(&text),
        None => word.is_surely_operand(),
    })
}

/// Only scripts of the plainest kinds: printing lines, deleting them from the output, substituting.
fn sed(words: &[ShellWord]) -> bool {
    let Some(words) = exact(words) else { return false };
    let mut scripts = Vec::new();
    let mut rest = words.iter().copied();
    while let Some(word) = rest.next() {
        match word {
            "-n" | "-E" | "-r" | "--quiet" | "--silent" => {}
            "-e" | "--expression" => scripts.extend(rest.next()),
            _ if word.starts_with('-') => return false,
            _ if scripts.is_empty() => scripts.push(word),
            _ => {}
        }
    }
    !scripts.is_empty() && scripts.into_iter().all(is_harmless_sed)
}

fn is_harmless_sed(script: &str) -> bool {
    let lines = |c: char| {
        c.is_ascii_digit() || matches!(c, '$' | ',' | 'p' | 'd' | 'q' | ';' | ' ' | '=' | '~' | '+')
    };
    if script.chars().all(lines) {
        return true;
    }
    let Some(body) = script.strip_prefix("s/").or_else(|| script.strip_prefix('/')) else {
        return false;
    };
    let slashes = if script.starts_with("s/") { 2 } else { 1 };
    if body.contains(['\n', ';', '\\', '{', '}']) || body.matches('/').count() != slashes {
        return false;
    }
    let end = body.rsplit('/').next().unwrap_or("");
    end.chars().all(|c| c.is_ascii_digit() || matches!(c, 'g' | 'p' | 'I' | 'd'))
}

/// An awk program without anything that could open a file, a pipe or a shell.
fn awk(words: &[ShellWord]) -> bool {
    let Some(words) = exact(words) else { return false };
    let mut program = None;
    let mut rest = words.iter().copied();
    while let Some(word) = rest.next() {
        match word {
            "-F" | "-v" => drop(rest.next()),
            _ if word.starts_with("-F") => {}
            _ if word.starts_with('-') => return false,
            _ => program = program.or(Some(word)),
        }
    }
    program.is_some_and(|text| {
        !text.contains(['>', '|', '@'])
            && !["system", "getline", "close", "fflush", "input"].iter().any(|w| text.contains(w))
    })
}

/// Only listings, with options in one bundle and operands that are no options.
fn tar(words: &[ShellWord]) -> bool {
    let Some(words) = exact(words) else { return false };
    let Some((mode, operands)) = words.split_first() else { return false };
    let mode = mode.trim_start_matches('-');
    mode.starts_with('t')
        && mode.chars().all(|c| matches!(c, 't' | 'v' | 'z' | 'j' | 'J' | 'f'))
        && operands.iter().all(|operand| !operand.starts_with('-'))
}

/// Options of curl that change nothing about a GET, without and with a value. Any other option
/// may send, store or configure.
const CURL_FLAGS: &[&str] = &[
    "--silent",
    "--show-error",
    "--location",
    "--fail",
    "--include",
    "--head",
    "--insecure",
    "--compressed",
    "--verbose",
    "--get",
    "--ipv4",
    "--ipv6",
    "--http1.1",
    "--http2",
    "--fail-with-body",
    "--no-progress-meter",
];
const CURL_VALUED: &[&str] = &[
    "-H",
    "--header",
    "-A",
    "--user-agent",
    "-m",
    "--max-time",
    "--connect-timeout",
    "--retry",
    "-e",
    "--referer",
    "--retry-delay",
];

fn curl(words: &[ShellWord], findings: &mut Findings) -> bool {
    let mut rest = words.iter();
    let mut urls = 0;
    while let Some(word) = rest.next() {
        let Some(text) = word.exact() else {
            findings.cannot_tell("an argument of curl that is computed");
            continue;
        };
        if matches!(text, "-X" | "--request") {
            curl_method(rest.next().and_then(ShellWord::exact).unwrap_or(""), findings);
        } else if let Some(method) = text.strip_prefix("-X") {
            curl_method(method, findings);
        } else if CURL_VALUED.contains(&text) {
            let value = rest.next().and_then(ShellWord::exact);
            let is_plain = |value: &str| {
                !value.starts_with('@') && !value.to_ascii_lowercase().contains("method")
            };
            if !value.is_some_and(is_plain) {
                findings.cannot_tell("a header of curl that is not known");
            }
        } else if text.starts_with('-') {
            curl_flag(text, findings);
        } else {
            urls += 1;
            curl_url(text, findings);
        }
    }
    if urls > 0 {
        findings.does(Reads, "curl");
    } else {
        findings.cannot_tell("curl without an address");
    }
    true
}

fn curl_flag(text: &str, findings: &mut Findings) {
    let is_bundle = !text.starts_with("--")
        && text
            .chars()
            .skip(1)
            .all(|c| matches!(c, 's' | 'S' | 'L' | 'f' | 'i' | 'I' | 'k' | 'v' | '4' | '6' | 'G'));
    if !is_bundle && !CURL_FLAGS.contains(&text) {
        let sends = ["-d", "--data", "-F", "--form", "-T", "--upload", "--json"]
            .iter()
            .any(|flag| text.starts_with(flag));
        let effect = if sends { Effect::Sends } else { Writes };
        findings.does(effect, "curl with an option that sends or stores");
    }
}

fn curl_method(method: &str, findings: &mut Findings) {
    match http::method_effect(method) {
        Some(Reads) => {}
        Some(effect) => findings.does(effect, format!("curl -X {}", method.to_ascii_uppercase())),
        None => findings.cannot_tell("curl with a method that is not known"),
    }
}

fn curl_url(text: &str, findings: &mut Findings) {
    if text.contains(['{', '[']) {
        findings.cannot_tell("an address that stands for many");
    }
    let url = if http::is_url(text) { text.to_owned() } else { format!("http://{text}") };
    for remark in http::remarks(&url) {
        match remark {
            Remark::Orders(effect, verb) => {
                findings.does(effect, format!("the address orders {verb:?}"));
            }
            Remark::Sensitive(reason) => findings.touches_secret(reason),
            Remark::Opaque(reason) => findings.cannot_tell(reason),
        }
    }
}

/// A database's client with its SQL on the command line.
fn database(program: &str, words: &[ShellWord], findings: &mut Findings) -> bool {
    let Some(words) = exact(words) else {
        findings.cannot_tell("an argument of a database client that is computed");
        return true;
    };
    match database_text(program, &words) {
        Some(text) => findings.merge(sql::inspect(text)),
        None => findings
            .does(Executes, format!("{program} with a text or option that was not inspected")),
    }
    true
}

/// The one SQL text of a client's command, if all its other words are connection parameters.
fn database_text<'a>(program: &str, words: &[&'a str]) -> Option<&'a str> {
    // To mysql, `-U` and `-p` stand alone: the word behind them is an option of its own.
    const PSQL: &[&str] = &["-h", "-U", "-d", "-p", "--host", "--username", "--dbname", "--port"];
    const MYSQL: &[&str] = &["-h", "-u", "-D", "-P", "--host", "--user", "--database", "--port"];
    let valued = if program == "psql" { PSQL } else { MYSQL };
    const FLAGS: [&str; 11] =
        ["-t", "-A", "-At", "-tA", "-X", "-q", "-N", "-B", "-readonly", "-json", "-header"];
    let mut text = None;
    let mut operands = Vec::new();
    let mut rest = words.iter().copied();
    while let Some(word) = rest.next() {
        if matches!(word, "-c" | "-e" | "--command" | "--execute") && program != "sqlite3" {
            if text.replace(rest.next()?).is_some() {
                return None;
            }
        } else if valued.contains(&word) && program != "sqlite3" {
            rest.next()?;
        } else if word.starts_with('-') {
            FLAGS.contains(&word).then_some(())?;
        } else {
            operands.push(word);
        }
    }
    match (program, operands.as_slice()) {
        ("sqlite3", [_, sql]) => Some(sql),
        (_, [] | [_] | [_, _]) => text,
        _ => None,
    }
}
