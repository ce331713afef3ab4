//! An approval that is given before or while the gateway is started again.

use std::path::Path;
use std::time::Duration;

use placet::{ActionId, Guard, Object, Status};
use placet_gate::Gate;
use placet_mcp::JudgeConfig;
use serde_json::{Value, json};
use tokio::runtime::Builder;
use tokio::time::{sleep, timeout};

use crate::support::{self, LIMIT, POLICY, World, guard, refusal};

/// A gateway before the log of a guard, which remembers in a folder.
fn started(guard: &Guard, folder: &Path, config: JudgeConfig) -> World {
    let config = JudgeConfig { memory: Some(folder.to_owned()), ..config };
    let gate = Gate::at(guard.clone(), false, None);
    World { guard: guard.clone(), ..World::at(gate, config) }
}

fn arguments() -> Value {
    json!({ "path": "b", "n": 10 })
}

/// Holds a call and ends the gateway before it can do anything more; the call.
async fn held(guard: &Guard, folder: &Path, config: JudgeConfig) -> ActionId {
    let (guard, folder) = (guard.clone(), folder.to_owned());
    let ended = tokio::task::spawn_blocking(move || {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let (id, world) = runtime.block_on(async {
            let mut world = started(&guard, &folder, config);
            world.call(1, "write_file", arguments()).await;
            world.list_tools().await;
            let id = world.pending().await;
            noted(&folder, id).await;
            (id, world)
        });
        drop(runtime);
        drop(world);
        id
    });
    ended.await.unwrap()
}

/// Waits until a call is remembered.
async fn noted(folder: &Path, id: ActionId) {
    let is_noted = || {
        let mut files = std::fs::read_dir(folder).into_iter().flatten().flatten();
        files.any(|file| file.file_name().to_string_lossy().ends_with(&id.to_string()))
    };
    let noted = async {
        while !is_noted() {
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(LIMIT, noted).await.unwrap();
}

#[tokio::test]
async fn what_was_approved_before_the_gateway_was_started_again_runs_once() {
    let (guard, folder) = (guard(POLICY), tempfile::tempdir().unwrap());
    // Killed while it waits, and after it told the agent to come back.
    for hold in [LIMIT, Duration::ZERO] {
        let config = || JudgeConfig { hold, ..JudgeConfig::default() };
        let id = held(&guard, folder.path(), config()).await;
        let mut world = started(&guard, folder.path(), support::config());
        world.approve(id).await;
        world.call(1, "write_file", json!({ "path": "b", "n": 11 })).await;
        world.list_tools().await;
        refusal(&world.client.hear().await);
        world.call(2, "write_file", arguments()).await;
        assert_eq!(world.server.hear().await["params"]["arguments"], arguments());
        world.answer(2, "written").await;
        world.client.hear().await;
        world.becomes(id, Status::Succeeded).await;
        drop(world);
        // Never again, however often it is started.
        let mut world = started(&guard, folder.path(), support::config());
        world.call(3, "write_file", arguments()).await;
        world.list_tools().await;
        refusal(&world.client.hear().await);
        assert!(world.server.is_silent());
        drop(world);
        for waiting in guard.pending(None, None, 10).unwrap() {
            guard.withdraw(waiting.followed.id().approval()).await.unwrap();
        }
    }
}

#[tokio::test]
async fn what_was_spent_before_the_gateway_died_does_not_run() {
    let (guard, folder) = (guard(POLICY), tempfile::tempdir().unwrap());
    let id = held(&guard, folder.path(), support::config()).await;
    let mut world = started(&guard, folder.path(), support::config());
    world.approve(id).await;
    let mut params = Object::new();
    for (name, value) in
        [("path", placet::Json::String("b".to_owned())), ("n", placet::Json::parse(b"10").unwrap())]
    {
        params.insert(name.to_owned(), value);
    }
    // It was spent, and then nobody knows whether the server had it.
    guard.redeem_call(id, &"write_file".parse().unwrap(), &params).await.unwrap();
    world.call(1, "write_file", arguments()).await;
    world.list_tools().await;
    let text = refusal(&world.client.hear().await);
    assert!(!text.contains(&id.approval().to_string()), "it is asked for anew: {text}");
    assert!(world.server.is_silent());
}

#[tokio::test]
async fn an_approval_is_for_the_same_tool_agent_and_tenant() {
    let (guard, folder) = (guard(POLICY), tempfile::tempdir().unwrap());
    let id = held(&guard, folder.path(), support::config()).await;
    let by = JudgeConfig { agent: Some("other".parse().unwrap()), ..support::config() };
    let of = JudgeConfig { tenant: "other".parse().unwrap(), ..support::config() };
    let changed = started(&guard, folder.path(), by);
    changed.approve(id).await;
    let elsewhere = started(&guard, folder.path(), of);
    let mut renewed = started(&guard, folder.path(), support::config());
    renewed.tools = json!([support::tool("write_file", "Writes, and tells others.")]);
    for mut world in [changed, elsewhere, renewed] {
        world.call(1, "write_file", arguments()).await;
        world.list_tools().await;
        refusal(&world.client.hear().await);
        assert!(world.server.is_silent());
    }
}

#[tokio::test]
async fn what_is_remembered_of_another_log_means_nothing() {
    let folder = tempfile::tempdir().unwrap();
    held(&guard(POLICY), folder.path(), support::config()).await;
    let mut world = started(&guard(POLICY), folder.path(), support::config());
    std::fs::write(folder.path().join("nonsense"), "x").unwrap();
    world.call(1, "write_file", arguments()).await;
    world.list_tools().await;
    let id = world.pending().await;
    let text = refusal(&world.client.hear().await);
    assert!(text.contains(&id.approval().to_string()), "{text}");
}
