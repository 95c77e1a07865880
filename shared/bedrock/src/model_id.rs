//! Which model is asked.

use std::fmt;
use std::str::FromStr;

/// Characters at most (Bedrock's `ConversationalModelId`).
const MAX_LENGTH: usize = 2048;

/// What of Bedrock's resources Converse takes together with instructions and tools; a prompt of its prompt management takes neither.
const RESOURCES: &[&str] = &[
    "foundation-model",
    "inference-profile",
    "application-inference-profile",
    "provisioned-model",
    "custom-model-deployment",
    "imported-model",
    "prompt-router",
    "default-prompt-router",
];

/// A model, an inference profile, or the ARN of something that answers as one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelId(String);

impl ModelId {
    /// As Converse takes it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ModelId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A text that names no model.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} names no model at Bedrock: give a model id (anthropic.claude-…-v1:0), the id of an inference profile (eu.anthropic.…), or an ARN \
     (arn:aws:bedrock:REGION:ACCOUNT:inference-profile/…)"
)]
pub struct BadModelId(String);

impl FromStr for ModelId {
    type Err = BadModelId;

    fn from_str(text: &str) -> Result<Self, BadModelId> {
        let is_model = if text.starts_with("arn:") { is_arn(text) } else { is_id(text) };
        if is_model && text.len() <= MAX_LENGTH {
            return Ok(Self(text.to_owned()));
        }
        Err(BadModelId(text.chars().take(100).collect()))
    }
}

/// `arn:PARTITION:bedrock:REGION:ACCOUNT:KIND/NAME`; models of Bedrock itself have no account.
fn is_arn(text: &str) -> bool {
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    let [_, partition, "bedrock", region, account, resource] = parts.as_slice() else { return false };
    let Some((kind, name)) = resource.split_once('/') else { return false };
    let is_account = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
    partition.starts_with("aws")
        && is_name(partition)
        && is_name(region)
        && (is_account || (account.is_empty() && kind == "foundation-model"))
        && RESOURCES.contains(&kind)
        && name.split(['.', ':']).all(is_name)
}

/// `[GEOGRAPHY.]PROVIDER.MODEL[:VERSION[:CONTEXT]]`; names of models may have dots of their own.
fn is_id(text: &str) -> bool {
    let mut parts = text.split(':');
    let names: Vec<&str> = parts.next().unwrap_or_default().split('.').collect();
    let versions: Vec<&str> = parts.collect();
    (2..=5).contains(&names.len()) && versions.len() <= 2 && names.into_iter().chain(versions).all(is_name)
}

fn is_name(text: &str) -> bool {
    let is_of_name = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_');
    (1..=63).contains(&text.len()) && text.bytes().all(is_of_name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn models_profiles_and_arns_are_read_as_they_are() {
        for text in [
            "anthropic.claude-3-5-sonnet-20241022-v2:0",
            "amazon.nova-lite-v1:0",
            "amazon.nova-pro-v1:0:300k",
            "eu.anthropic.claude-sonnet-4-20250514-v1:0",
            "global.anthropic.claude-sonnet-4-5-20250929-v1:0",
            "us-gov.anthropic.claude-3-haiku-20240307-v1:0",
            "moonshotai.kimi-k2.5",
            "arn:aws:bedrock:eu-central-1::foundation-model/amazon.nova-lite-v1:0",
            "arn:aws:bedrock:eu-central-1:123456789012:inference-profile/eu.amazon.nova-lite-v1:0",
            "arn:aws-us-gov:bedrock:us-gov-west-1:123456789012:application-inference-profile/a1b2c3d4e5f6",
            "arn:aws:bedrock:us-east-1:123456789012:provisioned-model/abc123def456",
            "arn:aws:bedrock:us-east-1:123456789012:default-prompt-router/anthropic.claude:1",
        ] {
            assert_eq!(text.parse::<ModelId>().unwrap().as_str(), text);
        }
    }

    #[test]
    fn what_names_no_model_is_refused_with_what_would() {
        for text in [
            "",
            "claude",
            "Anthropic.Claude",
            "anthropic.claude v1",
            "anthropic..claude",
            "anthropic.claude/../../x",
            "anthropic.claude:0:1:2",
            "a.b.c.d.e.f",
            "arn:aws:s3:::bucket",
            "arn:aws:bedrock:us-east-1:123456789012:prompt/PROMPT12345:1",
            "arn:aws:bedrock:us-east-1:123456789012:guardrail/abc",
            "arn:aws:bedrock:us-east-1::inference-profile/eu.amazon.nova-lite-v1:0",
            "arn:aws:bedrock:us-east-1:12345:provisioned-model/abc123def456",
            "arn:aws:bedrock:us-east-1:123456789012:provisioned-model/",
            "anthropic.claude\n",
            " anthropic.claude",
        ] {
            let told = text.parse::<ModelId>().unwrap_err().to_string();
            assert!(told.contains("names no model at Bedrock: give a model id"), "{told}");
        }
        let long = format!("a.{}", "b".repeat(MAX_LENGTH));
        assert!(long.parse::<ModelId>().unwrap_err().to_string().len() < 500);
    }
}
