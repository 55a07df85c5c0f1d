//! The same cases through Kafka's own jars and through this crate. The answers of the jars are kept in `testdata/answers.jsonl`, so
//! that this test needs no JVM; another one asks the jars again where they are.

mod answers;
mod known;
pub mod live;
mod tagged;

use serde_json::{Value as Json, json};

use self::answers::Answers;

/// What is wrong with our answer to one case, if anything is.
fn difference(ours: &Json, theirs: &Json) -> Option<String> {
    (ours != theirs).then(|| format!("JVM  {theirs}\nours {ours}"))
}

/// All cases: those that differ without being explained are shown.
#[test]
fn every_case_is_answered_as_the_jvm_answers_it() {
    let answers = Answers::stored();
    let (mut differ, mut used) = (Vec::new(), vec![0; known::DIFFERENCES.len()]);
    for case in &answers.cases {
        let ours = case.ours();
        if let Some(difference) = difference(&ours, &case.theirs) {
            match known::explained(case, &ours) {
                Some(explanation) => used[explanation] += 1,
                None => differ.push(format!("{}\n{difference}", case.describe())),
            }
        }
    }
    assert!(answers.cases.len() >= 1000, "only {} cases", answers.cases.len());
    let unused: Vec<&str> =
        known::DIFFERENCES.iter().zip(&used).filter(|(_, n)| **n == 0).map(|(d, _)| d.why).collect();
    assert!(
        differ.is_empty(),
        "{} of {} cases differ:\n\n{}",
        differ.len(),
        answers.cases.len(),
        differ.join("\n\n")
    );
    assert!(unused.is_empty(), "explained, but no case shows it: {unused:?}");
    let explained: usize = used.iter().sum();
    println!("{} cases, {explained} of them differ for {} known reasons", answers.cases.len(), used.len());
}

#[test]
fn settings_are_defined_as_kafka_defines_them() {
    let mut wrong = Vec::new();
    for (class, keys) in &Answers::stored().definitions {
        let plugin = super::plugins().iter().find(|p| p.class.ends_with(&format!("transforms.{class}")));
        let Some(plugin) = plugin else {
            wrong.push(format!("{class} is not known"));
            continue;
        };
        let ours: Vec<Json> = plugin
            .config_def()
            .keys()
            .iter()
            .map(|key| {
                let info = crate::config::ConfigKeyInfo::new(key);
                json!({
                    "name": info.name, "type": info.r#type, "required": info.required, "default_value": info.default_value,
                    "importance": info.importance, "group": info.group, "order": info.order, "width": info.width,
                    "display_name": info.display_name, "validator": key.validator.as_ref().map(|v| v.describe()),
                })
            })
            .collect();
        let theirs = keys.as_array().cloned().unwrap_or_default();
        for their in &theirs {
            let our = ours.iter().find(|k| k["name"] == their["name"]).cloned().unwrap_or_default();
            if let Some(difference) = difference(&our, their) {
                wrong.push(format!("{class}\n{difference}"));
            }
        }
        if ours.len() != theirs.len() {
            wrong.push(format!("{class}: {} settings instead of {}", ours.len(), theirs.len()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
