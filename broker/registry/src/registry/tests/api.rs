//! Each row of the table of endpoints and each error code that the state machine can give.

use super::*;
use crate::compat::Level;
use crate::schema::{Guid, Metadata, Reference, Rule, RuleSet};

const A: &str = r#"{"name":"a","type":"int"}"#;
const AB: &str = r#"{"name":"a","type":"int"},{"name":"b","type":"int","default":0}"#;

fn s(text: &str) -> Subject {
    Subject::parse(text)
}

#[test]
fn ids_and_versions() {
    let mut node = Node::default();
    let first = node.register("s", &record(A)).unwrap();
    assert_eq!((first.id, first.version), (1, 1));
    assert_eq!(node.register("s", &record(A)).unwrap(), first, "once more is no new one");
    let spaced = record(A).replace(':', " : ");
    assert_eq!(node.register("s", &spaced).unwrap(), first, "layout does not count");
    let second = node.register("s", &record(AB)).unwrap();
    assert_eq!((second.id, second.version), (2, 2));
    let other = node.register("t", &record(AB)).unwrap();
    assert_eq!((other.id, other.version), (2, 1), "one schema, one id");
    let elsewhere = node.register(":.c:s", &record(AB)).unwrap();
    assert_eq!((elsewhere.id, elsewhere.version), (1, 1), "ids are of a context");
    assert_eq!(elsewhere.guid, other.guid);
    let json = node.register_with("j", Schema::new(SchemaType::Json, "{}"), |_| {}).unwrap();
    assert_eq!(json.id, 3);
    let registry = &node.registry;
    assert_eq!(registry.contexts(), [".", ".c"]);
    assert_eq!(registry.subjects("", Listing::Active), ["j", "s", "t"]);
    assert_eq!(registry.subjects(":.c:", Listing::Active), [":.c:s"]);
    assert_eq!(registry.subjects(":*:s", Listing::Active), [":.c:s", "s"]);
    assert_eq!(registry.versions(&s("s"), Listing::Active), Ok(vec![1, 2]));
    assert_eq!(registry.version(&s("s"), VersionId::Latest, false).unwrap().id, 2);
    assert_eq!(registry.by_id(2, None).unwrap().schema.text, record(AB));
    assert_eq!(registry.by_id(1, Some(&s(":.c:"))).unwrap().schema.text, record(AB));
    assert_eq!(registry.by_id(1, Some(&s("unknown"))).unwrap().schema.text, record(A));
    assert_eq!(registry.by_guid(other.guid).unwrap().schema.text, record(AB));
    assert_eq!(registry.ids_of_guid(other.guid).unwrap(), [(".".to_owned(), 2), (".c".to_owned(), 1)]);
    let places = registry.versions_of_id(2, None, false).unwrap();
    assert_eq!(
        places.iter().map(|p| (p.subject.as_str(), p.version)).collect::<Vec<_>>(),
        [("s", 2), ("t", 1)]
    );
    assert_eq!(registry.max_id(None), 3);
    assert_eq!(registry.schemas("", false, true).len(), 3);
    let looked = registry.lookup(&s("s"), &Schema::new(SchemaType::Avro, spaced), false, false).unwrap();
    assert_eq!((looked.id, looked.version), (1, 1));
}

#[test]
fn what_is_not_there() {
    let mut node = Node::default();
    node.register("s", &record(A)).unwrap();
    let registry = &node.registry;
    assert_eq!(code(registry.versions(&s("x"), Listing::All)), 40401);
    assert_eq!(code(registry.version(&s("x"), VersionId::Latest, false)), 40401);
    assert_eq!(code(registry.version(&s("s"), VersionId::Number(2), false)), 40402);
    assert_eq!(code(registry.by_id(9, None)), 40403);
    assert_eq!(code(registry.by_guid(Guid([0; 16]))), 40403);
    let schema = Schema::new(SchemaType::Avro, "\"int\"");
    assert_eq!(code(registry.lookup(&s("s"), &schema, false, false)), 40403);
    assert_eq!(code(registry.lookup(&s("x"), &schema, false, false)), 40401);
    assert_eq!(code(registry.config(Some(&s("s")))), 40408);
    assert_eq!(code(registry.mode(Some(&s("s")))), 40409);
    assert_eq!(code(VersionId::parse("0")), 42202);
    assert_eq!(code(VersionId::parse("x")), 42202);
    assert_eq!(VersionId::parse("-1"), Ok(VersionId::Latest));
    assert_eq!(registry.by_id(9, None).unwrap_err().to_string(), "Schema 9 not found");
    assert_eq!(registry.by_id(9, None).unwrap_err().status(), 404);
    assert_eq!(code(node.register("s", "{")), 42201);
    assert_eq!(code(node.register("", &record(A))), 42208);
    assert_eq!(code(node.register("__GLOBAL", &record(A))), 42208);
    assert_eq!(code(node.register("new", " ")), 42201);
    assert_eq!(node.register("s", " ").unwrap().version, 1, "an empty text is that of the latest version");
}

