//! The standard legal documents and the pages of the guides, which AWS serves from a bucket of static files.

use std::sync::LazyLock;

use axum::Router;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use guides::Page;
use http::StatusCode;
use http::header::CONTENT_TYPE;

macro_rules! files {
    ($($path:literal),* $(,)?) => {
        [$(($path, include_bytes!(concat!("../../../documents/", $path)).as_slice())),*]
    };
}

/// Every file below `documents/legal`, by its path in `documents`.
static FILES: [(&str, &[u8]); 12] = files![
    "legal/enterprise/data-processing.pdf",
    "legal/enterprise/index.html",
    "legal/enterprise/privacy.pdf",
    "legal/enterprise/service-level.pdf",
    "legal/enterprise/terms.pdf",
    "legal/free/index.html",
    "legal/free/privacy.pdf",
    "legal/free/terms.pdf",
    "legal/team/data-processing.pdf",
    "legal/team/index.html",
    "legal/team/privacy.pdf",
    "legal/team/terms.pdf",
];

/// Answers at the paths at which AWS has them.
pub fn router() -> Router {
    Router::new().route("/documents/{*path}", get(file))
}

/// Every file below `documents/guides`.
static PAGES: LazyLock<Vec<Page>> = LazyLock::new(guides::pages);

async fn file(Path(path): Path<String>) -> Response {
    let path = if path.ends_with('/') { format!("{path}index.html") } else { path };
    let Some(content) = content(&path) else { return StatusCode::NOT_FOUND.into_response() };
    let kind = if path.ends_with(".pdf") { "application/pdf" } else { "text/html; charset=utf-8" };
    ([(CONTENT_TYPE, kind)], content).into_response()
}

fn content(path: &str) -> Option<&'static [u8]> {
    match path.strip_prefix("guides/") {
        Some(name) => PAGES.iter().find(|page| page.name == name).map(|page| page.content.as_bytes()),
        None => FILES.iter().find(|(name, _)| *name == path).map(|(_, content)| *content),
    }
}

#[cfg(test)]
mod tests {
    use domain::document::{base_url, standard};
    use domain::plan::Plan;

    use super::*;

    #[test]
    fn the_files_are_those_that_the_plans_list_and_a_page_for_each() {
        let mut listed: Vec<String> = Vec::new();
        for plan in Plan::ALL {
            let folder = base_url(plan).strip_prefix("/documents/").unwrap();
            listed.extend(standard(plan).iter().map(|document| format!("{folder}{}", document.filename)));
            listed.push(format!("{folder}index.html"));
        }
        listed.sort();
        assert_eq!(FILES.map(|(name, _)| name.to_owned()).to_vec(), listed);
        for (name, content) in FILES.iter().filter(|(name, _)| name.ends_with(".pdf")) {
            assert!(content.starts_with(b"%PDF-"), "{name}");
        }
    }

    #[tokio::test]
    async fn guides_are_pages_and_their_folder_lists_them() {
        for page in guides::pages() {
            let response = file(Path(format!("guides/{}", page.name))).await;
            assert_eq!(response.status(), StatusCode::OK, "{}", page.name);
            assert_eq!(response.headers()[CONTENT_TYPE], "text/html; charset=utf-8");
        }
        assert_eq!(file(Path("guides/".to_owned())).await.status(), StatusCode::OK);
        for path in ["guides/none.html", "guides/../Cargo.toml", "guides/legal/free/terms.pdf", "guides"] {
            assert_eq!(file(Path(path.to_owned())).await.status(), StatusCode::NOT_FOUND, "{path}");
        }
    }
}
