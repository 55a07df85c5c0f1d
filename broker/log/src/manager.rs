//! All logs of a node: opening, creating, deleting, and the data directories they live in.
//!
//! Start-up has two passes over the journal, because the control records in it say which topics the rest belongs to:
//! [`LogManager::open`] recovers `__cluster_metadata`, the caller builds its image from it, and
//! [`LogManager::recover`] recovers everything else.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arc_swap::ArcSwap;
use highway_types::{Clock, JournalPosition, Offset, TopicConfig, TopicIdPartition, TopicName};
use parking_lot::Mutex;

use crate::aside::Aside;
use crate::commit_log::{CommitLog, ReplayError};
use crate::doomed::Doomed;
use crate::error::LogManagerError;
use crate::log::{Log, LogContext};
use crate::log_dir::{self, LogDir};
use crate::open_files::OpenFiles;
use crate::recovery::{OpenParams, RecoveringLog, RecoverySummary};
use crate::recovery_point::{RecoveryPoint, RecoveryTable};
use crate::retention::delete_delay;

type Logs = HashMap<TopicIdPartition, Arc<Log>>;

/// A partition that should exist, by the control records.
#[derive(Clone, Debug)]
pub struct PartitionSpec {
    /// Its identity.
    pub id: TopicIdPartition,
    /// Its topic's name.
    pub topic: TopicName,
    /// Its topic's effective settings.
    pub config: Arc<TopicConfig>,
    /// Its log start offset.
    pub log_start: Offset,
}

/// What start-up found.
#[derive(Debug, Default)]
pub struct RecoveryReport {
    /// The last stop was graceful.
    pub clean: bool,
    /// Partitions whose acknowledged appends may be missing; their leader epoch must be raised.
    pub may_have_lost: Vec<TopicIdPartition>,
    /// Batches that had to be written from the journal.
    pub rewritten: u64,
    /// Batches of the journal that were found in their segments.
    pub found: u64,
    /// Bytes cut behind the last good batch.
    pub cut_bytes: u64,
    /// Partitions that could not be opened, and why; they are offline and untouched.
    pub offline: Vec<(TopicIdPartition, String)>,
}

/// All logs of a node.
pub struct LogManager {
    pub(crate) dirs: Vec<LogDir>,
    /// Directories that could not be taken; what lies there is offline.
    lost: Vec<PathBuf>,
    pub(crate) commit_log: Arc<dyn CommitLog>,
    clock: Arc<dyn Clock>,
    doomed: Arc<Doomed>,
    files: Arc<OpenFiles>,
    logs: ArcSwap<Logs>,
    change: Mutex<()>,
    table: Mutex<RecoveryTable>,
    pub(crate) aside: Mutex<Aside>,
    /// Data directories with names in them that are not synced yet.
    pub(crate) changed_dirs: Mutex<HashSet<PathBuf>>,
    /// Partitions that are offline since start-up, with the reason.
    broken: Mutex<HashMap<TopicIdPartition, String>>,
    /// What only the journal holds of partitions that could not be opened is not in side files.
    pub(crate) pinned: AtomicBool,
}

impl std::fmt::Debug for LogManager {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LogManager").field("dirs", &self.dirs).field("logs", &self.logs.load().len()).finish()
    }
}

impl LogManager {
    /// Takes the data directories, opens the journal and recovers `__cluster_metadata`.
    ///
    /// `open_journal` gets the first directory, and where the journal ended if the last stop was graceful.
    ///
    /// # Errors
    /// A directory that is in use or belongs to Kafka or a newer release, the first directory if it cannot be written; a
    /// journal that is corrupt. Another directory that is not there or cannot be written takes its partitions offline.
    pub fn open(
        dirs: &[PathBuf],
        clock: Arc<dyn Clock>,
        files: Arc<OpenFiles>,
        open_journal: impl FnOnce(&Path, Option<JournalPosition>) -> Result<Arc<dyn CommitLog>, LogManagerError>,
    ) -> Result<Self, LogManagerError> {
        let (dirs, lost) = take_dirs(dirs)?;
        let first = dirs[0].path().to_owned();
        let table = RecoveryTable::load(&first)?.unwrap_or_default();
        let commit_log = open_journal(&first, table.clean.then_some(table.journal))?;
        let manager = Self {
            dirs,
            lost,
            commit_log,
            clock,
            doomed: Arc::default(),
            files,
            logs: ArcSwap::default(),
            change: Mutex::new(()),
            table: Mutex::new(table),
            aside: Mutex::new(Aside::open(&first)?),
            changed_dirs: Mutex::default(),
            broken: Mutex::default(),
            pinned: AtomicBool::new(false),
        };
        let metadata = PartitionSpec {
            id: TopicIdPartition::CLUSTER_METADATA,
            topic: TopicName::new(TopicName::CLUSTER_METADATA),
            config: Arc::new(metadata_config()),
            log_start: Offset::ZERO,
        };
        let report = manager.recover_where(vec![metadata], |id| id == TopicIdPartition::CLUSTER_METADATA)?;
        if let Some((_, reason)) = report.offline.into_iter().next() {
            return Err(LogManagerError::Replay(reason));
        }
        Ok(manager)
    }

