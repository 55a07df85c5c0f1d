//! The REST API without its sockets: a request comes to records to append and an answer to give when they are durable.
//!
//! Paths, parameters and bodies are those of Confluent's API v1. A shell reads requests, passes them here while it holds the
//! registry, appends the records, applies them, and sends the answer.

mod bodies;
pub mod content;
pub mod openapi;
mod pages;
mod parts;
mod schemas;
mod settings;
mod subjects;

use serde_json::json;

use crate::registry::{Record, Registry, RegistryError};
use parts::{Parts, Query};

/// What answers are made of, unless the client prefers another of the types of the API.
pub const CONTENT_TYPE: &str = "application/vnd.schemaregistry.v1+json";

/// What the API is asked with.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// `GET`, `POST`, `PUT` or `DELETE`.
    pub method: &'a str,
    /// The path, still percent-encoded.
    pub path: &'a str,
    /// The part after the question mark.
    pub query: &'a str,
    /// The body.
    pub body: &'a [u8],
}

/// What comes of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// To be appended, durable and applied before the answer is sent.
    pub records: Vec<Record>,
    /// The HTTP status.
    pub status: u16,
    /// JSON, or the text of a schema; nothing with 204.
    pub body: String,
}

/// What an answer says.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Told {
    Json(serde_json::Value),
    /// The text of a schema, as it is.
    Text(String),
    Nothing,
}

impl From<serde_json::Value> for Told {
    fn from(value: serde_json::Value) -> Self {
        Self::Json(value)
    }
}

/// Why a request is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refusal {
    Registry(RegistryError),
    /// The body is not what it should be.
    Body(String),
    NoSuchPath,
    Method,
}

impl From<RegistryError> for Refusal {
    fn from(error: RegistryError) -> Self {
        Self::Registry(error)
    }
}

/// An answer with the records that must come before it.
type Reply = Result<(Vec<Record>, Told), Refusal>;

fn answer(value: impl serde::Serialize) -> Reply {
    // Our own types, with keys of text: they become JSON.
    Ok((Vec::new(), serde_json::to_value(value).unwrap_or_default().into()))
}

/// What `Allow` says at a path, with 405.
pub fn allowed(path: &str) -> String {
    let parts = Parts::of(path);
    let steps: Vec<&str> = parts.iter().flat_map(|parts| &parts.steps).map(String::as_str).collect();
    openapi::methods(&steps).join(", ")
}

/// Answers a request from the state of the registry.
pub fn respond(registry: &Registry, request: Request<'_>) -> Response {
    match route(registry, request) {
        Ok((records, Told::Json(body))) => Response { records, status: 200, body: body.to_string() },
        Ok((records, Told::Text(body))) => Response { records, status: 200, body },
        Ok((records, Told::Nothing)) => Response { records, status: 204, body: String::new() },
        Err(Refusal::Registry(error)) => unavailable(&error),
        Err(Refusal::Body(reason)) => refusal(422, 422, &reason),
        Err(Refusal::NoSuchPath) => refusal(404, 404, "HTTP 404 Not Found"),
        Err(Refusal::Method) => refusal(405, 405, "HTTP 405 Method Not Allowed"),
    }
}

/// The answer when the registry cannot look, or cannot write.
pub fn unavailable(error: &RegistryError) -> Response {
    refusal(error.status(), error.error_code(), &error.to_string())
}

/// An error in the shape of the API.
pub fn refusal(status: u16, code: u32, message: &str) -> Response {
    let body = json!({"error_code": code, "message": message}).to_string();
    Response { records: Vec::new(), status, body }
}

