//! Opening one partition after a stop or a crash.
//!
//! What is on disk is known up to the recovery point. Behind it, the journal tells what was promised: each replayed
//! batch is either found in its segment as it was written, or written there now. The log is cut only behind the last
//! of them. A partition that is acknowledged from the page cache has no journal; its files are scanned behind the
//! recovery point and cut at the first batch that is not whole.

mod derive;

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use arc_swap::{ArcSwap, ArcSwapOption};
use highway_types::topic_config::Durability;
use highway_types::{Offset, TopicConfig, TopicIdPartition, TopicName};
use parking_lot::Mutex;

use crate::batch::header::{BatchHeader, HEADER_LEN};
use crate::error::LogManagerError;
use crate::log::{Log, LogContext, Writer};
use crate::open_files::OpenFiles;
use crate::progress::{Mark, Progress};
use crate::recovery_point::RecoveryPoint;
use crate::segment::LogSegment;
use crate::segments::Segments;
use derive::Derived;

/// What a log is opened with.
#[derive(Clone, Debug)]
pub struct OpenParams {
    /// The partition.
    pub id: TopicIdPartition,
    /// The topic's name.
    pub topic: TopicName,
    /// The partition's directory; it exists.
    pub dir: PathBuf,
    /// The topic's effective settings.
    pub config: Arc<TopicConfig>,
    /// What the last checkpoint says, if it knows the partition.
    pub point: Option<RecoveryPoint>,
    /// The log start offset that was committed as a control record.
    pub log_start: Offset,
    /// The last stop was graceful: nothing lies behind the recovery point.
    pub clean: bool,
    /// How many segment files may be open.
    pub files: Arc<OpenFiles>,
}

/// A log while the journal is replayed.
pub struct RecoveringLog {
    params: OpenParams,
    segments: Vec<Arc<LogSegment>>,
    /// Index of the segment that holds `end`.
    current: usize,
    /// Everything below is known to be right.
    end: Offset,
    position: u64,
    written: bool,
    /// Segments in which a batch was written over other bytes.
    overwritten: Vec<Arc<LogSegment>>,
    /// Index of the segment whose pages come from the disk.
    checked: Option<usize>,
    summary: RecoverySummary,
}

/// What recovery did to a partition.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RecoverySummary {
    /// Batches of the journal that were found in the segment.
    pub found: u64,
    /// Batches of the journal that had to be written.
    pub rewritten: u64,
    /// Bytes behind the last good batch that were cut.
    pub cut_bytes: u64,
    /// Acknowledged appends may be missing: page-cache durability and no graceful stop.
    pub may_have_lost: bool,
}

impl RecoveringLog {
    /// Looks at the directory; reads no batch yet.
    ///
    /// # Errors
    /// The directory cannot be read, or its files contradict the recovery point.
    pub fn open(params: OpenParams) -> Result<Self, LogManagerError> {
        let options = Log::segment_options(&params.config, &params.files);
        let mut segments = Vec::new();
        for base in segment_bases(&params.dir)? {
            let segment = LogSegment::open(&params.dir, base, options.clone())
                .map_err(LogManagerError::io(params.dir.clone()))?;
            segments.push(Arc::new(segment));
        }
        let (current, end, position) = match &params.point {
            Some(point) if point.end > Offset::ZERO => {
                let found = segments.iter().position(|s| s.base_offset() == point.segment);
                match found {
                    Some(at) if segments[at].size() >= point.position => (at, point.end, point.position),
                    _ => start_over(&params, &segments, point)?,
                }
            }
            _ => {
                // Without a segment not the log start: it may lie within a batch that the journal has.
                (0, segments.first().map_or(Offset::ZERO, |s| s.base_offset()), 0)
            }
        };
        let summary = RecoverySummary::default();
        Ok(Self {
            params,
            segments,
            current,
            end,
            position,
            written: false,
            overwritten: Vec::new(),
            checked: None,
            summary,
        })
    }

