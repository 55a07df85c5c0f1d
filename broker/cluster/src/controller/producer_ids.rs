//! Producer ids, handed out in blocks so that not every producer costs a record (protocol checklist 61).

use highway_types::ProducerId;

use crate::image::MetadataImage;
use crate::record::MetadataRecord;

/// Ids in a block, as in Kafka.
pub const PRODUCER_ID_BLOCK: i64 = 1000;

/// A block of producer ids that belongs to one broker once its record is durable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProducerIdBlock {
    next: i64,
    end: i64,
}

impl ProducerIdBlock {
    /// The block before the first one: empty.
    #[must_use]
    pub const fn empty() -> Self {
        Self { next: 0, end: 0 }
    }

    /// Takes an id; `None` once the block is used up.
    pub fn take(&mut self) -> Option<ProducerId> {
        let id = (self.next < self.end).then_some(ProducerId(self.next))?;
        self.next += 1;
        Some(id)
    }
}

/// The next block, and the record that must be durable before its first id is used.
#[must_use]
pub fn allocate_producer_ids(image: &MetadataImage) -> (MetadataRecord, ProducerIdBlock) {
    let next = image.next_producer_id().0;
    let end = next + PRODUCER_ID_BLOCK;
    (MetadataRecord::ProducerIds { next: ProducerId(end) }, ProducerIdBlock { next, end })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apply;

    #[test]
    fn line_61_no_id_is_given_twice() {
        let mut image = MetadataImage::empty();
        let mut seen = std::collections::BTreeSet::new();
        for _ in 0..3 {
            let (record, mut block) = allocate_producer_ids(&image);
            image = apply(&image, &[record]).unwrap();
            while let Some(id) = block.take() {
                assert!(seen.insert(id), "{id} given twice");
            }
        }
        assert_eq!(seen.len(), 3000);
        assert_eq!(ProducerIdBlock::empty().take(), None);
    }
}
