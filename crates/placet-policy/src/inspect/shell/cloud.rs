//! Programs with many subcommands: clusters, containers, clouds, packages, services.
//!
//! For most of them a list says which subcommands look. The clouds' own have thousands, so their
//! operations are read like any other tool's name (`describe-instances`).

use super::super::argument::Findings;
use super::super::effect::Effect::{self, Deletes, Executes, Grants, Reads, Writes};
use super::super::name::read_name;
use super::options::{may_have, operands};
use super::word::ShellWord;

struct Program {
    name: &'static str,
    /// Options with a value that may stand before the subcommand.
    globals: &'static [&'static str],
    /// Subcommands that look.
    reads: &'static [&'static str],
    /// Options with which even those may do more.
    dangerous: &'static [&'static str],
}

const PROGRAMS: &[Program] = &[
    Program {
        name: "kubectl",
        globals: &["-n", "--namespace", "--context", "--cluster"],
        reads: &[
            "api-resources",
            "api-versions",
            "auth can-i",
            "auth whoami",
            "cluster-info",
            "config current-context",
            "config get-contexts",
            "config get-clusters",
            "describe",
            "events",
            "explain",
            "get",
            "logs",
            "rollout history",
            "rollout status",
            "top",
            "version",
        ],
        dangerous: &[
            "--kubeconfig",
            "--raw",
            "--as",
            "--token",
            "--output-directory",
            "--server",
            "--profile-output",
            "--profile",
            "--cache-dir",
            "--log-file",
            "--log-dir",
        ],
    },
    Program {
        name: "docker",
        globals: &[],
        reads: &[
            "container inspect",
            "container logs",
            "container ls",
            "diff",
            "history",
            "image history",
            "image inspect",
            "image ls",
            "images",
            "info",
            "inspect",
            "logs",
            "network inspect",
            "network ls",
            "port",
            "ps",
            "search",
            "stats",
            "system df",
            "top",
            "version",
            "volume inspect",
            "volume ls",
            "compose ps",
            "compose logs",
            "compose ls",
            "--version",
        ],
        dangerous: &[],
    },
    Program {
        name: "helm",
        globals: &["-n", "--namespace"],
        reads: &[
            "get values",
            "get manifest",
            "get notes",
            "get hooks",
            "get all",
            "history",
            "list",
            "ls",
            "search repo",
            "search hub",
            "show values",
            "show chart",
            "show readme",
            "status",
            "version",
            "repo list",
        ],
        dangerous: &["--post-renderer", "--kubeconfig"],
    },
    Program {
        name: "terraform",
        globals: &[],
        reads: &[
            "graph",
            "output",
            "providers",
            "show",
            "state list",
            "state show",
            "validate",
            "version",
            "workspace list",
            "workspace show",
        ],
        dangerous: &[],
    },
    Program {
        name: "gh",
        globals: &["-R", "--repo"],
        reads: &[
            "issue list",
            "issue status",
            "issue view",
            "label list",
            "pr checks",
            "pr diff",
            "pr list",
            "pr status",
            "pr view",
            "release list",
            "release view",
            "repo list",
            "repo view",
            "run list",
            "run view",
            "search code",
            "search issues",
            "search prs",
            "search repos",
            "status",
            "workflow list",
            "workflow view",
            "auth status",
            "gist list",
        ],
        dangerous: &["-w", "--web", "--show-token"],
    },
    Program {
        name: "systemctl",
        globals: &[],
        reads: &[
            "cat",
            "get-default",
            "is-active",
            "is-enabled",
            "is-failed",
            "list-dependencies",
            "list-jobs",
            "list-sockets",
            "list-timers",
            "list-unit-files",
            "list-units",
            "show",
            "status",
        ],
        dangerous: &["-H", "--host"],
    },
    Program {
        name: "npm",
        globals: &[],
        reads: &["info", "list", "ls", "outdated", "ping", "root", "search", "view", "--version"],
        dangerous: &[
            "--prefix",
            "--userconfig",
            "--globalconfig",
            "--node-options",
            "--script-shell",
        ],
    },
    Program {
        name: "pip",
        globals: &[],
        reads: &["check", "debug", "freeze", "list", "show", "--version"],
        dangerous: &["--python", "--log"],
    },
    Program {
        name: "apt",
        globals: &[],
        reads: &["list", "policy", "search", "show", "depends"],
        dangerous: &["-o", "-c", "--option", "--config-file"],
    },
    Program {
        name: "ip",
        globals: &[],
        reads: &[
            "a",
            "addr",
            "addr show",
            "address show",
            "link show",
            "neigh show",
            "r",
            "route",
            "route show",
            "a show",
        ],
        dangerous: &["-b", "-batch"],
    },
    Program {
        name: "cargo",
        globals: &[],
        reads: &["--version", "search", "version"],
        dangerous: &["--config"],
    },
    Program { name: "go", globals: &[], reads: &["version"], dangerous: &[] },
    Program { name: "node", globals: &[], reads: &["--version", "-v"], dangerous: &[] },
];