    /// Takes a batch from the journal; the journal's batches come in offset order.
    ///
    /// # Errors
    /// The batch leaves a gap behind what is there, or the files cannot be read or written.
    pub fn replay(
        &mut self,
        header: &BatchHeader,
        raw_header: &[u8; HEADER_LEN],
        payload: Option<&[u8]>,
    ) -> Result<(), LogManagerError> {
        if header.base_offset < self.end {
            return Ok(());
        }
        // What was deleted is not written again, but what is there still leads to what comes behind.
        if header.last_offset() < self.params.log_start && header.base_offset > self.end {
            return Ok(());
        }
        if header.base_offset > self.end && self.params.log_start < header.base_offset {
            // The topic was acknowledged from the page cache until its setting was changed: nothing of that is here.
            self.scan_forward(header.base_offset)?;
            self.summary.may_have_lost = true;
        }
        if header.base_offset > self.end {
            if self.params.log_start < header.base_offset {
                return Err(LogManagerError::Corrupt {
                    path: self.params.dir.clone(),
                    detail: format!(
                        "the journal goes on at offset {} but the segments end at {}",
                        header.base_offset, self.end
                    ),
                });
            }
            // Everything in between was deleted: the log goes on in another segment.
            self.go_on_at(header.base_offset)?;
        }
        self.step_into_next_segment()?;
        if self.finds(header, raw_header, payload)? {
            self.summary.found += 1;
        } else if header.last_offset() < self.params.log_start {
            return Ok(());
        } else if let Some(payload) = payload {
            self.rewrite(header, &[raw_header, payload])?;
        } else {
            return Err(self.not_there(header));
        }
        self.position += header.total_len() as u64;
        self.end = header.last_offset().next();
        Ok(())
    }

    /// Ends the replay: scans or cuts what lies behind, rebuilds what is derived.
    ///
    /// # Errors
    /// The files cannot be read or written.
    pub fn finish(mut self, context: LogContext) -> Result<(Arc<Log>, RecoverySummary), LogManagerError> {
        if self.segments.is_empty() {
            self.start_segment(self.end.max(self.params.log_start))?;
        }
        if !self.params.clean {
            if self.params.config.durability == Durability::PageCache {
                self.scan_forward(Offset(i64::MAX))?;
                self.summary.may_have_lost = true;
            }
            self.cut()?;
        }
        self.step_into_next_segment()?;
        for segment in self.overwritten.drain(..) {
            segment.rebuild_indexes().map_err(LogManagerError::io(self.params.dir.clone()))?;
        }
        let Derived { producers, epochs, from } = self.derive()?;
        for segment in &self.segments {
            if self.written && self.params.files.is_tight() {
                segment.flush().map_err(LogManagerError::io(self.params.dir.clone()))?;
            }
            segment.close_idle_file(true);
        }
        let LogContext { commit_log, clock, doomed, files } = context;
        let log_start = self.params.log_start.max(self.segments[0].base_offset()).min(self.end);
        let mark = Mark { end: self.end, segment: self.segment().base_offset(), position: self.position };
        let active = Arc::clone(&self.segments[self.current]);
        let base = active.base_offset();
        let RecoverySummary { rewritten, cut_bytes, .. } = self.summary;
        let log = Log {
            id: self.params.id,
            topic: self.params.topic,
            dir: self.params.dir,
            config: ArcSwap::new(self.params.config),
            commit_log,
            clock,
            doomed,
            files,
            segments: Segments::new(self.segments.iter().cloned()),
            progress: Progress::new(log_start, mark, producers.first_unstable_offset()),
            writer: Mutex::new(Writer {
                log_end: self.end,
                active,
                producers,
                epochs,
                unflushed: if self.written { self.segments.clone() } else { Vec::new() },
                dir_changed: true,
                // What was derived anew is written with the first snapshot.
                epochs_changed: from < self.end,
                snapshot: (base, if from < self.end { 0 } else { self.position }, from),
            }),
            offline: ArcSwapOption::empty(),
            flush_failed: AtomicBool::new(false),
            set_aside: AtomicBool::new(false),
            recovered_end: self.end,
            dirty: AtomicBool::new(rewritten > 0 || cut_bytes > 0 || !self.params.clean),
        };
        Ok((Arc::new(log), self.summary))
    }

