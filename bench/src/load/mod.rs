//! Load: librdkafka and Kafka's own Java tools as users have them, and a generator of prepared batches that costs next to
//! nothing, so that it shows the broker alone.

pub mod batch;
pub mod fetch;
pub mod java;
pub mod librdkafka;
pub mod paced;
pub mod prepared;
pub mod wire;

use anyhow::{Result, ensure};
use serde::{Deserialize, Serialize};

/// What was seen within the measured part.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Rate {
    /// Records a second.
    pub records: f64,
    /// Bytes of values a second.
    pub bytes: f64,
    /// Seconds of user and system time of the broker for each 10^9 bytes of values.
    pub broker_cpu_per_gb: f64,
    /// The same of the load generator.
    pub client_cpu_per_gb: f64,
    /// Cold reads: bytes a second of a plain read of the same files in the same state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disk: Option<f64>,
    /// Brokers that sync: bytes a second that the disk took as synced writes right before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub synced: Option<f64>,
    /// Where records were read while they were written: records a second that were written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub produced: Option<f64>,
}

impl Rate {
    /// From what was counted.
    pub fn of(records: f64, bytes: f64, seconds: f64, broker_cpu: f64, client_cpu: f64) -> Result<Rate> {
        ensure!(records > 0.0 && seconds > 0.0, "nothing was counted");
        Ok(Rate {
            records: records / seconds,
            bytes: bytes / seconds,
            broker_cpu_per_gb: broker_cpu / bytes * 1e9,
            client_cpu_per_gb: client_cpu / bytes * 1e9,
            disk: None,
            synced: None,
            produced: None,
        })
    }
}

/// Latency in milliseconds.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Latency {
    pub p50: f64,
    pub p99: f64,
    pub p999: f64,
    pub max: f64,
    pub samples: u64,
    /// Brokers that sync: the same figures of one small write and sync at a time right before, by a program that does nothing else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lone_p50: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lone_p99: Option<f64>,
}

impl Latency {
    /// From a histogram of nanoseconds.
    pub fn of(histogram: &hdrhistogram::Histogram<u64>) -> Latency {
        let ms = |nanos: u64| nanos as f64 / 1e6;
        Latency {
            p50: ms(histogram.value_at_quantile(0.5)),
            p99: ms(histogram.value_at_quantile(0.99)),
            p999: ms(histogram.value_at_quantile(0.999)),
            max: ms(histogram.max()),
            samples: histogram.len(),
            lone_p50: None,
            lone_p99: None,
        }
    }
}
