//! What tests of decoders share.

use bytes::Bytes;
use highway_types::Timestamp;
use http::{HeaderMap, HeaderName, HeaderValue};
use rand::SeedableRng;

use super::{Decoded, Item, Refused};
use crate::envelope::{Provenance, Rules, Stamp};
use crate::ids::IdMaker;
use crate::record::Record;

pub(super) const NOW: Timestamp = Timestamp(1_795_608_000_123);

pub(super) fn with_stamp<T>(run: impl FnOnce(&mut Stamp<'_>) -> T) -> T {
    let mut ids = IdMaker::new(rand::rngs::StdRng::seed_from_u64(1));
    let (rules, provenance) = (Rules::default(), Provenance::new("e/d", NOW));
    run(&mut Stamp { now: NOW, ids: &mut ids, rules: &rules, provenance: &provenance, schema: None })
}

pub(super) fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
    let mut map = HeaderMap::new();
    for (name, value) in pairs {
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        map.append(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
    }
    map
}

pub(super) fn events(decoded: &Decoded) -> Vec<&Record> {
    assert!(refused(decoded).is_empty(), "{:?}", refused(decoded));
    decoded.items.iter().filter_map(|item| if let Item::Event(r) = item { Some(r) } else { None }).collect()
}

pub(super) fn refused(decoded: &Decoded) -> Vec<&Refused> {
    decoded.items.iter().filter_map(|item| if let Item::Refused(r) = item { Some(r) } else { None }).collect()
}

/// The value of a record as JSON.
pub(super) fn json(value: Option<&Bytes>) -> serde_json::Value {
    serde_json::from_slice(value.unwrap()).unwrap()
}
