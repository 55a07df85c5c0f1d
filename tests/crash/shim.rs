//! A disk with faults and a clock that jumps: `shim/disk.c`, compiled when it is needed and preloaded into the node.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use highway_tests::{Node, NodeBuilder};
use tempfile::TempDir;

/// Switches of the faults in one node.
pub struct Shim {
    folder: TempDir,
}

/// A fault; the C file says what each does.
#[derive(Clone, Copy, Debug)]
pub enum Switch {
    /// Nothing is ever synced.
    NoSync,
    /// The journal is written a second after it was answered.
    HoldJournal,
    /// Syncs of the journal fail.
    EioJournal,
    /// Writes of the journal fail.
    EioWrite,
    /// Syncs of the journal take so many milliseconds more.
    SlowJournal,
    /// The wall clock is off by so many seconds.
    Clock,
}

impl Switch {
    fn name(self) -> &'static str {
        match self {
            Switch::NoSync => "no-sync",
            Switch::HoldJournal => "hold-journal",
            Switch::EioJournal => "eio-journal",
            Switch::EioWrite => "eio-write",
            Switch::SlowJournal => "slow-journal",
            Switch::Clock => "clock",
        }
    }
}

impl Shim {
    /// All faults off.
    pub fn new() -> Shim {
        Shim { folder: tempfile::tempdir().expect("a temporary folder") }
    }

    /// What puts it into a process.
    pub fn environment(&self) -> [(String, String); 2] {
        [
            ("LD_PRELOAD".to_owned(), library().display().to_string()),
            ("HIGHWAY_SHIM".to_owned(), self.folder.path().display().to_string()),
        ]
    }

    /// A node with this disk.
    pub fn node(&self) -> NodeBuilder {
        self.environment().iter().fold(Node::builder(), |node, (key, value)| node.env(key, value))
    }

    /// Turns a fault on.
    pub fn on(&self, switch: Switch) {
        self.set(switch, "1");
    }

    /// Turns a fault on, with its number.
    pub fn set(&self, switch: Switch, value: &str) {
        // Whole at once: the process reads it at any moment.
        let beside = self.folder.path().join("beside");
        std::fs::write(&beside, value).expect("a file in a temporary folder");
        std::fs::rename(&beside, self.folder.path().join(switch.name())).expect("a rename there");
    }

    /// Turns a fault off.
    pub fn off(&self, switch: Switch) {
        let _ = std::fs::remove_file(self.folder.path().join(switch.name()));
    }
}

/// The compiled library, made once for this process and kept beside the other build results.
fn library() -> &'static Path {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    LIBRARY.get_or_init(|| {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("crash/shim/disk.c");
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let beside = folder.join(format!("disk-{}.so", std::process::id()));
        let output = Command::new("cc")
            .args(["-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o"])
            .args([&beside, &source])
            .args(["-ldl", "-lpthread"])
            .output()
            .expect("a C compiler");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let library = folder.join("highway-disk.so");
        std::fs::rename(&beside, &library).expect("the library can be put in its place");
        library
    })
}
