//! Settings of topics whose records are checked against the schema registry. Kafka has none of them: they are Confluent's, Redpanda's
//! and Highway's, so they are shown only where a topic has them.

use super::def::{ConfigDef, ConfigType, Importance, Validator, Value};
use super::table::TopicConfigDef;

/// How far a record's key or value is checked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum SchemaCheck {
    /// Not at all.
    #[default]
    None,
    /// It names a schema that is registered under its subject.
    Id,
    /// And its bytes are a value of that schema.
    Full,
}

/// Which subject a schema must be registered under.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SubjectStrategy {
    /// `<topic>-key` or `<topic>-value`.
    #[default]
    TopicName,
    /// The name in the schema.
    RecordName,
    /// `<topic>-` and the name in the schema.
    TopicRecordName,
}

/// What is asked of a record's key or value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SchemaRule {
    /// How far it is checked.
    pub check: SchemaCheck,
    /// The subject.
    pub strategy: SubjectStrategy,
}

/// What is asked of the records of a topic.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SchemaRules {
    /// Of keys.
    pub key: SchemaRule,
    /// Of values.
    pub value: SchemaRule,
}

impl SchemaRules {
    /// Whether anything is asked.
    #[must_use]
    pub fn any(&self) -> bool {
        self.key.check != SchemaCheck::None || self.value.check != SchemaCheck::None
    }

    /// Takes in a setting; the strictest of several counts.
    pub(super) fn set(&mut self, name: &str, value: &Value) {
        let rule = if name.contains(".key.") { &mut self.key } else { &mut self.value };
        match value {
            Value::Bool(true) => rule.check = rule.check.max(SchemaCheck::Id),
            Value::Text(text) if name.ends_with(".strategy") => {
                rule.strategy = match text.rsplit('.').next() {
                    Some("RecordNameStrategy") => SubjectStrategy::RecordName,
                    Some("TopicRecordNameStrategy") => SubjectStrategy::TopicRecordName,
                    _ => SubjectStrategy::TopicName,
                };
            }
            Value::Text(text) => {
                rule.check = rule.check.max(match text.as_str() {
                    "full" => SchemaCheck::Full,
                    "id" => SchemaCheck::Id,
                    _ => SchemaCheck::None,
                });
            }
            _ => {}
        }
    }
}

const STRATEGIES: Validator = Validator::OneOf(&[
    "io.confluent.kafka.serializers.subject.TopicNameStrategy",
    "io.confluent.kafka.serializers.subject.RecordNameStrategy",
    "io.confluent.kafka.serializers.subject.TopicRecordNameStrategy",
    "TopicNameStrategy",
    "RecordNameStrategy",
    "TopicRecordNameStrategy",
]);

const fn extra(
    name: &'static str,
    config_type: ConfigType,
    default: &'static str,
    validator: Validator,
    doc: &'static str,
) -> TopicConfigDef {
    let def = ConfigDef {
        name,
        config_type,
        default: Some(default),
        validator,
        importance: Importance::Medium,
        doc,
    };
    TopicConfigDef { def, synonyms: &[] }
}

const fn flag(name: &'static str, doc: &'static str) -> TopicConfigDef {
    extra(name, ConfigType::Boolean, "false", Validator::Any, doc)
}

const fn strategy(name: &'static str) -> TopicConfigDef {
    let doc = "The subject that a schema must be registered under: TopicNameStrategy is the topic and -key or -value, RecordNameStrategy the name in the schema, TopicRecordNameStrategy both.";
    extra(name, ConfigType::String, "TopicNameStrategy", STRATEGIES, doc)
}

const fn check(name: &'static str, doc: &'static str) -> TopicConfigDef {
    extra(name, ConfigType::String, "none", Validator::OneOf(&["none", "id", "full"]), doc)
}

const KEY: &str = "Refuse records whose key does not name a schema registered under its subject.";
const VALUE: &str = "Refuse records whose value does not name a schema registered under its subject.";

/// Settings that only a topic that has them shows, by name.
pub const SCHEMA_CONFIGS: &[TopicConfigDef] = &[
    flag("confluent.key.schema.validation", KEY),
    strategy("confluent.key.subject.name.strategy"),
    flag("confluent.value.schema.validation", VALUE),
    strategy("confluent.value.subject.name.strategy"),
    check(
        "highway.key.schema.validation",
        "What a record's key is checked for: none, id (it names a schema registered under its subject), full (and its bytes are a value of that schema).",
    ),
    check(
        "highway.value.schema.validation",
        "What a record's value is checked for: none, id (it names a schema registered under its subject), full (and its bytes are a value of that schema).",
    ),
    flag("redpanda.key.schema.id.validation", KEY),
    strategy("redpanda.key.subject.name.strategy"),
    flag("redpanda.value.schema.id.validation", VALUE),
    strategy("redpanda.value.subject.name.strategy"),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::TopicConfig;
    use super::*;

    fn rules(own: &[(&str, &str)]) -> Result<SchemaRules, String> {
        let own: BTreeMap<String, String> =
            own.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        TopicConfig::resolve(&own, &|_| None).map(|config| config.schemas).map_err(|error| error.to_string())
    }

    #[test]
    fn whoever_the_setting_is_from() {
        assert!(SCHEMA_CONFIGS.is_sorted_by_key(TopicConfigDef::name));
        assert_eq!(rules(&[]), Ok(SchemaRules::default()));
        assert!(!SchemaRules::default().any());
        for name in ["confluent.value.schema.validation", "redpanda.value.schema.id.validation"] {
            let found = rules(&[(name, "true")]).unwrap();
            assert_eq!((found.key.check, found.value.check), (SchemaCheck::None, SchemaCheck::Id), "{name}");
        }
        let both = [("confluent.key.schema.validation", "true"), ("highway.key.schema.validation", "full")];
        let found = rules(&both).unwrap();
        assert_eq!((found.key.check, found.value.check), (SchemaCheck::Full, SchemaCheck::None));
        assert!(found.any());
        for (text, strategy) in [
            ("io.confluent.kafka.serializers.subject.RecordNameStrategy", SubjectStrategy::RecordName),
            ("TopicRecordNameStrategy", SubjectStrategy::TopicRecordName),
            ("TopicNameStrategy", SubjectStrategy::TopicName),
        ] {
            assert_eq!(
                rules(&[("redpanda.value.subject.name.strategy", text)]).unwrap().value.strategy,
                strategy
            );
        }
        assert!(rules(&[("highway.value.schema.validation", "some")]).is_err());
        assert!(rules(&[("confluent.value.schema.validation", "maybe")]).is_err());
    }
}
