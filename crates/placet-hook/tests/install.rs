//! Installing leaves everything else as it is, and uninstalling leaves everything as it was.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use placet_hook::{Change, ClientName, Folders, HookConfig, Install, InstallError, Scope, Tree};
use proptest::prelude::*;
use serde_json::{Value, json};
use tempfile::TempDir;

/// A user with nothing.
struct User {
    _folder: TempDir,
    folders: Folders,
}

impl User {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let (home, project) = (folder.path().join("it's home"), folder.path().join("project"));
        for path in [&home, &project] {
            fs::create_dir(path).unwrap();
        }
        let folders =
            Folders::from_env(project, |name| (name == "HOME").then(|| home.clone().into()));
        Self { _folder: folder, folders: folders.unwrap() }
    }

    fn install(&self, client: ClientName, scope: Scope) -> Result<Change, InstallError> {
        let mut config = HookConfig::new(self.folders.memory(client.as_str()));
        config.log = Some(self.folders.log());
        self.install_with(client, scope, config)
    }

    fn install_with(
        &self,
        client: ClientName,
        scope: Scope,
        config: HookConfig,
    ) -> Result<Change, InstallError> {
        let config_path = self.folders.hook_config(client.as_str());
        let program = PathBuf::from("/opt/the programs/placet");
        let starter = Some(self.folders.policy());
        Install { client, scope, program, config_path, config, key: None, starter }
            .install(&self.folders)
    }

    fn settings(&self, client: ClientName) -> PathBuf {
        client.client().settings(&self.folders, Scope::User)
    }

    fn write(&self, client: ClientName, text: &str) -> PathBuf {
        let path = self.settings(client);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }
}

