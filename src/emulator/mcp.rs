//! An MCP endpoint as servers have it (Model Context Protocol, Streamable HTTP): one address that takes JSON-RPC by POST,
//! and whose challenge leads to the metadata of the resource.
//!
//! It has no GET. A token must have been issued for this resource, and one tool needs a scope of its own, so that a client
//! meets the challenge for more (RFC 6750 §3.1).

use serde_json::{Value, json};

use super::bearer::{READ, challenge, issued};
use super::site::Site;
use super::wire::{Incoming, Reply};
use crate::protocol::json;

/// The definition that `emulate mcp` emulates.
pub const DEFINITION: &str = include_str!("mcp.toml");

/// The newest version of the protocol that is spoken here, and the older ones.
const VERSIONS: [&str; 4] = ["2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"];

/// The scope of the tool that writes.
const WRITE: &str = "mcp:write";

pub fn answer(site: &Site, incoming: &Incoming) -> Reply {
    if incoming.method != "POST" {
        return Reply::method_not_allowed("POST");
    }
    let token = match issued(site, incoming) {
        Ok(token) => token,
        Err(refusal) => return refusal,
    };
    let is_for_us = |resources: Vec<String>| resources.contains(&site.resource());
    if site.ledger.grantee(token.family).is_some_and(|grantee| !is_for_us(grantee.resources)) {
        let body = json!({"error": "invalid_token", "error_description": "the token is for another resource"});
        return Reply::json(401, &body).with("WWW-Authenticate", challenge(site, Some("invalid_token"), READ));
    }
    let Ok(message) = json::parse(&incoming.body) else {
        return Reply::json(400, &failure(&Value::Null, -32700, "the body is not JSON"));
    };
    let method = message.get("method").and_then(Value::as_str).unwrap_or_default();
    let Some(id) = message.get("id").filter(|id| id.is_string() || id.is_number()) else {
        // A notification has no answer.
        return Reply::empty(202);
    };
    let tool = message.pointer("/params/name").and_then(Value::as_str).unwrap_or_default();
    let needed = if method == "tools/call" && tool == "write_note" { WRITE } else { READ };
    if !token.scope.contains(needed) {
        let body = json!({"error": "insufficient_scope", "error_description": format!("this needs {needed}")});
        return Reply::json(403, &body).with("WWW-Authenticate", challenge(site, Some("insufficient_scope"), needed));
    }
    let reply = match (method, tool) {
        ("initialize", _) => success(id, initialized(&message)),
        ("ping", _) => success(id, json!({})),
        ("tools/list", _) => success(id, json!({"tools": [tool_of("read_notes"), tool_of("write_note")]})),
        ("tools/call", "read_notes" | "write_note") => {
            success(id, json!({"content": [{"type": "text", "text": "a made-up note"}], "isError": false}))
        }
        ("tools/call", _) => failure(id, -32602, "there is no such tool"),
        _ => failure(id, -32601, "there is no such method"),
    };
    Reply::json(200, &reply)
}

fn initialized(message: &Value) -> Value {
    let asked = message.pointer("/params/protocolVersion").and_then(Value::as_str).unwrap_or_default();
    let version = VERSIONS.into_iter().find(|version| *version == asked).unwrap_or(VERSIONS[0]);
    json!({
        "protocolVersion": version,
        "capabilities": {"tools": {}},
        "serverInfo": {"name": "oauthctl emulate mcp", "version": env!("CARGO_PKG_VERSION")},
    })
}

fn tool_of(name: &str) -> Value {
    let description = match name {
        "write_note" => "Write a note (needs the scope mcp:write)",
        _ => "Read the notes",
    };
    json!({"name": name, "description": description, "inputSchema": {"type": "object"}})
}

fn success(id: &Value, result: Value) -> Value {
    json!({"jsonrpc": "2.0", "id": id, "result": result})
}

fn failure(id: &Value, code: i32, message: &str) -> Value {
    json!({"jsonrpc": "2.0", "id": id, "error": {"code": code, "message": message}})
}
