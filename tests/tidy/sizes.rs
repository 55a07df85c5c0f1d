//! Files stay small enough to be read in one go.

use crate::{files, text};

/// More lines than this and a file of code needs a reason in [`LARGE`].
const SOFT: usize = 500;
/// No file of code is longer.
const HARD: usize = 800;

/// Files between the limits with the length they may have. The list only shrinks: a file that got shorter must say so here.
const LARGE: &[(&str, usize)] = &[
    // A table: one entry per broker config.
    ("broker/cluster/src/configs/table.rs", 750),
    // Tests in order of the checklist.
    ("broker/coordinator/src/tests/groups.rs", 600),
];

const CODE: &[&str] = &["rs", "c", "py", "js", "ts", "tsx", "go", "java", "sh"];

#[test]
fn files_are_small() {
    let mut wrong = Vec::new();
    for path in files() {
        let name = path.display().to_string();
        if !path.extension().is_some_and(|e| CODE.iter().any(|c| e == *c)) {
            continue;
        }
        let lines = text(&path).map_or(0, |t| t.lines().count());
        let allowed = LARGE.iter().find(|(file, _)| *file == name).map(|(_, lines)| *lines);
        match allowed {
            _ if lines > HARD => wrong.push(format!("{name} has {lines} lines; {HARD} is the hard limit")),
            None if lines > SOFT => {
                wrong.push(format!("{name} has {lines} lines; split it, or list it in tests/tidy/sizes.rs"))
            }
            Some(most) if lines > most => {
                wrong.push(format!("{name} grew from {most} to {lines} lines; split it"))
            }
            Some(most) if lines <= SOFT => {
                wrong.push(format!("{name} is down to {lines} lines from {most}: take it off the list"))
            }
            _ => {}
        }
    }
    for (file, _) in LARGE {
        if !files().iter().any(|p| p.display().to_string() == *file) {
            wrong.push(format!("{file} is listed in tests/tidy/sizes.rs but is not there"));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}