fn read(path: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn what_was_not_there_is_gone_again() {
    for client in ClientName::ALL {
        for scope in [Scope::User, Scope::Project] {
            let user = User::new();
            let installed = user.install(client, scope).unwrap();
            assert!(installed.is_changed && installed.backup.is_none());
            let text = fs::read_to_string(&installed.settings).unwrap();
            assert!(text.contains("exit 2"), "{text}");
            let again = user.install(client, scope).unwrap();
            assert!(!again.is_changed, "twice is once");
            assert_eq!(fs::read_to_string(&installed.settings).unwrap(), text);

            let gone = Install::uninstall(client, scope, &user.folders).unwrap();
            assert!(gone.is_changed && !installed.settings.exists());
            assert_eq!(gone.config, installed.config, "our configuration goes as well");
            assert!(!gone.config.unwrap().exists());
            assert!(!Install::uninstall(client, scope, &user.folders).unwrap().is_changed);
        }
    }
}

#[test]
fn the_events_and_limits_of_each_client_are_set() {
    let user = User::new();
    let rows = [
        (ClientName::ClaudeCode, "/hooks/PreToolUse/0/hooks/0/timeout", json!(280)),
        (ClientName::ClaudeCode, "/hooks/PreToolUse/0/hooks/0/onFailure", json!("block")),
        (ClientName::ClaudeCode, "/hooks/PreToolUse/0/matcher", json!("*")),
        (ClientName::ClaudeCode, "/hooks/PostToolUseFailure/0/matcher", json!("*")),
        (ClientName::Codex, "/hooks/PreToolUse/0/hooks/0/timeout", json!(280)),
        (ClientName::Codex, "/hooks/PostToolUse/0/hooks/0/type", json!("command")),
        (ClientName::Gemini, "/hooks/BeforeTool/0/hooks/0/timeout", json!(280_000)),
        (ClientName::Gemini, "/hooks/AfterTool/0/matcher", json!("*")),
        (ClientName::Cursor, "/version", json!(1)),
        (ClientName::Cursor, "/hooks/preToolUse/0/failClosed", json!(true)),
        (ClientName::Copilot, "/version", json!(1)),
        (ClientName::Copilot, "/hooks/preToolUse/0/timeoutSec", json!(280)),
    ];
    for (client, pointer, expected) in rows {
        let change = user.install(client, Scope::User).unwrap();
        let settings = read(&change.settings);
        assert_eq!(settings.pointer(pointer), Some(&expected), "{client:?} {settings:#}");
        let line = settings.to_string();
        assert!(line.contains("late=270;"), "later than the hook, before the client: {line}");
    }
}

#[test]
fn what_else_is_there_keeps_its_place() {
    let text = "{\n\t\"zeta\": 1.5,\n\t\"hooks\": {\n\t\t\"Stop\": [],\n\t\t\"PreToolUse\": [\n\t\t\t{\"matcher\": \
                \"Bash\", \"hooks\": [{\"type\": \"command\", \"command\": \"./mine.sh hook\"}]}\n\t\t]\n\t},\n\t\
                \"alpha\": {\"b\": null, \"a\": [true, -1, \"é\"]}\n}\n";
    let user = User::new();
    let path = user.write(ClientName::ClaudeCode, text);
    let before = Tree::parse(text).unwrap();
    let change = user.install(ClientName::ClaudeCode, Scope::User).unwrap();
    assert_eq!(fs::read_to_string(change.backup.unwrap()).unwrap(), text);
    let installed = fs::read_to_string(&path).unwrap();
    assert!(installed.starts_with("{\n\t\"zeta\": 1.5,\n\t\"hooks\": {\n\t\t\"Stop\": [],\n"));
    assert_eq!(read(&path)["hooks"]["PreToolUse"][0]["hooks"][0]["command"], "./mine.sh hook");
    assert_eq!(read(&path)["hooks"]["PreToolUse"].as_array().unwrap().len(), 2);

    Install::uninstall(ClientName::ClaudeCode, Scope::User, &user.folders).unwrap();
    let after = Tree::parse(&fs::read_to_string(&path).unwrap()).unwrap();
    assert_eq!(after, before, "the same values in the same order");
}

#[test]
fn a_group_that_someone_put_ours_into_keeps_theirs() {
    let user = User::new();
    let change = user.install(ClientName::Codex, Scope::User).unwrap();
    let mut settings = read(&change.settings);
    let theirs = json!({ "type": "command", "command": "./theirs.sh" });
    let group = settings["hooks"]["PreToolUse"][0]["hooks"].as_array_mut().unwrap();
    group.push(theirs.clone());
    fs::write(&change.settings, settings.to_string()).unwrap();
    Install::uninstall(ClientName::Codex, Scope::User, &user.folders).unwrap();
    let left = json!({ "hooks": { "PreToolUse": [{ "matcher": "*", "hooks": [theirs] }] } });
    assert_eq!(read(&change.settings), left);
}

#[test]
fn what_cannot_be_read_for_sure_is_left_alone() {
    let strange = [
        "{ // a comment\n}",
        "{\"hooks\": {}, \"hooks\": {}}",
        "{\"hooks\": []}",
        "{\"hooks\": {\"PreToolUse\": {}}}",
        "[]",
        "{",
    ];
    for text in strange {
        let user = User::new();
        let path = user.write(ClientName::ClaudeCode, text);
        let error = user.install(ClientName::ClaudeCode, Scope::User).unwrap_err().to_string();
        assert!(error.contains("is not changed"), "{error}");
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
        assert!(!user.folders.hook_config("claude-code").exists(), "nothing was half done");
    }
}

#[test]
fn links_and_permissions_stay() {
    let user = User::new();
    let real = user.folders.home.join("dotfiles.json");
    fs::write(&real, "{}").unwrap();
    fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).unwrap();
    let path = user.settings(ClientName::Gemini);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::os::unix::fs::symlink(&real, &path).unwrap();
    user.install(ClientName::Gemini, Scope::User).unwrap();
    assert!(fs::symlink_metadata(&path).unwrap().is_symlink());
    assert!(read(&real)["hooks"]["BeforeTool"].is_array());
    assert_eq!(fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o640);
    Install::uninstall(ClientName::Gemini, Scope::User, &user.folders).unwrap();
    assert!(fs::symlink_metadata(&path).unwrap().is_symlink());
    assert_eq!(read(&real), json!({}), "nor does ours stay behind the link");
}

#[test]
fn what_they_were_before_is_kept_whatever_is_installed_later() {
    let text = "{ \"theme\": 1 }\n";
    let user = User::new();
    let path = user.write(ClientName::Gemini, text);
    let first = user.install(ClientName::Gemini, Scope::User).unwrap();
    let mut config = HookConfig::new(user.folders.memory("gemini"));
    (config.log, config.shadow) = (Some(user.folders.log()), true);
    let second = user.install_with(ClientName::Gemini, Scope::User, config).unwrap();
    assert!(second.is_changed);
    assert_eq!(second.backup, first.backup);
    let backup = first.backup.unwrap();
    assert_eq!(fs::read_to_string(&backup).unwrap(), text);
    Install::uninstall(ClientName::Gemini, Scope::User, &user.folders).unwrap();
    assert_eq!(fs::read_to_string(&backup).unwrap(), text);
    // What is edited once nothing of ours is there any more is what they are before the next time.
    fs::write(&path, "{ \"theme\": 2 }\n").unwrap();
    user.install(ClientName::Gemini, Scope::User).unwrap();
    assert_eq!(fs::read_to_string(&backup).unwrap(), "{ \"theme\": 2 }\n");
}

#[test]
fn two_scopes_share_a_configuration_until_the_last_is_gone() {
    let user = User::new();
    user.install(ClientName::Cursor, Scope::User).unwrap();
    let config = user.install(ClientName::Cursor, Scope::Project).unwrap().config.unwrap();
    Install::uninstall(ClientName::Cursor, Scope::User, &user.folders).unwrap();
    assert!(config.exists());
    Install::uninstall(ClientName::Cursor, Scope::Project, &user.folders).unwrap();
    assert!(!config.exists());
}