/// Judges a command of one of these programs.
pub(super) fn judge(program: &str, words: &[ShellWord], findings: &mut Findings) -> bool {
    let program = if matches!(program, "pip3") { "pip" } else { program };
    if matches!(program, "aws" | "gcloud" | "az") {
        judge_cloud(program, words, findings);
        return true;
    }
    let Some(table) = PROGRAMS.iter().find(|table| table.name == program) else { return false };
    judge_listed(table, words, findings);
    true
}

fn judge_listed(table: &Program, words: &[ShellWord], findings: &mut Findings) {
    let words = without_globals(words, table.globals);
    let Some((path, rest)) = subcommand(table, words) else {
        return findings.does(
            acting(words),
            format!("{} with a subcommand that is not known to only read", table.name),
        );
    };
    if may_have(rest, table.dangerous) {
        return findings.does(Executes, format!("{} with an option that may do more", table.name));
    }
    if table.name == "kubectl" && rest.iter().any(|word| word.known().starts_with("-s")) {
        return findings.does(Executes, "kubectl with another server");
    }
    if path == "providers" && operands(rest).any(|word| word.known() != "schema") {
        return findings.does(Writes, "terraform providers with a subcommand that writes");
    }
    if shows_values(table.name, path, rest) {
        findings.touches_secret("it shows values that may be secret");
    }
    if table.name == "kubectl" && operands(rest).any(|word| is_secret_kind(word.known())) {
        findings.touches_secret("it shows secrets of the cluster");
    }
    if table.name == "ip"
        && operands(rest).any(|word| !matches!(word.known(), "dev" | "show" | "eth0" | "lo"))
    {
        return findings.does(Writes, "ip with words that may change something");
    }
    findings.does(Reads, format!("{} {path}", table.name));
}

/// Subcommands and options that print what is masked otherwise.
fn shows_values(program: &str, path: &str, rest: &[ShellWord]) -> bool {
    match (program, path) {
        ("terraform", "output") => may_have(rest, &["-raw", "-json"]) || operands(rest).count() > 0,
        ("terraform", "show" | "state show") => may_have(rest, &["-json"]),
        ("gh", "auth status") => may_have(rest, &["-t"]),
        _ => false,
    }
}

/// The reading subcommand with which `words` start.
fn subcommand<'a>(
    table: &Program,
    words: &'a [ShellWord],
) -> Option<(&'static str, &'a [ShellWord])> {
    table.reads.iter().find_map(|path| {
        let mut rest = words;
        for wanted in path.split(' ') {
            let (first, after) = rest.split_first()?;
            rest = (first.exact()? == wanted).then_some(after)?;
        }
        // A group of subcommands is no subcommand: `addr` alone shows, `addr add` does not.
        Some((*path, rest))
    })
}

fn without_globals<'a>(words: &'a [ShellWord], globals: &[&str]) -> &'a [ShellWord] {
    let mut rest = words;
    while let [option, _, after @ ..] = rest {
        if !option.exact().is_some_and(|option| globals.contains(&option)) {
            break;
        }
        rest = after;
    }
    rest
}

pub(in super::super) fn is_secret_kind(operand: &str) -> bool {
    let kinds = operand.split(',').map(|kind| kind.split(['/', '.']).next().unwrap_or(kind));
    kinds
        .into_iter()
        .any(|kind| matches!(kind.to_ascii_lowercase().as_str(), "secret" | "secrets" | "all"))
}

/// The first word that says what an unlisted subcommand does.
fn acting(words: &[ShellWord]) -> Effect {
    let verbs = words.iter().take(3).filter_map(ShellWord::exact);
    let effect = verbs.into_iter().find_map(|word| match word {
        "rm" | "rmi" | "prune" | "delete" | "destroy" | "uninstall" | "drain" | "kill"
        | "remove" | "purge" => Some(Deletes),
        "exec" | "run" | "apply" | "debug" | "cp" | "attach" | "port-forward" | "proxy" => {
            Some(Executes)
        }
        "certificate" | "login" | "auth" => Some(Grants),
        _ => None,
    });
    effect.unwrap_or(Executes)
}

