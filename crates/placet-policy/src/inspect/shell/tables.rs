//! Programs by what they do: data for `programs.rs`.

use super::super::effect::Effect::{self, Deletes, Executes, Grants, Sends, Spends, Writes};

/// Programs that look and do nothing else, whatever their arguments are.
const HARMLESS: &[&str] = &[
    ":",
    "arch",
    "b2sum",
    "base32",
    "basename",
    "cal",
    "cat",
    "cd",
    "cksum",
    "cmp",
    "col",
    "colrm",
    "column",
    "comm",
    "cut",
    "df",
    "diff3",
    "dirname",
    "du",
    "echo",
    "egrep",
    "exit",
    "expr",
    "factor",
    "false",
    "fgrep",
    "fmt",
    "fold",
    "free",
    "grep",
    "groups",
    "head",
    "hexdump",
    "id",
    "iostat",
    "join",
    "jq",
    "last",
    "locale",
    "logname",
    "ls",
    "lsblk",
    "lscpu",
    "lsmem",
    "lspci",
    "lsusb",
    "md5",
    "md5sum",
    "mpstat",
    "nl",
    "nproc",
    "numfmt",
    "od",
    "paste",
    "pgrep",
    "pidof",
    "popd",
    "printenv",
    "ps",
    "pstree",
    "pushd",
    "pwd",
    "readlink",
    "realpath",
    "return",
    "rev",
    "seq",
    "sha1sum",
    "sha224sum",
    "sha256sum",
    "sha384sum",
    "sha512sum",
    "shasum",
    "sleep",
    "stat",
    "sum",
    "tac",
    "tail",
    "tr",
    "true",
    "tsort",
    "tty",
    "type",
    "uname",
    "unexpand",
    "uptime",
    "users",
    "vmstat",
    "w",
    "wc",
    "whereis",
    "which",
    "who",
    "whoami",
    "zcat",
    "zgrep",
    "break",
    "continue",
    "shift",
    "zipinfo",
    "bzcat",
    "xzcat",
    "zstdcat",
    "dirs",
    "lsattr",
    "getfacl",
    "namei",
    "lsns",
    "findmnt",
];

/// Programs that look, unless one of these options is there.
const WITH_OPTIONS: &[(&str, &[&str])] = &[
    ("ag", &["--pager"]),
    ("base64", &["-o", "--output"]),
    ("blkid", &["-c", "-g", "-w", "--cache-file", "--garbage-collect"]),
    ("diff", &["--output", "-l", "--paginate"]),
    ("fd", &["-x", "-X", "--exec", "--exec-batch"]),
    ("file", &["-C", "--compile"]),
    (
        "journalctl",
        &[
            "--vacuum-size",
            "--vacuum-time",
            "--vacuum-files",
            "--rotate",
            "--flush",
            "--sync",
            "--relinquish-var",
            "--setup-keys",
            "--update-catalog",
            "--cursor-file",
        ],
    ),
    ("lsof", &["-D"]),
    ("netstat", &[]),
    // The tools for object files read more options from a file (`@file`), and plugins are code.
    ("nm", &["--plugin", "@"]),
    ("objdump", &["--plugin", "@"]),
    ("pidstat", &["-e"]),
    ("readelf", &["--plugin", "@"]),
    ("rg", &["--pre", "--hostname-bin", "-z", "--search-zip"]),
    ("sar", &["-o"]),
    ("size", &["--plugin", "@"]),
    ("strings", &["--plugin", "@"]),
    ("wait", &["-p"]),
    ("shuf", &["-o", "--output"]),
    ("ss", &["-K", "--kill", "-D", "--diag"]),
    ("tree", &["-o", "-R"]),
    ("yq", &["-i", "--inplace", "--in-place", "-s", "--split-exp", "--split-exp-file"]),
];

