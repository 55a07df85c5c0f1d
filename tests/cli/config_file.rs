//! `highway config show` and `explain`: no node is needed.

use crate::tool::{alone, command, with_input};

#[test]
fn every_value_is_shown_with_where_it_comes_from() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("server.properties");
    std::fs::write(&file, "num.partitions=2\nlog.retention.ms=1000\nmessage.max.bytes=2000000\nsome.key=1\n")
        .expect("a file can be written");
    let path = file.display().to_string();
    let mut shown =
        command(&["config", "show", "--config", &path, "--set", "log.retention.ms=7", "-o", "json"]);
    shown.env("HIGHWAY_NUM_PARTITIONS", "5");
    let shown = with_input(shown, b"").ok().json();
    let items = shown["items"].as_array().expect("items");
    let of = |key: &str| {
        let item = items.iter().find(|i| i["key"] == key).unwrap_or_else(|| panic!("{key} is not shown"));
        let text = |field: &str| item[field].as_str().map(str::to_owned);
        (text("value").unwrap_or_default(), text("origin").unwrap_or_default(), text("detail"))
    };
    let owned = |value: &str, origin: &str, detail: Option<&str>| {
        (value.to_owned(), origin.to_owned(), detail.map(str::to_owned))
    };
    assert_eq!(of("num.partitions"), owned("5", "environment", Some("HIGHWAY_NUM_PARTITIONS")));
    assert_eq!(of("log.retention.ms"), owned("7", "flag", None));
    assert_eq!(of("message.max.bytes"), owned("2000000", "file", Some(&path)));
    assert_eq!(of("highway.durability"), owned("fsync", "default", None));
    assert!(shown["remarks"][0].as_str().is_some_and(|r| r.starts_with("some.key")), "{shown}");

    let changed = alone(&["config", "show", "--config", &path, "--changed"]).ok();
    assert_eq!(changed.text().lines().count(), 1 + 3, "{}", changed.text());
    assert!(changed.stderr.contains("warning: some.key"), "{}", changed.stderr);
    alone(&["config", "show", "--config", "/nowhere/x"]).fails(2, "cannot read /nowhere/x");
    std::fs::write(&file, "a=\\u12\n").expect("a file can be written");
    alone(&["config", "show", "--config", &path]).fails(2, "line 1");
    alone(&["config", "show", "--set", "num.partitions"]).fails(2, "KEY=VALUE");
}

#[test]
fn a_key_is_explained_or_the_nearest_is_named() {
    let text = alone(&["config", "explain", "retention.ms"]).ok().text();
    assert!(text.starts_with("retention.ms (topic)") && text.contains("default: 604800000"), "{text}");
    let own = alone(&["config", "explain", "highway.durability", "-o", "json"]).ok().json();
    assert_eq!(own["items"][0]["default"], "fsync", "{own}");
    alone(&["config", "explain", "retention.sm"]).fails(3, "did you mean retention.ms?");
}
