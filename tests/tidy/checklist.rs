//! The protocol's checklist (`docs/checklist.md`): every line is there once and says how it is shown, and every test that
//! it names exists.

use std::collections::BTreeSet;

use crate::{files, text};

/// The lines that apply to what is built.
fn expected() -> Vec<u32> {
    (1..=69).chain(92..=143).chain(151..=152).chain(166..=170).collect()
}

/// The names between backticks that are names of tests: words joined by underscores, or a word.
fn names(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2).filter(|n| {
        n.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_') && !n.is_empty()
    })
}

/// What is wrong with the document, given the tests that exist.
fn faults(document: &str, tests: &BTreeSet<String>) -> Vec<String> {
    let mut faults = Vec::new();
    let mut lines = Vec::new();
    for row in document.lines() {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").map(str::trim).collect();
        let Some(number) = cells[0].parse::<u32>().ok().filter(|_| cells.len() == 3) else { continue };
        lines.push(number);
        let shown = cells[2];
        let differential = shown
            .split([',', ';', ':'])
            .any(|word| matches!(word.split_whitespace().next(), Some("K" | "S")));
        if !differential
            && names(shown).next().is_none()
            && !shown.contains("not yet: ")
            && !shown.contains("not here: ")
        {
            faults.push(format!("line {number} names neither a test nor a reason"));
        }
        for name in names(shown).filter(|n| !tests.contains(*n)) {
            faults.push(format!("line {number}: there is no test {name}"));
        }
    }
    if lines != expected() {
        let missing: Vec<u32> = expected().into_iter().filter(|n| !lines.contains(n)).collect();
        faults.push(format!("the lines are not those that apply, in order; missing {missing:?}"));
    }
    faults
}

/// The names of all tests: functions behind an attribute that ends in `test]`, or inside `proptest!`.
fn tests() -> BTreeSet<String> {
    let mut out = BTreeSet::new();
    for path in files().iter().filter(|p| p.extension().is_some_and(|e| e == "rs")) {
        let Some(source) = text(path) else { continue };
        let mut after_attribute = false;
        for line in source.lines().map(str::trim) {
            if line.starts_with("#[") {
                after_attribute |= line.ends_with("test]") || line.contains("::test(");
            } else if after_attribute && let Some((_, rest)) = line.split_once("fn ") {
                out.extend(rest.split('(').next().map(str::to_owned));
                after_attribute = false;
            }
        }
    }
    out
}

#[test]
fn every_line_of_the_checklist_is_shown_or_has_a_reason() {
    let document = std::fs::read_to_string(highway_tests::repository().join("docs/checklist.md"))
        .expect("the checklist is there");
    let faults = faults(&document, &tests());
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

#[test]
fn the_rule_sees_what_is_missing() {
    let tests = BTreeSet::from(["good".to_owned()]);
    let all = |cell: &str| expected().iter().map(|n| format!("| {n} | x | {cell} |\n")).collect::<String>();
    assert!(faults(&all("`good`"), &tests).is_empty());
    assert!(faults(&all("not yet: a reason"), &tests).is_empty());
    assert_eq!(faults(&all("`gone`"), &tests).len(), expected().len());
    assert_eq!(faults(&all("trust me"), &tests).len(), expected().len());
    assert_eq!(faults(&all("`good`").replace("| 17 | x | `good` |\n", ""), &tests).len(), 1);
}
