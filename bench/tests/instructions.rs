//! Instruction counts of the hot paths stay within 2 % of bench/instructions.txt. Skipped without valgrind.

use std::path::Path;
use std::process::Command;

#[test]
fn hot_paths_cost_what_is_stored() {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("callgrind.sh");
    let output = Command::new(script).output().expect("bash is there");
    let text =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    eprintln!("{text}");
    assert!(output.status.success(), "{text}");
}
