//! A node from start to stop.
//!
//! Start: data directories → `__cluster_metadata` → image → all other logs → listeners → announce. Stop: no new
//! connections, open requests finish, the journal is synced, a clean checkpoint is written.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use highway_cluster::configs::BrokerSettings;
use highway_cluster::{MetadataImage, MetadataRecord};
use highway_log::commit_log::CommitLog;
use highway_log::error::LogManagerError;
use highway_log::journal::{IoMode, Journal, JournalOptions, LargeBatches};
use highway_log::manager::{LogManager, RecoveryReport};
use highway_log::open_files::OpenFiles;
use highway_types::{Clock, ClusterId, SystemClock, TopicIdPartition, base64_url};
use serde_json::json;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use crate::broker::{Broker, partition_specs};
use crate::config::ServerConfig;
use crate::controller::{CommitError, Controller};
use crate::coordinators::LoadError;
use crate::derived::Derived;
use crate::listener::BoundListener;
use crate::{admin, background, process};

/// How long a stop waits for open connections.
const DRAIN: Duration = Duration::from_secs(10);
/// Where tools and tests find a running node's addresses, in the first log directory.
pub const NODE_FILE: &str = "highway-node.json";

/// Why a node did not start, or not stop in order.
#[derive(Debug, thiserror::Error)]
pub enum NodeError {
    /// The data.
    #[error(transparent)]
    Logs(#[from] LogManagerError),
    /// The control records.
    #[error("__cluster_metadata: {0}")]
    Metadata(#[from] LoadError),
    /// The first control records.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// A listener.
    #[error("{0}")]
    Listener(std::io::Error),
    /// The node's file.
    #[error("{path}: {source}")]
    NodeFile {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A thread.
    #[error("cannot start a thread: {0}")]
    Thread(std::io::Error),
    /// What runs beside the broker.
    #[error("{0}")]
    Part(String),
}

/// What the parts of a node that are not the broker get to work with: they come in by the broker's door
/// ([`crate::local`]), end when `stop` says so, and run as tasks that the node waits for.
#[derive(Clone, Debug)]
pub struct NodeHandle {
    /// The broker.
    pub broker: Arc<Broker>,
    /// Tasks that are waited for at the end.
    pub tasks: TaskTracker,
    /// Told when the node stops.
    pub stop: CancellationToken,
    /// Routes that the admin listener serves beside its own.
    pub admin: AdminRoutes,
}

/// Collects routes for the admin listener until it is served; clones share them.
#[derive(Clone, Debug, Default)]
pub struct AdminRoutes(Arc<std::sync::Mutex<axum::Router>>);

impl AdminRoutes {
    /// Adds routes. None may be there already.
    pub fn add(&self, routes: axum::Router) {
        let mut all = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        *all = std::mem::take(&mut *all).merge(routes);
    }

    fn take(&self) -> axum::Router {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner))
    }
}

/// A listener of a part.
#[derive(Clone, Debug)]
pub struct PartAddress {
    /// As in `highway.NAME.listener`.
    pub name: &'static str,
    /// `host:port`, as bound.
    pub address: String,
    /// What it is and where, for the log: `schema registry: http://127.0.0.1:8081`.
    pub remark: String,
}

/// Where a started node can be reached.
#[derive(Clone, Debug)]
pub struct Addresses {
    /// Listener name and `host:port`, as clients are told.
    pub listeners: Vec<(String, String)>,
    /// The admin listener.
    pub admin: Option<String>,
    /// Listeners of what runs beside the broker.
    pub parts: Vec<PartAddress>,
    /// The first log directory.
    pub data: PathBuf,
}

/// Runs a node until `stop`. `parts` starts what runs beside the broker; `started` is called once all of it serves.
///
/// # Errors
/// See [`NodeError`].
pub async fn run(
    config: ServerConfig,
    stop: CancellationToken,
    parts: impl AsyncFnOnce(NodeHandle) -> Result<Vec<PartAddress>, NodeError>,
    started: impl FnOnce(&Addresses),
) -> Result<(), NodeError> {
    let clock: Arc<dyn Clock> = SystemClock::new();
    let limit = process::raise_open_files();
    // The other half is for connections and everything else.
    let files = OpenFiles::new(usize::try_from(limit / 2).unwrap_or(usize::MAX));
    process::ignore_file_size_signal();
    let (logs, derived, image) = tokio::task::block_in_place(|| open_logs(&config, &clock, files))?;
    let logs = Arc::new(logs);
    let controller = Controller::new(image, logs.metadata_log(), Arc::clone(&clock));
    let cluster_id = cluster_id(&controller).await?;
    let report = tokio::task::block_in_place(|| recover(&config, &logs, &controller.image()))?;
    raise_epochs(&controller, &report).await?;
    tracing::info!(
        clean = report.clean,
        found = report.found,
        rewritten = report.rewritten,
        cut_bytes = report.cut_bytes,
        offline = report.offline.len(),
        open_files = limit,
        "logs recovered"
    );
    for (id, reason) in &report.offline {
        tracing::error!(partition = %id, reason, "a partition is offline");
    }

    let mut bound = Vec::new();
    for listener in &config.listeners {
        bound.push(BoundListener::bind(listener.clone()).await.map_err(NodeError::Listener)?);
    }
    let advertised =
        bound.iter().map(advertise).collect::<Result<Vec<_>, _>>().map_err(NodeError::Listener)?;
    let admin_listener = match &config.admin {
        Some(at) => Some(admin::bind(at).await.map_err(NodeError::Part)?),
        None => None,
    };
    let mut addresses = Addresses {
        listeners: config
            .listeners
            .iter()
            .zip(&advertised)
            .map(|(l, (host, port))| (l.name.clone(), format!("{host}:{port}")))
            .collect(),
        admin: admin_listener.as_ref().map(|listener| listener.address().to_string()),
        parts: Vec::new(),
        data: config.log_dirs[0].clone(),
    };
    let interval = config.own("highway.checkpoint.interval.ms").parse().unwrap_or(15_000);
    let broker = Broker::new(config, cluster_id, clock, Arc::clone(&logs), derived, controller, advertised);
    let tasks = TaskTracker::new();
    let admin_routes = AdminRoutes::default();
    let handle = NodeHandle {
        broker: Arc::clone(&broker),
        tasks: tasks.clone(),
        stop: stop.clone(),
        admin: admin_routes.clone(),
    };
    addresses.parts = parts(handle).await?;
    for (index, listener) in bound.into_iter().enumerate() {
        tasks.spawn(listener.serve(index, Arc::clone(&broker), tasks.clone(), stop.clone()));
    }
    if let Some(listener) = admin_listener {
        tasks.spawn(
            listener.serve(admin::router(Arc::clone(&broker)).merge(admin_routes.take()), stop.clone()),
        );
    }
    tasks.spawn(background::retention(Arc::clone(&broker), stop.clone()));
    let checkpointer = {
        let (broker, stop) = (Arc::clone(&broker), stop.clone());
        std::thread::Builder::new()
            .name("highway-flush".to_owned())
            .spawn(move || background::checkpoints(broker, Duration::from_millis(interval), stop))
            .map_err(NodeError::Thread)?
    };
    write_node_file(&addresses)?;
    started(&addresses);

    stop.cancelled().await;
    tracing::info!("stopping");
    tasks.close();
    if tokio::time::timeout(DRAIN, tasks.wait()).await.is_err() {
        tracing::warn!("some connections did not end in time");
    }
    checkpointer.thread().unpark();
    tokio::task::block_in_place(|| {
        if checkpointer.join().is_err() {
            tracing::error!("the flush thread panicked");
        }
        let closed = logs.close();
        broker.derived.write(&broker.image(), &logs);
        closed
    })?;
    let _ = std::fs::remove_file(addresses.data.join(NODE_FILE)); // only a hint for tools
    tracing::info!("stopped");
    Ok(())
}

fn open_logs(
    config: &ServerConfig,
    clock: &Arc<dyn Clock>,
    files: Arc<OpenFiles>,
) -> Result<(LogManager, Arc<Derived>, MetadataImage), NodeError> {
    let mode = if config.own("highway.journal.direct.io").eq_ignore_ascii_case("false") {
        IoMode::Buffered
    } else {
        IoMode::Direct
    };
    let mut options = JournalOptions::with_mode(mode);
    if let Ok(files) = config.own("highway.journal.max.files").parse::<usize>() {
        options.max_files = files.max(3);
    }
    if config.own("highway.journal.large.batches").eq_ignore_ascii_case("once") {
        options.large_batches = LargeBatches::Once;
    }
    let mut derived = None;
    let logs = LogManager::open(&config.log_dirs, Arc::clone(clock), files, |dir, clean_end| {
        // Beside the journal, now that the directory is ours.
        derived = Some(Derived::open(dir));
        let journal = Journal::open_at(&dir.join(Journal::DIR), options, clean_end)?;
        Ok(Arc::new(journal) as Arc<dyn CommitLog>)
    })?;
    let derived = derived.unwrap_or_else(|| Derived::open(&config.log_dirs[0]));
    let image = derived.load_metadata(&logs.metadata_log())?;
    Ok((logs, derived, image))
}

fn recover(
    config: &ServerConfig,
    logs: &LogManager,
    image: &MetadataImage,
) -> Result<RecoveryReport, LogManagerError> {
    let settings = BrokerSettings { node: config.node_id, image, statics: &config.statics };
    logs.recover(image.topics().flat_map(|topic| partition_specs(&settings, topic)).collect())
}

/// The cluster's id, made at the first start.
async fn cluster_id(controller: &Controller) -> Result<ClusterId, NodeError> {
    let fresh = ClusterId::new(&base64_url(Uuid::new_v4().as_bytes()));
    let id = controller
        .change(|image| match image.cluster_id() {
            Some(id) => (Vec::new(), id.clone()),
            None => (vec![MetadataRecord::Cluster { cluster_id: fresh.clone() }], fresh.clone()),
        })
        .await?;
    Ok(id)
}

/// Readers of a log that may have lost its end must notice: its leader epoch goes up.
async fn raise_epochs(controller: &Controller, report: &RecoveryReport) -> Result<(), NodeError> {
    let lost = report.may_have_lost.clone();
    controller
        .change(move |image| {
            let raised = lost.iter().filter_map(|id: &TopicIdPartition| {
                let (_, partition) = image.partition_by_id(*id)?;
                Some(MetadataRecord::PartitionEpoch {
                    topic_id: id.topic_id,
                    partition: id.partition,
                    leader_epoch: partition.leader_epoch.next(),
                })
            });
            (raised.collect(), ())
        })
        .await?;
    Ok(())
}

/// Host and port that clients of a listener are told.
fn advertise(listener: &BoundListener) -> std::io::Result<(String, u16)> {
    let bound = listener.address()?.port();
    let (host, port) = match &listener.config.advertised {
        Some((host, port)) => (host.clone(), *port),
        None => (listener.config.host.clone(), bound),
    };
    let host = match host.as_str() {
        "" | "0.0.0.0" | "::" => rustix::system::uname().nodename().to_string_lossy().into_owned(),
        _ => host,
    };
    Ok((host, if port == 0 { bound } else { port }))
}

fn write_node_file(addresses: &Addresses) -> Result<(), NodeError> {
    let listeners: serde_json::Map<String, serde_json::Value> =
        addresses.listeners.iter().map(|(name, address)| (name.clone(), json!(address))).collect();
    let mut content = json!({ "pid": std::process::id(), "listeners": listeners, "admin": addresses.admin });
    for part in &addresses.parts {
        content[part.name] = json!(part.address);
    }
    let path = addresses.data.join(NODE_FILE);
    // Readers wait for the file to appear: it must be whole then.
    let beside = path.with_extension("tmp");
    std::fs::write(&beside, format!("{content:#}\n"))
        .and_then(|()| std::fs::rename(&beside, &path))
        .map_err(|source| NodeError::NodeFile { path, source })
}
