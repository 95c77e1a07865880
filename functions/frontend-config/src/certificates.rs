//! The certificate list of a version (page 003, "Certificate Pinning Certificates").

use api::access::{DeleteCertificate, GetTrustedRootCas, UpdateCertificates};
use api::fields::{NoFields, required};
use api::{ApiResult, App, Caller, ErrorBody, JsonBody, Success};
use axum::Json;
use axum::extract::State;
use domain::certificate::{CertificateList, ThumbprintAlgorithm};
use domain::root_cas::trusted_root_cas as roots;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::config::version;
use crate::shapes::CertificateEntry;

/// The certificate list from now on.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct CertificatesFields {
    /// `development`, `staging` or `production`; `dev`, `stg` and `prod` in any case.
    #[schema(required = true, nullable = false, example = "production")]
    version: Option<String>,
    /// Whether the built-in certificate authorities belong to the list. Absent keeps it as it is.
    #[schema(example = true)]
    use_builtin_cas: Option<bool>,
    /// At most 50 entries. What the platforms enforce by themselves needs `spki_sha256` or `certificate_pem`.
    #[schema(required = true, nullable = false, value_type = Option<Vec<CertificateEntry>>, max_items = 50, example = json!([{
        "name": "Example API", "thumbprint": "A1B2C3D4E5F60718293A4B5C6D7E8F9012345678", "algorithm": "sha256",
        "expires": 1_767_225_600, "domains": ["api.example.com"], "isdefault": false, "isca": false
    }]))]
    certificates: Option<Value>,
    /// The revision that the list was made for. Without it the last list wins.
    #[schema(example = 3)]
    revision: Option<u64>,
}

/// Replace the certificate list
///
/// Whole. Entries that the platforms cannot enforce, and expired ones, are kept and marked in `config`.
#[utoipa::path(
    post, path = "/frontend/certificates_update", tag = "configuration", request_body = CertificatesFields,
    responses(
        (status = 200, description = "The list is replaced", body = Success),
        (status = 400, description = "A field is missing or invalid", body = ErrorBody),
        (status = 409, description = "The version has another revision, or the tenant is pending deletion", body = ErrorBody),
    )
)]
pub(crate) async fn update_certificates(
    State(app): State<App>,
    caller: Caller<UpdateCertificates>,
    JsonBody { value: fields, .. }: JsonBody<CertificatesFields>,
) -> ApiResult<Json<Success>> {
    let version = version(fields.version)?;
    let entries = required(fields.certificates, "certificates", "Certificates are missing")?;
    let certificates = CertificateList::parse(&entries)?;
    app.service.set_certificates(&caller, version, (&certificates, fields.use_builtin_cas), fields.revision).await?;
    Ok(Json(Success::DONE))
}

/// Which certificate is meant.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct CertificateFields {
    /// `development`, `staging` or `production`; `dev`, `stg` and `prod` in any case.
    #[schema(required = true, nullable = false, example = "production")]
    version: Option<String>,
    /// Its name in the list.
    #[schema(required = true, nullable = false, example = "Example API")]
    name: Option<String>,
}

/// Delete a certificate
///
/// Takes one entry off the list of a version.
#[utoipa::path(
    post, path = "/frontend/certificates_delete", tag = "configuration", request_body = CertificateFields,
    responses(
        (status = 200, description = "The entry is gone", body = Success),
        (status = 400, description = "A field is missing or invalid", body = ErrorBody),
        (status = 404, description = "There is no entry with this name", body = ErrorBody),
    )
)]
pub(crate) async fn delete_certificate(
    State(app): State<App>,
    caller: Caller<DeleteCertificate>,
    JsonBody { value: fields, .. }: JsonBody<CertificateFields>,
) -> ApiResult<Json<Success>> {
    let version = version(fields.version)?;
    let name = required(fields.name, "name", "Name is missing")?;
    app.service.delete_certificate(&caller, version, &name).await?;
    Ok(Json(Success::DONE))
}

/// The built-in certificate authorities.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RootCaList {
    /// By name.
    trusted_root_cas: Vec<ListedRootCa>,
}

/// A built-in certificate authority.
#[derive(Debug, Serialize, ToSchema)]
struct ListedRootCa {
    /// Its name.
    #[schema(example = "ISRG Root X1")]
    name: &'static str,
    /// SHA-256 of the certificate, uppercase hexadecimal.
    #[schema(example = "96BCEC06264976F37460779ACF28C5A7CFE8A3C0AAE11A8FFCEE05C0BDDF08C6")]
    thumbprint: &'static str,
    /// What `thumbprint` was made with.
    #[schema(value_type = String, example = "sha256")]
    algorithm: ThumbprintAlgorithm,
    /// End of its validity, Unix seconds.
    #[schema(example = 2_064_567_878)]
    expires: i64,
    /// Always true.
    isca: bool,
    /// Always true.
    isdefault: bool,
}

/// List the built-in certificate authorities
///
/// Those that Mozilla trusts for TLS servers.
#[utoipa::path(
    post, path = "/frontend/trusted_root_cas", tag = "configuration", request_body = NoFields,
    responses((status = 200, description = "The certificate authorities", body = RootCaList))
)]
pub(crate) async fn trusted_root_cas(_: Caller<GetTrustedRootCas>, _: JsonBody<NoFields>) -> Json<RootCaList> {
    let listed = roots().iter().map(|root| ListedRootCa {
        name: &root.name,
        thumbprint: &root.thumbprint,
        algorithm: root.algorithm,
        expires: root.expires,
        isca: true,
        isdefault: true,
    });
    Json(RootCaList { trusted_root_cas: listed.collect() })
}
