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
/// Bytes handed to the journal and not yet written.
pub const JOURNAL_QUEUE_BYTES: usize = 64 * 1024 * 1024;
/// Bytes of one answer that a client reads at the most.
pub const CLIENT_RESPONSE_MAX_BYTES: usize = 256 * 1024 * 1024;
/// Bytes of one Fetch answer that a consumer asks for.
pub const CLIENT_FETCH_BYTES: i32 = 16 * 1024 * 1024;
/// Bytes of one partition in a Fetch answer that a consumer asks for. Larger pieces were measured to be three times
/// slower: their memory is new to the process each time, and each page of it a fault.
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
/// Levels of nesting in a JSON document that ingest takes.
pub const INGEST_JSON_MAX_DEPTH: usize = 64;
/// Bytes of an HTTP ingest request as sent, when the endpoint says nothing.
pub const INGEST_BODY_MAX_BYTES: usize = 8 * 1024 * 1024;
/// Bytes of an HTTP ingest request once unpacked, when the endpoint says nothing.
pub const INGEST_UNPACKED_MAX_BYTES: usize = 32 * 1024 * 1024;
/// Events in one HTTP ingest request, when the endpoint says nothing.
pub const INGEST_BATCH_MAX_EVENTS: usize = 50_000;
/// What a `zstd` frame may ask for as its window: 8 MiB, what RFC 9659 lets HTTP senders use.
pub const INGEST_ZSTD_WINDOW_LOG: u32 = 23;
/// Bytes of an event's id.
pub const EVENT_ID_MAX_BYTES: usize = 256;
/// Bytes of an event's name.
pub const EVENT_NAME_MAX_BYTES: usize = 256;
/// Bytes of an event's version.
pub const EVENT_VERSION_MAX_BYTES: usize = 64;
/// Bytes of one syslog message; longer ones are cut, marked and counted.
pub const SYSLOG_MESSAGE_MAX_BYTES: usize = 1024 * 1024;
/// Digits of an RFC 6587 octet count.
pub const SYSLOG_COUNT_MAX_DIGITS: usize = 7;
/// Bytes of syslog datagrams that were received and wait to be parsed; more are dropped and counted.
pub const SYSLOG_QUEUE_BYTES: usize = 64 * 1024 * 1024;
/// What is asked for as the receive buffer of the UDP socket; the kernel may give less.
pub const SYSLOG_RECEIVE_BUFFER_BYTES: usize = 64 * 1024 * 1024;
/// Syslog connections (TCP, TLS and RELP, each) at the same time.
pub const SYSLOG_CONNECTIONS_MAX: usize = 5000;
/// How long a syslog connection may be silent.
pub const SYSLOG_IDLE: Duration = Duration::from_secs(3600);
/// Bytes that all HTTP ingest requests of a node hold at the same time.
pub const INGEST_MEMORY_BYTES: u64 = 256 * 1024 * 1024;
/// Bytes that a request is admitted with that does not say how long it is.
pub const INGEST_ADMIT_BYTES: u64 = 64 * 1024;
/// Bytes of one record of ingest; the topic's `max.message.bytes` comes before.
pub const INGEST_RECORD_MAX_BYTES: usize = 16 * 1024 * 1024;
/// Endpoints with metrics of their own.
pub const INGEST_METRICS_ENDPOINTS: usize = 1000;
/// Groups of events that wait for one lane (endpoint and partition).
pub const INGEST_LANE_QUEUE: usize = 1024;
/// Lanes of a node.
pub const INGEST_LANES_MAX: usize = 20_000;
/// How often a refused event may be sent again without being changed.
pub const REJECT_MAX_ATTEMPTS: u32 = 3;
/// Bytes of a refused event that are kept.
pub const REJECT_MAX_BYTES: usize = 512 * 1024;
/// Structured data elements, and parameters of one element, that become JSON objects; more stay text.
pub const SYSLOG_STRUCTURED_MAX: usize = 64;
/// Bytes of a RELP frame's data.
pub const RELP_DATA_MAX_BYTES: usize = 1024 * 1024;
/// RELP messages that were read and not yet answered (librelp's own window is 128).
pub const RELP_WINDOW: usize = 1024;
/// Ids in one partition's deduplication window, when the endpoint says nothing.
pub const DEDUP_MAX_IDS: usize = 1_000_000;
/// Ids in one partition's deduplication window at the most.
pub const DEDUP_MAX_IDS_LIMIT: usize = 64_000_000;
/// Milliseconds that a deduplication window reaches back, when the endpoint says nothing.
pub const DEDUP_WINDOW_MS: u64 = 10 * 60 * 1000;
/// API keys, or signing secrets, of one endpoint.
pub const ENDPOINT_MAX_KEYS: usize = 64;
/// Characters of an endpoint's name: with `.rejects` behind it, it must still be a topic's.
pub const ENDPOINT_NAME_MAX_LEN: usize = 200;
/// Levels that a schema's text may be nested; what walks a schema by recursion relies on it.
pub const SCHEMA_MAX_DEPTH: usize = 100;
/// Bytes of one schema's text (Confluent's limit is that of a record: `max.request.size`).
pub const SCHEMA_MAX_BYTES: usize = 1024 * 1024;
/// Schemas that one schema may draw in through references, itself counted.
pub const SCHEMA_MAX_REFERENCES: usize = 200;
/// Schemas that may refer to each other in a row.
pub const SCHEMA_MAX_REFERENCE_DEPTH: usize = 16;
/// Calls within calls of a compatibility check; recursive types are cut off by memory before.
pub const SCHEMA_COMPARE_MAX_DEPTH: usize = 400;
/// Pairs of schema parts that one compatibility check may compare.
pub const SCHEMA_COMPARE_MAX_PAIRS: usize = 100_000;
/// Levels of a value that is checked against a schema.
pub const SCHEMA_VALUE_MAX_DEPTH: usize = 100;
/// Events that a schema is learnt from at the most.
pub const INFER_MAX_SAMPLES: usize = 100_000;
/// Levels of a value that are looked at when a schema is learnt.
pub const INFER_MAX_DEPTH: usize = 20;
/// Names of members that are kept for one place when a schema is learnt; an object with more is a map.
pub const INFER_MAX_MEMBERS: usize = 200;
/// Different texts that are kept for one place when a schema is learnt.
pub const INFER_MAX_WORDS: usize = 20;
/// Bytes of such a text.
pub const INFER_MAX_WORD_BYTES: usize = 40;
/// Compiled schemas that a node keeps for checking records; with more of them all are compiled anew.
pub const SCHEMA_VALIDATORS_MAX: usize = 512;