/// `aws ec2 describe-instances …`: the last of the leading words is the operation.
fn judge_cloud(program: &str, words: &[ShellWord], findings: &mut Findings) {
    let path: Option<Vec<&str>> = words
        .iter()
        .take_while(|word| !word.known().starts_with('-'))
        .map(ShellWord::exact)
        .collect();
    let Some(path) = path.filter(|path| path.len() >= 2) else {
        return findings.cannot_tell(format!("{program} with a command that is not known"));
    };
    if may_have(
        words,
        &["--endpoint-url", "--cli-input-json", "--debug", "--file", "--output-file"],
    ) && program == "aws"
    {
        findings.cannot_tell("an option that changes where the command goes");
    }
    if let ["s3", "ls", ..] = *path {
        return findings.does(Reads, "aws s3 ls");
    }
    if program == "aws" && stores_in_file(&path, words) {
        findings.does(Writes, "an operation that stores its result in a file");
    }
    judge_operation(program, &path, findings);
}

/// Operations with a stream as their answer take a file to store it in, behind all options.
fn stores_in_file(path: &[&str], words: &[ShellWord]) -> bool {
    const STREAMS: [&str; 14] = [
        "get-object",
        "get-object-torrent",
        "get-export",
        "get-sdk",
        "get-job-output",
        "get-media",
        "get-media-for-fragment-list",
        "get-clip",
        "get-snapshot-block",
        "get-tile",
        "get-session",
        "get-documentation-part",
        "get-raster-data-collection",
        "get-content",
    ];
    let streams = path
        .get(1)
        .is_some_and(|operation| STREAMS.contains(operation) || operation.ends_with("-export"));
    let is_operand = |word: &ShellWord| !word.known().starts_with('-');
    let ends_in_file = matches!(words, [.., value, last]
        if is_operand(value) && is_operand(last) && last.known().contains(['.', '/']));
    streams || ends_in_file && words.len() > path.len()
}

/// Groups of commands of gcloud and az that stand before the verb.
fn is_group(word: &str) -> bool {
    const GROUPS: &str = " account acr ad address addresses aks alpha api app app-engine appconfig         apps appservice artifacts auth backend-services backup backups beta billing bigtable blob         builds buckets cluster clusters cloudsql compute config configurations connection consumption         container containers cosmosdb data databases dataflow dataproc datasets datastore debug deploy         deployment deployments disk disks dns docker domain domains endpoints eventarc eventgrid         eventhubs events feature features file filestore firebase firestore firewall-rules         forwarding-rules functions functionapp group groups health-checks iam identity image images         instance-groups instance-templates instances iot jobs keyring keyrings keyvault kms         kubernetes lb logging logs machine-types managed-zones metastore metrics ml-engine monitor         mysql network networks network-watcher nic node-pools nodepool nsg operations organizations         policy pools postgres projects public-ip pubsub quotas record-sets redis regions registries         repositories resource role roles routers routes run scheduler schemas secret secrets         security server servers service service-accounts services servicebus share snapshot         snapshots snap source sources spanner sql ssl-certificates storage subnet subnets         subscriptions table tables tags target-pools tasks topics traffic-manager triggers users         versions vm vmss vnet webapp workflows workspaces zones ";
    GROUPS.split_whitespace().any(|group| group == word)
}

fn judge_operation(program: &str, path: &[&str], findings: &mut Findings) {
    let is_aws = program == "aws";
    let operations = if is_aws { path.get(1..2) } else { path.get(1..) }.unwrap_or(&[]);
    let act = operations.iter().find_map(|word| read_name(word).acts.into_iter().next());
    let look = if is_aws {
        operations.iter().find(|word| is_look(word))
    } else {
        // The first word that is no group is the verb; those behind it are operands.
        path.iter().find(|word| !is_group(word)).filter(|word| is_look(word))
    };
    match (act, look) {
        (Some(_), _) if path.iter().any(|word| GRANTING.contains(word)) => {
            findings.does_gravely(Grants, format!("{program} changes who may do what"));
        }
        (Some((effect, word)), _) => {
            findings.does(effect, format!("{program} with the word {word:?}"));
        }
        (None, Some(look)) => judge_look(program, path, look, findings),
        (None, None) => {
            findings.does(Executes, format!("{program} with an operation that is not known"));
        }
    }
}

/// Services and groups in which every change is one of rights.
const GRANTING: &[&str] = &["iam", "sts", "role", "ad", "organizations", "add-iam-policy-binding"];

/// `list`, `describe-instances`: a word that looks, at the start of an operation.
fn is_look(operation: &str) -> bool {
    let verb = operation.split('-').next().unwrap_or(operation);
    matches!(verb, "list" | "describe" | "show" | "get" | "head" | "search" | "lookup")
}

fn judge_look(program: &str, path: &[&str], operation: &str, findings: &mut Findings) {
    const SECRETS: [&str; 6] = ["secret", "password", "token", "credential", "parameter", "key"];
    if program == "aws" && path.len() > 2 {
        return findings.does(Writes, "an operation that stores its result in a file");
    }
    if path.iter().any(|word| SECRETS.iter().any(|secret| word.contains(secret))) {
        findings.touches_secret("it shows credentials");
    }
    findings.does(Reads, format!("{program} {operation}"));
}
