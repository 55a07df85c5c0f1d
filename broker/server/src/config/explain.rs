//! What a key means, for `highway config explain`.

use highway_cluster::configs::{BROKER_CONFIGS, UpdateMode, broker_config, inert_reason};
use highway_types::topic_config::{ConfigDef, SCHEMA_CONFIGS, TOPIC_CONFIGS, Validator, topic_config};

use super::own_keys::{self, OWN_KEYS, OwnValue};

/// One meaning of a key; a few keys are settings of the broker and of topics.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explained {
    /// `node`, `broker`, `topic`, or `no effect`.
    pub scope: &'static str,
    /// What it does.
    pub doc: String,
    /// The type, as Kafka names it.
    pub kind: Option<String>,
    /// The values it takes beside its type.
    pub takes: Option<String>,
    /// What holds when it is not set.
    pub default: Option<String>,
    /// When it can change.
    pub update: Option<String>,
    /// The variable that sets it.
    pub variable: Option<String>,
}

/// Every key that there is.
pub fn keys() -> impl Iterator<Item = &'static str> {
    let own = OWN_KEYS.iter().map(|k| k.name);
    let topics = TOPIC_CONFIGS.iter().chain(SCHEMA_CONFIGS).map(|d| d.name());
    own.chain(BROKER_CONFIGS.iter().map(|d| d.name())).chain(topics)
}

/// What a key means; `None` for one that nobody knows.
#[must_use]
pub fn explain(key: &str) -> Option<Vec<Explained>> {
    let mut found = Vec::new();
    let variable = |key: &str| {
        let name = key.strip_prefix("highway.").unwrap_or(key);
        Some(format!("HIGHWAY_{}", name.to_ascii_uppercase().replace(['.', '-'], "_")))
    };
    let of = |scope, def: &ConfigDef, update: Option<&str>, variable| Explained {
        scope,
        doc: def.doc.to_owned(),
        kind: Some(def.config_type.name().to_ascii_lowercase()),
        takes: takes(&def.validator),
        default: def.default.map(str::to_owned),
        update: update.map(str::to_owned),
        variable,
    };
    if let Some(broker) = broker_config(key) {
        let update = match broker.update {
            UpdateMode::ReadOnly => "at start only",
            UpdateMode::PerBroker => "while it runs, for one broker",
            UpdateMode::ClusterWide => "while it runs, for one broker or all",
        };
        found.push(of("broker", &broker.def, Some(update), variable(key)));
    } else if let Some(own) = own_keys::find(key) {
        found.push(Explained {
            scope: "node",
            doc: own.doc.to_owned(),
            kind: None,
            takes: match own.takes {
                OwnValue::Text => None,
                OwnValue::Flag => Some("true, false".to_owned()),
                OwnValue::Word(words) => Some(words.join(", ")),
                OwnValue::Number(min, max) => Some(format!("{min} to {max}")),
            },
            default: Some(own.default.to_owned()),
            update: Some("at start only".to_owned()),
            variable: variable(key),
        });
    }
    if let Some(topic) = topic_config(key) {
        let mut explained = of("topic", &topic.def, Some("while it runs, for one topic"), None);
        if let Some(synonym) = topic.synonyms.first() {
            explained.doc.push_str(&format!(" The broker's setting {} gives the default.", synonym.name));
        }
        found.push(explained);
    }
    if let Some(reason) = inert_reason(key).filter(|_| found.is_empty()) {
        let doc = format!("A setting of Kafka's that is accepted and has no effect: {reason}.");
        let none = None;
        found.push(Explained {
            scope: "no effect",
            doc,
            kind: none.clone(),
            takes: none.clone(),
            default: none.clone(),
            update: none.clone(),
            variable: none,
        });
    }
    (!found.is_empty()).then_some(found)
}

fn takes(validator: &Validator) -> Option<String> {
    Some(match validator {
        Validator::Any => return None,
        Validator::AtLeast(min) => format!("{min} or more"),
        Validator::Between(min, max) => format!("{min} to {max}"),
        Validator::DefaultOrBetween(min, max) => format!("-1 for the codec's own, or {min} to {max}"),
        Validator::OneOf(texts) => texts.join(", "),
        Validator::ListOf(texts) => format!("a list of {}", texts.join(", ")),
        Validator::ThrottledReplicas => "*, or a list of partition:broker".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_is_explained_and_others_are_not() {
        for key in keys() {
            let found = explain(key).unwrap_or_default();
            assert!(found.iter().all(|e| !e.doc.is_empty()) && !found.is_empty(), "{key}");
        }
        assert_eq!(explain("no.such.key"), None);
        assert_eq!(explain("compression.type").unwrap().len(), 2, "of the broker and of topics");
        assert_eq!(
            explain("highway.admin.listener").unwrap()[0].variable.as_deref(),
            Some("HIGHWAY_ADMIN_LISTENER")
        );
        assert_eq!(explain("num.io.threads").unwrap()[0].scope, "no effect");
    }
}