/// Programs known for what they do.
const ACTING: &[(Effect, bool, &[&str])] = &[
    (
        Deletes,
        true,
        &[
            "rm", "rmdir", "unlink", "shred", "truncate", "dd", "wipefs", "mkfs", "fdisk",
            "parted", "srm", "mkswap", "sgdisk", "lvremove", "vgremove", "dropdb", "dropuser",
        ],
    ),
    (Deletes, false, &["kill", "pkill", "killall"]),
    (
        Writes,
        false,
        &[
            "cp", "mv", "mkdir", "touch", "ln", "tee", "install", "rsync", "split", "csplit",
            "patch", "gzip", "gunzip", "bzip2", "xz", "zip", "mktemp", "mkfifo", "sponge", "wget",
            "scp", "sftp",
        ],
    ),
    (
        Writes,
        true,
        &[
            "reboot", "shutdown", "halt", "poweroff", "init", "telinit", "iptables", "nft", "ufw",
            "crontab", "mount", "umount", "swapoff", "sysctl", "modprobe", "rmmod",
        ],
    ),
    (
        Grants,
        true,
        &[
            "chmod",
            "chown",
            "chgrp",
            "chattr",
            "setfacl",
            "passwd",
            "chpasswd",
            "useradd",
            "userdel",
            "adduser",
            "deluser",
            "usermod",
            "groupadd",
            "visudo",
            "su",
            "ssh-keygen",
            "ssh-copy-id",
            "setcap",
            "setenforce",
        ],
    ),
    (
        Sends,
        false,
        &[
            "mail", "mailx", "mutt", "sendmail", "nc", "ncat", "netcat", "socat", "telnet", "ftp",
            "wall", "write", "swaks", "logger",
        ],
    ),
    (Spends, false, &["bitcoin-cli", "lncli"]),
    (
        Executes,
        false,
        &[
            "bash",
            "sh",
            "zsh",
            "dash",
            "ksh",
            "fish",
            "csh",
            "tcsh",
            "python",
            "python2",
            "python3",
            "perl",
            "ruby",
            "node",
            "deno",
            "bun",
            "php",
            "lua",
            "Rscript",
            "osascript",
            "pwsh",
            "powershell",
            "ssh",
            "eval",
            "source",
            ".",
            "exec",
            "make",
            "vim",
            "vi",
            "nano",
            "emacs",
            "ed",
            "ex",
            "less",
            "more",
            "man",
            "watch",
            "parallel",
            "screen",
            "tmux",
            "at",
            "batch",
            "nsenter",
            "chroot",
            "unshare",
            "gdb",
            "strace",
            "ltrace",
            "expect",
            "script",
            "trap",
            "alias",
            "npx",
            "uvx",
            "busybox",
            "ldd",
        ],
    ),
];

/// A program that runs another one.
#[derive(Debug)]
pub(super) struct Wrapper {
    name: &'static str,
    /// Options without a value that change nothing about what runs.
    pub(super) flags: &'static [&'static str],
    /// The same with a value.
    pub(super) valued: &'static [&'static str],
    /// Operands before the command.
    pub(super) operands: usize,
    /// Whether words with `=` before the command set variables.
    pub(super) assigns: bool,
}

const WRAPPERS: &[Wrapper] = &[
    wrapper_of("sudo", &["-n", "-H", "-E", "--"], &["-u", "-g"], 0, true),
    wrapper_of("doas", &["-n"], &["-u"], 0, false),
    wrapper_of("env", &["-i", "-0", "--"], &["-u"], 0, true),
    wrapper_of("nice", &[], &["-n"], 0, false),
    wrapper_of("ionice", &["-t"], &["-c", "-n"], 0, false),
    wrapper_of("nohup", &[], &[], 0, false),
    wrapper_of("time", &["-p", "-v"], &[], 0, false),
    wrapper_of("timeout", &["--foreground", "-v"], &["-k", "-s"], 1, false),
    wrapper_of("stdbuf", &["-oL", "-eL", "-i0", "-o0", "-e0"], &["-o", "-e", "-i"], 0, false),
    wrapper_of("command", &["-v", "-V", "-p"], &[], 0, false),
    wrapper_of("builtin", &[], &[], 0, false),
    wrapper_of("setsid", &["-w"], &[], 0, false),
    wrapper_of("xargs", &["-0", "-r", "-t"], &["-n", "-P", "-L", "-d"], 0, false),
];

const fn wrapper_of(
    name: &'static str,
    flags: &'static [&'static str],
    valued: &'static [&'static str],
    operands: usize,
    assigns: bool,
) -> Wrapper {
    Wrapper { name, flags, valued, operands, assigns }
}

/// Whether a program looks and does nothing else, whatever its arguments are.
pub(super) fn is_harmless(program: &str) -> bool {
    HARMLESS.contains(&program)
}

/// The options that make a reading program do more.
pub(super) fn dangerous_options(program: &str) -> Option<&'static [&'static str]> {
    WITH_OPTIONS.iter().find(|(name, _)| *name == program).map(|(_, options)| *options)
}

/// What a program is known to do, and whether that is grave.
pub(super) fn known_effect(program: &str) -> Option<(Effect, bool)> {
    let family = program.split_once('.').map_or(program, |(family, _)| family);
    let find = |(_, _, names): &&(Effect, bool, &[&str])| {
        names.contains(&program) || names.contains(&family)
    };
    ACTING.iter().find(find).map(|(effect, grave, _)| (*effect, *grave))
}

/// The wrapper of that name.
pub(super) fn wrapper(program: &str) -> Option<&'static Wrapper> {
    WRAPPERS.iter().find(|wrapper| wrapper.name == program)
}
