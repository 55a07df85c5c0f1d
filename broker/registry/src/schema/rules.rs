//! Rules of a schema. Clients carry them out; the registry keeps them and checks that they are well formed.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

/// Whether a rule changes a message or judges it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[allow(missing_docs)] // the names say it
pub enum RuleKind {
    Transform,
    Condition,
}

impl RuleKind {
    /// The name in the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Transform => "TRANSFORM",
            Self::Condition => "CONDITION",
        }
    }
}

/// When a rule is carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[allow(missing_docs)] // the names say it
pub enum RuleMode {
    Upgrade,
    Downgrade,
    UpDown,
    Write,
    Read,
    WriteRead,
}

impl RuleMode {
    /// The name in the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Upgrade => "UPGRADE",
            Self::Downgrade => "DOWNGRADE",
            Self::UpDown => "UPDOWN",
            Self::Write => "WRITE",
            Self::Read => "READ",
            Self::WriteRead => "WRITEREAD",
        }
    }

    /// Whether it is for moving between versions.
    pub fn is_migration(self) -> bool {
        matches!(self, Self::Upgrade | Self::Downgrade | Self::UpDown)
    }
}

/// Who carries out the rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[allow(missing_docs)] // the names say it
pub enum EnableAt {
    Client,
    Gateway,
    Server,
}

impl EnableAt {
    /// The name in the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Client => "CLIENT",
            Self::Gateway => "GATEWAY",
            Self::Server => "SERVER",
        }
    }
}

/// One rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Rule {
    /// Its name, unique in the set.
    pub name: String,
    /// What it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub doc: Option<String>,
    /// Changes or judges.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<RuleKind>,
    /// When.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<RuleMode>,
    /// The engine: `CEL`, `ENCRYPT`, `JSONATA`.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub rule_type: Option<String>,
    /// Tags of fields it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tags: Option<BTreeSet<String>>,
    /// Settings of the engine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub params: Option<BTreeMap<String, String>>,
    /// The expression.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expr: Option<String>,
    /// An action.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_success: Option<String>,
    /// An action.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_failure: Option<String>,
    /// Not to be carried out.
    #[serde(default)]
    pub disabled: bool,
}

/// The rules of a schema.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RuleSet {
    /// Between versions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub migration_rules: Option<Vec<Rule>>,
    /// On messages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub domain_rules: Option<Vec<Rule>>,
    /// On encoded messages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encoding_rules: Option<Vec<Rule>>,
    /// Who carries them out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enable_at: Option<EnableAt>,
}

/// Why a rule set is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("Invalid rule '{rule}': {reason}")]
pub struct RuleError {
    rule: String,
    reason: &'static str,
}

impl RuleSet {
    /// Checks names and modes.
    ///
    /// # Errors
    /// The first rule that has no proper name, one name twice, or a mode that its list does not know.
    pub fn validate(&self) -> Result<(), RuleError> {
        let mut names = BTreeSet::new();
        for (list, migration) in
            [(&self.migration_rules, true), (&self.domain_rules, false), (&self.encoding_rules, false)]
        {
            for rule in list.iter().flatten() {
                let wrong = |reason| Err(RuleError { rule: rule.name.clone(), reason });
                let mut letters = rule.name.chars();
                if !letters.next().is_some_and(|c| c.is_alphabetic() || c == '_')
                    || !letters.all(|c| c.is_alphanumeric() || matches!(c, '_' | '-'))
                {
                    return wrong(
                        "a name starts with a letter and goes on with letters, digits, '_' and '-'",
                    );
                }
                if !names.insert(rule.name.as_str()) {
                    return wrong("the name is used twice");
                }
                match rule.mode {
                    Some(mode) if mode.is_migration() != migration => {
                        return wrong(if migration {
                            "a migration rule is UPGRADE, DOWNGRADE or UPDOWN"
                        } else {
                            "a domain or encoding rule is WRITE, READ or WRITEREAD"
                        });
                    }
                    None => return wrong("the mode is missing"),
                    Some(_) => {}
                }
                if rule.rule_type.as_deref().unwrap_or_default().is_empty() {
                    return wrong("the type is missing");
                }
            }
        }
        Ok(())
    }

    /// Whether one of the rules is for this engine.
    pub fn has_type(&self, rule_type: &str) -> bool {
        let lists = [&self.migration_rules, &self.domain_rules, &self.encoding_rules];
        lists.into_iter().flatten().flatten().any(|rule| rule.rule_type.as_deref() == Some(rule_type))
    }

    /// Both; a rule of `over` takes the place of one of the same name in the same list.
    pub fn merged(under: Option<&RuleSet>, over: Option<&RuleSet>) -> Option<RuleSet> {
        let (Some(under), Some(over)) = (under, over) else { return under.or(over).cloned() };
        fn lists(under: &Option<Vec<Rule>>, over: &Option<Vec<Rule>>) -> Option<Vec<Rule>> {
            let (Some(under), Some(over)) = (under, over) else {
                return under.as_ref().or(over.as_ref()).cloned();
            };
            let mut merged: Vec<Rule> =
                under.iter().filter(|rule| over.iter().all(|o| o.name != rule.name)).cloned().collect();
            merged.extend(over.iter().cloned());
            Some(merged)
        }
        Some(RuleSet {
            migration_rules: lists(&under.migration_rules, &over.migration_rules),
            domain_rules: lists(&under.domain_rules, &over.domain_rules),
            encoding_rules: lists(&under.encoding_rules, &over.encoding_rules),
            enable_at: over.enable_at.or(under.enable_at),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(name: &str, mode: &str) -> Rule {
        serde_json::from_str(&format!(
            r#"{{"name":"{name}","kind":"CONDITION","mode":"{mode}","type":"CEL","expr":"true"}}"#
        ))
        .unwrap()
    }

    #[test]
    fn well_formed_or_not() {
        let domain = |rules: Vec<Rule>| RuleSet { domain_rules: Some(rules), ..RuleSet::default() };
        assert!(domain(vec![rule("a", "WRITE"), rule("b", "READ")]).validate().is_ok());
        assert!(domain(vec![rule("a", "WRITE"), rule("a", "READ")]).validate().is_err());
        assert!(domain(vec![rule("a", "UPGRADE")]).validate().is_err());
        assert!(domain(vec![rule("1", "WRITE")]).validate().is_err());
        let migration = RuleSet { migration_rules: Some(vec![rule("a", "WRITE")]), ..RuleSet::default() };
        assert!(migration.validate().is_err());
    }

    #[test]
    fn merged_by_name() {
        let under = RuleSet {
            domain_rules: Some(vec![rule("a", "WRITE"), rule("b", "WRITE")]),
            ..RuleSet::default()
        };
        let over = RuleSet { domain_rules: Some(vec![rule("a", "READ")]), ..RuleSet::default() };
        let merged = RuleSet::merged(Some(&under), Some(&over)).unwrap().domain_rules.unwrap();
        assert_eq!(merged, [rule("b", "WRITE"), rule("a", "READ")]);
        assert_eq!(RuleSet::merged(None, Some(&over)), Some(over.clone()));
    }
}
