//! The resources of template.yaml on the local AWS. Making them twice changes nothing.

use anyhow::Context as _;
use aws_config::SdkConfig;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection, ProjectionType,
    ScalarAttributeType, TimeToLiveSpecification,
};
use aws_sdk_s3::types::{CorsConfiguration, CorsRule, Event, NotificationConfiguration, QueueConfiguration};
use aws_sdk_sqs::types::QueueAttributeName;
use identity::Pool;
use store::Names;

use crate::aws;
use crate::user_pool::UserPools;

/// The resources of one stack, and the queues that only the pollers know.
#[derive(Clone, Debug)]
pub struct Stack {
    /// What the store speaks to.
    pub names: Names,
    /// Where S3 says that an upload arrived.
    pub arrival_queue_url: String,
    /// The user pool.
    pub pool_id: String,
    /// Its client.
    pub client_id: String,
}

impl Stack {
    /// The user pool, as a function reads it from its variables.
    pub fn user_pool(&self, config: &SdkConfig) -> anyhow::Result<Pool> {
        let variable = |name: &str| match name {
            "USER_POOL_ID" => Some(self.pool_id.clone()),
            "USER_POOL_CLIENT_ID" => Some(self.client_id.clone()),
            "AWS_REGION" => config.region().map(ToString::to_string),
            "AWS_ENDPOINT_URL" => config.endpoint_url().map(str::to_owned),
            _ => None,
        };
        Pool::read(variable)?.context("a stack without a user pool")
    }
}

/// Settings that a test wants to be other than the template's.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Seconds for which a received wake-up stays hidden.
    pub visibility_seconds: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self { visibility_seconds: 330 }
    }
}

/// Makes every resource whose name begins with `prefix`.
pub async fn provision(config: &SdkConfig, prefix: &str, settings: Settings) -> anyhow::Result<Stack> {
    let names = Names {
        table: format!("{prefix}-main"),
        events_table: format!("{prefix}-events"),
        uploads_bucket: format!("{prefix}-uploads"),
        artifacts_bucket: format!("{prefix}-artifacts"),
        build_queue_url: queue(config, &format!("{prefix}-build"), settings.visibility_seconds).await?,
        library_queue_url: queue(config, &format!("{prefix}-library"), settings.visibility_seconds).await?,
        kms_key: kms_key(config, prefix).await?,
        pepper_secret: pepper(config, prefix).await?,
        retention_days: 90,
    };
    let arrival_queue_url = queue(config, &format!("{prefix}-arrival"), 60).await?;
    table(config, &names.table).await?;
    events_table(config, &names.events_table).await?;
    buckets(config, &names, &arrival_queue_url).await?;
    let users = UserPools::connect(config).await?.make(prefix).await.context("could not create the user pool")?;
    Ok(Stack { names, arrival_queue_url, pool_id: users.pool, client_id: users.client })
}

async fn table(config: &SdkConfig, name: &str) -> anyhow::Result<()> {
    let client = aws_sdk_dynamodb::Client::new(config);
    if client.describe_table().table_name(name).send().await.is_ok() {
        return Ok(());
    }
    let attribute = |name: &str, kind| AttributeDefinition::builder().attribute_name(name).attribute_type(kind).build();
    let key = |name: &str, kind| KeySchemaElement::builder().attribute_name(name).key_type(kind).build();
    let due = GlobalSecondaryIndex::builder()
        .index_name("due")
        .key_schema(key("due_pk", KeyType::Hash)?)
        .key_schema(key("due_at", KeyType::Range)?)
        .projection(Projection::builder().projection_type(ProjectionType::KeysOnly).build());
    let request = client.create_table().table_name(name).billing_mode(BillingMode::PayPerRequest);
    let request = request
        .attribute_definitions(attribute("pk", ScalarAttributeType::S)?)
        .attribute_definitions(attribute("sk", ScalarAttributeType::S)?)
        .attribute_definitions(attribute("due_pk", ScalarAttributeType::S)?)
        .attribute_definitions(attribute("due_at", ScalarAttributeType::N)?)
        .key_schema(key("pk", KeyType::Hash)?)
        .key_schema(key("sk", KeyType::Range)?)
        .global_secondary_indexes(due.build()?);
    request.send().await.context("could not create the table")?;
    expire(&client, name).await
}

