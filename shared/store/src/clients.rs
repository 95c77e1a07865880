//! The SDK clients, made once for each process.

use aws_config::SdkConfig;
use aws_credential_types::provider::{ProvideCredentials as _, SharedCredentialsProvider};
use aws_sdk_s3::config::RequestChecksumCalculation;
use aws_smithy_runtime_api::client::interceptors::SharedInterceptor;

/// One client for each service.
#[derive(Clone, Debug)]
pub struct Clients {
    pub(crate) dynamodb: aws_sdk_dynamodb::Client,
    pub(crate) s3: aws_sdk_s3::Client,
    pub(crate) sqs: aws_sdk_sqs::Client,
    pub(crate) kms: aws_sdk_kms::Client,
    pub(crate) secrets: aws_sdk_secretsmanager::Client,
    credentials: Option<SharedCredentialsProvider>,
}

impl Clients {
    /// Makes the clients that `config` describes. `interceptors` see every call: tests count and fail calls with them.
    pub fn connect(config: &SdkConfig, interceptors: &[SharedInterceptor]) -> Self {
        let mut dynamodb = aws_sdk_dynamodb::config::Builder::from(config);
        let mut sqs = aws_sdk_sqs::config::Builder::from(config);
        let mut kms = aws_sdk_kms::config::Builder::from(config);
        let mut secrets = aws_sdk_secretsmanager::config::Builder::from(config);
        // A presigned request that demands a checksum breaks plain `curl -X PUT`. Stand-ins have no bucket host names.
        let mut s3 = aws_sdk_s3::config::Builder::from(config)
            .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
            .force_path_style(config.endpoint_url().is_some());
        for interceptor in interceptors {
            dynamodb.push_interceptor(interceptor.clone());
            sqs.push_interceptor(interceptor.clone());
            kms.push_interceptor(interceptor.clone());
            secrets.push_interceptor(interceptor.clone());
            s3.push_interceptor(interceptor.clone());
        }
        Self {
            dynamodb: aws_sdk_dynamodb::Client::from_conf(dynamodb.build()),
            s3: aws_sdk_s3::Client::from_conf(s3.build()),
            sqs: aws_sdk_sqs::Client::from_conf(sqs.build()),
            kms: aws_sdk_kms::Client::from_conf(kms.build()),
            secrets: aws_sdk_secretsmanager::Client::from_conf(secrets.build()),
            credentials: config.credentials_provider(),
        }
    }

    /// Says in the log when a URL that is signed now will die before its time, because the credentials do.
    pub(crate) async fn log_credential_life(&self, wanted: std::time::Duration) {
        let Some(provider) = &self.credentials else { return };
        let Ok(credentials) = provider.provide_credentials().await else { return };
        let life =
            credentials.expiry().map(|at| at.elapsed().err().map_or(std::time::Duration::ZERO, |e| e.duration()));
        if let Some(life) = life.filter(|life| *life < wanted) {
            tracing::warn!(credentials.life_seconds = life.as_secs(), "a signed URL dies with the credentials");
        }
    }
}
