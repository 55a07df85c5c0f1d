//! The one part of members' metadata that a coordinator understands: which topics a consumer reads.

use std::collections::HashSet;

use highway_types::TopicName;

use crate::records::RecordError;
use crate::records::read::Reader;

/// The protocol type of consumers.
pub(crate) const CONSUMER: &str = "consumer";

/// The topics of a consumer's subscription: an int16 version (any; all begin alike), then an array of
/// strings. What follows is not read.
pub(crate) fn subscribed_topics(metadata: &[u8]) -> Result<HashSet<TopicName>, RecordError> {
    let mut reader = Reader::new(metadata);
    reader.i16()?;
    let count = reader.array_len(2)?;
    (0..count).map(|_| reader.string().map(|topic| TopicName::new(&topic))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_topics_and_refuses_garbage() {
        let bytes = [0, 1, 0, 0, 0, 2, 0, 1, b'a', 0, 2, b'b', b'c', 0xff, 0xff, 0xff, 0xff];
        let topics = subscribed_topics(&bytes).unwrap();
        assert_eq!(topics, HashSet::from([TopicName::new("a"), TopicName::new("bc")]));
        assert!(subscribed_topics(&[0, 1, 0x7f, 0xff, 0xff, 0xff]).is_err(), "a count without bytes");
        for cut in 0..13 {
            assert!(subscribed_topics(&bytes[..cut]).is_err(), "cut at {cut}");
        }
    }
}
