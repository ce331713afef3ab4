//! From a name to its words.
//!
//! `mcp__mail__searchThreads`, `HTTPGet`, `s3.putObject`, `find-or-create`: every convention has
//! its own way to keep words apart, and all of them are undone here. Words stay whole: `delete` is
//! found in `user_delete`, never in `deleted`.

/// One word of a name, in lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) text: String,
    /// Whether a `.`, `/`, `:` or `__` follows further on: the word belongs to a namespace.
    pub(super) is_namespace: bool,
}

/// The words of a folded name, without the server's part of an MCP name.
pub(super) fn tokenize(name: &str) -> Vec<Token> {
    let name = without_server(name);
    let mut tokens: Vec<Token> = Vec::with_capacity(8);
    let mut word = String::new();
    let mut chars = name.chars().peekable();
    let mut previous = ' ';
    while let Some(c) = chars.next() {
        if c.is_alphanumeric() {
            if is_boundary(previous, c, chars.clone()) {
                push(&mut tokens, &mut word);
            }
            word.extend(c.to_lowercase());
        } else {
            push(&mut tokens, &mut word);
            if is_namespace_separator(c, previous) && chars.peek().is_some() {
                tokens.iter_mut().for_each(|token| token.is_namespace = true);
            }
        }
        previous = c;
    }
    push(&mut tokens, &mut word);
    tokens
}

/// `mcp__server__tool` is the tool `tool`: what a server is called says nothing about the call.
pub(super) fn without_server(name: &str) -> &str {
    let server_and_tool = name.strip_prefix("mcp__").unwrap_or("");
    server_and_tool.split_once("__").map_or(name, |(_, tool)| tool)
}

fn push(tokens: &mut Vec<Token>, word: &mut String) {
    if !word.is_empty() {
        tokens.push(Token { text: std::mem::take(word), is_namespace: false });
    }
}

fn is_namespace_separator(c: char, previous: char) -> bool {
    matches!(c, '.' | '/' | ':') || (c == '_' && previous == '_')
}

/// A word starts at a capital after a small letter or digit (`getURL`), and at the last capital
/// of a run before a small letter (`HTTPGet`), unless that letter is a plural's `s` (`getURLs`).
/// Digits belong to the word before them (`s3`).
fn is_boundary(previous: char, c: char, mut rest: impl Iterator<Item = char>) -> bool {
    if !c.is_uppercase() {
        return false;
    }
    let next = rest.next();
    let is_plural = next == Some('s') && !rest.next().is_some_and(char::is_lowercase);
    previous.is_lowercase()
        || previous.is_numeric()
        || (previous.is_uppercase() && next.is_some_and(char::is_lowercase) && !is_plural)
}

#[cfg(test)]
mod tests {
    use super::tokenize;

    #[track_caller]
    fn check(name: &str, words: &str) {
        let tokens: Vec<String> = tokenize(name).into_iter().map(|token| token.text).collect();
        assert_eq!(tokens.join(" "), words, "{name}");
    }

    #[test]
    fn every_convention_is_undone() {
        check("get_user_details", "get user details");
        check("HTTPGet", "http get");
        check("getURL", "get url");
        check("getURLs", "get urls");
        check("s3.putObject", "s3 put object");
        check("s3PutObject", "s3 put object");
        check("kubectl-apply", "kubectl apply");
        check("findOneAndDelete", "find one and delete");
        check("GetEC2Instances", "get ec2 instances");
        check("users/list:all", "users list all");
        check("  odd -- name ", "odd name");
        check("", "");
        check("___", "");
    }

    #[test]
    fn an_mcp_server_is_not_part_of_the_name() {
        check("mcp__delete-service__list_items", "list items");
        check("mcp__lonely", "mcp lonely");
        check("mcp__a__b__c", "b c");
    }

    #[test]
    fn namespaces_are_marked() {
        let marks = |name: &str| {
            tokenize(name).into_iter().map(|token| token.is_namespace).collect::<Vec<_>>()
        };
        assert_eq!(marks("orders.update"), [true, false]);
        assert_eq!(marks("gmail.users.messages_list"), [true, true, false, false]);
        assert_eq!(marks("a__b_c"), [true, false, false]);
        assert_eq!(marks("trailing."), [false]);
    }
}
