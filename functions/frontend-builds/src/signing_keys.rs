//! Signing keys of a tenant.

use std::str::FromStr;

use api::access::{CreateSigningKey, DeleteSigningKey, GetSigningKeys, SetDefaultSigningKey};
use api::fields::{parsed, required};
use api::{ApiResult, App, Caller, ErrorBody, IdempotencyKey, JsonBody, Success, replayable};
use axum::Json;
use axum::extract::State;
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::error::Error;
use domain::id::SigningKeyId;
use domain::platform::Platform;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use service::signing_keys::{NewSigningKey, SigningKeyView};
use store::signing_keys::{KeyMaterial, ProfileRecord};
use utoipa::ToSchema;

/// The signing keys of the tenant.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SigningKeyList {
    /// Those for Android first, each platform's in the order in which they came.
    signing_keys: Vec<ListedSigningKey>,
}

/// A signing key. Nothing of its key material is ever shown.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ListedSigningKey {
    /// Names it.
    #[schema(example = "0190b5f0-7c3e-7d10-8a52-6f0d2c4e9b11")]
    signing_key_id: String,
    /// `android` or `ios`.
    #[schema(example = "android")]
    platform: &'static str,
    /// For people.
    #[schema(example = "Release key")]
    name: String,
    /// Subject of the certificate.
    #[schema(example = "CN=Example, O=Example Ltd, C=DE")]
    subject: String,
    /// SHA-256 of the certificate, lowercase hexadecimal, as `apksigner verify --print-certs` shows it.
    #[schema(pattern = "^[0-9a-f]{64}$")]
    fingerprint: String,
    /// Kind and size of the key.
    #[schema(example = "RSA 2048")]
    algorithm: String,
    /// The certificate's last second, Unix seconds.
    #[schema(example = 1_900_000_000)]
    expiry: i64,
    /// Whether it signs where a build for its platform names none.
    default: bool,
    /// Of a key for iOS, what its provisioning profile says; null for Android.
    #[schema(required = true)]
    provisioning_profile: Option<ListedProfile>,
    /// Unix seconds.
    #[schema(example = 1_732_740_000)]
    created_at: i64,
    /// Who brought it.
    #[schema(example = "owner@example.com")]
    created_by: String,
}

/// What a provisioning profile says.
#[derive(Debug, Serialize, ToSchema)]
struct ListedProfile {
    /// Its name.
    #[schema(example = "Example App Store")]
    name: String,
    /// Apple's id of the team.
    #[schema(example = "A1B2C3D4E5")]
    team_id: String,
    /// The bundle identifiers that it covers: one, or a beginning and `*`.
    #[schema(example = "com.example.*")]
    bundle_id: String,
    /// Its last second, Unix seconds.
    #[schema(example = 1_800_000_000)]
    expiry: i64,
}

/// List signing keys
#[utoipa::path(
    get, path = "/frontend/signing_keys", tag = "builds",
    responses((status = 200, description = "The signing keys of the tenant", body = SigningKeyList))
)]
pub(crate) async fn signing_keys(
    State(app): State<App>,
    caller: Caller<GetSigningKeys>,
) -> ApiResult<Json<SigningKeyList>> {
    let signing_keys = app.service.signing_keys(&caller).await?.into_iter().map(ListedSigningKey::from).collect();
    Ok(Json(SigningKeyList { signing_keys }))
}

/// The key to be stored. It is opened with its passwords before that.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SigningKeyFields {
    /// `android` or `ios`.
    #[schema(required = true, nullable = false, example = "android", pattern = "^(android|ios)$")]
    platform: Option<String>,
    /// 2 to 50 characters, for people.
    #[schema(required = true, nullable = false, example = "Release key", min_length = 2)]
    name: Option<String>,
    /// Android: Base64 of the keystore, PKCS#12 or JKS, at most 100 KiB.
    #[serde(default, deserialize_with = "secret")]
    keystore: Option<String>,
    /// Android: its password.
    #[serde(default, deserialize_with = "secret")]
    keystore_password: Option<String>,
    /// Android: the key's alias; may be absent where the keystore has one key only.
    #[schema(example = "release")]
    key_alias: Option<String>,
    /// Android: the key's own password; absent where it is the keystore's.
    #[serde(default, deserialize_with = "secret")]
    key_password: Option<String>,
    /// iOS: Base64 of the PKCS#12 file with certificate and key, at most 100 KiB.
    #[serde(default, deserialize_with = "secret")]
    p12: Option<String>,
    /// iOS: its password; may be empty.
    #[serde(default, deserialize_with = "secret")]
    p12_password: Option<String>,
    /// iOS: Base64 of the provisioning profile (`.mobileprovision`), at most 100 KiB.
    #[serde(default, deserialize_with = "secret")]
    provisioning_profile: Option<String>,
}