#[test]
fn a_policy_to_begin_with_is_one_for_all_and_stays_when_it_was_changed() {
    let user = User::new();
    let policy = user.folders.policy();
    user.install(ClientName::Codex, Scope::User).unwrap();
    let text = fs::read_to_string(&policy).unwrap();
    user.install(ClientName::Gemini, Scope::User).unwrap();
    for client in ["codex", "gemini"] {
        let config = HookConfig::read(&user.folders.hook_config(client)).unwrap();
        assert_eq!(config.policy.as_ref(), Some(&policy));
    }
    Install::uninstall(ClientName::Codex, Scope::User, &user.folders).unwrap();
    assert!(policy.exists(), "another client uses it");
    Install::uninstall(ClientName::Gemini, Scope::User, &user.folders).unwrap();
    assert!(!policy.exists());
    fs::write(&policy, format!("{text}# mine\n")).unwrap();
    user.install(ClientName::Codex, Scope::User).unwrap();
    Install::uninstall(ClientName::Codex, Scope::User, &user.folders).unwrap();
    assert_eq!(fs::read_to_string(&policy).unwrap(), format!("{text}# mine\n"));
}

#[test]
fn a_key_is_for_its_owner_only_and_in_no_settings() {
    let user = User::new();
    let client = ClientName::ClaudeCode;
    let mut config = HookConfig::new(user.folders.memory(client.as_str()));
    config.daemon = Some("http://127.0.0.1:4747".to_owned());
    let config_path = user.folders.hook_config(client.as_str());
    let install = Install {
        client,
        scope: Scope::User,
        program: PathBuf::from("/opt/placet"),
        config_path: config_path.clone(),
        config,
        key: Some("plc_secret".to_owned().into()),
        starter: None,
    };
    let change = install.install(&user.folders).unwrap();
    let key = config_path.with_extension("key");
    assert_eq!(fs::read_to_string(&key).unwrap(), "plc_secret");
    for path in [&key, &config_path] {
        assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
    }
    for path in [&change.settings, &config_path] {
        assert!(!fs::read_to_string(path).unwrap().contains("plc_secret"));
    }
    Install::uninstall(client, Scope::User, &user.folders).unwrap();
    assert!(!key.exists());
}

#[test]
fn shadow_is_written_so_that_nothing_can_stop() {
    for client in ClientName::ALL {
        let user = User::new();
        let mut config = HookConfig::new(user.folders.memory(client.as_str()));
        config.log = Some(user.folders.log());
        config.shadow = true;
        let change = user.install_with(client, Scope::User, config).unwrap();
        let text = fs::read_to_string(change.settings).unwrap();
        assert!(!text.contains("exit 2") && !text.contains("\"block\""), "{text}");
        assert!(!text.contains("\"failClosed\": true") && text.contains("--shadow"), "{text}");
    }
}

/// Settings of someone who knows nothing of us.
fn foreign() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        "[a-z \"\\\\\u{1}é]{0,12}".prop_map(Value::from),
    ];
    let tree = leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::btree_map("[a-z]{1,6}", inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    });
    // A list with nothing in it is the same as none.
    let list = proptest::collection::vec(tree.clone(), 1..3).prop_map(Value::from);
    let events = proptest::sample::select(vec!["PreToolUse", "BeforeTool", "preToolUse", "Stop"]);
    let hooks = proptest::collection::btree_map(events, list, 1..4);
    (proptest::collection::btree_map("[a-z]{1,6}", tree, 0..4), proptest::option::of(hooks))
        .prop_map(|(mut all, hooks)| {
            all.remove("hooks");
            let hooks = hooks.map(|hooks| json!(hooks));
            all.extend(hooks.map(|hooks| ("hooks".to_owned(), hooks)));
            all.entry("version".to_owned()).or_insert_with(|| json!(1));
            json!(all)
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn uninstalling_undoes_installing(settings in foreign(), at in 0_usize..5) {
        let (user, client) = (User::new(), ClientName::ALL[at]);
        let path = user.write(client, &settings.to_string());
        user.install(client, Scope::User).unwrap();
        user.install(client, Scope::User).unwrap();
        Install::uninstall(client, Scope::User, &user.folders).unwrap();
        // A file with nothing in it but where it begins is the same as none.
        let after = if path.exists() { read(&path) } else { json!({ "version": 1 }) };
        prop_assert_eq!(after, settings);
    }

    #[test]
    fn settings_are_written_as_they_were_read(settings in foreign()) {
        let text = settings.to_string();
        let tree = Tree::parse(&text).unwrap();
        prop_assert_eq!(Tree::parse(&tree.render(&text)).unwrap(), tree);
    }
}