#[test]
fn incompatible_schemas_are_refused() {
    let mut node = Node::default();
    node.register("s", &record(A)).unwrap();
    let text = record(r#"{"name":"a","type":"int"},{"name":"b","type":"int"}"#);
    let error = node.register("s", &text).unwrap_err();
    assert_eq!((error.status(), error.error_code()), (409, 40901));
    assert!(error.to_string().contains("READER_FIELD_MISSING_DEFAULT_VALUE"), "{error}");
    assert!(error.to_string().ends_with("{validateFields: 'false', compatibility: 'BACKWARD'}]"), "{error}");
    let schema = Schema::new(SchemaType::Avro, text.clone());
    let asked = node.registry.compatibility(&s("s"), Some(VersionId::Latest), &schema, false).unwrap();
    assert_eq!(asked.len(), 4);
    assert_eq!(node.registry.compatibility(&s("s"), None, &schema, false).unwrap().len(), 4);
    assert!(node.registry.compatibility(&s("new"), None, &schema, false).unwrap().is_empty());
    assert_eq!(code(node.registry.compatibility(&s("s"), Some(VersionId::Number(7)), &schema, false)), 40402);
    node.config(Some("s"), Config::of_level(Level::None)).unwrap();
    assert_eq!(node.register("s", &text).unwrap().version, 2);
    assert_eq!(node.registry.config(Some(&s("s"))).unwrap().level(), Level::None);
    node.run(Command::DeleteConfig { subject: Some(s("s")) }).unwrap();
    assert_eq!(code(node.run(Command::DeleteConfig { subject: Some(s("s")) })), 40401);
    node.config(None, Config::of_level(Level::Full)).unwrap();
    assert_eq!(node.registry.config_in_scope(Some(&s("s"))).level(), Level::Full);
    node.config(Some(":.c:"), Config::of_level(Level::Forward)).unwrap();
    assert_eq!(node.registry.config_in_scope(Some(&s(":.c:s"))).level(), Level::Forward);
    assert_eq!(node.registry.config_in_scope(Some(&s(":.d:s"))).level(), Level::Backward);
    node.config(Some(":.__GLOBAL:"), Config::of_level(Level::ForwardTransitive)).unwrap();
    assert_eq!(node.registry.config_in_scope(Some(&s(":.d:s"))).level(), Level::ForwardTransitive);
}

#[test]
fn deletion_is_soft_then_hard() {
    let mut node = Node::default();
    node.register("s", &record(A)).unwrap();
    node.register("s", &record(AB)).unwrap();
    assert_eq!(code(node.delete("x", 1, false)), 40401);
    assert_eq!(code(node.delete("s", 9, false)), 40402);
    assert_eq!(code(node.delete("s", 1, true)), 40407);
    assert_eq!(node.delete("s", 1, false), Ok(Answer::Version(1)));
    assert_eq!(code(node.delete("s", 1, false)), 40406);
    assert_eq!(node.registry.versions(&s("s"), Listing::Active), Ok(vec![2]));
    assert_eq!(node.registry.versions(&s("s"), Listing::All), Ok(vec![1, 2]));
    assert_eq!(node.registry.versions(&s("s"), Listing::DeletedOnly), Ok(vec![1]));
    assert_eq!(node.registry.by_id(1, None).unwrap().version, 1, "an id is still to be read");
    assert_eq!(node.delete("s", 1, true), Ok(Answer::Version(1)));
    assert_eq!(code(node.registry.by_id(1, None)), 40403);
    assert_eq!(code(node.delete_subject("s", true)), 40405);
    assert_eq!(node.delete_subject("s", false), Ok(Answer::Versions(vec![2])));
    assert_eq!(code(node.delete_subject("s", false)), 40404);
    assert_eq!(node.registry.subjects("", Listing::Active), [] as [&str; 0]);
    assert_eq!(node.registry.subjects("", Listing::DeletedOnly), ["s"]);
    let again = node.register("s", &record(AB)).unwrap();
    assert_eq!((again.id, again.version), (2, 3), "versions go on, the id is the same");
    node.delete_subject("s", false).unwrap();
    assert_eq!(node.delete_subject("s", true), Ok(Answer::Versions(vec![3])));
    assert_eq!(code(node.delete_subject("s", true)), 40401);
    assert_eq!(node.register("s", "\"int\"").unwrap().id, 3, "ids are not given twice");
}

#[test]
fn references_hold_what_they_use() {
    let mut node = Node::default();
    node.register("used", r#"{"type":"record","name":"U","fields":[]}"#).unwrap();
    let mut schema = Schema::new(SchemaType::Avro, record(r#"{"name":"u","type":"U"}"#));
    assert_eq!(code(node.register_with("s", schema.clone(), |_| {})), 42201);
    schema.references.push(Reference { name: "U".into(), subject: "used".into(), version: -1 });
    let registered = node.register_with("s", schema.clone(), |_| {}).unwrap();
    assert_eq!(registered.schema.references[0].version, 1, "the latest is settled");
    assert_eq!(node.registry.referenced_by(&s("used"), 1, false), [registered.id]);
    assert_eq!(code(node.delete("used", 1, false)), 42206);
    assert_eq!(code(node.delete_subject("used", false)), 42206);
    // Sent with everything in it, it is the same schema.
    let inlined = record(r#"{"name":"u","type":{"type":"record","name":"U","fields":[]}}"#);
    assert_eq!(node.register("s", &inlined).unwrap().id, registered.id);
    node.delete("s", 1, false).unwrap();
    node.delete("used", 1, false).unwrap();
    assert_eq!(code(node.delete("used", 1, true)), 42206, "what is softly deleted still uses it");
    schema.references[0].subject = "nowhere".into();
    assert_eq!(code(node.register_with("s", schema, |_| {})), 42201);
}

#[test]
fn modes() {
    let mut node = Node::default();
    node.register("s", &record(A)).unwrap();
    node.mode(Some("s"), Mode::ReadOnly, false).unwrap();
    assert_eq!(code(node.register("s", &record(AB))), 42205);
    assert_eq!(code(node.delete("s", 1, false)), 42205);
    assert!(node.register("t", &record(AB)).is_ok());
    node.run(Command::DeleteMode { subject: Some(s("s")), recursive: false }).unwrap();
    assert_eq!(code(node.run(Command::DeleteMode { subject: Some(s("s")), recursive: false })), 40401);
    node.mode(None, Mode::ReadOnlyOverride, false).unwrap();
    node.mode(Some("s"), Mode::ReadWrite, false).unwrap();
    assert_eq!(code(node.register("s", &record(AB))), 42205, "an override counts for all");
    node.mode(None, Mode::ReadWrite, false).unwrap();
    let import = |wanted: &mut Registration| (wanted.id, wanted.version) = (Some(100), 7);
    let schema = Schema::new(SchemaType::Avro, "\"string\"");
    assert_eq!(code(node.register_with("i", schema.clone(), import)), 42205);
    assert_eq!(code(node.mode(None, Mode::Import, false)), 42205, "there are schemas");
    node.mode(Some("i"), Mode::Import, false).unwrap();
    let imported = node.register_with("i", schema, import).unwrap();
    assert_eq!((imported.id, imported.version), (100, 7));
    assert_eq!(code(node.register("i", "\"int\"")), 42205, "no ids of our own in import mode");
    let other = Schema::new(SchemaType::Avro, "\"int\"");
    assert_eq!(code(node.register_with("i", other, |w| (w.id, w.version) = (Some(100), 8))), 42205);
    node.mode(Some("i"), Mode::ReadWrite, false).unwrap();
    assert_eq!(node.register("n", "\"int\"").unwrap().id, 101, "ids go on above the imported");
    assert_eq!(code(node.mode(Some("i"), Mode::Forward, false)), 42204);
    assert_eq!(node.registry.mode(Some(&s("i"))), Ok(Mode::ReadWrite));
    assert_eq!(Mode::by_name("readonly"), Some(Mode::ReadOnly));
    node.mode(Some(":.c:a"), Mode::ReadOnly, false).unwrap();
    node.run(Command::DeleteMode { subject: Some(s(":.c:")), recursive: true }).unwrap();
    assert_eq!(code(node.registry.mode(Some(&s(":.c:a")))), 40409);
}

#[test]
fn contexts() {
    let mut node = Node::default();
    node.register(":.c:s", "\"int\"").unwrap();
    let delete = |node: &mut Node| node.run(Command::DeleteContext { context: ".c".into() });
    assert_eq!(code(delete(&mut node)), 42211);
    node.delete_subject(":.c:s", false).unwrap();
    node.delete_subject(":.c:s", true).unwrap();
    assert_eq!(delete(&mut node), Ok(Answer::Done));
    assert_eq!(node.registry.contexts(), ["."]);
    node.register(":.d:t", "\"int\"").unwrap();
    assert_eq!(
        node.registry.by_id(1, Some(&s("t"))).unwrap().subject,
        s(":.d:t"),
        "found by its name elsewhere"
    );
}

#[test]
fn metadata_and_rules() {
    let mut node = Node::default();
    let property = |key: &str, value: &str| Metadata {
        properties: Some([(key.to_owned(), value.to_owned())].into()),
        ..Metadata::default()
    };
    node.config(Some("s"), Config { default_metadata: Some(property("team", "x")), ..Config::default() })
        .unwrap();
    let first = node.register("s", &record(A)).unwrap();
    assert_eq!(first.schema.metadata, Some(property("team", "x")));
    let found = node.registry.with_metadata(&s("s"), &[("team".into(), "x".into())], false).unwrap();
    assert_eq!(found.version, 1);
    assert_eq!(code(node.registry.with_metadata(&s("s"), &[("team".into(), "y".into())], false)), 40403);
    let schema = Schema { metadata: Some(property("team", "y")), ..Schema::new(SchemaType::Avro, record(A)) };
    let second = node.register_with("s", schema, |_| {}).unwrap();
    assert_eq!((second.version, second.id), (2, 2), "other metadata, another schema");
    let rule = |name: &str| Rule {
        name: name.to_owned(),
        doc: None,
        kind: None,
        mode: None,
        rule_type: None,
        tags: None,
        params: None,
        expr: None,
        on_success: None,
        on_failure: None,
        disabled: false,
    };
    let rules = RuleSet { domain_rules: Some(vec![rule("x")]), ..RuleSet::default() };
    let schema = Schema { rule_set: Some(rules.clone()), ..Schema::new(SchemaType::Avro, record(A)) };
    assert_eq!(code(node.register_with("s", schema, |_| {})), 42210);
    let update = Config { override_rule_set: Some(rules), ..Config::default() };
    assert_eq!(code(node.config(None, update)), 42210);
    node.config(Some("alias"), Config { alias: Some("s".into()), ..Config::default() }).unwrap();
    assert_eq!(node.registry.versions(&s("alias"), Listing::Active), Ok(vec![1, 2]));
}

#[test]
fn normalized_when_asked() {
    let mut node = Node::default();
    let schema = |text: &str| Schema::new(SchemaType::Json, text);
    let first =
        node.register_with("s", schema(r#"{"type":"string","$id":"x"}"#), |w| w.normalize = true).unwrap();
    assert_eq!(first.schema.text, r#"{"$id":"x","type":"string"}"#);
    let again =
        node.register_with("s", schema(r#"{"$id":"x", "type":"string"}"#), |w| w.normalize = true).unwrap();
    assert_eq!(again, first);
    let looked =
        node.registry.lookup(&s("s"), &schema(r#"{"type":"string","$id":"x"}"#), true, false).unwrap();
    assert_eq!(looked.version, 1);
}
