//! The record of a control batch that ends a transaction (KIP-98).
//!
//! ```text
//! key:   version i16 (0) · type i16: 0 abort, 1 commit
//! value: version i16 (0; 1 adds fields behind) · coordinator epoch i32
//! ```

use crate::batch::records::records;

/// How a transaction ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MarkerType {
    /// 0
    Abort,
    /// 1
    Commit,
}

/// A decoded marker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EndTxnMarker {
    /// Commit or abort.
    pub marker_type: MarkerType,
    /// Epoch of the coordinator that wrote it.
    pub coordinator_epoch: i32,
}

/// Why the payload of a control batch is no marker.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MarkerError {
    /// There is no record, or it cannot be read.
    #[error("control batch holds no readable record")]
    NoRecord,
    /// Cut off.
    #[error("key of {key} and value of {value} bytes are too short for a marker")]
    Short {
        /// Bytes of the key.
        key: usize,
        /// Bytes of the value.
        value: usize,
    },
    /// A version below 0.
    #[error("marker version {0} is invalid")]
    Version(i16),
    /// Another control record than the end of a transaction.
    #[error("control record type {0} does not end a transaction")]
    Type(i16),
}

impl EndTxnMarker {
    /// Reads the first record of a control batch's payload (control batches are never compressed).
    ///
    /// # Errors
    /// See the variants.
    pub fn parse(payload: &[u8]) -> Result<Self, MarkerError> {
        let record = records(payload, 1).next().and_then(Result::ok).ok_or(MarkerError::NoRecord)?;
        let (key, value) = (record.key.unwrap_or_default(), record.value.unwrap_or_default());
        let (Some(&[k0, k1, t0, t1]), Some(&[v0, v1, e0, e1, e2, e3])) =
            (key.first_chunk(), value.first_chunk())
        else {
            return Err(MarkerError::Short { key: key.len(), value: value.len() });
        };
        for version in [i16::from_be_bytes([k0, k1]), i16::from_be_bytes([v0, v1])] {
            if version < 0 {
                return Err(MarkerError::Version(version));
            }
        }
        let marker_type = match i16::from_be_bytes([t0, t1]) {
            0 => MarkerType::Abort,
            1 => MarkerType::Commit,
            other => return Err(MarkerError::Type(other)),
        };
        Ok(Self { marker_type, coordinator_epoch: i32::from_be_bytes([e0, e1, e2, e3]) })
    }

    /// The record's key.
    #[must_use]
    pub fn key(&self) -> [u8; 4] {
        [
            0,
            0,
            0,
            match self.marker_type {
                MarkerType::Abort => 0,
                MarkerType::Commit => 1,
            },
        ]
    }

    /// The record's value.
    #[must_use]
    pub fn value(&self) -> [u8; 6] {
        let mut out = [0; 6];
        out[2..].copy_from_slice(&self.coordinator_epoch.to_be_bytes());
        out
    }
}

#[cfg(test)]
mod tests {
    use highway_types::Timestamp;
    use proptest::prelude::*;

    use super::*;
    use crate::batch::builder::BatchBuilder;
    use crate::batch::header::HEADER_LEN;

    fn payload(key: &[u8], value: &[u8]) -> Vec<u8> {
        let mut builder = BatchBuilder::new().control();
        builder.push(Timestamp(1), Some(key), Some(value), &[]);
        builder.build()[HEADER_LEN..].to_vec()
    }

    #[test]
    fn reads_what_it_writes() {
        for marker_type in [MarkerType::Abort, MarkerType::Commit] {
            let marker = EndTxnMarker { marker_type, coordinator_epoch: 77 };
            assert_eq!(EndTxnMarker::parse(&payload(&marker.key(), &marker.value())), Ok(marker));
        }
    }

    #[test]
    fn other_control_records_and_short_ones_are_named() {
        assert_eq!(EndTxnMarker::parse(&payload(&[0, 0, 0, 2], &[0; 6])), Err(MarkerError::Type(2)));
        assert_eq!(
            EndTxnMarker::parse(&payload(&[0, 0, 0], &[0; 6])),
            Err(MarkerError::Short { key: 3, value: 6 })
        );
        assert_eq!(EndTxnMarker::parse(&payload(&[255, 255, 0, 1], &[0; 6])), Err(MarkerError::Version(-1)));
        assert_eq!(EndTxnMarker::parse(&[]), Err(MarkerError::NoRecord));
    }

    proptest! {
        #[test]
        fn hostile_bytes_do_not_panic(bytes: Vec<u8>) {
            let _ = EndTxnMarker::parse(&bytes);
        }
    }
}
