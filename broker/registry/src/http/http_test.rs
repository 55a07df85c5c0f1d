//! Requests and answers as clients see them.

use serde_json::Value;

use super::*;

#[derive(Default)]
struct Api(Registry);

impl Api {
    fn ask(&mut self, line: &str, body: &str) -> (u16, Value) {
        let (method, target) = line.split_once(' ').unwrap();
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let response = respond(&self.0, Request { method, path, query, body: body.as_bytes() });
        response.records.into_iter().for_each(|record| self.0.apply(record));
        let body = if response.body.is_empty() { "null" } else { &response.body };
        (response.status, serde_json::from_str(body).unwrap())
    }
}

/// In order; each row is a request, its body, the status and the answer (or the error code).
#[test]
fn every_endpoint() {
    let string = r#"{"schema":"\"string\""}"#;
    let guid = "095d71cf-1255-6b9d-5e33-0ad575b3df5d";
    let registered = format!(r#"{{"id":1,"version":1,"guid":"{guid}","schema":"\"string\""}}"#);
    let full = format!(r#"{{"subject":"a/b","version":1,"id":1,"guid":"{guid}","schema":"\"string\""}}"#);
    let plain = format!(r#"{{"guid":"{guid}","schema":"\"string\""}}"#);
    let json = r#"{"schema":"{\"type\":\"object\"}","schemaType":"JSON"}"#;
    let rows: &[(&str, &str, u16, &str)] = &[
        ("GET /", "", 200, "{}"),
        ("POST /", "", 200, "{}"),
        ("GET /schemas/types", "", 200, r#"["JSON","PROTOBUF","AVRO"]"#),
        ("GET /subjects", "", 200, "[]"),
        ("POST /subjects/a%2Fb/versions", string, 200, &registered),
        ("POST /subjects/a%2Fb/versions?normalize=true", string, 200, &registered),
        ("POST /subjects/a%2Fb", string, 200, &full),
        ("POST /subjects/a%2Fb", r#"{"schema":"\"int\""}"#, 404, "40403"),
        ("POST /subjects/x", string, 404, "40401"),
        ("POST /subjects/a%2Fb/versions", r#"{"schema":"x"}"#, 422, "42201"),
        ("POST /subjects/a%2Fb/versions", r#"{"schema":"\"int\"","schemaType":"XML"}"#, 422, "42201"),
        ("POST /subjects/a%2Fb/versions", "{", 422, "422"),
        ("POST /subjects/a%2Fb/versions", r#"{"schema":"\"int\""}"#, 409, "40901"),
        ("POST /subjects/a%2Fb/versions", r#"{"schema":"\"string\"","id":5}"#, 422, "42205"),
        ("GET /subjects", "", 200, r#"["a/b"]"#),
        ("GET /subjects/a%2Fb/versions", "", 200, "[1]"),
        ("GET /subjects/a%2Fb/versions/latest", "", 200, &full),
        ("GET /subjects/a%2Fb/versions/-1", "", 200, &full),
        ("GET /subjects/a%2Fb/versions/2", "", 404, "40402"),
        ("GET /subjects/a%2Fb/versions/0", "", 422, "42202"),
        ("GET /subjects/a%2Fb/versions/1/schema", "", 200, "\"string\""),
        ("GET /subjects/a%2Fb/versions/1/referencedby", "", 200, "[]"),
        ("GET /subjects/a%2Fb/metadata", "", 200, &full),
        ("GET /subjects/a%2Fb/metadata?key=k&value=v", "", 404, "40403"),
        ("GET /schemas/ids/1", "", 200, &plain),
        ("GET /schemas/ids/1?subject=unknown&fetchMaxId=false", "", 200, &plain),
        ("GET /schemas/ids/2", "", 404, "40403"),
        ("GET /schemas/ids/x", "", 404, "404"),
        ("GET /schemas/ids/1/schema", "", 200, "\"string\""),
        ("GET /schemas/ids/1/subjects", "", 200, r#"["a/b"]"#),
        ("GET /schemas/ids/1/versions", "", 200, r#"[{"subject":"a/b","version":1}]"#),
        ("GET /schemas/guids/095d71cf-1255-6b9d-5e33-0ad575b3df5d", "", 200, &plain),
        (
            "GET /schemas/guids/095d71cf-1255-6b9d-5e33-0ad575b3df5d/ids",
            "",
            200,
            r#"[{"context":".","id":1}]"#,
        ),
        ("GET /schemas/guids/x", "", 404, "40403"),
        ("POST /compatibility/subjects/a%2Fb/versions/latest", string, 200, r#"{"is_compatible":true}"#),
        (
            "POST /compatibility/subjects/a%2Fb/versions",
            r#"{"schema":"\"int\""}"#,
            200,
            r#"{"is_compatible":false}"#,
        ),
        ("POST /compatibility/subjects/a%2Fb/versions/7", string, 404, "40402"),
        ("POST /compatibility/subjects/a%2Fb/versions/1", r#"{"schema":"x"}"#, 422, "42201"),
        ("GET /config", "", 200, r#"{"compatibilityLevel":"BACKWARD"}"#),
        ("GET /config/a%2Fb", "", 404, "40408"),
        ("GET /config/a%2Fb?defaultToGlobal=true", "", 200, r#"{"compatibilityLevel":"BACKWARD"}"#),
        ("PUT /config/a%2Fb", r#"{"compatibility":"none"}"#, 200, r#"{"compatibility":"NONE"}"#),
        ("PUT /config/a%2Fb", r#"{"normalize":true}"#, 200, r#"{"normalize":true}"#),
        ("GET /config/a%2Fb", "", 200, r#"{"compatibilityLevel":"NONE","normalize":true}"#),
        ("PUT /config", r#"{"compatibility":"SOME"}"#, 422, "42203"),
        ("DELETE /config/a%2Fb", "", 200, r#"{"compatibilityLevel":"NONE","normalize":true}"#),
        ("DELETE /config", "", 200, r#"{"compatibilityLevel":"BACKWARD"}"#),
        ("GET /mode", "", 200, r#"{"mode":"READWRITE"}"#),
        ("GET /mode/a%2Fb", "", 404, "40409"),
        ("PUT /mode/a%2Fb", r#"{"mode":"READONLY"}"#, 200, r#"{"mode":"READONLY"}"#),
        ("PUT /mode", r#"{"mode":"WRITE"}"#, 422, "42204"),
        ("DELETE /mode/a%2Fb", "", 200, r#"{"mode":"READONLY"}"#),
        ("DELETE /mode", "", 200, r#"{"mode":null}"#),
        (
            "POST /contexts/.c/subjects/j/versions",
            json,
            200,
            r#"{"id":1,"version":1,"guid":"0","schemaType":"JSON","schema":"{\"type\":\"object\"}"}"#,
        ),
        ("GET /contexts", "", 200, r#"[".",".c"]"#),
        ("GET /contexts?contextPrefix=.c", "", 200, r#"[".c"]"#),
        ("GET /contexts/.c/subjects", "", 200, r#"[":.c:j"]"#),
        ("GET /subjects?subjectPrefix=%3A.c%3A", "", 200, r#"[":.c:j"]"#),
        ("GET /subjects?offset=1&limit=1", "", 200, r#"["a/b"]"#),
        (
            "GET /schemas?latestOnly=true&offset=1",
            "",
            200,
            &format!(
                "[{}]",
                r#"{"subject":":.c:j","version":1,"id":1,"guid":"0","schemaType":"JSON","schema":"{\"type\":\"object\"}"}"#
            ),
        ),
        ("DELETE /contexts/.c", "", 422, "42211"),
        ("DELETE /subjects/a%2Fb/versions/1?permanent=true", "", 404, "40407"),
        ("DELETE /subjects/a%2Fb/versions/latest", "", 200, "1"),
        ("GET /subjects/a%2Fb/versions?deleted=true", "", 200, "[1]"),
        ("DELETE /subjects/a%2Fb", "", 404, "40404"),
        ("DELETE /subjects/a%2Fb?permanent=true", "", 200, "[1]"),
        ("DELETE /subjects/a%2Fb", "", 404, "40401"),
        ("DELETE /contexts/.d", "", 204, "null"),
        ("GET /v1/metadata/version", "", 200, r#"{"commitId":"highway","version":"0.1.0"}"#),
        ("GET /nothing", "", 404, "404"),
        ("PATCH /subjects", "", 405, "405"),
        ("GET /subjects/%zz/versions", "", 404, "404"),
    ];
    let mut api = Api::default();
    for (line, body, status, expected) in rows {
        let (found, mut answer) = api.ask(line, body);
        assert_eq!(found, *status, "{line}: {answer}");
        let mut expected: Value = serde_json::from_str(expected).unwrap();
        if *status >= 400 {
            assert_eq!(answer["error_code"], expected, "{line}: {answer}");
            assert!(!answer["message"].as_str().unwrap().is_empty());
            continue;
        }
        // Of these the GUID is not the point.
        let first = if answer.is_array() { "/0/guid" } else { "/guid" };
        if expected.pointer(first) == Some(&json!("0")) {
            *expected.pointer_mut(first).unwrap() = answer.pointer_mut(first).unwrap().take();
            *answer.pointer_mut(first).unwrap() = expected.pointer(first).unwrap().clone();
        }
        assert_eq!(answer, expected, "{line}");
    }
}

#[test]
fn verbose_answers_say_why() {
    let mut api = Api::default();
    api.ask("POST /subjects/s/versions", r#"{"schema":"\"string\""}"#);
    let (_, answer) =
        api.ask("POST /compatibility/subjects/s/versions/latest?verbose=true", r#"{"schema":"\"int\""}"#);
    let messages: Vec<&str> =
        answer["messages"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert_eq!(messages.len(), 4);
    assert!(messages[0].starts_with("{errorType:'TYPE_MISMATCH', description:'"), "{messages:?}");
    assert_eq!(messages[1], "{oldSchemaVersion: 1}");
    assert_eq!(messages[2], "{oldSchema: '\"string\"'}");
    assert_eq!(messages[3], "{validateFields: 'false', compatibility: 'BACKWARD'}");
    let (status, answer) =
        api.ask("POST /compatibility/subjects/s/versions/1?verbose=true", r#"{"schema":"x"}"#);
    assert_eq!((status, &answer["is_compatible"]), (200, &json!(false)));
}

/// What parameters ask for.
#[test]
fn formats_references_tags_aliases_and_rules() {
    let mut api = Api::default();
    let mut ok = |line: &str, body: &str| {
        let (status, answer) = api.ask(line, body);
        assert!(status < 300, "{line}: {answer}");
        answer
    };
    let tagged = r#"{"schema":"{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"a\",\"type\":\"int\",\"confluent:tags\":[\"PII\"]}]}"}"#;
    ok("POST /subjects/t/versions", tagged);
    let tags = json!([{"schemaEntity": {"entityPath": "R.a", "entityType": "sr_field"}, "tags": ["PII"]}]);
    for line in ["/schemas/ids/1", "/subjects/t/versions/1"] {
        assert_eq!(ok(&format!("GET {line}?findTags=PII"), "")["schemaTags"], tags);
        assert_eq!(ok(&format!("GET {line}?findTags=X&findTags=*"), "")["schemaTags"], tags);
        assert_eq!(ok(&format!("GET {line}?findTags=X"), "")["schemaTags"], json!([]));
        assert_eq!(ok(&format!("GET {line}"), "").get("schemaTags"), None);
    }
    // Tags added at registration: the number of the version is then in the metadata.
    let mut more: Value = serde_json::from_str(tagged).unwrap();
    more["schemaTagsToAdd"] = json!([{"schemaEntity": tags[0]["schemaEntity"], "tags": ["GDPR"]}]);
    let made = ok("POST /subjects/t/versions", &more.to_string());
    assert_eq!(
        (&made["version"], &made["metadata"]["properties"]["confluent:version"]),
        (&json!(2), &json!("2"))
    );
    assert_eq!(
        ok("GET /subjects/t/versions/2?findTags=GDPR", "")["schemaTags"][0]["tags"],
        json!(["PII", "GDPR"])
    );
    let plain = r#"{"schema":"{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"a\",\"type\":\"int\"},{\"name\":\"b\",\"type\":\"int\",\"default\":1}]}","propagateSchemaTags":true}"#;
    ok("POST /subjects/t/versions", plain);
    assert_eq!(
        ok("GET /subjects/t/versions/3?findTags=*", "")["schemaTags"][0]["tags"],
        json!(["PII", "GDPR"])
    );

    ok(
        "POST /subjects/:.c:used/versions",
        r#"{"schema":"{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"A\"]}"}"#,
    );
    let using = r#"{"schema":"{\"type\":\"record\",\"name\":\"U\",\"fields\":[{\"name\":\"e\",\"type\":\"E\"}]}","references":[{"name":"E","subject":"used","version":1}]}"#;
    ok("POST /subjects/:.c:using/versions", using);
    let version = "/subjects/:.c:using/versions/1";
    assert_eq!(ok(&format!("GET {version}"), "")["references"][0]["subject"], "used");
    assert_eq!(
        ok(&format!("GET {version}?referenceFormat=qualified"), "")["references"][0]["subject"],
        ":.c:used"
    );
    let resolved = ok(&format!("GET {version}?format=resolved"), "");
    assert!(resolved["schema"].as_str().unwrap().contains("symbols"), "{resolved}");
    assert_eq!(
        ok(&format!("GET {version}?format=unknown"), "")["schema"],
        ok(&format!("GET {version}"), "")["schema"]
    );

    ok("PUT /config/short", r#"{"alias":"t"}"#);
    let listed = ok("GET /schemas?subjectPrefix=short&aliases=true&latestOnly=true", "");
    assert_eq!((&listed[0]["subject"], &listed[0]["aliases"]), (&json!("t"), &json!(["short"])));
    assert_eq!(ok("GET /schemas?subjectPrefix=short", ""), json!([]));
    let rules = r#"{"schema":"\"int\"","ruleSet":{"domainRules":[{"name":"r","kind":"CONDITION","mode":"WRITE","type":"CEL","expr":"true"}]}}"#;
    ok("POST /subjects/ruled/versions", rules);
    assert_eq!(ok("GET /schemas?ruleType=CEL", "")[0]["subject"], "ruled");
    assert_eq!(ok("GET /schemas?ruleType=ENCRYPT", ""), json!([]));
    assert_eq!(ok("GET /schemas?resourceType=topic", ""), json!([]));

    let proto = r#"{"schemaType":"PROTOBUF","schema":"syntax = \"proto3\"; message M { option (x) = 1; option deprecated = true; int32 a = 1; }"}"#;
    let stripped = ok("POST /subjects/p/versions?format=ignore_extensions", proto);
    let text = stripped["schema"].as_str().unwrap();
    assert!(text.contains("deprecated") && !text.contains("(x)"), "{text}");
    assert!(ok("GET /subjects/p/versions/1", "")["schema"].as_str().unwrap().contains("(x)"));
    // The text by itself is the text, also where that is no JSON.
    let request = Request { method: "GET", path: "/subjects/p/versions/1/schema", query: "", body: b"" };
    assert!(respond(&api.0, request).body.starts_with("syntax"));
}

/// Empty metadata and empty rules have one GUID by Confluent's rule, and so one id.
#[test]
fn schemas_of_one_guid_have_one_id() {
    let mut api = Api::default();
    let rows = [
        ("", 1),
        (r#","metadata":{}"#, 2),
        (r#","ruleSet":{}"#, 2),
        (r#","metadata":{},"ruleSet":{}"#, 3),
        ("", 1),
    ];
    for (n, (more, id)) in rows.iter().enumerate() {
        let body = format!(r#"{{"schemaType":"JSON","schema":"{{}}"{more}}}"#);
        let (status, answer) = api.ask(&format!("POST /subjects/s{n}/versions"), &body);
        assert_eq!((status, &answer["id"]), (200, &json!(id)), "{body}: {answer}");
    }
}

#[test]
fn a_body_is_an_object() {
    assert_eq!(Api::default().ask("POST /subjects/s/versions", "[]").1["error_code"], 422);
}