const _: () = assert!(PRODUCER_BATCHES_RETAINED >= 5, "producers keep up to five requests in flight");
const _: () =
    assert!(QUEUED_REQUEST_BYTES >= REQUEST_MAX_BYTES, "a frame of every size that is allowed fits");
const _: () = assert!(FETCH_MAX_BYTES < REQUEST_MAX_BYTES);
const _: () = assert!(JOURNAL_QUEUE_BYTES as u64 <= JOURNAL_FILE_BYTES);
const _: () = assert!(INGEST_JSON_MAX_DEPTH <= 128, "the scanner keeps one bit for each level in 128");
/// Bytes of the body of a request to the schema registry: a schema in JSON, and what goes with it.
pub const REGISTRY_BODY_MAX: usize = 4 * 1024 * 1024;
/// Requests that wait to write schemas; further ones wait before they are taken in.
pub const REGISTRY_QUEUE: usize = 256;
/// How long the schema registry waits for its topic.
pub const REGISTRY_PATIENCE: Duration = Duration::from_secs(30);
/// How long a fetch of the schema registry waits for something new.
pub const REGISTRY_FETCH_WAIT: Duration = Duration::from_secs(5);
/// Bytes of a file with users of an HTTP listener.
pub const USERS_FILE_MAX: u64 = 1024 * 1024;
/// Rounds of PBKDF2 that a line of such a file may ask for.
pub const PBKDF2_ROUNDS_MAX: u32 = 10_000_000;
/// Bytes of the body of a request to the admin listener.
pub const ADMIN_BODY_MAX: usize = 1024 * 1024;

// Connect's data: converters, transforms, expressions.

/// A JSON text nested deeper is refused: values are walked recursively.
pub const CONNECT_JSON_DEPTH: usize = 256;
/// A list or map in a literal nested deeper makes the whole literal a text.
pub const CONNECT_LITERAL_DEPTH: usize = 64;
/// A decimal number of more digits is refused: reading and scaling cost the square of the length.
pub const CONNECT_DECIMAL_DIGITS: usize = 10_000;
/// Elements of an Avro array or map that take no bytes: nothing else bounds their number.
pub const CONNECT_AVRO_EMPTY_ELEMENTS: usize = 1 << 16;
/// Bytes of a CEL expression.
pub const CONNECT_EXPRESSION_BYTES: usize = 2048;
/// Brackets inside one another, signs in a row and conditions of a CEL expression: the parser takes 65 KiB of stack and more for each
/// in an unoptimized build.
pub const CONNECT_EXPRESSION_BRACKETS: usize = 32;
/// Levels of a CEL expression: 47 fit into two megabytes, a thread's stack, in an unoptimized build; 200 did not.
pub const CONNECT_EXPRESSION_DEPTH: usize = 48;
/// The stack of the thread that parses a CEL expression.
pub const CONNECT_EXPRESSION_STACK: usize = 64 << 20;
/// Bytes of one part of a multipart upload at the least (S3's own limit; the last part may be smaller).
pub const S3_PART_MIN: usize = 5 * 1024 * 1024;
/// Bytes of one part at the most, whatever `s3.part.size` says: a part on its way is memory.
pub const S3_PART_MAX: usize = 8 * 1024 * 1024;
/// Parts that a sink task has on their way.
pub const S3_PARTS_IN_FLIGHT: usize = 3;
/// Bytes that the open objects of a node's sink tasks hold in memory before the largest are written to disk.
pub const S3_MEMORY: usize = 96 * 1024 * 1024;
/// Open objects of one sink task; more than that are committed early.
pub const S3_OPEN_OBJECTS: usize = 1000;
/// Bytes of one open object at the most, below S3's 10,000 parts of the smallest size.
pub const S3_OBJECT_MAX: u64 = 40 * 1024 * 1024 * 1024;