/// Store a signing key
///
/// Refused where it does not open, where its certificate or profile has expired, and where they do not belong together. It is stored
/// sealed, and no call shows it again.
#[utoipa::path(
    post, path = "/frontend/signing_keys", tag = "builds", request_body = SigningKeyFields,
    params(("Idempotency-Key" = Option<String>, Header, description = "1 to 255 printable ASCII characters", min_length = 1, max_length = 255)),
    responses(
        (
            status = 200, description = "The key", body = ListedSigningKey,
            headers(("Idempotent-Replayed" = String, description = "`true` where an earlier request stored the key; else absent"))
        ),
        (status = 400, description = "A field is missing or invalid, or the key does not open or has expired", body = ErrorBody),
        (status = 404, description = "The key that an earlier request stored was deleted", body = ErrorBody),
        (status = 422, description = "The Idempotency-Key was used with another request", body = ErrorBody),
        (status = 429, description = "The tenant has 10 signing keys for this platform", body = ErrorBody),
    )
)]
pub(crate) async fn create_signing_key(
    State(app): State<App>,
    caller: Caller<CreateSigningKey>,
    key: IdempotencyKey,
    JsonBody { value: fields, digest }: JsonBody<SigningKeyFields>,
) -> ApiResult<Response> {
    let request = key.bind(caller.tenant.id.as_str(), &caller.user_id, digest);
    let created = app.service.create_signing_key(&caller, fields.try_into()?, request).await?;
    Ok(replayable(Json(ListedSigningKey::from(created.value)), created.replayed))
}

/// A text that no error repeats: a password of digits alone may come as a number.
fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Option::deserialize(deserializer).map_err(|_| D::Error::custom("expected a string"))
}

/// The key to be deleted.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeleteKeyFields {
    /// Names it.
    #[schema(required = true, nullable = false, example = "0190b5f0-7c3e-7d10-8a52-6f0d2c4e9b11")]
    signing_key_id: Option<String>,
}

/// Delete a signing key
///
/// Where it was the default, there is none from then on. Builds that name it and have not been signed yet fail.
#[utoipa::path(
    post, path = "/frontend/signing_keys/delete", tag = "builds", request_body = DeleteKeyFields,
    responses(
        (status = 200, description = "The key is gone", body = Success),
        (status = 400, description = "The key's id is missing or invalid", body = ErrorBody),
        (status = 404, description = "The tenant has no such key", body = ErrorBody),
    )
)]
pub(crate) async fn delete_signing_key(
    State(app): State<App>,
    caller: Caller<DeleteSigningKey>,
    JsonBody { value: fields, .. }: JsonBody<DeleteKeyFields>,
) -> ApiResult<Json<Success>> {
    app.service.delete_signing_key(&caller, &named_key(fields.signing_key_id)?).await?;
    Ok(Json(Success::DONE))
}

/// The key that is to be the default of its platform.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DefaultKeyFields {
    /// Names it.
    #[schema(required = true, nullable = false, example = "0190b5f0-7c3e-7d10-8a52-6f0d2c4e9b11")]
    signing_key_id: Option<String>,
    /// `false` takes the default away, if it is this key. Default: true.
    #[schema(example = true)]
    default: Option<bool>,
}

