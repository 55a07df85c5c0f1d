//! ApiVersions answers from the table (KIP-35, KIP-511, KIP-584).
//!
//! Tagged fields with their default values are never written: librdkafka up to 2.1.1 misreads them and disconnects.

use kafka_protocol::ResponseError;
use kafka_protocol::messages::ApiVersionsResponse;
use kafka_protocol::messages::api_versions_response::{ApiVersion, FinalizedFeatureKey, SupportedFeatureKey};
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
            ApiVersion::default().with_api_key(a.key as i16).with_min_version(a.advertised_min).with_max_version(a.max)
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
        .map(|f| SupportedFeatureKey::default().with_name(name(f)).with_min_version(f.min).with_max_version(f.max))
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
    answer.with_supported_features(supported).with_finalized_features(finalized).with_finalized_features_epoch(epoch)
}

/// The answer to a version that is not served, to be encoded in version 0: every client reads that, and finds the
/// range of ApiVersions in it.
#[must_use]
pub fn unsupported() -> ApiVersionsResponse {
    respond(0, &[], -1).with_error_code(ResponseError::UnsupportedVersion.code())
}

/// KIP-511: names and versions of client software are letters, digits, `-` and `.`, with a letter or digit at both ends.
#[must_use]
pub fn is_valid_software(text: &str) -> bool {
    let inner = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'.';
    let ends = |b: Option<&u8>| b.is_some_and(u8::is_ascii_alphanumeric);
    text.bytes().all(inner) && ends(text.as_bytes().first()) && ends(text.as_bytes().last())
}
