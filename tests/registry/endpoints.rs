//! Every endpoint once over HTTP, in this order on one node: what the answers are in full is a test beside the functions
//! that make them.

use highway_tests::Node;
use highway_tests::http::ask;

use super::call;

#[test]
fn every_endpoint_answers_over_http() {
    let node = Node::start();
    let string = r#"{"schema":"\"string\""}"#;
    let record = r#"{"schema":"{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"s\",\"type\":\"S\"}]}","references":[{"name":"S","subject":"s","version":1}]}"#;
    let named = r#"{"schema":"{\"type\":\"enum\",\"name\":\"S\",\"symbols\":[\"A\"]}"}"#;
    let proto = r#"{"schemaType":"PROTOBUF","schema":"syntax = \"proto3\"; message M { int32 a = 1; }"}"#;
    let json = r#"{"schemaType":"JSON","schema":"{\"type\":\"object\"}"}"#;
    let rows: &[(&str, &str, u16, &str)] = &[
        ("GET /", "", 200, "{}"),
        ("POST /", "", 200, "{}"),
        ("GET /schemas/types", "", 200, "PROTOBUF"),
        ("GET /subjects", "", 200, "[]"),
        ("POST /subjects/a%2Fb/versions", string, 200, r#""id":1"#),
        ("POST /subjects/a%2Fb/versions?normalize=true", string, 200, r#""id":1"#),
        ("POST /subjects/s/versions", named, 200, r#""id":2"#),
        ("POST /subjects/r/versions", record, 200, r#""id":3"#),
        ("POST /subjects/p/versions", proto, 200, r#""id":4"#),
        ("POST /subjects/j/versions", json, 200, r#""id":5"#),
        ("POST /subjects/a%2Fb", string, 200, r#""subject":"a/b""#),
        ("POST /subjects/a%2Fb/versions", r#"{"schema":"\"int\""}"#, 409, "40901"),
        ("POST /subjects/a%2Fb/versions", r#"{"schema":"nonsense"}"#, 422, "42201"),
        ("POST /subjects/a%2Fb/versions", "{", 422, "422"),
        ("GET /schemas", "", 200, r#""subject":"r""#),
        ("GET /schemas?subjectPrefix=s&latestOnly=true&limit=1", "", 200, r#""id":2"#),
        ("GET /schemas/ids/1", "", 200, r#"\"string\""#),
        ("GET /schemas/ids/4?format=serialized", "", 200, "schema"),
        ("GET /schemas/ids/99", "", 404, "40403"),
        ("GET /schemas/ids/1/schema", "", 200, "\"string\""),
        ("GET /schemas/ids/1/subjects", "", 200, "a/b"),
        ("GET /schemas/ids/1/versions", "", 200, r#""version":1"#),
        ("GET /schemas/guids/095d71cf-1255-6b9d-5e33-0ad575b3df5d", "", 200, "string"),
        ("GET /schemas/guids/095d71cf-1255-6b9d-5e33-0ad575b3df5d/ids", "", 200, r#""id":1"#),
        ("GET /subjects?subjectPrefix=a", "", 200, r#"["a/b"]"#),
        ("GET /subjects/a%2Fb/versions", "", 200, "[1]"),
        ("GET /subjects/a%2Fb/versions/latest", "", 200, r#""version":1"#),
        ("GET /subjects/a%2Fb/versions/0", "", 422, "42202"),
        ("GET /subjects/x/versions/1", "", 404, "40401"),
        ("GET /subjects/a%2Fb/versions/1/schema", "", 200, "string"),
        ("GET /subjects/s/versions/1/referencedby", "", 200, "[3]"),
        ("GET /subjects/a%2Fb/metadata", "", 200, r#""id":1"#),
        ("DELETE /subjects/s/versions/1", "", 422, "42206"),
        ("POST /compatibility/subjects/a%2Fb/versions/latest", string, 200, "true"),
        (
            "POST /compatibility/subjects/a%2Fb/versions?verbose=true",
            r#"{"schema":"\"int\""}"#,
            200,
            "messages",
        ),
        ("GET /config", "", 200, "BACKWARD"),
        ("PUT /config", r#"{"compatibility":"FULL"}"#, 200, "FULL"),
        ("PUT /config", r#"{"compatibility":"FULLER"}"#, 422, "42203"),
        ("DELETE /config", "", 200, "FULL"),
        ("GET /config/a%2Fb", "", 404, "40408"),
        ("PUT /config/a%2Fb", r#"{"compatibility":"NONE"}"#, 200, "NONE"),
        ("GET /config/a%2Fb", "", 200, "NONE"),
        ("DELETE /config/a%2Fb", "", 200, "NONE"),
        ("GET /config/a%2Fb?defaultToGlobal=true", "", 200, "BACKWARD"),
        ("GET /mode", "", 200, "READWRITE"),
        ("PUT /mode", r#"{"mode":"READONLY"}"#, 200, "READONLY"),
        ("POST /subjects/new/versions", string, 422, "42205"),
        ("DELETE /mode", "", 200, "READONLY"),
        ("GET /mode/p", "", 404, "40409"),
        ("PUT /mode/p", r#"{"mode":"READONLY"}"#, 200, "READONLY"),
        ("GET /mode/p?defaultToGlobal=true", "", 200, "READONLY"),
        ("DELETE /mode/p", "", 200, "READONLY"),
        ("POST /contexts/.c/subjects/x/versions", string, 200, r#""id":1"#),
        ("GET /contexts", "", 200, r#"".c""#),
        ("DELETE /contexts/.c", "", 422, "42211"),
        ("DELETE /subjects/:.c:x", "", 200, "[1]"),
        ("DELETE /subjects/:.c:x?permanent=true", "", 200, "[1]"),
        ("DELETE /subjects/p/versions/1", "", 200, "1"),
        ("DELETE /subjects/p/versions/1", "", 404, "40406"),
        ("DELETE /subjects/p/versions/1?permanent=true", "", 200, "1"),
        ("DELETE /subjects/j?permanent=true", "", 404, "40405"),
        ("DELETE /subjects/j", "", 200, "[1]"),
        ("GET /subjects?deletedOnly=true", "", 200, r#"["j"]"#),
        ("DELETE /subjects/j", "", 404, "40404"),
        ("DELETE /subjects/j?permanent=true", "", 200, "[1]"),
        ("GET /v1/metadata/id", "", 200, "schema-registry-cluster"),
        ("GET /v1/metadata/version", "", 200, "version"),
        ("GET /v1/metadata/deployment", "", 200, "attributes"),
        ("GET /nothing", "", 404, "404"),
        ("PATCH /subjects", "", 405, "405"),
    ];
    for (line, body, status, part) in rows {
        let answer = call(&node, line, body);
        assert_eq!(answer.status, *status, "{line} {body}: {answer:?}");
        assert!(answer.body.contains(part), "{line} {body}: {answer:?} without {part}");
        assert_eq!(answer.header("content-type"), Some("application/vnd.schemaregistry.v1+json"), "{line}");
        if *status >= 400 {
            let error = answer.json();
            assert!(error["error_code"].is_u64() && error["message"].is_string(), "{line}: {error}");
        }
    }
}

#[test]
fn content_types_and_sizes() {
    let node = Node::start();
    let string = r#"{"schema":"\"string\""}"#;
    let post = |headers: &[(&str, &str)], body: &str| {
        ask(node.registry(), "POST", "/subjects/t/versions", headers, body).expect("an answer")
    };
    for kind in
        ["application/json", "application/vnd.schemaregistry+json", "application/vnd.schemaregistry.v1+json"]
    {
        let answer = post(&[("content-type", kind), ("accept", kind)], string);
        assert_eq!((answer.status, answer.header("content-type")), (200, Some(kind)));
    }
    assert_eq!(post(&[("content-type", "application/octet-stream")], string).status, 200);
    assert_eq!(post(&[], string).status, 200);
    assert_eq!(post(&[("content-type", "text/plain")], string).json()["error_code"], 415);
    assert_eq!(post(&[("accept", "text/html")], string).json()["error_code"], 406);
    let large = serde_json::json!({"schema": "x".repeat(5 << 20)}).to_string();
    assert_eq!(post(&[], &large).json()["error_code"], 413);
}
