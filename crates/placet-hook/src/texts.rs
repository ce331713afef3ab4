//! The texts in a call's params, and the paths that each may name.
//!
//! Nobody says which param is a path. So every text counts as one, as a whole, by its lines, and by the
//! parts between commas; the names of fields as well, and the files that a patch is about. Only what the
//! agents' own tools write into files is left out: a line in a file is no path that is written to.

use std::collections::BTreeSet;

use placet::{Json, Object};

use crate::mention::{ANYTHING, SOMETHING};

/// Longest text that is a path, without what `.` and `..` leave out.
const MAX_PATH_BYTES: usize = 4096;

/// Longest name in a path.
const MAX_NAME_BYTES: usize = 255;

/// Parts of texts whose links are followed. What comes after is looked at as it is written.
const MAX_PARTS: usize = 500;

/// Tools of the agents themselves whose params are known.
const OWN_TOOLS: &[&str] = &[
    "Agent",
    "Edit",
    "MultiEdit",
    "NotebookEdit",
    "Task",
    "TodoWrite",
    "Write",
    "apply_patch",
    "create",
    "edit",
    "replace",
    "write_file",
];

/// Params of those that are no paths, but what is written or said.
const CONTENTS: &[&str] = &[
    "command",
    "content",
    "description",
    "file_text",
    "input",
    "instruction",
    "new_source",
    "new_str",
    "new_string",
    "old_str",
    "old_string",
    "patch",
    "prompt",
];

/// Tools of the agents themselves that run a command, and the param in which they say what it is for.
const RUNNING: [&str; 4] = ["Bash", "bash", "powershell", "run_shell_command"];
const PURPOSE: &str = "description";

/// Where the params of a call hold what is run.
#[derive(Default)]
pub(crate) struct Run {
    pub(crate) commands: Vec<String>,
    pub(crate) codes: Vec<String>,
}

/// What is found in the params of a call.
#[derive(Default)]
pub(crate) struct Texts {
    /// Pointers to what is run.
    run: Run,
    /// Whether these are the params of a tool of the agent's own.
    is_own: bool,
    /// Whether it is one that runs a command.
    is_running: bool,
    pub(crate) commands: Vec<String>,
    pub(crate) paths: Vec<String>,
    /// More paths, which are only looked at as they are written.
    pub(crate) more: Vec<String>,
    known: BTreeSet<String>,
    parts: usize,
    /// Those paths that are a whole text, as a folder and a name may be.
    pub(crate) wholes: Vec<String>,
    /// What may be a path and is longer than anybody looks at.
    pub(crate) too_long: Option<String>,
}

impl Texts {
    pub(crate) fn of(tool: &str, params: &Object, run: Run) -> Self {
        let (is_own, is_running) = (OWN_TOOLS.contains(&tool), RUNNING.contains(&tool));
        let mut texts = Self { run, is_own, is_running, ..Self::default() };
        texts.object("", params);
        texts
    }

    fn object(&mut self, pointer: &str, object: &Object) {
        for (key, value) in object.iter() {
            if !self.is_own {
                self.path(key);
                self.parts(key);
            }
            let is_purpose = self.is_running && pointer.is_empty() && key == PURPOSE;
            let is_content = self.is_own && CONTENTS.contains(&key) || is_purpose;
            let key = key.replace('~', "~0").replace('/', "~1");
            self.value(&format!("{pointer}/{key}"), value, is_content);
        }
    }

