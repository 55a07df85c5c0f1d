//! File systems of a test's own: an image on a loop device whose power can be cut, and small ones that fill up. They
//! need root; what cannot be had is said loudly.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use highway_tests::drivers::run;
use highway_tests::eventually;
use tempfile::TempDir;

const LIMIT: Duration = Duration::from_secs(60);

/// What is on the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// ext4 with its defaults: journaled metadata, ordered data.
    Ext4,
    /// XFS with its defaults.
    Xfs,
    /// In memory; it has no power to cut.
    Tmpfs,
}

/// A mounted file system, taken down when dropped, on a panic too.
#[derive(Debug)]
pub struct Rig {
    kind: Kind,
    /// `None` for tmpfs.
    image: Option<PathBuf>,
    mount: PathBuf,
    _folder: TempDir,
}

/// True as root; otherwise says loudly what is skipped.
pub fn is_root(test: &str) -> bool {
    let root = rustix::process::geteuid().is_root();
    if !root {
        println!("\n==== SKIPPED: {test} needs root (loop devices and mounts) ====\n");
        eprintln!("\n==== SKIPPED: {test} needs root (loop devices and mounts) ====\n");
    }
    root
}

fn command(program: &str, arguments: &[&str]) -> String {
    let mut command = Command::new(program);
    command.args(arguments);
    run(program, command, LIMIT).expect_success(&format!("{program} {}", arguments.join(" ")))
}

impl Rig {
    /// Makes and mounts a file system of `bytes`.
    pub fn new(kind: Kind, bytes: u64) -> Rig {
        clean_up_after_others();
        let prefix = format!("highway-rig-{}-", std::process::id());
        let folder = tempfile::Builder::new().prefix(&prefix).tempdir().expect("a temporary folder");
        let mount = folder.path().join("mount");
        std::fs::create_dir(&mount).expect("a folder to mount on");
        let image = (kind != Kind::Tmpfs).then(|| folder.path().join("image"));
        if let Some(image) = &image {
            let file = std::fs::File::create(image).expect("an image");
            file.set_len(bytes).expect("a sparse image");
            let path = image.display().to_string();
            match kind {
                Kind::Xfs => command("mkfs.xfs", &["-q", "-f", &path]),
                _ => command("mkfs.ext4", &["-q", "-F", "-m", "0", "-E", "lazy_itable_init=1", &path]),
            };
        }
        let rig = Rig { kind, image, mount, _folder: folder };
        rig.mount(bytes);
        rig
    }

    fn mount(&self, bytes: u64) {
        let mount = self.mount.display().to_string();
        match &self.image {
            Some(image) => command("mount", &["-o", "loop", &image.display().to_string(), &mount]),
            None => command("mount", &["-t", "tmpfs", "-o", &format!("size={bytes}"), "tmpfs", &mount]),
        };
    }

    /// Where it is mounted.
    pub fn path(&self) -> &Path {
        &self.mount
    }

    /// Cuts the power: nothing that is not on the device now will ever be, not even the file system's own log. Every
    /// write and sync from now on fails.
    pub fn cut_power(&self) {
        assert_ne!(self.kind, Kind::Tmpfs, "memory has no device");
        command("xfs_io", &["-x", "-c", "shutdown", &self.mount.display().to_string()]);
    }

    /// After the cut, and the end of all processes with open files: takes it down and mounts it again, so that the
    /// file system recovers from its log.
    pub fn power_on(&self) {
        assert!(self.unmount(), "{} cannot be unmounted", self.mount.display());
        self.mount(0);
    }

    /// Takes all free space but `left` bytes; the space is free again when the file is removed.
    pub fn fill(&self, left: u64) -> PathBuf {
        let filler = self.mount.join("filler");
        let stat = rustix::fs::statvfs(&self.mount).expect("a file system");
        let free = (stat.f_bavail * stat.f_frsize).saturating_sub(left);
        let file = std::fs::File::create(&filler).expect("a file");
        rustix::fs::fallocate(&file, rustix::fs::FallocateFlags::empty(), 0, free).expect("space");
        filler
    }

    fn unmount(&self) -> bool {
        let done = || Command::new("umount").arg(&self.mount).output().is_ok_and(|o| o.status.success());
        eventually(Duration::from_secs(20), || done().then_some(())).is_some()
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        if !self.unmount() {
            // At least nothing new gets in, and it goes when its last user does.
            let _ = Command::new("umount").arg("-l").arg(&self.mount).output();
        }
    }
}

/// Takes down what a test process that was killed left mounted.
fn clean_up_after_others() {
    let mounts = std::fs::read_to_string("/proc/mounts").unwrap_or_default();
    for path in mounts.lines().filter_map(|line| line.split(' ').nth(1)) {
        let owner = path.split("highway-rig-").nth(1).and_then(|rest| rest.split('-').next());
        let Some(owner) = owner.filter(|pid| pid.bytes().all(|b| b.is_ascii_digit())) else { continue };
        if !Path::new("/proc").join(owner).exists() {
            let _ = Command::new("umount").arg("-l").arg(path).output();
            if let Some(folder) = Path::new(path).parent() {
                let _ = std::fs::remove_dir_all(folder);
            }
        }
    }
}
