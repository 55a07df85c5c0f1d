//! A bucket from what a configuration says about it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use object_store::aws::AmazonS3Builder;
use object_store::azure::MicrosoftAzureBuilder;
use object_store::gcp::GoogleCloudStorageBuilder;
use object_store::{BackoffConfig, ClientOptions, RetryConfig};

use super::bucket::{Bucket, StoreError};
use super::local::LocalBucket;
use super::object::{Habits, ObjectBucket};

/// Keys of an account. Without them the store's own ways are used: environment, metadata service, web identity.
#[derive(Clone, Default)]
pub struct Credentials {
    /// `aws.access.key.id`; the account's name on Azure.
    pub key: Option<String>,
    /// `aws.secret.access.key`; the account's key on Azure, a service account's JSON on Google.
    pub secret: Option<String>,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Credentials([hidden])")
    }
}

/// Where the bucket is.
#[derive(Clone, Debug)]
pub enum Location {
    /// S3 or a server that speaks it.
    S3 {
        /// The bucket.
        bucket: String,
        /// The region.
        region: String,
        /// `store.url`: another server than Amazon's.
        endpoint: Option<String>,
        /// The bucket in the path and not in the host's name.
        path_style: bool,
        /// Keys.
        credentials: Credentials,
    },
    /// Google Cloud Storage.
    Google {
        /// The bucket.
        bucket: String,
        /// Keys.
        credentials: Credentials,
    },
    /// Azure Blob Storage.
    Azure {
        /// The container.
        container: String,
        /// Keys.
        credentials: Credentials,
        /// Another server than Azure's.
        endpoint: Option<String>,
    },
    /// A directory.
    Local(PathBuf),
}

/// How a failed request is repeated.
#[derive(Clone, Copy, Debug)]
pub struct Retries {
    /// `s3.part.retries`.
    pub attempts: usize,
    /// `s3.retry.backoff.ms`.
    pub backoff: Duration,
    /// No request is repeated for longer.
    pub longest: Duration,
}

impl Default for Retries {
    fn default() -> Self {
        Self { attempts: 3, backoff: Duration::from_millis(200), longest: Duration::from_secs(60) }
    }
}

/// Opens a bucket. No request is made yet.
pub fn open(location: &Location, retries: Retries) -> Result<Arc<dyn Bucket>, StoreError> {
    // The HTTP client takes the process's default; whoever came first has set it.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let retry = RetryConfig {
        backoff: BackoffConfig { init_backoff: retries.backoff, ..BackoffConfig::default() },
        max_retries: retries.attempts,
        retry_timeout: retries.longest,
    };
    let client = ClientOptions::new().with_timeout(Duration::from_secs(120));
    Ok(match location {
        Location::Local(root) => Arc::new(LocalBucket::new(root)?),
        Location::S3 { bucket, region, endpoint, path_style, credentials } => {
            let mut builder = AmazonS3Builder::from_env()
                .with_bucket_name(bucket)
                .with_region(region)
                .with_virtual_hosted_style_request(!path_style)
                .with_retry(retry);
            let mut client = client;
            if let Some(endpoint) = endpoint {
                builder = builder.with_endpoint(endpoint.trim_end_matches('/'));
                client = client.with_allow_http(endpoint.starts_with("http://"));
            }
            if let (Some(key), Some(secret)) = (&credentials.key, &credentials.secret) {
                builder = builder.with_access_key_id(key).with_secret_access_key(secret);
            }
            let store = builder.with_client_options(client).build().map_err(|e| wrong(bucket, &e))?;
            let habits = if endpoint.is_some() { Habits::LIKE_S3 } else { Habits::S3 };
            Arc::new(ObjectBucket::new(store, "", habits))
        }
        Location::Google { bucket, credentials } => {
            let mut builder = GoogleCloudStorageBuilder::from_env()
                .with_bucket_name(bucket)
                .with_retry(retry)
                .with_client_options(client);
            if let Some(json) = &credentials.secret {
                builder = builder.with_service_account_key(json);
            }
            let store = builder.build().map_err(|e| wrong(bucket, &e))?;
            Arc::new(ObjectBucket::new(store, "", Habits::S3))
        }
        Location::Azure { container, credentials, endpoint } => {
            let mut builder = MicrosoftAzureBuilder::from_env()
                .with_container_name(container)
                .with_retry(retry)
                .with_client_options(client);
            if let Some(endpoint) = endpoint {
                builder =
                    builder.with_endpoint(endpoint.clone()).with_allow_http(endpoint.starts_with("http://"));
            }
            if let (Some(account), Some(key)) = (&credentials.key, &credentials.secret) {
                builder = builder.with_account(account).with_access_key(key);
            }
            let store = builder.build().map_err(|e| wrong(container, &e))?;
            Arc::new(ObjectBucket::new(store, "", Habits::AZURE))
        }
    })
}

fn wrong(bucket: &str, error: &object_store::Error) -> StoreError {
    StoreError { what: format!("bucket {bucket}"), why: error.to_string(), retriable: false }
}