/// Choose the default signing key
///
/// It signs where a build for its platform names none.
#[utoipa::path(
    post, path = "/frontend/signing_keys/default", tag = "builds", request_body = DefaultKeyFields,
    responses(
        (status = 200, description = "It is done", body = Success),
        (status = 400, description = "The key's id is missing or invalid", body = ErrorBody),
        (status = 404, description = "The tenant has no such key", body = ErrorBody),
    )
)]
pub(crate) async fn set_default_signing_key(
    State(app): State<App>,
    caller: Caller<SetDefaultSigningKey>,
    JsonBody { value: fields, .. }: JsonBody<DefaultKeyFields>,
) -> ApiResult<Json<Success>> {
    let id = named_key(fields.signing_key_id)?;
    app.service.set_default_signing_key(&caller, &id, fields.default.unwrap_or(true)).await?;
    Ok(Json(Success::DONE))
}

fn named_key(text: Option<String>) -> Result<SigningKeyId, Error> {
    let text = required(text, "signing_key_id", "Signing key ID is missing")?;
    let invalid = |_| Error::invalid("signing_key_id", "Invalid signing key ID");
    SigningKeyId::from_str(&text).map_err(invalid)
}

impl TryFrom<SigningKeyFields> for NewSigningKey {
    type Error = Error;

    fn try_from(fields: SigningKeyFields) -> Result<Self, Error> {
        let platform = parsed(fields.platform.clone(), "platform", "Platform is missing")?;
        let name = parsed(fields.name.clone(), "name", "Name is missing")?;
        let material = match platform {
            Platform::Android => fields.of_android()?,
            Platform::Ios => fields.of_ios()?,
        };
        Ok(Self { name, platform, material })
    }
}

impl SigningKeyFields {
    fn of_android(self) -> Result<KeyMaterial, Error> {
        let Self { p12, p12_password, provisioning_profile, .. } = &self;
        let others = [("p12", p12), ("p12_password", p12_password), ("provisioning_profile", provisioning_profile)];
        refuse(&others, "Fields of iOS keys do not belong to a key for Android")?;
        Ok(KeyMaterial {
            keystore: file(self.keystore, "keystore", "Keystore is missing")?,
            password: required(self.keystore_password, "keystore_password", "Keystore password is missing")?,
            key_password: self.key_password,
            alias: self.key_alias,
            profile: Vec::new(),
        })
    }

    fn of_ios(self) -> Result<KeyMaterial, Error> {
        let Self { keystore, keystore_password, key_alias, key_password, .. } = &self;
        let others = [
            ("keystore", keystore),
            ("keystore_password", keystore_password),
            ("key_alias", key_alias),
            ("key_password", key_password),
        ];
        refuse(&others, "Fields of Android keys do not belong to a key for iOS")?;
        Ok(KeyMaterial {
            keystore: file(self.p12, "p12", "p12 is missing")?,
            password: required(self.p12_password, "p12_password", "p12 password is missing")?,
            key_password: None,
            alias: None,
            profile: file(self.provisioning_profile, "provisioning_profile", "Provisioning profile is missing")?,
        })
    }
}

fn refuse(fields: &[(&'static str, &Option<String>)], message: &'static str) -> Result<(), Error> {
    match fields.iter().find(|(_, value)| value.is_some()) {
        Some((field, _)) => Err(Error::invalid(field, message)),
        None => Ok(()),
    }
}

/// The bytes of a file in Base64, whose line breaks do not count: GNU base64 wraps.
fn file(text: Option<String>, field: &'static str, missing: &'static str) -> Result<Vec<u8>, Error> {
    let mut text = required(text, field, missing)?;
    text.retain(|c| !c.is_ascii_whitespace());
    STANDARD.decode(text).map_err(|_| Error::invalid(field, format!("{field} must be Base64")))
}

impl From<SigningKeyView> for ListedSigningKey {
    fn from(SigningKeyView { record, is_default }: SigningKeyView) -> Self {
        let profile = |ProfileRecord { name, team_id, bundle_id, expires }| ListedProfile {
            name,
            team_id,
            bundle_id,
            expiry: expires,
        };
        Self {
            signing_key_id: record.signing_key_id.into(),
            platform: record.platform.as_str(),
            name: record.name,
            subject: record.subject,
            fingerprint: record.fingerprint,
            algorithm: record.algorithm,
            expiry: record.not_after,
            default: is_default,
            provisioning_profile: record.profile.map(profile),
            created_at: record.created_at,
            created_by: record.created_by,
        }
    }
}