    fn segment(&self) -> &LogSegment {
        &self.segments[self.current]
    }

    /// A batch that starts where a later segment does belongs to that segment.
    fn step_into_next_segment(&mut self) -> Result<(), LogManagerError> {
        while let Some(next) = self.segments.get(self.current + 1)
            && next.base_offset() == self.end
        {
            self.cut_segment()?;
            self.current += 1;
            self.position = 0;
        }
        Ok(())
    }

    /// True if the batch lies where it should. What was made durable there is known by its header.
    fn finds(
        &mut self,
        header: &BatchHeader,
        raw_header: &[u8; HEADER_LEN],
        payload: Option<&[u8]>,
    ) -> Result<bool, LogManagerError> {
        if self.segments.is_empty() || self.end != header.base_offset {
            return Ok(false);
        }
        let segment = self.segment();
        if self.checked != Some(self.current) {
            // Pages that a failed sync never wrote look as if they had been.
            segment.drop_cache().map_err(LogManagerError::io(self.params.dir.clone()))?;
            self.checked = Some(self.current);
        }
        let segment = self.segment();
        let len = header.total_len();
        if segment.size() < self.position + len as u64 {
            return Ok(false);
        }
        let wanted = payload.map_or(HEADER_LEN, |_| len);
        let stored = segment
            .read(self.position, wanted, segment.size())
            .map_err(LogManagerError::io(self.params.dir.clone()))?;
        Ok(stored.len() == wanted
            && stored[..HEADER_LEN] == *raw_header
            && payload.is_none_or(|payload| stored[HEADER_LEN..] == *payload))
    }

    /// Writes a batch where it belongs. What lies behind it is looked at when its turn comes.
    fn rewrite(&mut self, header: &BatchHeader, bytes: &[&[u8]; 2]) -> Result<(), LogManagerError> {
        let len = header.total_len() as u64;
        let limit = u64::try_from(self.params.config.segment_bytes).unwrap_or(u64::MAX);
        let has_room = !self.segments.is_empty() && (self.position == 0 || self.position + len <= limit);
        if !has_room {
            self.cut_segment()?;
            self.start_segment(header.base_offset)?;
        }
        let segment = Arc::clone(&self.segments[self.current]);
        let io = LogManagerError::io(self.params.dir.clone());
        if segment.size() > self.position + len {
            segment.overwrite(self.position, bytes).map_err(io)?;
            if !self.overwritten.iter().any(|s| Arc::ptr_eq(s, &segment)) {
                self.overwritten.push(segment);
            }
        } else {
            self.cut_segment()?;
            segment.append_raw(header, bytes).map_err(io)?;
        }
        self.written = true;
        self.summary.rewritten += 1;
        Ok(())
    }

    /// Goes to the segment that starts at `base`, or starts one.
    fn go_on_at(&mut self, base: Offset) -> Result<(), LogManagerError> {
        self.cut_segment()?;
        match self.segments.iter().position(|s| s.base_offset() == base) {
            Some(at) => (self.current, self.position, self.end) = (at, 0, base),
            None => self.start_segment(base)?,
        }
        Ok(())
    }

    fn not_there(&self, header: &BatchHeader) -> LogManagerError {
        let at = self.segments.get(self.current).map_or_else(String::new, |segment| {
            format!(" at byte {} of {}", self.position, segment.log_path().display())
        });
        LogManagerError::Corrupt {
            path: self.params.dir.clone(),
            detail: format!(
                "the batch at offset {} was made durable, but is not there{at}; restore the file, or delete the topic",
                header.base_offset
            ),
        }
    }

    /// Drops everything behind `end`.
    fn cut(&mut self) -> Result<(), LogManagerError> {
        if self.segments.is_empty() {
            return Ok(());
        }
        let io = |dir: &Path| LogManagerError::io(dir.to_owned());
        for segment in self.segments.drain(self.current + 1..) {
            self.summary.cut_bytes += segment.size();
            segment.delete().map_err(io(&self.params.dir))?;
        }
        self.cut_segment()
    }

