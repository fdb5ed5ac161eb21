//! A bucket of an S3-compatible store: how it is reached, and what is wrong if it is not.

use super::Use;
use super::error::{FileError, Kind};
use super::place::Bucket;
use anyhow::{Context, anyhow, bail};
use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey as Key};
use object_store::prefix::PrefixStore;
use object_store::{BackoffConfig, ClientConfigKey, ObjectStore, RetryConfig};
use reqwest::Url;
use std::sync::Arc;
use std::time::Duration;

/// How long a request that fails is made again, and the waits between.
const AGAIN: Duration = Duration::from_secs(10);
const FIRST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(2);

/// How long it may take until there is a connection; until an answer begins, the body of the request included, and between
/// two pieces of it; until it is whole. Together with [`AGAIN`] less than a request to the service may take.
const TIMES: [(ClientConfigKey, &str); 3] = [
    (ClientConfigKey::ConnectTimeout, "3s"),
    (ClientConfigKey::ReadTimeout, "15s"),
    (ClientConfigKey::Timeout, "10m"),
];

/// What is in headers or addresses, by the variable that has it.
const WORDS: [(Key, &str); 4] = [
    (Key::AccessKeyId, "AWS_ACCESS_KEY_ID"),
    (Key::SecretAccessKey, "AWS_SECRET_ACCESS_KEY"),
    (Key::Token, "AWS_SESSION_TOKEN"),
    (Key::Region, "AWS_REGION"),
];

impl Bucket {
    /// The bucket, by what is known of how to reach it. Nothing is asked of it yet.
    ///
    /// # Errors
    /// What is wrong with that, without a secret.
    pub(super) fn store(&self, access: AmazonS3Builder) -> anyhow::Result<Arc<dyn ObjectStore>> {
        for (key, variable) in WORDS {
            let value = access.get_config_value(&key);
            if value
                .is_some_and(|value| value.is_empty() || !value.bytes().all(|byte| byte.is_ascii_graphic()))
            {
                bail!("{variable} is empty, or has white space in it: set it again, without a line's end");
            }
        }
        if access.get_config_value(&Key::AccessKeyId).is_some()
            != access.get_config_value(&Key::SecretAccessKey).is_some()
        {
            bail!(
                "of AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY one is set: set both, or neither for a role's"
            );
        }
        let plain = match endpoint(&access) {
            Some(endpoint) => is_plain(&endpoint).context(
                "AWS_ENDPOINT_URL is no address of a store: it is http://HOST:PORT or https://HOST:PORT, without a name or \
                 a password",
            )?,
            None => false,
        };
        // No harm if there is one already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let backoff = BackoffConfig { init_backoff: FIRST, max_backoff: LONGEST, ..BackoffConfig::default() };
        let retry = RetryConfig { backoff, max_retries: usize::MAX, retry_timeout: AGAIN };
        let access =
            TIMES.into_iter().fold(access, |access, (key, time)| access.with_config(Key::Client(key), time));
        let store = access
            .with_bucket_name(&self.name)
            .with_allow_http(plain)
            .with_retry(retry)
            // Not every store has requests that remove many.
            .with_disable_bulk_delete(true)
            .build()
            .context("what the AWS_ variables of the environment say cannot be used")?;
        Ok(Arc::new(PrefixStore::new(store, self.prefix.clone())))
    }

    /// What is wrong if the bucket cannot be used, and what would mend it.
    pub(super) fn unusable(&self, error: &FileError, wanted: Use) -> anyhow::Error {
        let name = &self.name;
        let may = match wanted {
            Use::Reading => "list and read",
            Use::Writing => "list, read, write and remove",
        };
        match error.kind() {
            Kind::Missing => anyhow!(
                "{error}; make the bucket {name}, or mend its name in artifacts, AWS_ENDPOINT_URL or AWS_REGION"
            ),
            Kind::Refused => anyhow!(
                "{error}; mend AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or the role, which may {may} what is in the \
                 bucket {name}, or AWS_REGION"
            ),
            Kind::Other => anyhow!(
                "{error}; nobody answers as a store does: mend AWS_ENDPOINT_URL, AWS_REGION or the network; credentials \
                 that are not in AWS_ACCESS_KEY_ID are asked of the machine"
            ),
        }
    }
}

/// Where the store is, if that is said: the variable for S3 alone goes first.
fn endpoint(access: &AmazonS3Builder) -> Option<String> {
    access.get_config_value(&Key::S3Endpoint).or_else(|| access.get_config_value(&Key::Endpoint))
}

/// Whether an address is one without TLS; none if it is no address of a store.
fn is_plain(endpoint: &str) -> Option<bool> {
    let url = Url::parse(endpoint).ok()?;
    let bare = url.username().is_empty() && url.password().is_none() && url.query().is_none();
    (bare && url.fragment().is_none() && url.has_host()).then_some(())?;
    match url.scheme() {
        "http" => Some(true),
        "https" => Some(false),
        _ => None,
    }
}
