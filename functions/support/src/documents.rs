//! Tenant documents (page 003, "Tenant Documents").

use api::access::{DownloadDocument, GetDocuments};
use api::fields::required;
use api::{ApiResult, App, Caller, ErrorBody, QueryFields};
use axum::Json;
use axum::extract::State;
use domain::document::{StandardDocument, TenantDocument, base_url, standard};
use domain::plan::Plan;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// The documents of the tenant.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DocumentList {
    /// The standard ones of its plan, then its own.
    documents: Vec<ListedDocument>,
}

/// A document.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ListedDocument {
    /// For people.
    #[schema(example = "Terms of Service")]
    name: String,
    /// The file.
    #[schema(example = "terms.pdf")]
    filename: String,
    /// `legal` or `custom`.
    #[schema(example = "legal")]
    category: &'static str,
    /// What it says.
    #[schema(example = "Terms and conditions for using AppTego.")]
    description: String,
    /// Where the file stands, on the host of the portal; absent for a custom document.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "/documents/legal/team/")]
    base_url: Option<&'static str>,
    /// `standard` or `custom`.
    #[serde(rename = "type")]
    #[schema(example = "standard")]
    kind: &'static str,
}

/// List documents
///
/// A standard document is at `base_url` followed by `filename`; a custom one is got through the download call.
#[utoipa::path(
    get, path = "/frontend/documents", tag = "support",
    responses((status = 200, description = "The documents of the tenant", body = DocumentList))
)]
pub(crate) async fn list_documents(caller: Caller<GetDocuments>) -> Json<DocumentList> {
    let plan = caller.tenant.plan;
    let own = if plan >= Plan::Team { caller.tenant.documents.as_slice() } else { &[] };
    let standard = standard(plan).iter().map(|document| ListedDocument::standard(document, plan));
    Json(DocumentList { documents: standard.chain(own.iter().map(ListedDocument::custom)).collect() })
}

impl ListedDocument {
    fn standard(document: &StandardDocument, plan: Plan) -> Self {
        Self {
            name: document.name.to_owned(),
            filename: document.filename.to_owned(),
            category: "legal",
            description: document.description.to_owned(),
            base_url: Some(base_url(plan)),
            kind: "standard",
        }
    }

    fn custom(document: &TenantDocument) -> Self {
        let TenantDocument { name, filename, description, .. } = document.clone();
        Self { name, filename, category: "custom", description, base_url: None, kind: "custom" }
    }
}

/// The document to be downloaded.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct DocumentQuery {
    /// Its `filename` in the list.
    #[param(required = true, nullable = false, example = "security-addendum.pdf")]
    filename: Option<String>,
}

/// Where a document is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DocumentAnswer {
    /// Downloads it, for five minutes.
    url: String,
}

/// Download a custom document
#[utoipa::path(
    get, path = "/frontend/documents/download", tag = "support", params(DocumentQuery),
    responses(
        (status = 200, description = "Where the document is", body = DocumentAnswer),
        (status = 400, description = "The file name is missing", body = ErrorBody),
        (status = 404, description = "The tenant has no such document of its own", body = ErrorBody),
    )
)]
pub(crate) async fn download_document(
    State(app): State<App>,
    caller: Caller<DownloadDocument>,
    QueryFields(query): QueryFields<DocumentQuery>,
) -> ApiResult<Json<DocumentAnswer>> {
    let filename = required(query.filename, "filename", "Filename is missing")?;
    Ok(Json(DocumentAnswer { url: app.service.document_url(&caller, &filename).await? }))
}
