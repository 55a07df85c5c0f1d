//! The stored answers against the jars, where they are.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::answers::Answers;

/// The folder of Kafka's jars, as `tests/oracle/fetch.sh` leaves it.
fn jars() -> Option<PathBuf> {
    let folder = match std::env::var_os("HIGHWAY_KAFKA_DIR") {
        Some(folder) => PathBuf::from(folder),
        None => {
            let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
            let cache =
                cache.or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache")))?;
            cache.join("highway/kafka")
        }
    };
    let libs = folder.join("libs");
    let there = std::fs::read_dir(&libs).ok()?.flatten();
    there
        .into_iter()
        .any(|f| f.file_name().to_string_lossy().starts_with("connect-transforms-"))
        .then_some(libs)
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Runs the program on the jars; None, said loudly, where there are none.
pub fn run(arguments: &[&str]) -> Option<String> {
    let Some(libs) = jars() else {
        eprintln!(
            "\n*** NOT COMPARED WITH KAFKA: its jars are not here. Fetch them with tests/oracle/fetch.sh. ***\n"
        );
        return None;
    };
    let output = Command::new("java")
        .args(["-Duser.timezone=UTC", "-Duser.language=en", "-Duser.country=US", "-cp"])
        .arg(libs.join("*"))
        .arg(repository().join("tests/oracle/Transforms.java"))
        .args(arguments)
        .output();
    match output {
        Ok(output) if output.status.success() => Some(String::from_utf8(output.stdout).expect("UTF-8")),
        Ok(output) => {
            panic!("the program on Kafka's jars failed:\n{}", String::from_utf8_lossy(&output.stderr))
        }
        Err(error) => {
            eprintln!("\n*** NOT COMPARED WITH KAFKA: java cannot be run ({error}) ***\n");
            None
        }
    }
}

/// Fails when the cases were changed, or another Kafka answers them otherwise, and the answers were not stored again. With
/// `HIGHWAY_STORE_ANSWERS=1` it stores them.
#[test]
fn the_stored_answers_are_the_answers_of_the_jars() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata");
    let cases = folder.join("cases.json");
    let Some(text) = run(&["answer", cases.to_str().expect("a path in UTF-8")]) else { return };
    if std::env::var_os("HIGHWAY_STORE_ANSWERS").is_some() {
        std::fs::write(folder.join("answers.jsonl"), &text).expect("stored");
        return;
    }
    let (fresh, stored) = (Answers::read(&text), Answers::stored());
    assert_eq!(fresh.cases.len(), stored.cases.len(), "store the answers again: HIGHWAY_STORE_ANSWERS=1");
    let differ = fresh.cases.iter().zip(&stored.cases).filter(|(a, b)| a.theirs != b.theirs);
    let differ: Vec<String> = differ.map(|(a, _)| a.describe()).collect();
    assert!(differ.is_empty(), "store the answers again (HIGHWAY_STORE_ANSWERS=1): {}", differ.join("\n"));
    assert_eq!(fresh.definitions, stored.definitions);
}
