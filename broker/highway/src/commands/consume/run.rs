//! Reads, writes out, commits what was written.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufWriter, IsTerminal, Stdout, Write};
use std::time::Duration;

use highway_client::consumer::{GroupConfig, partition_of, resolve_positions};
use highway_client::{Client, Consumer, ConsumerConfig, ConsumerEvent, Position, Record};
use highway_types::{GroupId, Offset, TopicName, TopicPartition};

use super::args::ConsumeArgs;
use super::format::RecordFormat;
use crate::commands::common::existing_topic;
use crate::commands::interrupted;
use crate::failure::{EXIT_INTERRUPTED, Failure};
use crate::output::{self, Progress};

/// Between commits of a group.
const COMMIT_INTERVAL: Duration = Duration::from_secs(1);
/// Without a record for so long, what is there is shown.
const QUIET: Duration = Duration::from_millis(20);
/// Bytes written at once.
const OUT_BUFFER: usize = 256 * 1024;

/// Runs it.
pub async fn run(args: ConsumeArgs) -> Result<(), Failure> {
    let format = if args.output.is_json() { "json" } else { &args.format };
    let format = RecordFormat::parse(format, &args.delimiter)?;
    let client = args.client.connect().await?;
    let mut topics = Vec::new();
    for name in &args.topics {
        topics.push(existing_topic(&client, name).await?);
    }
    // A group shares partitions of live members; a Ctrl-C must leave it.
    let mut job = Job {
        out: BufWriter::with_capacity(OUT_BUFFER, std::io::stdout()),
        format,
        written: 0,
        ends: BTreeMap::new(),
        assigned: BTreeSet::new(),
        progress: None,
        done: BTreeMap::new(),
        args,
    };
    let mut consumer = match job.args.group.clone() {
        Some(group) => job.in_group(client, &group, topics.iter().map(|t| t.name.clone()).collect()).await?,
        None => {
            let chosen = |topic: &highway_client::cluster::TopicView| -> Vec<TopicPartition> {
                let all = topic.partitions.iter().map(|p| p.index);
                let partitions: Vec<_> =
                    if job.args.partition.is_empty() { all.collect() } else { job.args.partition.clone() };
                partitions.into_iter().map(|p| partition_of(&topic.name, p)).collect()
            };
            let partitions: Vec<_> = topics.iter().flat_map(|t| chosen(t)).collect();
            job.assigned(client, partitions).await?
        }
    };
    let outcome = tokio::select! {
        outcome = job.read(&mut consumer) => outcome,
        stopped = interrupted() => Err(stopped),
    };
    job.finish(consumer, outcome).await
}

struct Job {
    args: ConsumeArgs,
    format: RecordFormat,
    out: BufWriter<Stdout>,
    written: u64,
    /// With `--exit`: where each partition ended when reading began; taken out once read that far.
    ends: BTreeMap<TopicPartition, Offset>,
    assigned: BTreeSet<TopicPartition>,
    progress: Option<Progress>,
    /// What is written out, by partition.
    done: BTreeMap<TopicPartition, Offset>,
}

impl Job {
    fn config(&self) -> ConsumerConfig {
        let commits = self.args.group.is_some() && !self.args.no_commit;
        ConsumerConfig { auto_commit: commits.then_some(COMMIT_INTERVAL), ..ConsumerConfig::default() }
    }

    async fn assigned(
        &mut self,
        client: Client,
        partitions: Vec<TopicPartition>,
    ) -> Result<Consumer, Failure> {
        let from = self.args.from.unwrap_or(Position::Earliest);
        let wanted: Vec<_> = partitions.iter().map(|p| (p.clone(), from)).collect();
        let positions = resolve_positions(&client, &wanted).await?;
        if self.args.exit {
            self.ends = ends(&client, &partitions).await?;
            let left =
                |(p, end): (&TopicPartition, &Offset)| (end.0 - positions.get(p).map_or(0, |o| o.0)).max(0);
            let total: i64 = self.ends.iter().map(left).sum();
            self.ends.retain(|p, end| positions.get(p).is_none_or(|from| from < end));
            self.show_progress(u64::try_from(total).ok());
        } else {
            self.show_progress(None);
        }
        self.assigned = partitions.into_iter().collect();
        Ok(Consumer::assign(client, self.config(), positions))
    }

