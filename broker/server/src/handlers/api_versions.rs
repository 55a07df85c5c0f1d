//! ApiVersions (key 18), versions 0-4. Answered before anything else, to everybody, and in version 0 with
//! UNSUPPORTED_VERSION for a version that is not served (KIP-511).

use std::sync::Arc;

use bytes::Bytes;
use highway_wire::api_versions::{Feature, is_valid_software, respond, unsupported};
use highway_wire::{apis, request};
use kafka_protocol::ResponseError;
use kafka_protocol::messages::{ApiKey, ApiVersionsRequest, ApiVersionsResponse};

use crate::broker::Broker;

/// The answer, and the version to encode it in.
///
/// # Errors
/// A body that cannot be read.
pub fn handle(
    broker: &Arc<Broker>,
    version: i16,
    body: &Bytes,
) -> Result<(i16, ApiVersionsResponse), String> {
    let served = apis::lookup(ApiKey::ApiVersions as i16).is_some_and(|a| (a.min..=a.max).contains(&version));
    if !served {
        return Ok((0, unsupported()));
    }
    let asked: ApiVersionsRequest = request::decode(version, body).map_err(|e| e.to_string())?;
    Ok((version, answer(broker, version, &asked)))
}

/// The answer in a version that is served.
#[must_use]
pub fn answer(broker: &Arc<Broker>, version: i16, asked: &ApiVersionsRequest) -> ApiVersionsResponse {
    if version >= 3
        && !(is_valid_software(&asked.client_software_name)
            && is_valid_software(&asked.client_software_version))
    {
        return ApiVersionsResponse::default().with_error_code(ResponseError::InvalidRequest.code());
    }
    // metadata.version 30 is what Kafka 4.3 finalizes; what is not built yet is neither supported nor finalized.
    let features = [Feature { name: "metadata.version", min: 7, max: 30, finalized: 30 }];
    let epoch = broker.image().applied().map_or(0, |offset| offset.0);
    respond(version, &features, epoch)
}
