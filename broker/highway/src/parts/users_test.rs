use super::*;

/// Of `käse:brot`, made with Python's hashlib.
const HASHED: &str =
    "$pbkdf2-sha256$i=1000$c2FsdHNhbHRzYWx0c2FsdA$8A/c5EDs6P5U7/NvkYrZ7epCOAMkqUhYjyHeGGZi10A";

fn users(text: &str) -> Result<Users, String> {
    Users::parse(Path::new("users.txt"), text).map_err(|e| e.to_string())
}

fn basic(pair: &str) -> String {
    format!("Basic {}", BASE64.encode(pair.as_bytes()))
}

#[tokio::test]
async fn those_of_the_file_come_in_and_nobody_else() {
    let users = users(&format!("# who\n\nann:s3cret:with colon\r\nbob:{HASHED}\n")).unwrap();
    for good in ["ann:s3cret:with colon", "bob:käse:brot"] {
        assert!(users.admit(Some(&basic(good))).await, "{good}");
    }
    for bad in
        ["ann:s3cret", "ann:", "bob:kase:brot", "eve:käse:brot", "", ":", "bob", &format!("bob:{HASHED}")]
    {
        assert!(!users.admit(Some(&basic(bad))).await, "{bad}");
    }
    // What was right once stays the only one that is.
    assert!(users.admit(Some(&basic("bob:käse:brot"))).await);
    for header in [None, Some(""), Some("Basic"), Some("Basic ????"), Some("Bearer YW5uOng=")] {
        assert!(!users.admit(header).await, "{header:?}");
    }
}

#[test]
fn a_bad_file_is_named_without_its_secrets() {
    for (text, part) in [
        ("", "names no user"),
        ("ann", "line 1: it is not NAME:PASSWORD"),
        ("ann:a\nann:b", "line 2: this name stands twice"),
        ("ann:", "must not be empty"),
        ("ann:$pbkdf2-sha512$i=1$c2FsdHNhbHQ$c2FsdHNhbHQ", "$pbkdf2-sha256$i=ROUNDS"),
        ("ann:$pbkdf2-sha256$i=0$c2FsdHNhbHQ$c2FsdHNhbHQ", "$pbkdf2-sha256$i=ROUNDS"),
        ("ann:$pbkdf2-sha256$i=1$c2FsdHNhbHQ$c2E", "$pbkdf2-sha256$i=ROUNDS"),
    ] {
        let error = users(text).unwrap_err();
        assert!(error.contains(part), "{text:?}: {error}");
    }
}
