//! Whatever is asked in whatever order.

use std::collections::{BTreeMap, HashMap};

use proptest::prelude::*;

use super::*;

#[derive(Debug, Clone)]
enum Ask {
    Register(&'static str, usize),
    Delete(&'static str, i32, bool),
    DeleteSubject(&'static str, bool),
    Mode(Option<&'static str>, Mode),
    Level(Option<&'static str>, usize),
}

fn asks() -> impl Strategy<Value = Vec<Ask>> {
    let subject = prop::sample::select(vec!["a", "b", ":.c:a"]);
    let place = prop::option::of(subject.clone());
    let mode = prop::sample::select(vec![Mode::ReadWrite, Mode::ReadWrite, Mode::ReadOnly, Mode::Import]);
    let ask = prop_oneof![
        6 => (subject.clone(), 0..5_usize).prop_map(|(s, n)| Ask::Register(s, n)),
        3 => (subject.clone(), 1..4, any::<bool>()).prop_map(|(s, v, p)| Ask::Delete(s, v, p)),
        2 => (subject, any::<bool>()).prop_map(|(s, p)| Ask::DeleteSubject(s, p)),
        1 => (place.clone(), mode).prop_map(|(s, m)| Ask::Mode(s, m)),
        1 => (place, 0..7_usize).prop_map(|(s, l)| Ask::Level(s, l)),
    ];
    prop::collection::vec(ask, 1..30)
}

fn schema(number: usize) -> String {
    let fields: Vec<String> =
        (0..number).map(|i| format!(r#"{{"name":"f{i}","type":"int","default":{i}}}"#)).collect();
    record(&fields.join(","))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn ids_are_stable_and_the_log_tells_all(asks in asks()) {
        let mut node = Node::default();
        // Context and id to the text that it ever was.
        let mut meant: HashMap<(String, i32), String> = HashMap::new();
        for ask in asks {
            let before = node.log.len();
            let result = match ask.clone() {
                Ask::Register(subject, number) => {
                    let result = node.register(subject, &schema(number));
                    if let Ok(registered) = &result {
                        let context = Subject::parse(subject).context().to_owned();
                        let text = meant.entry((context, registered.id)).or_insert_with(|| schema(number));
                        prop_assert_eq!(text.clone(), schema(number), "an id never means another schema");
                        let stored = node.registry.version(&Subject::parse(subject), VersionId::Number(registered.version), false).unwrap();
                        prop_assert_eq!(&stored.schema.text, &schema(number));
                        prop_assert_eq!(stored.id, registered.id);
                    }
                    result.map(|_| ())
                }
                Ask::Delete(subject, version, permanent) => node.delete(subject, version, permanent).map(|_| ()),
                Ask::DeleteSubject(subject, permanent) => node.delete_subject(subject, permanent).map(|_| ()),
                Ask::Mode(subject, mode) => node.mode(subject, mode, false).map(|_| ()),
                Ask::Level(subject, level) => {
                    node.config(subject, Config::of_level(crate::compat::Level::ALL[level])).map(|_| ())
                }
            };
            if result.is_err() {
                prop_assert_eq!(node.log.len(), before, "a refusal writes nothing");
            }
        }
        // A registry that reads the log, compacted or not, knows the same.
        let seen = |registry: &Registry| -> Vec<(String, i32, i32, bool, String)> {
            registry.schemas(":*:", true, false).into_iter()
                .map(|s| (s.subject.to_string(), s.version, s.id, s.deleted, s.schema.text.clone())).collect()
        };
        prop_assert_eq!(seen(&node.replayed()), seen(&node.registry));
        let mut last = BTreeMap::new();
        for (offset, (key, value)) in node.log.iter().enumerate() {
            last.insert(key.clone(), (offset, value.clone()));
        }
        let mut kept: Vec<_> = last.into_iter().map(|(key, (offset, value))| (offset, (key, value))).collect();
        kept.sort();
        let compacted = Node { log: kept.into_iter().map(|(_, record)| record).collect(), ..Node::default() };
        let texts = |registry: &Registry| -> Vec<(String, i32, i32, String)> {
            seen(registry).into_iter().map(|(s, v, i, _, t)| (s, v, i, t)).collect()
        };
        prop_assert_eq!(texts(&compacted.replayed()), texts(&node.registry));
    }
}
