//! A server that has stopped reading.

use std::time::Duration;

use placet_mcp::{End, JudgeConfig};
use serde_json::json;
use tokio::time::timeout;

use crate::support::{LIMIT, POLICY, World, config};

/// More than is kept for a reader who is slow for a moment.
const MANY: u64 = 200;

#[tokio::test]
async fn a_server_that_has_stopped_reading_is_given_up_with_an_answer_to_all() {
    let call = Duration::from_millis(200);
    let World { mut client, server, running, .. } =
        World::with(POLICY, JudgeConfig { call, ..config() });
    let to = client.to.clone();
    let asking = tokio::spawn(async move {
        for id in 0..MANY {
            let asked = json!({ "jsonrpc": "2.0", "id": id, "method": "resources/list" });
            // There is nobody to hear it once the server is given up.
            if to.send(Ok(asked.to_string().into())).await.is_err() {
                return;
            }
        }
    });
    let mut answered = 0;
    while let Some(said) = timeout(LIMIT, client.from.recv()).await.unwrap() {
        let said: serde_json::Value = serde_json::from_slice(&said).unwrap();
        let why = said["error"]["message"].as_str().unwrap();
        assert!(why.contains("stopped reading"), "{why}");
        answered += 1;
    }
    assert!(answered > 60, "{answered} are answered");
    assert_eq!(timeout(LIMIT, running).await.unwrap().unwrap(), End::Stuck);
    asking.await.unwrap();
    drop(server);
}