    /// Recovers the partitions that the control records name, and forgets the directories of all others.
    ///
    /// # Errors
    /// The journal is corrupt. A single partition that cannot be opened is reported and left offline.
    pub fn recover(&self, specs: Vec<PartitionSpec>) -> Result<RecoveryReport, LogManagerError> {
        self.drop_unknown(&specs)?;
        let report = self.recover_where(specs, |id| id != TopicIdPartition::CLUSTER_METADATA)?;
        self.keep_for_broken(&report);
        // On disk too, and before anything is appended: a crash from here on is no clean stop.
        let table = {
            let mut table = self.table.lock();
            std::mem::take(&mut table.clean).then(|| table.clone())
        };
        if let Some(table) = table {
            table.store(self.dirs[0].path())?;
        }
        Ok(report)
    }

    fn recover_where(
        &self,
        specs: Vec<PartitionSpec>,
        mine: impl Fn(TopicIdPartition) -> bool,
    ) -> Result<RecoveryReport, LogManagerError> {
        let table = self.table.lock().clone();
        let mut report = RecoveryReport { clean: table.clean, ..RecoveryReport::default() };
        let mut recovering: HashMap<TopicIdPartition, RecoveringLog> = HashMap::with_capacity(specs.len());
        for spec in specs {
            let id = spec.id;
            let point = table.points.get(&id).copied();
            let opened = self.partition_dir(&spec, Some(point)).and_then(|dir| {
                let aside = self.aside.lock();
                let mut log = RecoveringLog::open(OpenParams {
                    id,
                    topic: spec.topic,
                    dir,
                    config: spec.config,
                    point,
                    log_start: spec.log_start,
                    // What a failed sync left in the files is not to be trusted, however the node was stopped.
                    clean: table.clean && !aside.has(id),
                    files: Arc::clone(&self.files),
                })?;
                if aside.has(id) {
                    aside.replay(id, |header, raw, payload| log.replay(header, raw, payload))?;
                }
                Ok(log)
            });
            match opened {
                Ok(log) => {
                    recovering.insert(id, log);
                }
                Err(error) => self.note_broken(&mut report, id, &error),
            }
        }
        let mut failed: Vec<(TopicIdPartition, LogManagerError)> = Vec::new();
        self.commit_log
            .replay(table.journal, &mut |entry| {
                if !mine(entry.id) {
                    return Ok(());
                }
                // Unknown ids are topics that were deleted later.
                if let Some(log) = recovering.get_mut(&entry.id)
                    && let Err(error) = log.replay(&entry.header, entry.raw_header, entry.payload)
                {
                    recovering.remove(&entry.id);
                    failed.push((entry.id, error));
                }
                Ok(())
            })
            .map_err(|e: ReplayError| LogManagerError::Replay(e.to_string()))?;
        for (id, error) in failed {
            self.note_broken(&mut report, id, &error);
        }
        let mut logs = Logs::clone(&self.logs.load());
        for (id, log) in recovering {
            match log.finish(self.context()) {
                Ok((log, summary)) => {
                    report.add(id, summary);
                    logs.insert(id, log);
                }
                Err(error) => self.note_broken(&mut report, id, &error),
            }
        }
        self.logs.store(Arc::new(logs));
        Ok(report)
    }

    /// What only the journal holds of partitions that could not be opened must not go with it.
    fn keep_for_broken(&self, report: &RecoveryReport) {
        let wanted = self.with_table(|table| {
            let first = |id| table.points.get(id).map_or(Offset::ZERO, |p| p.end);
            report.offline.iter().map(|(id, _)| (*id, first(id))).collect()
        });
        let from = self.replay_from();
        if let Err(error) = self.aside.lock().take(self.commit_log.as_ref(), from, &wanted) {
            tracing::error!(%error, "cannot write a side file; the journal keeps the appends of partitions that are offline");
            self.pinned.store(true, Ordering::Release);
        }
    }

