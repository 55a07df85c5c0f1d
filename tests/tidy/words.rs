//! Words that may not stay in the tree.

use crate::{files, text};

/// A word, where it may not be (a suffix of the file's name; empty for everywhere), and why. Each is written in two parts so
/// that this file does not break its own rule.
const BANNED: &[(&str, &str, &str, &str)] = &[
    ("/wo", "rk/", "", "a path of one machine"),
    ("/ro", "ot/", "", "a path of one machine"),
    ("/tmp", "/hw", "", "a path of one machine"),
    ("dbg", "!(", ".rs", "left from debugging"),
    ("tod", "o!(", ".rs", "unfinished"),
    ("unimpl", "emented!(", ".rs", "unfinished"),
    ("FIX", "ME", "", "unfinished: fix it or file an issue"),
    ("XX", "X:", "", "unfinished: fix it or file an issue"),
    ("<<<<", "<<< ", "", "a merge conflict"),
    ("repo.maven.", "apache.org", "", "a package host"),
    ("registry.npm", "js.org", "", "a package host"),
    ("files.python", "hosted.org", "", "a package host"),
    ("proxy.gol", "ang.org", "", "a package host"),
    ("deb.deb", "ian.org", "", "a package host"),
];

#[test]
fn no_banned_words() {
    let mut wrong = Vec::new();
    for path in files() {
        let name = path.display().to_string();
        if name.ends_with("Cargo.lock") {
            continue;
        }
        let Some(text) = text(&path) else { continue };
        for (number, line) in text.lines().enumerate() {
            for (first, second, suffix, why) in BANNED {
                let word = format!("{first}{second}");
                if name.ends_with(suffix) && line.contains(&word) {
                    wrong.push(format!("{name}:{}: {word} ({why})", number + 1));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn every_script_says_what_it_is() {
    let mut wrong = Vec::new();
    for path in files() {
        let Some(text) = text(&path) else { continue };
        let mut lines = text.lines();
        if lines.next().is_some_and(|l| l.starts_with("#!") && l.ends_with("bash"))
            && !lines.next().is_some_and(|l| l.starts_with("# "))
        {
            wrong.push(path.display().to_string());
        }
    }
    assert!(wrong.is_empty(), "scripts without a line that says what they do: {wrong:?}");
}
