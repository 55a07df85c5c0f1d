//! Reading records: chosen partitions from chosen offsets, or a share of topics as a member of a group.
//!
//! A task fetches ahead, within a limit of bytes; [`Consumer::poll`] hands out one batch after another. In a group, a
//! batch counts as read with the next call of `poll` or [`Consumer::commit`]: what is committed was handed over and
//! worked on, so nothing is lost and a crash repeats at most what came since.

mod assignor;
mod config;
mod fetch;
mod group;
pub(crate) mod protocol;
mod resolve;

pub use config::{ConsumerConfig, GroupConfig, Position, Reset};
pub use resolve::resolve_positions;

use std::collections::BTreeMap;
use std::time::Duration;

use highway_types::{GroupId, Offset, PartitionIndex, TopicName, TopicPartition};
use tokio::time::Instant;

use crate::cluster::Client;
use crate::error::ClientError;
use crate::records::{Batches, Record};

use fetch::{Fetched, Fetcher};
use group::Membership;

/// What [`Consumer::poll`] has to say.
#[derive(Debug)]
pub enum ConsumerEvent {
    /// Records of one partition, in order, at least one.
    Records {
        /// Of which partition.
        partition: TopicPartition,
        /// The records.
        records: Vec<Record>,
        /// Where the partition ended when they were fetched.
        high_watermark: Offset,
    },
    /// Everything up to the end of this partition was handed out. Said again when more came and was read.
    End {
        /// Which partition.
        partition: TopicPartition,
        /// Its end.
        offset: Offset,
    },
    /// The group gave these partitions to this consumer, and no others.
    Assigned(Vec<TopicPartition>),
    /// The offset that was to be read is not kept any more, or not there yet; reading goes on elsewhere.
    Reset {
        /// Which partition.
        partition: TopicPartition,
        /// The offset that was asked for.
        from: Offset,
        /// Where it goes on.
        to: Offset,
    },
}

/// Reads records.
#[derive(Debug)]
pub struct Consumer {
    client: Client,
    config: ConsumerConfig,
    fetcher: Fetcher,
    membership: Option<Membership>,
    /// What is being handed out.
    current: Option<Current>,
    /// The offset behind what was handed out, by partition.
    handed_out: BTreeMap<TopicPartition, Offset>,
    /// The same as it was at the last call of `poll`: worked on by now.
    worked_on: BTreeMap<TopicPartition, Offset>,
    committed: BTreeMap<TopicPartition, Offset>,
    /// Where reading began in this generation of the group.
    begun_at: BTreeMap<TopicPartition, Offset>,
    last_commit: Instant,
}

#[derive(Debug)]
struct Current {
    partition: TopicPartition,
    from: Offset,
    high_watermark: Offset,
    batches: Batches,
}

impl Consumer {
    /// Reads these partitions, each from its offset (see [`resolve_positions`]).
    #[must_use]
    pub fn assign(
        client: Client,
        config: ConsumerConfig,
        positions: BTreeMap<TopicPartition, Offset>,
    ) -> Self {
        let mut fetcher = Fetcher::start(client.clone(), &config);
        fetcher.assign(positions);
        Self::with(client, config, fetcher, None)
    }

    /// Joins a group and reads its share of the topics, from what was committed or else from
    /// [`ConsumerConfig::reset`]. The joining is done by [`Consumer::poll`].
    #[must_use]
    pub fn subscribe(
        client: Client,
        config: ConsumerConfig,
        group: GroupId,
        settings: GroupConfig,
        topics: Vec<TopicName>,
    ) -> Self {
        let fetcher = Fetcher::start(client.clone(), &config);
        let membership = Membership::new(client.clone(), group, settings, topics);
        Self::with(client, config, fetcher, Some(membership))
    }

    fn with(
        client: Client,
        config: ConsumerConfig,
        fetcher: Fetcher,
        membership: Option<Membership>,
    ) -> Self {
        Self {
            client,
            config,
            fetcher,
            membership,
            current: None,
            handed_out: BTreeMap::new(),
            worked_on: BTreeMap::new(),
            committed: BTreeMap::new(),
            begun_at: BTreeMap::new(),
            last_commit: Instant::now(),
        }
    }

    /// Waits for the next event. May be cancelled at any time; nothing is lost.
    ///
    /// # Errors
    /// A partition cannot be read any more, records are corrupt, or the group refuses this member.
    pub async fn poll(&mut self) -> Result<ConsumerEvent, ClientError> {
        self.worked_on.clone_from(&self.handed_out);
        loop {
            if self.membership.as_ref().is_some_and(Membership::wants_to_join) {
                return self.join().await;
            }
            self.auto_commit().await?;
            if let Some(records) = self.next_batch()? {
                return Ok(records);
            }
            let rejoin = self.membership.as_ref().map(Membership::changed);
            let fetched = tokio::select! {
                fetched = self.fetcher.next() => fetched?,
                () = async { match rejoin { Some(changed) => changed.await, None => std::future::pending().await } } => continue,
                () = tokio::time::sleep(Duration::from_secs(1)), if self.membership.is_some() => continue,
            };
            match fetched {
                Fetched::Records { partition, from, high_watermark, bytes } => {
                    self.current =
                        Some(Current { partition, from, high_watermark, batches: Batches::new(bytes) });
                }
                Fetched::End { partition, offset } => return Ok(ConsumerEvent::End { partition, offset }),
                Fetched::Reset { partition, from, to } => {
                    return Ok(ConsumerEvent::Reset { partition, from, to });
                }
                Fetched::Failed(error) => return Err(error),
            }
        }
    }

