//! Compares two answers field by field.

use std::collections::BTreeMap;

/// The fields of a pretty-printed answer, by path, after what must differ between two brokers was evened out.
pub fn fields(pretty: &str) -> BTreeMap<String, String> {
    let mut out = BTreeMap::new();
    let mut path: Vec<(String, usize)> = Vec::new();
    for line in pretty.lines().map(str::trim) {
        if matches!(line.trim_end_matches(','), "}" | "]" | ")") {
            path.pop();
            continue;
        }
        let opens = line.ends_with(['{', '[', '(']);
        let (name, value) = match line.split_once(": ") {
            Some((name, value))
                if name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_') =>
            {
                (name.to_owned(), value)
            }
            _ => {
                let at = path.last_mut().map_or(0, |(_, count)| {
                    *count += 1;
                    *count - 1
                });
                (at.to_string(), line)
            }
        };
        if opens {
            path.push((name, 0));
            continue;
        }
        let names: Vec<&str> = path.iter().map(|(name, _)| name.as_str()).chain([name.as_str()]).collect();
        let field = names.iter().rev().find(|n| n.parse::<usize>().is_err()).copied().unwrap_or_default();
        let value = even(field, value.trim_end_matches(','));
        out.insert(names.join("."), value);
    }
    out
}

/// Ids, ports and times differ between any two brokers; whether there is one must not.
fn even(field: &str, value: &str) -> String {
    let number = value.parse::<i64>().ok();
    let kind = match field {
        "port" => "port",
        "throttle_time_ms" => "throttle",
        "cluster_id" if value.starts_with('"') => "cluster",
        "topic_id" | "replica_directory_id" if !value.starts_with("00000000-0000-0000-0000-00000000000") => {
            "uuid"
        }
        "session_id" if number.is_some_and(|n| n > 0) => "session",
        "producer_id" if number.is_some_and(|n| n >= 0) => "producer",
        "member_id" | "leader" if value.len() > 38 => "member",
        "total_bytes" | "usable_bytes" if number.is_some_and(|n| n > 0) => "bytes",
        _ if number.is_some_and(|n| n > 1_700_000_000_000 && n < 4_000_000_000_000) => "time",
        _ => return value.to_owned(),
    };
    format!("<{kind}>")
}

/// What differs, a line each.
pub fn differences(kafka: &str, highway: &str) -> Vec<String> {
    let (kafka, highway) = (fields(kafka), fields(highway));
    let paths: std::collections::BTreeSet<&String> = kafka.keys().chain(highway.keys()).collect();
    let absent = "absent".to_owned();
    paths
        .into_iter()
        .filter_map(|path| {
            let (k, h) = (kafka.get(path).unwrap_or(&absent), highway.get(path).unwrap_or(&absent));
            (k != h).then(|| format!("{path}: kafka {k}, highway {h}"))
        })
        .collect()
}

#[test]
fn a_changed_field_is_a_difference_and_a_changed_port_is_not() {
    let answer = "R {\n    topics: [\n        T {\n            error_code: 3,\n            port: 1,\n        },\n    ],\n}";
    assert_eq!(differences(answer, &answer.replace("port: 1", "port: 2")), Vec::<String>::new());
    assert_eq!(
        differences(answer, &answer.replace("code: 3", "code: 4")),
        ["0.topics.0.error_code: kafka 3, highway 4"]
    );
}
