//! ApiVersions answers from the table (KIP-35, KIP-511, KIP-584).
//!
//! Tagged fields with their default values are never written: librdkafka up to 2.1.1 misreads them and disconnects.

use kafka_protocol::ResponseError;
use kafka_protocol::messages::api_versions_response::{ApiVersion, FinalizedFeatureKey, SupportedFeatureKey};
use kafka_protocol::messages::{ApiKey, ApiVersionsResponse};
use kafka_protocol::protocol::StrBytes;

use crate::apis::APIS;

/// A feature with the levels that are supported, and the one that is finalized.
#[derive(Clone, Debug)]
pub struct Feature {
    /// Such as `metadata.version`.
    pub name: &'static str,
    /// Lowest level.
    pub min: i16,
    /// Highest level.
    pub max: i16,
    /// The level in force.
    pub finalized: i16,
}

/// The answer to a version that is served.
#[must_use]
pub fn respond(version: i16, features: &[Feature], epoch: i64) -> ApiVersionsResponse {
    let keys = APIS
        .iter()
        .map(|a| {
            ApiVersion::default()
                .with_api_key(a.key as i16)
                .with_min_version(a.advertised_min)
                .with_max_version(a.max)
        })
        .collect();
    let answer = ApiVersionsResponse::default().with_api_keys(keys);
    if version < 3 || features.is_empty() {
        return answer;
    }
    let name = |f: &Feature| StrBytes::from_static_str(f.name);
    let supported = features
        .iter()
        .filter(|f| version >= 4 || f.min > 0) // KAFKA-17011: older clients refuse a minimum of 0
        .map(|f| {
            SupportedFeatureKey::default().with_name(name(f)).with_min_version(f.min).with_max_version(f.max)
        })
        .collect();
    let finalized = features
        .iter()
        .map(|f| {
            FinalizedFeatureKey::default()
                .with_name(name(f))
                .with_max_version_level(f.finalized)
                .with_min_version_level(f.finalized)
        })
        .collect();
    answer
        .with_supported_features(supported)
        .with_finalized_features(finalized)
        .with_finalized_features_epoch(epoch)
}

/// The answer to a version that is not served, to be encoded in version 0: every client reads that, and finds the
/// range of ApiVersions in it, and nothing else, as from Kafka.
#[must_use]
pub fn unsupported() -> ApiVersionsResponse {
    let mut answer = respond(0, &[], -1);
    answer.api_keys.retain(|a| a.api_key == ApiKey::ApiVersions as i16);
    answer.with_error_code(ResponseError::UnsupportedVersion.code())
}

/// KIP-511: names and versions of client software are letters, digits, `-` and `.`, with a letter or digit at both ends.
#[must_use]
pub fn is_valid_software(text: &str) -> bool {
    let inner = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'.';
    let ends = |b: Option<&u8>| b.is_some_and(u8::is_ascii_alphanumeric);
    text.bytes().all(inner) && ends(text.as_bytes().first()) && ends(text.as_bytes().last())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::response::encode;

    const FEATURES: &[Feature] = &[
        Feature { name: "metadata.version", min: 7, max: 30, finalized: 30 },
        Feature { name: "kraft.version", min: 0, max: 1, finalized: 1 },
    ];

    /// Bytes of the frame's length and correlation id; there are no tagged fields in this header, whatever the version.
    const HEAD: usize = 8;

    #[test]
    fn an_unsupported_version_is_answered_in_version_0() {
        let frame = encode(0, 7, &unsupported()).unwrap();
        assert_eq!(frame[4..10], [0, 0, 0, 7, 0, 35]);
        assert_eq!(frame[HEAD + 2..], [0, 0, 0, 1, 0, 18, 0, 0, 0, 4]);
    }

    #[test]
    fn without_features_no_tagged_field_is_written() {
        let frame = encode(3, 7, &respond(3, &[], -1)).unwrap();
        assert_eq!(frame[4..11], [0, 0, 0, 7, 0, 0, APIS.len() as u8 + 1], "no tags in the header");
        assert_eq!(frame.len(), HEAD + 2 + 1 + 7 * APIS.len() + 4 + 1);
        assert_eq!(frame.last(), Some(&0));
    }

    #[test]
    fn a_minimum_of_0_is_hidden_before_version_4() {
        let names = |v| {
            respond(v, FEATURES, 1).supported_features.iter().map(|f| f.name.to_string()).collect::<Vec<_>>()
        };
        assert_eq!(names(2), Vec::<String>::new());
        assert_eq!(names(3), ["metadata.version"]);
        assert_eq!(names(4), ["metadata.version", "kraft.version"]);
    }

    #[test]
    fn produce_is_advertised_from_0_and_served_from_3() {
        let answer = respond(3, &[], -1);
        let produce = answer.api_keys.iter().find(|k| k.api_key == 0).unwrap();
        assert_eq!((produce.min_version, produce.max_version), (0, 13));
        assert_eq!(crate::apis::lookup(0).unwrap().min, 3);
    }

    #[test]
    fn every_served_version_encodes() {
        for version in 0..=4 {
            for features in [&[][..], FEATURES] {
                encode(version, 1, &respond(version, features, 5)).unwrap();
            }
        }
    }

    #[test]
    fn software_names_follow_kip_511() {
        for good in ["a", "apache-kafka-java", "4.3.1", "librdkafka"] {
            assert!(is_valid_software(good), "{good}");
        }
        for bad in ["", "-a", "a-", ".", "a b", "a_b", "\u{e4}"] {
            assert!(!is_valid_software(bad), "{bad}");
        }
    }
}