    fn next_batch(&mut self) -> Result<Option<ConsumerEvent>, ClientError> {
        let Some(current) = &mut self.current else { return Ok(None) };
        let failed =
            |source| ClientError::Records { subject: format!("partition {}", current.partition), source };
        while let Some(batch) = current.batches.next().map_err(failed)? {
            let (end, control) = (batch.end(), batch.is_control());
            let mut records = Vec::new();
            for record in batch {
                let record = record.map_err(failed)?;
                // A batch may begin before the offset that was asked for.
                if record.offset >= current.from && !control {
                    records.push(record);
                }
            }
            current.from = end;
            let partition = current.partition.clone();
            self.handed_out.insert(partition.clone(), end);
            if !records.is_empty() {
                let high_watermark = current.high_watermark;
                return Ok(Some(ConsumerEvent::Records { partition, records, high_watermark }));
            }
        }
        self.current = None;
        Ok(None)
    }

    async fn join(&mut self) -> Result<ConsumerEvent, ClientError> {
        if self.config.auto_commit.is_some() {
            // Late is better than twice; a member that was put out has nothing to commit any more.
            self.commit_worked_on().await.ok();
        }
        self.fetcher.assign(BTreeMap::new());
        self.current = None;
        let Some(membership) = &mut self.membership else {
            return Err(ClientError::Closed("this consumer is in no group".to_owned()));
        };
        let assigned = membership.join().await?;
        let committed = self.client.committed(membership.group()).await?;
        let mut known = BTreeMap::new();
        let mut open = Vec::new();
        for partition in &assigned {
            match committed.get(partition) {
                Some(at) => drop(known.insert(partition.clone(), at.offset)),
                None => open.push((partition.clone(), self.config.reset.position())),
            }
        }
        known.extend(resolve_positions(&self.client, &open).await?);
        // Positions that come from nowhere are committed as well: others must not begin elsewhere.
        self.committed =
            known.iter().filter(|(p, _)| committed.contains_key(p)).map(|(p, o)| (p.clone(), *o)).collect();
        self.handed_out = known.clone();
        self.worked_on = known.clone();
        self.begun_at = known.clone();
        self.fetcher.assign(known);
        membership.joined();
        Ok(ConsumerEvent::Assigned(assigned))
    }

    async fn auto_commit(&mut self) -> Result<(), ClientError> {
        let Some(interval) = self.config.auto_commit.filter(|_| self.membership.is_some()) else {
            return Ok(());
        };
        if self.last_commit.elapsed() < interval {
            return Ok(());
        }
        match self.commit_worked_on().await {
            // The next round joins again.
            Err(error) if self.membership.as_ref().is_some_and(|m| m.note(&error)) => Ok(()),
            Err(error) if error.is_retriable() => Ok(()),
            outcome => outcome,
        }
    }

    async fn commit_worked_on(&mut self) -> Result<(), ClientError> {
        self.last_commit = Instant::now();
        let Some(membership) = &self.membership else { return Ok(()) };
        let changed: BTreeMap<_, _> = self
            .worked_on
            .iter()
            .filter(|(p, o)| self.committed.get(*p) != Some(*o))
            .map(|(p, o)| (p.clone(), *o))
            .collect();
        if changed.is_empty() {
            return Ok(());
        }
        membership.commit(&changed).await?;
        self.committed.extend(changed);
        Ok(())
    }

    /// Commits everything that was handed out.
    ///
    /// # Errors
    /// The group gave the partitions to others meanwhile, or nobody answers.
    pub async fn commit(&mut self) -> Result<(), ClientError> {
        self.worked_on.clone_from(&self.handed_out);
        self.commit_worked_on().await
    }

    /// Commits these offsets, and for partitions that are not among them the place where reading began.
    ///
    /// # Errors
    /// As [`Consumer::commit`].
    pub async fn commit_to(&mut self, offsets: &BTreeMap<TopicPartition, Offset>) -> Result<(), ClientError> {
        self.worked_on.clone_from(&self.begun_at);
        let own = offsets.iter().filter(|(p, _)| self.begun_at.contains_key(*p));
        self.worked_on.extend(own.map(|(p, o)| (p.clone(), *o)));
        self.commit_worked_on().await
    }

    /// The offset behind what was handed out, by partition.
    #[must_use]
    pub fn positions(&self) -> &BTreeMap<TopicPartition, Offset> {
        &self.handed_out
    }

    /// Leaves the group, so that others need not wait for the session to end. Commits nothing.
    pub async fn close(mut self) {
        if let Some(membership) = self.membership.take() {
            membership.leave().await;
        }
    }
}

/// A partition by name and number.
#[must_use]
pub fn partition_of(topic: &TopicName, index: i32) -> TopicPartition {
    TopicPartition { topic: topic.clone(), partition: PartitionIndex(index) }
}
