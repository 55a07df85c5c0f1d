//! DescribeConfigs (key 32), versions 1-4: every setting with source and, when asked, synonyms (v1) and documentation
//! (v3). Null or no keys = all.

use std::sync::Arc;

use highway_cluster::configs::{DescribedConfig, describe};
use highway_cluster::controller::Resource;
use kafka_protocol::messages::describe_configs_response::{
    DescribeConfigsResourceResult, DescribeConfigsResult, DescribeConfigsSynonym,
};
use kafka_protocol::messages::{DescribeConfigsRequest, DescribeConfigsResponse};
use kafka_protocol::protocol::StrBytes;

use crate::broker::Broker;
use crate::context::RequestContext;

/// Answers a DescribeConfigs request.
pub async fn handle(
    broker: &Arc<Broker>,
    ctx: &RequestContext,
    request: DescribeConfigsRequest,
) -> DescribeConfigsResponse {
    let image = broker.image();
    let settings = broker.broker_settings(&image);
    let (synonyms, docs) = (request.include_synonyms, request.include_documentation && ctx.version >= 3);
    let results = request
        .resources
        .into_iter()
        .map(|asked| {
            let answer = DescribeConfigsResult::default()
                .with_resource_type(asked.resource_type)
                .with_resource_name(asked.resource_name.clone());
            let keys: Option<Vec<String>> =
                asked.configuration_keys.map(|keys| keys.iter().map(ToString::to_string).collect());
            let resource = Resource::new(asked.resource_type, &asked.resource_name);
            match describe(&settings, &resource, keys.as_deref()) {
                Ok(configs) => answer
                    .with_configs(configs.into_iter().map(|c| one(c, ctx.version, synonyms, docs)).collect()),
                Err(error) => answer
                    .with_error_code(error.kind.code())
                    .with_error_message(Some(StrBytes::from_string(error.message))),
            }
        })
        .collect();
    DescribeConfigsResponse::default().with_results(results)
}

fn one(config: DescribedConfig, version: i16, synonyms: bool, docs: bool) -> DescribeConfigsResourceResult {
    let result = DescribeConfigsResourceResult::default()
        .with_name(StrBytes::from_string(config.name))
        .with_value(config.value.map(StrBytes::from_string))
        .with_read_only(config.read_only)
        .with_config_source(config.source as i8)
        .with_is_sensitive(config.sensitive);
    let result = if synonyms {
        let entries = config.synonyms.into_iter().map(|s| {
            DescribeConfigsSynonym::default()
                .with_name(StrBytes::from_string(s.name))
                .with_value(s.value.map(StrBytes::from_string))
                .with_source(s.source as i8)
        });
        result.with_synonyms(entries.collect())
    } else {
        result
    };
    let result =
        if version >= 3 { result.with_config_type(config.config_type.map_or(0, |t| t.id())) } else { result };
    if docs {
        result.with_documentation(Some(StrBytes::from_static_str(config.documentation)))
    } else {
        result.with_documentation(None)
    }
}