async fn events_table(config: &SdkConfig, name: &str) -> anyhow::Result<()> {
    let client = aws_sdk_dynamodb::Client::new(config);
    if client.describe_table().table_name(name).send().await.is_ok() {
        return Ok(());
    }
    let attribute = |name: &str, kind| AttributeDefinition::builder().attribute_name(name).attribute_type(kind).build();
    let key = |name: &str, kind| KeySchemaElement::builder().attribute_name(name).key_type(kind).build();
    let request = client.create_table().table_name(name).billing_mode(BillingMode::PayPerRequest);
    let request = request
        .attribute_definitions(attribute("pk", ScalarAttributeType::S)?)
        .attribute_definitions(attribute("event", ScalarAttributeType::N)?)
        .key_schema(key("pk", KeyType::Hash)?)
        .key_schema(key("event", KeyType::Range)?);
    request.send().await.context("could not create the table of events")?;
    expire(&client, name).await
}

async fn expire(client: &aws_sdk_dynamodb::Client, name: &str) -> anyhow::Result<()> {
    let life = TimeToLiveSpecification::builder().enabled(true).attribute_name("expires_at").build()?;
    client.update_time_to_live().table_name(name).time_to_live_specification(life).send().await?;
    Ok(())
}

async fn queue(config: &SdkConfig, name: &str, visibility_seconds: u32) -> anyhow::Result<String> {
    let client = aws_sdk_sqs::Client::new(config);
    if let Ok(found) = client.get_queue_url().queue_name(name).send().await {
        return found.queue_url.context("a queue without a URL");
    }
    let dead = client.create_queue().queue_name(format!("{name}-dead-letters")).send().await?;
    let dead = dead.queue_url.context("a queue without a URL")?;
    let redrive = serde_json::json!({ "deadLetterTargetArn": queue_arn(&client, &dead).await?, "maxReceiveCount": 50 });
    let policy = serde_json::json!({ "Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": { "Service": "s3.amazonaws.com" }, "Action": "sqs:SendMessage", "Resource": "*"
    }]});
    let request = client.create_queue().queue_name(name);
    let request = request
        .attributes(QueueAttributeName::VisibilityTimeout, visibility_seconds.to_string())
        .attributes(QueueAttributeName::RedrivePolicy, redrive.to_string())
        .attributes(QueueAttributeName::Policy, policy.to_string());
    request.send().await.context("could not create a queue")?.queue_url.context("a queue without a URL")
}

async fn queue_arn(client: &aws_sdk_sqs::Client, url: &str) -> anyhow::Result<String> {
    let request = client.get_queue_attributes().queue_url(url).attribute_names(QueueAttributeName::QueueArn);
    let mut attributes = request.send().await?.attributes.unwrap_or_default();
    attributes.remove(&QueueAttributeName::QueueArn).context("a queue without an ARN")
}

async fn buckets(config: &SdkConfig, names: &Names, arrival_queue_url: &str) -> anyhow::Result<()> {
    let client = aws::s3(config);
    let arrival = queue_arn(&aws_sdk_sqs::Client::new(config), arrival_queue_url).await?;
    for bucket in [&names.uploads_bucket, &names.artifacts_bucket] {
        if client.head_bucket().bucket(bucket).send().await.is_err() {
            client.create_bucket().bucket(bucket).send().await.context("could not create a bucket")?;
        }
    }
    let created = QueueConfiguration::builder().queue_arn(arrival).events(Event::S3ObjectCreated).build()?;
    let notify = NotificationConfiguration::builder().queue_configurations(created).build();
    let request = client.put_bucket_notification_configuration().bucket(&names.uploads_bucket);
    request.notification_configuration(notify).send().await.context("could not configure notifications")?;
    let cors = CorsRule::builder().allowed_methods("PUT").allowed_origins("*").allowed_headers("*");
    let cors = CorsConfiguration::builder().cors_rules(cors.expose_headers("ETag").build()?).build()?;
    client.put_bucket_cors().bucket(&names.uploads_bucket).cors_configuration(cors).send().await?;
    Ok(())
}

async fn kms_key(config: &SdkConfig, prefix: &str) -> anyhow::Result<String> {
    let client = aws_sdk_kms::Client::new(config);
    let alias = format!("alias/{prefix}-signing-keys");
    if let Ok(found) = client.describe_key().key_id(&alias).send().await {
        return Ok(found.key_metadata.context("a key without metadata")?.key_id);
    }
    let made = client.create_key().description("Seals signing keys").send().await.context("could not create a key")?;
    let id = made.key_metadata.context("a key without metadata")?.key_id;
    client.create_alias().alias_name(&alias).target_key_id(&id).send().await?;
    Ok(id)
}

async fn pepper(config: &SdkConfig, prefix: &str) -> anyhow::Result<String> {
    let client = aws_sdk_secretsmanager::Client::new(config);
    let name = format!("{prefix}-pepper");
    if client.describe_secret().secret_id(&name).send().await.is_err() {
        let mut random = [0; 32];
        aws_lc_rs::rand::fill(&mut random)?;
        let text: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
        client.create_secret().name(&name).secret_string(text).send().await.context("could not create the pepper")?;
    }
    Ok(name)
}
