//! A message of a client that is longer than anything is.

use placet_mcp::Skipped;
use serde_json::json;

use crate::support::World;

/// How the gateway hears of it: by its two ends.
fn too_long(begin: &'static str, end: &'static str) -> Skipped {
    Skipped::TooLong { limit: 10, ends: [begin.into(), end.into()] }
}

#[tokio::test]
async fn whoever_asked_at_too_great_length_is_told_so_and_nobody_else() {
    let mut world = World::new();
    world.ask(7, "ping", json!({})).await;
    assert_eq!(world.server.hear().await["id"], 7);
    for (begin, end, id) in [
        (r#"{"jsonrpc":"2.0","id":8,"method":"tools/call","params":{"#, r#""}}"#, json!(8)),
        (r#"{"jsonrpc":"2.0","params":{"x":""#, r#""},"method":"ping","id":"x"}"#, json!("x")),
        // It has a question open, and this is no answer to it.
        (r#"{"jsonrpc":"2.0","method":"notifications/x","params":{"id":7"#, "}}", json!(null)),
        ("garbage", "garbage", json!(null)),
    ] {
        world.client.to.send(Err(too_long(begin, end))).await.unwrap();
        let answer = world.client.hear().await;
        assert_eq!(answer["id"], id, "{answer}");
        assert!(answer["error"]["message"].as_str().unwrap().contains("10 bytes"), "{answer}");
    }
    assert!(world.server.is_silent());
}
