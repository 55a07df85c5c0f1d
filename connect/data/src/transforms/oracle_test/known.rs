//! What differs from the JVM and why. Each reason must still be shown by a case.

use serde_json::Value as Json;

use super::answers::Case;

/// A kind of difference.
pub struct Difference {
    /// Why it is so.
    pub why: &'static str,
    /// Whether a case that differs does so for this reason.
    shows: fn(&Case, &Json) -> bool,
}

pub const DIFFERENCES: &[Difference] = &[
    Difference {
        why: "Java 17 does not always write a float with the fewest digits (JDK-4511638, mended in Java 19); the numbers are the same.",
        shows: |case, ours| numbers_read(case.theirs.clone()) == numbers_read(ours.clone()),
    },
    Difference {
        why: "Kafka hands the exception to ConfigException as if it were a setting's value, which makes its text hard to read. Ours \
              says the text that was meant.",
        shows: |case, ours| {
            let theirs = message(&case.theirs);
            same_class(case, ours)
                && theirs.starts_with("Invalid value java.lang.IllegalArgumentException: ")
                && theirs.ends_with(&format!(" for configuration {}", message(ours)))
        },
    },
    Difference {
        why: "Kafka names the field by the address of an object; ours by its name.",
        shows: |case, ours| {
            same_class(case, ours) && message(&case.theirs).contains("InsertField$InsertionSpec@")
        },
    },
    Difference {
        why: "Kafka trips over a null (NullPointerException); ours says what is missing, with the same class.",
        shows: |case, ours| {
            same_class(case, ours)
                && error(ours)["class"] == "java.lang.NullPointerException"
                && message(&case.theirs).starts_with("Cannot invoke ")
        },
    },
    Difference {
        why: "Kafka's text holds the whole record, which may be secret; ours says where it stands.",
        shows: |case, ours| {
            same_class(case, ours)
                && message(&case.theirs).starts_with("Timestamp missing on record: SinkRecord{")
                && message(ours).starts_with("Timestamp missing on record: ")
        },
    },
    Difference {
        why: "The text of what is wrong with a regular expression is the library's.",
        shows: |case, ours| {
            let upto = "Invalid regex: ";
            let head = |text: &str| text.find(upto).map(|at| text[..at].to_owned());
            same_class(case, ours)
                && head(message(&case.theirs)).is_some_and(|h| head(message(ours)) == Some(h))
        },
    },
    Difference {
        why: "Kafka keeps the reason in the cause of the exception; ours says it behind the same text.",
        shows: |case, ours| {
            let theirs = message(&case.theirs);
            same_class(case, ours) && theirs.ends_with(": ") && message(ours).starts_with(theirs)
        },
    },
    Difference {
        why: "Kafka's SetSchemaMetadata asks every schema for its fields, which only structs have; ours works for all schemas.",
        shows: |case, ours| {
            case.class.starts_with("SetSchemaMetadata$")
                && message(&case.theirs) == "Cannot list fields on non-struct type"
                && ours.get("out").is_some()
        },
    },
    Difference {
        why: "Two fields of a map become one name: in Kafka the order of a HashMap says which one is kept, in ours the later one.",
        shows: |case, ours| {
            case.class.starts_with("ReplaceField$")
                && case.config["renames"] == "id:name"
                && ours.get("out").is_some()
        },
    },
    Difference {
        why: "Kafka's JsonConverter refuses every default of a struct, as it compares a schema with its builder; ours reads it.",
        shows: |case, ours| {
            case.class.ends_with("JsonConverter")
                && message(&case.theirs) == "Invalid default value"
                && ours["read"]["schema"].is_object()
        },
    },
    Difference {
        why: "A default of a struct and its schema without the default are not equal in Kafka, so that the default is refused where \
              it is put into a struct; ours puts it there.",
        shows: |case, ours| {
            message(&case.theirs) == "Struct schemas do not match." && ours.get("out").is_some()
        },
    },
];

/// The index of the reason for which the case differs.
pub fn explained(case: &Case, ours: &Json) -> Option<usize> {
    DIFFERENCES.iter().position(|difference| (difference.shows)(case, ours))
}

fn error(answer: &Json) -> &Json {
    answer.get("error").or_else(|| answer.get("configure")).unwrap_or(&Json::Null)
}

fn message(answer: &Json) -> &str {
    error(answer)["message"].as_str().unwrap_or_default()
}

/// Both fail, at the same time and with the same class of exception.
fn same_class(case: &Case, ours: &Json) -> bool {
    let (theirs, class) = (error(&case.theirs), &error(ours)["class"]);
    case.theirs.get("configure").is_some() == ours.get("configure").is_some()
        && theirs["class"] == *class
        && class.is_string()
}

/// Every `["f32","..."]` and `["f64","..."]` with the number's bits in place of its text.
fn numbers_read(mut json: Json) -> Json {
    match &mut json {
        Json::Array(items) => {
            let text = items.get(1).and_then(Json::as_str).map(str::to_owned);
            match (items.first().and_then(Json::as_str), text) {
                (Some("f32"), Some(text)) => {
                    items[1] = text.parse::<f32>().expect("a float").to_bits().into()
                }
                (Some("f64"), Some(text)) => {
                    items[1] = text.parse::<f64>().expect("a float").to_bits().into()
                }
                _ => *items = items.drain(..).map(numbers_read).collect(),
            }
        }
        Json::Object(members) => {
            members.values_mut().for_each(|member| *member = numbers_read(member.take()))
        }
        _ => {}
    }
    json
}