    /// Side files of topics that are gone.
    fn drop_unknown(&self, specs: &[PartitionSpec]) -> Result<(), LogManagerError> {
        let mut aside = self.aside.lock();
        let known: HashSet<_> = specs.iter().map(|s| s.id).collect();
        aside.ids().into_iter().filter(|id| !known.contains(id)).try_for_each(|id| aside.remove(id))
    }

    fn context(&self) -> LogContext {
        LogContext {
            commit_log: Arc::clone(&self.commit_log),
            clock: Arc::clone(&self.clock),
            doomed: Arc::clone(&self.doomed),
            files: Arc::clone(&self.files),
        }
    }

    /// Removes what was deleted long enough ago, or at once if the disk is short of space. Blocks on the disk.
    pub fn sweep_deleted(&self) -> usize {
        self.doomed.sweep(self.clock.monotonic())
    }

    /// How many segment files are open and may be.
    #[must_use]
    pub fn open_files(&self) -> &OpenFiles {
        &self.files
    }

    /// Closes segment files that were not used since the last call; with `urgent` all that have nothing to flush.
    pub fn close_idle_files(&self, urgent: bool) -> usize {
        self.all().iter().map(|log| log.close_idle_files(urgent)).sum()
    }

    fn note_broken(&self, report: &mut RecoveryReport, id: TopicIdPartition, error: &LogManagerError) {
        self.broken.lock().insert(id, error.to_string());
        report.offline.push((id, error.to_string()));
    }

    /// The log of a partition.
    #[must_use]
    pub fn get(&self, id: TopicIdPartition) -> Option<Arc<Log>> {
        self.logs.load().get(&id).cloned()
    }

    /// Why a partition that should be here is not, if it could not be opened.
    #[must_use]
    pub fn broken(&self, id: TopicIdPartition) -> Option<String> {
        self.broken.lock().get(&id).cloned()
    }

    /// All logs of this moment.
    #[must_use]
    pub fn all(&self) -> Vec<Arc<Log>> {
        self.logs.load().values().cloned().collect()
    }

    /// The log of `__cluster_metadata`.
    ///
    /// # Panics
    /// Never: `open` fails without it.
    #[must_use]
    pub fn metadata_log(&self) -> Arc<Log> {
        self.get(TopicIdPartition::CLUSTER_METADATA).expect("open() recovered it")
    }

    /// The commit log of the node.
    #[must_use]
    pub fn commit_log(&self) -> &Arc<dyn CommitLog> {
        &self.commit_log
    }

    /// The data directories.
    #[must_use]
    pub fn dirs(&self) -> &[LogDir] {
        &self.dirs
    }

    /// Makes empty logs for new partitions, whose control record is durable already.
    ///
    /// # Errors
    /// A directory or file could not be made; the others exist then.
    pub fn create(&self, specs: Vec<PartitionSpec>) -> Result<Vec<Arc<Log>>, LogManagerError> {
        let _change = self.change.lock();
        let mut made = Vec::with_capacity(specs.len());
        let mut outcome = Ok(());
        for spec in specs {
            if let Some(log) = self.get(spec.id) {
                made.push(log);
                continue;
            }
            match self.create_one(spec) {
                Ok(log) => made.push(log),
                Err(error) => {
                    outcome = Err(error);
                    break;
                }
            }
        }
        let mut logs = Logs::clone(&self.logs.load());
        logs.extend(made.iter().map(|log| (log.id(), Arc::clone(log))));
        self.logs.store(Arc::new(logs));
        outcome.map(|()| made)
    }

    fn create_one(&self, spec: PartitionSpec) -> Result<Arc<Log>, LogManagerError> {
        let dir = self.partition_dir(&spec, None)?;
        let recovering = RecoveringLog::open(OpenParams {
            id: spec.id,
            topic: spec.topic,
            dir,
            config: spec.config,
            point: None,
            log_start: spec.log_start,
            clean: true,
            files: Arc::clone(&self.files),
        })?;
        let (log, _) = recovering.finish(self.context())?;
        Ok(log)
    }