fn route(registry: &Registry, request: Request<'_>) -> Reply {
    let parts = Parts::of(request.path).ok_or(Refusal::NoSuchPath)?;
    let query = Query::of(request.query);
    let of = |name: &str| parts.subject(name);
    let steps: Vec<&str> = parts.steps.iter().map(String::as_str).collect();
    match (request.method, steps.as_slice()) {
        ("GET" | "POST", []) => answer(json!({})),
        ("GET", ["openapi.json"]) => answer(openapi::document()),
        ("GET", ["schemas", "types"]) => answer(["JSON", "PROTOBUF", "AVRO"]),
        ("GET", ["schemas"]) => schemas::list(registry, &parts, &query),
        ("GET", ["schemas", "ids", id]) => schemas::by_id(registry, &parts, id, &query),
        ("GET", ["schemas", "ids", id, "schema"]) => schemas::text_by_id(registry, &parts, id, &query),
        ("GET", ["schemas", "ids", id, "subjects"]) => schemas::subjects_of_id(registry, &parts, id, &query),
        ("GET", ["schemas", "ids", id, "versions"]) => schemas::versions_of_id(registry, &parts, id, &query),
        ("GET", ["schemas", "guids", guid]) => schemas::by_guid(registry, guid, &query),
        ("GET", ["schemas", "guids", guid, "ids"]) => schemas::ids_of_guid(registry, guid),
        ("GET", ["subjects"]) => subjects::list(registry, &parts, &query),
        ("POST", ["subjects", s]) => subjects::lookup(registry, &of(s), &query, request.body),
        ("DELETE", ["subjects", s]) => subjects::delete(registry, of(s), &query),
        ("GET", ["subjects", s, "versions"]) => subjects::versions(registry, &of(s), &query),
        ("POST", ["subjects", s, "versions"]) => subjects::register(registry, of(s), &query, request.body),
        ("GET", ["subjects", s, "metadata"]) => subjects::with_metadata(registry, &of(s), &query),
        ("GET", ["subjects", s, "versions", v]) => subjects::version(registry, &of(s), v, &query),
        ("DELETE", ["subjects", s, "versions", v]) => subjects::delete_version(registry, of(s), v, &query),
        ("GET", ["subjects", s, "versions", v, "schema"]) => subjects::text(registry, &of(s), v, &query),
        ("GET", ["subjects", s, "versions", v, "referencedby" | "referencedBy"]) => {
            subjects::referenced_by(registry, &of(s), v, &query)
        }
        ("POST", ["compatibility", "subjects", s, "versions"]) => {
            subjects::compatibility(registry, &of(s), None, &query, request.body)
        }
        ("POST", ["compatibility", "subjects", s, "versions", v]) => {
            subjects::compatibility(registry, &of(s), Some(v), &query, request.body)
        }
        ("GET", ["config"]) => settings::config(registry, parts.all(), &query),
        ("GET", ["config", s]) => settings::config(registry, Some(of(s)), &query),
        ("PUT", ["config"]) => settings::set_config(registry, parts.all(), request.body),
        ("PUT", ["config", s]) => settings::set_config(registry, Some(of(s)), request.body),
        ("DELETE", ["config"]) => settings::delete_config(registry, parts.all()),
        ("DELETE", ["config", s]) => settings::delete_config(registry, Some(of(s))),
        ("GET", ["mode"]) => settings::mode(registry, parts.all(), &query),
        ("GET", ["mode", s]) => settings::mode(registry, Some(of(s)), &query),
        ("PUT", ["mode"]) => settings::set_mode(registry, parts.all(), &query, request.body),
        ("PUT", ["mode", s]) => settings::set_mode(registry, Some(of(s)), &query, request.body),
        ("DELETE", ["mode"]) => settings::delete_mode(registry, parts.all(), &query),
        ("DELETE", ["mode", s]) => settings::delete_mode(registry, Some(of(s)), &query),
        ("GET", ["contexts"]) => {
            let prefix = query.get("contextPrefix").unwrap_or_default();
            let found = registry.contexts().into_iter().filter(|context| context.starts_with(prefix));
            answer(query.page(found.collect()))
        }
        ("DELETE", ["contexts", context]) => settings::delete_context(registry, context),
        ("GET", ["v1", "metadata", "id"]) => answer(
            json!({"scope": {"path": [], "clusters": {"schema-registry-cluster": "highway"}}, "id": ""}),
        ),
        ("GET", ["v1", "metadata", "version"]) => {
            answer(json!({"version": env!("CARGO_PKG_VERSION"), "commitId": "highway"}))
        }
        ("GET", ["v1", "metadata", "deployment"]) => answer(json!({"attributes": {}})),
        _ if openapi::methods(&steps).is_empty() => Err(Refusal::NoSuchPath),
        _ => Err(Refusal::Method),
    }
}

#[cfg(test)]
#[path = "http_test.rs"]
mod tests;
