//! A disk with limits: an ext4 image on a loop device that the blkio controller (cgroup v1) throttles. Needs root.
//!
//! The limits go to the root group, because pages are written back by kernel threads that live there; they name the loop
//! device alone, so nothing else on the machine feels them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;

/// Reads and writes a second, each.
pub const OPERATIONS: u64 = 3000;
/// Bytes read and written a second, each.
pub const BYTES: u64 = 125_000_000;

const THROTTLE: &str = "/sys/fs/cgroup/blkio/blkio.throttle";
const SIZE: u64 = 12 << 30;

/// Mounted until it is dropped.
#[derive(Debug)]
pub struct LimitedDisk {
    mounted: PathBuf,
    /// `/dev/loopN`.
    device: String,
    /// `major:minor`.
    number: String,
    directory: TempDir,
}

impl LimitedDisk {
    /// Makes the image under `parent`; an error says what this machine lacks.
    pub fn mount(parent: &Path) -> Result<LimitedDisk> {
        let first = setting("write_bps");
        ensure!(
            fs::metadata(&first).is_ok(),
            "no blkio controller of cgroup v1 ({} is missing)",
            first.display()
        );
        let directory = tempfile::Builder::new().prefix("highway-bench-disk").tempdir_in(parent)?;
        let (image, mounted) = (directory.path().join("image"), directory.path().join("mounted"));
        fs::File::create(&image)?.set_len(SIZE)?;
        fs::create_dir(&mounted)?;
        let [image_text, mounted_text] = [&image, &mounted].map(|p| p.display().to_string());
        run("mkfs.ext4", &["-q", "-F", "-E", "lazy_itable_init=0,lazy_journal_init=0", &image_text])?;
        // Without direct I/O the limits would fill the host's page cache instead of a disk.
        let device = run("losetup", &["--find", "--show", "--direct-io=on", &image_text])?;
        let mut disk = LimitedDisk { mounted: PathBuf::new(), device, number: String::new(), directory };
        let name = Path::new(&disk.device).file_name().context("losetup named no device")?.to_owned();
        let number = Path::new("/sys/block").join(name).join("dev");
        disk.number = fs::read_to_string(number)?.trim().to_owned();
        run("mount", &[&disk.device, &mounted_text])?;
        disk.mounted = mounted;
        disk.limit(OPERATIONS, BYTES)?;
        Ok(disk)
    }

    /// Where it is mounted.
    pub fn path(&self) -> &Path {
        &self.mounted
    }

    /// Zero for no limit.
    fn limit(&self, operations: u64, bytes: u64) -> Result<()> {
        for (name, limit) in
            [("write_iops", operations), ("read_iops", operations), ("write_bps", bytes), ("read_bps", bytes)]
        {
            let path = setting(name);
            fs::write(&path, format!("{} {limit}", self.number))
                .with_context(|| path.display().to_string())?;
        }
        Ok(())
    }
}

impl Drop for LimitedDisk {
    fn drop(&mut self) {
        // Without limits, so that what is left to be written does not take minutes.
        let mut outcomes = vec![self.limit(0, 0).map(|()| String::new())];
        if !self.mounted.as_os_str().is_empty() {
            outcomes.push(run("umount", &[&self.mounted.display().to_string()]));
        }
        outcomes.push(run("losetup", &["--detach", &self.device]));
        for error in outcomes.into_iter().filter_map(Result::err) {
            eprintln!("warning: {}: {error:#}", self.directory.path().display());
        }
    }
}

fn setting(name: &str) -> PathBuf {
    PathBuf::from(format!("{THROTTLE}.{name}_device"))
}

fn run(program: &str, args: &[&str]) -> Result<String> {
    let output =
        Command::new(program).args(args).output().with_context(|| format!("cannot run {program}"))?;
    let text = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{program} {}: {}", args.join(" "), text.trim());
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