    /// Takes partitions away, whose removal is durable as a control record already; their files go to the background.
    pub fn delete(&self, ids: &[TopicIdPartition]) {
        let _change = self.change.lock();
        let mut logs = Logs::clone(&self.logs.load());
        let gone: Vec<Arc<Log>> = ids.iter().filter_map(|id| logs.remove(id)).collect();
        self.logs.store(Arc::new(logs));
        {
            let mut table = self.table.lock();
            for id in ids {
                table.points.remove(id);
            }
        }
        for log in gone {
            log.set_offline("the topic was deleted");
            match log_dir::retire_partition_dir(log.dir(), log.id()) {
                Ok(doomed) => self.doomed.add(self.clock.monotonic() + delete_delay(&log.config()), doomed),
                Err(error) => {
                    tracing::warn!(dir = %log.dir().display(), %error, "cannot remove a deleted partition's directory yet");
                }
            }
        }
        let mut aside = self.aside.lock();
        for id in ids {
            if let Err(error) = aside.remove(*id) {
                tracing::warn!(partition = %id, %error, "cannot remove a deleted partition's side file yet");
            }
        }
    }

    /// The directory of a partition, made if it is missing. A directory of the same name that belongs to another topic
    /// id is moved away: its topic was deleted.
    ///
    /// `recovered` tells of a partition that is not new, and what the checkpoint knows of it.
    fn partition_dir(
        &self,
        spec: &PartitionSpec,
        recovered: Option<Option<RecoveryPoint>>,
    ) -> Result<PathBuf, LogManagerError> {
        let name = format!("{}-{}", spec.topic, spec.id.partition);
        for dir in &self.dirs {
            let path = dir.path().join(&name);
            if path.is_dir() {
                return log_dir::adopt_partition_dir(path, spec.id);
            }
        }
        let held_records =
            recovered.flatten().is_some_and(|p| p.end > Offset::ZERO && p.end > spec.log_start);
        if held_records || (recovered.is_some() && !self.lost.is_empty()) {
            // Never made anew: the records may come back with their disk.
            let lost =
                self.lost.iter().map(|d| format!(" or on the lost {}", d.display())).collect::<String>();
            let text = format!("the partition's directory {name} is not there{lost}");
            let path = self.dirs[0].path().join(&name);
            return Err(LogManagerError::io(path)(std::io::Error::new(std::io::ErrorKind::NotFound, text)));
        }
        let emptiest = if spec.id == TopicIdPartition::CLUSTER_METADATA {
            &self.dirs[0] // with the journal: without either nothing works
        } else {
            self.dirs.iter().min_by_key(|d| d.partitions()).unwrap_or(&self.dirs[0])
        };
        emptiest.count_partition();
        log_dir::make_partition_dir(emptiest.path().join(&name), spec.id)
    }

    /// Where the checkpoint may put its table; see `flush.rs`.
    pub(crate) fn with_table<R>(&self, use_it: impl FnOnce(&mut RecoveryTable) -> R) -> R {
        use_it(&mut self.table.lock())
    }

    /// The journal position that a restart would replay from.
    #[must_use]
    pub fn replay_from(&self) -> JournalPosition {
        self.table.lock().journal
    }
}

impl RecoveryReport {
    fn add(&mut self, id: TopicIdPartition, summary: RecoverySummary) {
        self.found += summary.found;
        self.rewritten += summary.rewritten;
        self.cut_bytes += summary.cut_bytes;
        if summary.may_have_lost && !self.clean {
            self.may_have_lost.push(id);
        }
    }
}

/// Takes the directories. All but the first may be lost: what lies there is offline then.
fn take_dirs(paths: &[PathBuf]) -> Result<(Vec<LogDir>, Vec<PathBuf>), LogManagerError> {
    let (mut dirs, mut lost) = (Vec::new(), Vec::new());
    for path in paths {
        match LogDir::take(path) {
            Ok(dir) => dirs.push(dir),
            Err(error @ LogManagerError::Io { .. }) if !dirs.is_empty() => {
                tracing::error!(%error, "a data directory cannot be used; its partitions are offline");
                lost.push(path.clone());
            }
            Err(error) => return Err(error),
        }
    }
    Ok((dirs, lost))
}

/// Settings of the log of control records: nothing is ever deleted from it.
fn metadata_config() -> TopicConfig {
    TopicConfig {
        retention_ms: -1,
        retention_bytes: -1,
        segment_bytes: 64 << 20,
        max_message_bytes: 32 << 20,
        ..TopicConfig::default()
    }
}