    async fn in_group(
        &mut self,
        client: Client,
        group: &str,
        topics: Vec<TopicName>,
    ) -> Result<Consumer, Failure> {
        let group = GroupId::new(group);
        let mut config = self.config();
        if let Some(from) = self.args.from {
            config.reset = match from {
                Position::Earliest => highway_client::consumer::Reset::Earliest,
                Position::Latest => highway_client::consumer::Reset::Latest,
                _ => {
                    let error =
                        "with --group, --from is beginning or end: it counts where nothing is committed";
                    return Err(Failure::usage(error)
                        .hint(format!("move the group first: `highway group reset {group}`")));
                }
            };
        }
        if self.args.exit {
            for topic in &topics {
                let view = client.topic(topic, false).await?;
                let partitions: Vec<_> =
                    view.partitions.iter().map(|p| partition_of(topic, p.index)).collect();
                self.ends.extend(ends(&client, &partitions).await?);
            }
        }
        self.show_progress(None);
        let settings = GroupConfig {
            session_timeout: Duration::from_secs(10),
            rebalance_timeout: Duration::from_secs(60),
            ..GroupConfig::default()
        };
        Ok(Consumer::subscribe(client, config, group, settings, topics))
    }

    /// Only where records go elsewhere than to the terminal.
    fn show_progress(&mut self, left: Option<u64>) {
        let total = match (self.args.count, left) {
            (Some(count), Some(left)) => Some(count.min(left)),
            (count, left) => count.or(left),
        };
        let shown = !self.args.quiet && !std::io::stdout().is_terminal();
        self.progress = Some(Progress::records(total, shown));
    }

    fn is_done(&self) -> bool {
        let all_read = self.args.exit
            && (self.args.group.is_none() || !self.assigned.is_empty())
            && !self.ends.keys().any(|p| self.assigned.contains(p));
        all_read || self.args.count.is_some_and(|count| self.written >= count)
    }

    async fn read(&mut self, consumer: &mut Consumer) -> Result<(), Failure> {
        while !self.is_done() {
            // What is there is shown before waiting for more.
            let event = tokio::select! {
                biased;
                event = consumer.poll() => event?,
                () = tokio::time::sleep(QUIET) => {
                    self.out.flush()?;
                    consumer.poll().await?
                }
            };
            match event {
                ConsumerEvent::Records { partition, records, .. } => {
                    self.write(&partition, &records)?;
                    if self.args.group.is_some() {
                        // The next poll may commit them.
                        self.out.flush()?;
                    }
                }
                ConsumerEvent::End { partition, .. } => drop(self.ends.remove(&partition)),
                ConsumerEvent::Assigned(partitions) => {
                    if !self.args.quiet {
                        let names: Vec<_> = partitions.iter().map(ToString::to_string).collect();
                        let names = if names.is_empty() { "nothing".to_owned() } else { names.join(", ") };
                        output::note(format_args!("assigned: {names}"));
                    }
                    self.assigned = partitions.into_iter().collect();
                    self.done.clear();
                    if self.args.exit && self.assigned.is_empty() {
                        return Ok(());
                    }
                }
                ConsumerEvent::Reset { partition, from, to } => {
                    let text = format!("{partition}: offset {from} is not kept, reading goes on at {to}");
                    output::complain("warning", &text);
                }
            }
        }
        Ok(())
    }

    fn write(&mut self, partition: &TopicPartition, records: &[Record]) -> Result<(), Failure> {
        let end = self.ends.get(partition).copied().filter(|_| self.args.exit);
        let mut done = None;
        for record in records {
            if self.args.count.is_some_and(|count| self.written >= count) {
                break;
            }
            // What came after the start is left to the next run.
            if end.is_some_and(|end| record.offset >= end) || (self.args.exit && end.is_none()) {
                break;
            }
            self.format.write(&mut self.out, partition, record)?;
            self.written += 1;
            done = Some(record.offset.next());
        }
        if let Some(done) = done {
            self.done.insert(partition.clone(), done);
        }
        if let (Some(end), Some(last)) = (end, records.last())
            && last.offset.next() >= end
        {
            self.ends.remove(partition);
        }
        if let Some(progress) = &self.progress {
            progress.set(self.written);
        }
        Ok(())
    }

    async fn finish(mut self, mut consumer: Consumer, outcome: Result<(), Failure>) -> Result<(), Failure> {
        if let Some(progress) = &self.progress {
            progress.clear();
        }
        let flushed = self.out.flush().map_err(Failure::from);
        // Not behind a closed pipe: its reader may not have seen the last of it.
        let seen = flushed.is_ok() && outcome.as_ref().err().is_none_or(|f| f.code == EXIT_INTERRUPTED);
        let mut committed = Ok(());
        if seen && self.args.group.is_some() && !self.args.no_commit {
            // What was handed over and not written, because that was enough, is not committed.
            committed = consumer.commit_to(&self.done).await.map_err(Failure::from);
        }
        consumer.close().await;
        outcome.and(flushed).and(committed)
    }
}

async fn ends(
    client: &Client,
    partitions: &[TopicPartition],
) -> Result<BTreeMap<TopicPartition, Offset>, Failure> {
    let wanted: Vec<_> = partitions.iter().map(|p| (p.clone(), Position::Latest)).collect();
    Ok(resolve_positions(client, &wanted).await?)
}
