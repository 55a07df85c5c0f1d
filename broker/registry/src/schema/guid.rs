//! GUIDs: MD5 over what makes a schema, in the order of Confluent's `Schema.updateHash`, so that registries agree.

use std::fmt;

use super::{EnableAt, Metadata, Rule, RuleSet, Schema};
use crate::digest;

/// Sixteen bytes, written as a UUID.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Guid(pub [u8; 16]);

impl Guid {
    /// The GUID of a schema, over its text as kept.
    pub fn of(schema: &Schema) -> Self {
        let mut hashed = Vec::with_capacity(schema.text.len() + 64);
        hashed.extend_from_slice(schema.text.as_bytes());
        for reference in &schema.references {
            hashed.extend_from_slice(reference.name.as_bytes());
            hashed.extend_from_slice(reference.subject.as_bytes());
            hashed.extend_from_slice(&reference.version.to_be_bytes());
        }
        // The byte tells an empty one from none.
        if let Some(metadata) = &schema.metadata {
            hashed.push(1);
            add_metadata(metadata, &mut hashed);
        }
        if let Some(rules) = &schema.rule_set {
            hashed.push(1);
            add_rules(rules, &mut hashed);
        }
        Self(digest::md5(&hashed))
    }

    /// Reads a UUID: 36 characters with hyphens.
    pub fn parse(text: &str) -> Option<Self> {
        let groups: Vec<&str> = text.split('-').collect();
        if groups.iter().map(|g| g.len()).ne([8, 4, 4, 4, 12]) {
            return None;
        }
        let bytes = data_encoding::HEXLOWER_PERMISSIVE.decode(groups.concat().as_bytes()).ok()?;
        Some(Self(bytes.try_into().ok()?))
    }

    /// The base64 form that `_schemas` records carry as `md5`.
    pub fn to_base64(self) -> String {
        data_encoding::BASE64.encode(&self.0)
    }

    /// Reads the base64 form.
    pub fn from_base64(text: &str) -> Option<Self> {
        Some(Self(data_encoding::BASE64.decode(text.as_bytes()).ok()?.try_into().ok()?))
    }
}

fn add_metadata(metadata: &Metadata, out: &mut Vec<u8>) {
    for (key, values) in metadata.tags.iter().flatten() {
        out.extend_from_slice(key.as_bytes());
        values.iter().for_each(|value| out.extend_from_slice(value.as_bytes()));
    }
    for (key, value) in metadata.properties.iter().flatten() {
        out.extend_from_slice(key.as_bytes());
        out.extend_from_slice(value.as_bytes());
    }
    for name in metadata.sensitive.iter().flatten() {
        out.extend_from_slice(name.as_bytes());
    }
}

fn add_rules(rules: &RuleSet, out: &mut Vec<u8>) {
    for list in [&rules.migration_rules, &rules.domain_rules, &rules.encoding_rules] {
        list.iter().flatten().for_each(|rule| add_rule(rule, out));
    }
    if let Some(at) = rules.enable_at {
        out.extend_from_slice(EnableAt::name(at).as_bytes());
    }
}

fn add_rule(rule: &Rule, out: &mut Vec<u8>) {
    out.extend_from_slice(rule.name.as_bytes());
    out.extend_from_slice(rule.doc.as_deref().unwrap_or_default().as_bytes());
    out.extend_from_slice(rule.kind.map_or("", |kind| kind.name()).as_bytes());
    out.extend_from_slice(rule.mode.map_or("", |mode| mode.name()).as_bytes());
    out.extend_from_slice(rule.rule_type.as_deref().unwrap_or_default().as_bytes());
    for tag in rule.tags.iter().flatten() {
        out.extend_from_slice(tag.as_bytes());
    }
    for (key, value) in rule.params.iter().flatten() {
        out.extend_from_slice(key.as_bytes());
        out.extend_from_slice(value.as_bytes());
    }
    for text in [&rule.expr, &rule.on_success, &rule.on_failure] {
        out.extend_from_slice(text.as_deref().unwrap_or_default().as_bytes());
    }
    if rule.disabled {
        out.push(1);
    }
}

impl fmt::Display for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hex = data_encoding::HEXLOWER.encode(&self.0);
        write!(f, "{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
    }
}

impl fmt::Debug for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{Reference, SchemaType};

    #[test]
    fn of_a_text_it_is_its_md5() {
        // echo -n '"string"' | md5sum
        let guid = Schema::new(SchemaType::Avro, "\"string\"").guid();
        assert_eq!(guid.to_string(), "095d71cf-1255-6b9d-5e33-0ad575b3df5d");
        assert_eq!(Guid::parse(&guid.to_string()), Some(guid));
        assert_eq!(Guid::from_base64(&guid.to_base64()), Some(guid));
        assert_eq!(Guid::parse("095d71cf12556b9d5e330ad575b3df5d"), None);
        assert_eq!(Guid::parse("g95d71cf-1255-6b9d-5e33-0ad575b3df5d"), None);
    }

    #[test]
    fn every_part_counts() {
        let plain = Schema::new(SchemaType::Avro, "\"string\"");
        let with = |change: &dyn Fn(&mut Schema)| {
            let mut schema = plain.clone();
            change(&mut schema);
            schema.guid()
        };
        let reference = |version| Reference { name: "n".into(), subject: "s".into(), version };
        let guids = [
            plain.guid(),
            with(&|s| s.references.push(reference(1))),
            with(&|s| s.references.push(reference(2))),
            with(&|s| s.metadata = Some(Metadata::default())),
            with(&|s| {
                s.metadata = Some(Metadata::default());
                s.rule_set = Some(RuleSet::default());
            }),
            with(&|s| s.rule_set = Some(RuleSet { enable_at: Some(EnableAt::Server), ..RuleSet::default() })),
        ];
        let distinct: std::collections::BTreeSet<_> = guids.iter().collect();
        assert_eq!(distinct.len(), guids.len());
    }
}
