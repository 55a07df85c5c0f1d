//! A `_schemas` topic of another registry.

use super::*;

#[test]
fn a_topic_is_taken_over_with_its_ids() {
    let log = [
        (r#"{"keytype":"NOOP","magic":0}"#, None),
        (r#"{"keytype":"CONFIG","magic":0}"#, Some(r#"{"compatibilityLevel":"FULL"}"#)),
        (
            r#"{"keytype":"SCHEMA","subject":"s","version":1,"magic":1}"#,
            Some(r#"{"subject":"s","version":1,"id":41,"schema":"\"string\"","deleted":false}"#),
        ),
        (
            r#"{"keytype":"SCHEMA","subject":"s","version":2,"magic":1}"#,
            Some(
                r#"{"subject":"s","version":2,"id":57,"schemaType":"AVRO","schema":"\"bytes\"","deleted":false}"#,
            ),
        ),
        (r#"{"keytype":"DELETE_SUBJECT","subject":"t","magic":0}"#, Some(r#"{"subject":"t","version":3}"#)),
        (
            r#"{"keytype":"SCHEMA","subject":"p","version":1,"magic":1}"#,
            Some(
                r#"{"subject":"p","version":1,"id":58,"schemaType":"PROTOBUF","schema":"syntax = \"proto3\";\nmessage M {\n}\n","deleted":true}"#,
            ),
        ),
        (
            r#"{"keytype":"SCHEMA","subject":"broken","version":1,"magic":1}"#,
            Some(r#"{"subject":"broken","version":1,"id":59,"schema":"not avro","deleted":false}"#),
        ),
        (r#"{"keytype":"SCHEMA","subject":"s","version":1,"magic":1}"#, None),
        (r#"{"keytype":"MODE","subject":"s","magic":0}"#, Some(r#"{"subject":"s","mode":"READONLY"}"#)),
    ];
    let mut node = Node::default();
    for (key, value) in log {
        node.registry.apply(Record::read(key.as_bytes(), value.map(str::as_bytes)).unwrap().unwrap());
    }
    let s = Subject::parse("s");
    assert_eq!(node.registry.versions(&s, Listing::All), Ok(vec![2]));
    assert_eq!(node.registry.by_id(57, None).unwrap().schema.text, "\"bytes\"");
    assert_eq!(code(node.registry.by_id(41, None)), 40403);
    assert_eq!(node.registry.subjects("", Listing::DeletedOnly), ["p"]);
    assert_eq!(code(node.register("s", "\"string\"")), 42205);
    // What cannot be read is in the way of nothing but its own subject.
    assert_eq!(code(node.register("broken", "\"string\"")), 42201);
    assert_eq!(node.register("new", "\"int\"").unwrap().id, 60);
}