    /// Drops what lies behind `position` in the current segment.
    fn cut_segment(&mut self) -> Result<(), LogManagerError> {
        let Some(segment) = self.segments.get(self.current) else { return Ok(()) };
        let size = segment.size();
        if size > self.position {
            self.summary.cut_bytes += size - self.position;
            segment.truncate_to(self.position).map_err(LogManagerError::io(self.params.dir.clone()))?;
        }
        Ok(())
    }

    /// Makes a segment that starts at `base`, in its place among the others.
    fn start_segment(&mut self, base: Offset) -> Result<(), LogManagerError> {
        let options = Log::segment_options(&self.params.config, &self.params.files);
        let segment = LogSegment::create(&self.params.dir, base, options)
            .map_err(LogManagerError::io(self.params.dir.clone()))?;
        let at = self.segments.partition_point(|s| s.base_offset() < base);
        self.segments.insert(at, Arc::new(segment));
        self.current = at;
        self.position = 0;
        self.end = base;
        Ok(())
    }

    /// Accepts whole batches behind `end` and below `limit`, in this segment and the following ones.
    fn scan_forward(&mut self, limit: Offset) -> Result<(), LogManagerError> {
        while !self.segments.is_empty() {
            self.step_into_next_segment()?;
            let segment = Arc::clone(&self.segments[self.current]);
            let mut end = self.end;
            let mut position = self.position;
            let scanned = segment.scan(self.position, true, &mut |header, at| {
                if header.base_offset < end || header.base_offset >= limit {
                    return ControlFlow::Break(());
                }
                end = header.last_offset().next();
                position = at + header.total_len() as u64;
                ControlFlow::Continue(())
            });
            scanned.map_err(LogManagerError::io(self.params.dir.clone()))?;
            self.end = end;
            self.position = position;
            let before = self.current;
            self.step_into_next_segment()?;
            if self.current == before {
                break;
            }
        }
        Ok(())
    }
}

/// The files do not reach the recovery point. If they were deleted, because the log starts behind it, the journal has
/// everything from there on. Otherwise a file was lost or replaced, and the log is not guessed at.
fn start_over(
    params: &OpenParams,
    segments: &[Arc<LogSegment>],
    point: &RecoveryPoint,
) -> Result<(usize, Offset, u64), LogManagerError> {
    if params.log_start >= point.end {
        match segments.first() {
            None => return Ok((0, point.end, 0)),
            // What is left holds the log start or lies below it: nothing is missing in between.
            Some(first) if first.base_offset() >= point.end && first.base_offset() <= params.log_start => {
                return Ok((0, first.base_offset(), 0));
            }
            Some(_) => {}
        }
    }
    Err(LogManagerError::Corrupt {
        path: params.dir.clone(),
        detail: format!(
            "segment {:020}.log should hold {} bytes up to offset {}, but {}; restore the file, or delete the topic",
            point.segment.0,
            point.position,
            point.end,
            match segments.iter().find(|s| s.base_offset() == point.segment) {
                Some(s) => format!("holds {}", s.size()),
                None => "is not there".to_owned(),
            }
        ),
    })
}

/// Base offsets of the `.log` files, sorted; leftovers of deleted segments are removed.
fn segment_bases(dir: &Path) -> Result<Vec<Offset>, LogManagerError> {
    let mut bases = Vec::new();
    for entry in std::fs::read_dir(dir).map_err(LogManagerError::io(dir))? {
        let entry = entry.map_err(LogManagerError::io(dir))?;
        let name = entry.file_name();
        let Some(name) = name.to_str() else { continue };
        if name.ends_with(".deleted") {
            std::fs::remove_file(entry.path()).map_err(LogManagerError::io(entry.path()))?;
        } else if let Some(base) = name.strip_suffix(".log").and_then(|stem| stem.parse().ok()) {
            bases.push(Offset(base));
        }
    }
    bases.sort_unstable();
    Ok(bases)
}
