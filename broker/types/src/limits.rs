//! Every limit in one place, with the relations between them checked at compile time.

use std::time::Duration;

/// Bytes of one Kafka request frame at the most (`socket.request.max.bytes`).
pub const REQUEST_MAX_BYTES: usize = 100 * 1024 * 1024;
/// Bytes of a request above which it is carried out aside, so that it holds up no other connection.
pub const LARGE_REQUEST: usize = 64 * 1024;
/// Bytes of large request frames that all connections together hold (`queued.max.request.bytes`).
pub const QUEUED_REQUEST_BYTES: usize = 256 * 1024 * 1024;
/// A large frame of which less than [`FRAME_STALL_BYTES`] come in this time ends its connection if others wait for memory.
pub const FRAME_STALL: Duration = Duration::from_secs(2);
/// See [`FRAME_STALL`].
pub const FRAME_STALL_BYTES: usize = 64 * 1024;
/// Bytes of a frame before a connection is authenticated, once authentication is on.
pub const UNAUTHENTICATED_REQUEST_MAX_BYTES: usize = 512 * 1024;
/// Bytes of a Fetch response at the most (`fetch.max.bytes`).
pub const FETCH_MAX_BYTES: usize = 55 * 1024 * 1024;
/// Bytes of one record batch, as sent (`message.max.bytes`).
pub const MESSAGE_MAX_BYTES: i32 = 1_048_588;
/// What a compressed batch may unpack to, as a factor of the largest batch allowed.
pub const DECOMPRESSION_FACTOR: usize = 200;
/// What a compressed batch may unpack to at the most, whatever the factor says.
pub const DECOMPRESSED_MAX_BYTES: usize = 256 * 1024 * 1024;
/// Array elements of all kinds in one request; a decoded element costs far more than its bytes.
pub const REQUEST_MAX_ELEMENTS: usize = 2_000_000;
/// Requests a connection may have read and not yet answered.
pub const PIPELINE_MAX: usize = 64;
/// A topic's name (Kafka's `Topic.MAX_NAME_LENGTH`).
pub const TOPIC_NAME_MAX_LEN: usize = 249;
/// Partitions that one topic may have.
pub const TOPIC_MAX_PARTITIONS: i32 = 100_000;
/// Fetch sessions that are kept (`max.incremental.fetch.session.cache.slots`).
pub const FETCH_SESSION_SLOTS: usize = 1000;
/// Metadata string of an offset commit (`offset.metadata.max.bytes`).
pub const OFFSET_METADATA_MAX_BYTES: usize = 4096;
/// Batches kept for each producer and partition to recognise a repeated one (Kafka's
/// `ProducerStateEntry.NUM_BATCHES_TO_RETAIN`).
pub const PRODUCER_BATCHES_RETAINED: usize = 5;
/// One journal file.
pub const JOURNAL_FILE_BYTES: u64 = 64 * 1024 * 1024;
/// Journal files in use before appenders are held back.
pub const JOURNAL_MAX_FILES: usize = 16;
/// From this size on a batch is made durable in its segment, and the journal only names it.
pub const STORED_ONCE_BYTES: usize = 256 * 1024;
/// Bytes handed to the journal and not yet written.
pub const JOURNAL_QUEUE_BYTES: usize = 64 * 1024 * 1024;
/// Bytes of one answer that a client reads at the most.
pub const CLIENT_RESPONSE_MAX_BYTES: usize = 256 * 1024 * 1024;
/// Bytes of one Fetch answer that a consumer asks for.
pub const CLIENT_FETCH_BYTES: i32 = 16 * 1024 * 1024;
/// Bytes of one partition in a Fetch answer that a consumer asks for.
pub const CLIENT_FETCH_PARTITION_BYTES: i32 = 4 * 1024 * 1024;
/// Bytes of records that a consumer keeps ahead of its reader.
pub const CLIENT_FETCH_AHEAD_BYTES: usize = 48 * 1024 * 1024;
/// Bytes of records that a producer keeps before `send` waits (Kafka's `buffer.memory`).
pub const CLIENT_BUFFER_BYTES: usize = 32 * 1024 * 1024;
/// Batches of one partition that a producer has on their way.
pub const CLIENT_MAX_IN_FLIGHT: usize = 5;

/// Connections of one HTTP listener.
pub const HTTP_CONNECTIONS_MAX: usize = 10_000;
/// Bytes of the headers of an HTTP request.
pub const HTTP_HEADER_MAX_BYTES: usize = 64 * 1024;
/// How long an HTTP client may take for the headers of a request, and be idle between two.
pub const HTTP_HEADER_TIMEOUT: Duration = Duration::from_secs(60);
/// How long an HTTP client may pause within a body.
pub const HTTP_BODY_IDLE: Duration = Duration::from_secs(20);
/// How long a TLS handshake may take.
pub const HTTP_HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
/// How long HTTP requests that were begun may take at a graceful stop.
pub const HTTP_DRAIN: Duration = Duration::from_secs(5);

const _: () =
    assert!(CLIENT_MAX_IN_FLIGHT <= PRODUCER_BATCHES_RETAINED, "more could not be told from duplicates");
const _: () = assert!(CLIENT_RESPONSE_MAX_BYTES > 4 * FETCH_MAX_BYTES);
const _: () = assert!(PRODUCER_BATCHES_RETAINED >= 5, "producers keep up to five requests in flight");
const _: () =
    assert!(QUEUED_REQUEST_BYTES >= REQUEST_MAX_BYTES, "a frame of every size that is allowed fits");
const _: () = assert!(FETCH_MAX_BYTES < REQUEST_MAX_BYTES);
const _: () = assert!(JOURNAL_QUEUE_BYTES as u64 <= JOURNAL_FILE_BYTES);