    fn value(&mut self, pointer: &str, value: &Json, is_content: bool) {
        match value {
            Json::String(text) => self.text(pointer, text, is_content),
            Json::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.value(&format!("{pointer}/{index}"), item, is_content);
                }
            }
            Json::Object(object) => self.object(pointer, object),
            _ => {}
        }
    }

    fn text(&mut self, pointer: &str, text: &str, is_content: bool) {
        let is_in = |roots: &[String]| {
            roots.iter().any(|root| {
                let rest = pointer.strip_prefix(root.as_str());
                rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            })
        };
        let (is_command, is_code) = (is_in(&self.run.commands), is_in(&self.run.codes));
        let is_patch = has_patch(text);
        if is_command || is_code && !is_patch {
            self.commands.push(text.to_owned());
        }
        if !is_content || is_patch {
            self.patches(text);
        }
        if text.len() <= MAX_PATH_BYTES && !text.contains(['\n', '\0']) {
            self.wholes.push(text.to_owned());
            self.path(text);
        } else if !is_content && !is_command {
            self.path(text);
        }
        if !is_content && !is_command {
            self.parts(text);
        }
    }

    fn patches(&mut self, text: &str) {
        for line in text.lines() {
            for file in patched(line) {
                self.path(file);
            }
        }
    }

    /// A text by its lines, and by what stands between commas.
    fn parts(&mut self, text: &str) {
        let parts = text.lines().flat_map(|line| std::iter::once(line).chain(line.split(',')));
        for part in parts.map(str::trim).filter(|part| part.len() < text.len()) {
            if self.parts < MAX_PARTS {
                let before = self.paths.len();
                self.path(part);
                self.parts += usize::from(self.paths.len() > before);
            } else if part.len() <= MAX_PATH_BYTES {
                self.more.push(part.to_owned());
            }
        }
    }

    fn path(&mut self, text: &str) {
        let Some(short) = shortened(text) else {
            if may_be_path(text) {
                self.too_long = Some("a path that is too long to be looked at".to_owned());
            }
            return;
        };
        if short.is_empty() || !self.known.insert(short.clone()) {
            return;
        }
        if short.contains('\\') {
            self.paths.push(short.replace('\\', "/"));
        }
        if short.contains(['*', '?', '[', '{']) {
            self.paths.push(pattern(&short));
        }
        self.paths.push(short);
    }
}

/// Whether a text is a patch as Codex writes it.
fn has_patch(text: &str) -> bool {
    text.lines().any(|line| line.trim() == "*** Begin Patch")
}

/// A path short enough to be looked at, without `.` and, if need be, without what `..` takes back.
fn shortened(text: &str) -> Option<String> {
    if text.len() <= MAX_PATH_BYTES {
        return Some(text.to_owned());
    }
    let start = if text.starts_with('/') { "/" } else { "" };
    let whole = |names: Vec<&str>| {
        let length = names.iter().map(|name| name.len() + 1).sum::<usize>();
        (length <= MAX_PATH_BYTES).then(|| format!("{start}{}", names.join("/")))
    };
    let names = || text.split('/').filter(|name| !name.is_empty() && *name != ".");
    whole(names().collect()).or_else(|| {
        let mut left: Vec<&str> = Vec::new();
        for name in names() {
            match (name, left.last()) {
                ("..", Some(last)) if *last != ".." => drop(left.pop()),
                ("..", None) if !start.is_empty() => {}
                _ => left.push(name),
            }
        }
        whole(left)
    })
}

/// Whether a text that is too long for a path looks like one all the same.
fn may_be_path(text: &str) -> bool {
    let is_begun = ["/", "./", "../", "~/", "file:"].iter().any(|start| text.starts_with(start));
    let is_word = is_begun || !text.contains(char::is_whitespace);
    is_word
        && text.contains('.')
        && !text.contains(['\n', '"', '<', '{'])
        && text.split('/').all(|name| name.len() <= MAX_NAME_BYTES)
}

/// A pattern of paths, with what stands for anything in it.
fn pattern(text: &str) -> String {
    let mut pattern = String::new();
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '*' if rest.next_if_eq(&'*').is_some() => pattern.push(ANYTHING),
            '*' | '?' => pattern.push(SOMETHING),
            '[' | '{' => {
                let close = if c == '[' { ']' } else { '}' };
                let mut ahead = rest.clone();
                if ahead.any(|c| c == close) {
                    rest = ahead;
                }
                pattern.push(if c == '[' { SOMETHING } else { ANYTHING });
            }
            c => pattern.push(c),
        }
    }
    pattern
}

/// The files that a line of a patch may be about.
fn patched(line: &str) -> Vec<&str> {
    let orders = ["*** Add File: ", "*** Update File: ", "*** Delete File: ", "*** Move to: "];
    let marks = ["+++ ", "--- ", "rename from ", "rename to ", "copy from ", "copy to ", "Index: "];
    let trimmed = line.trim();
    if let Some(file) = orders.iter().find_map(|order| trimmed.strip_prefix(order)) {
        return vec![file.trim()];
    }
    let names: Vec<&str> = if let Some(both) = line.strip_prefix("diff --git ") {
        both.split_whitespace().collect()
    } else if let Some(name) = marks.iter().find_map(|mark| line.strip_prefix(mark)) {
        name.split('\t').next().into_iter().collect()
    } else {
        return Vec::new();
    };
    let plain = names.into_iter().map(|name| name.trim().trim_matches('"'));
    // Its first name is often one that stands for before or after.
    plain
        .flat_map(|name| [Some(name), name.split_once('/').map(|(_, rest)| rest)])
        .flatten()
        .collect()
}
