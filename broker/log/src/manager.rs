//! All logs of a node: opening, creating, deleting, and the data directories they live in.
//!
//! Start-up has two passes over the journal, because the control records in it say which topics the rest belongs to:
//! [`LogManager::open`] recovers `__cluster_metadata`, the caller builds its image from it, and
//! [`LogManager::recover`] recovers everything else.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arc_swap::ArcSwap;
use highway_types::{Clock, JournalPosition, Offset, TopicConfig, TopicIdPartition, TopicName};
use parking_lot::Mutex;

use crate::commit_log::{CommitLog, ReplayError};
use crate::error::LogManagerError;
use crate::log::Log;
use crate::log_dir::{self, LogDir};
use crate::recovery::{OpenParams, RecoveringLog, RecoverySummary};
use crate::recovery_point::RecoveryTable;

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
    pub(crate) commit_log: Arc<dyn CommitLog>,
    clock: Arc<dyn Clock>,
    logs: ArcSwap<Logs>,
    change: Mutex<()>,
    table: Mutex<RecoveryTable>,
    /// Partitions that are offline since start-up, with the reason.
    broken: Mutex<HashMap<TopicIdPartition, String>>,
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
    /// A directory that is in use, belongs to Kafka or a newer release, or cannot be written; a journal that is
    /// corrupt.
    pub fn open(
        dirs: &[PathBuf],
        clock: Arc<dyn Clock>,
        open_journal: impl FnOnce(&Path, Option<JournalPosition>) -> Result<Arc<dyn CommitLog>, LogManagerError>,
    ) -> Result<Self, LogManagerError> {
        let dirs = dirs.iter().map(|d| LogDir::take(d)).collect::<Result<Vec<_>, _>>()?;
        let first = dirs[0].path().to_owned();
        let table = RecoveryTable::load(&first)?.unwrap_or_default();
        let commit_log = open_journal(&first, table.clean.then_some(table.journal))?;
        let manager = Self {
            dirs,
            commit_log,
            clock,
            logs: ArcSwap::default(),
            change: Mutex::new(()),
            table: Mutex::new(table),
            broken: Mutex::default(),
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
        let report = self.recover_where(specs, |id| id != TopicIdPartition::CLUSTER_METADATA)?;
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
            let opened = self.partition_dir(&spec).and_then(|dir| {
                RecoveringLog::open(OpenParams {
                    id,
                    topic: spec.topic,
                    dir,
                    config: spec.config,
                    point: table.points.get(&id).copied(),
                    log_start: spec.log_start,
                    clean: table.clean,
                })
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
            match log.finish(Arc::clone(&self.commit_log), Arc::clone(&self.clock)) {
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
        let dir = self.partition_dir(&spec)?;
        let recovering = RecoveringLog::open(OpenParams {
            id: spec.id,
            topic: spec.topic,
            dir,
            config: spec.config,
            point: None,
            log_start: spec.log_start,
            clean: true,
        })?;
        let (log, _) = recovering.finish(Arc::clone(&self.commit_log), Arc::clone(&self.clock))?;
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
            if let Err(error) = log_dir::remove_partition_dir(log.dir(), log.id()) {
                tracing::warn!(dir = %log.dir().display(), %error, "cannot remove a deleted partition's directory yet");
            }
        }
    }

    /// The directory of a partition, made if it is missing. A directory of the same name that belongs to another topic
    /// id is moved away: its topic was deleted.
    fn partition_dir(&self, spec: &PartitionSpec) -> Result<PathBuf, LogManagerError> {
        let name = format!("{}-{}", spec.topic, spec.id.partition);
        for dir in &self.dirs {
            let path = dir.path().join(&name);
            if path.is_dir() {
                return log_dir::adopt_partition_dir(path, spec.id);
            }
        }
        let emptiest = self.dirs.iter().min_by_key(|d| d.partitions()).unwrap_or(&self.dirs[0]);
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
