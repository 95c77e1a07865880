//! Documents: the standard ones of a plan, and how operators set a tenant's own.

use domain::document::{DocumentFields, DocumentSet};
use domain::plan::Plan;
use futures_util::future::join_all;
use http::StatusCode;
use serde_json::json;
use tests::harness::{Bench, fetch, python_tool, root};
use tests::members::Member;

use super::super::operator::{done, operate};

#[tokio::test(flavor = "multi_thread")]
async fn documents_are_those_of_the_plan_and_the_tenants_own() {
    let bench = Bench::start().await;
    let (owner, tenant) = (bench.owner(), bench.tenant.id.to_string());
    let list = bench.folder.path().join("documents.json");
    let content = b"%PDF-1.4 for this tenant".as_slice();
    std::fs::write(bench.folder.path().join("security-addendum.pdf"), content).unwrap();
    std::fs::write(&list, r#"[{"name": "Security Addendum", "filename": "security-addendum.pdf", "description": "Tenant-specific document."}]"#).unwrap();
    done(&bench, &["set-documents", &tenant, list.to_str().unwrap()]).await;

    let listed = owner.get("/frontend/documents").await;
    let documents = listed.body["documents"].as_array().unwrap();
    assert_eq!(
        documents[0],
        json!({
            "name": "Terms of Service", "filename": "terms.pdf", "category": "legal", "type": "standard",
            "description": "Terms and conditions for using AppTego.", "base_url": "/documents/legal/team/",
        })
    );
    let own = json!({
        "name": "Security Addendum", "filename": "security-addendum.pdf", "category": "custom",
        "description": "Tenant-specific document.", "type": "custom",
    });
    assert_eq!(documents.last(), Some(&own));
    let url = owner.get("/frontend/documents/download?filename=security-addendum.pdf").await.text("url");
    assert!(url.contains("X-Amz-Expires=300&"), "{url}");
    assert_eq!(fetch(&url).await, content);

    put_elsewhere(&bench, &owner).await;
    for name in [
        "terms.pdf",
        "..%2Fdocuments%2Fsecurity-addendum.pdf",
        "..%2f..%2fconfig",
        "%2e%2e%5csecurity-addendum.pdf",
        "security-addendum.pdf%00",
        "Security-Addendum.pdf",
        "",
        "%ff",
    ] {
        let answer = owner.get(&format!("/frontend/documents/download?filename={name}")).await;
        assert_eq!(answer.status.as_u16(), 404, "{name}: {}", answer.body);
    }
    for (query, code) in [("", "invalid_filename"), ("?filename=a&filename=b", "invalid_body")] {
        let answer = owner.get(&format!("/frontend/documents/download{query}")).await;
        assert_eq!((answer.status.as_u16(), answer.text("code").as_str()), (400, code));
    }

    std::fs::write(&list, "[]").unwrap();
    done(&bench, &["set-documents", &tenant, list.to_str().unwrap()]).await;
    assert_eq!(owner.get("/frontend/documents/download?filename=security-addendum.pdf").await.status.as_u16(), 404);
    assert_eq!(stored_documents(&bench).await, Vec::<String>::new());
}

/// A document of another tenant, which has the name that this one asks for.
async fn put_elsewhere(bench: &Bench, owner: &Member) {
    let (other, _) = bench.another_tenant(7, Plan::Team).await;
    bench.own().set_documents(&other.id, set([("terms.pdf", "%PDF-1.4 theirs")])).await.unwrap();
    let stranger = owner.in_tenant(&other.id);
    let answer = stranger.get("/frontend/documents/download?filename=security-addendum.pdf").await;
    assert_eq!(answer.status.as_u16(), 404);
}

/// Documents by their file names, with what their files hold.
fn set<const N: usize>(files: [(&str, &str); N]) -> DocumentSet {
    let document = |(filename, content): (&str, &str)| {
        let (name, description) = (filename.to_owned(), String::new());
        (DocumentFields { name, filename: filename.to_owned(), description }, content.into())
    };
    DocumentSet::new(files.map(document).into()).unwrap()
}

/// The keys of what is stored of a tenant's documents.
async fn stored_documents(bench: &Bench) -> Vec<String> {
    let prefix = format!("{}/documents/", bench.tenant.id);
    bench.objects().await.into_iter().filter(|key| key.starts_with(&prefix)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_of_documents_that_is_refused_changes_nothing() {
    let bench = Bench::start().await;
    let (owner, tenant, folder) = (bench.owner(), bench.tenant.id.to_string(), bench.folder.path());
    let content = async || {
        let answer = owner.get("/frontend/documents/download?filename=a.pdf").await;
        String::from_utf8(fetch(&answer.text("url")).await).unwrap()
    };
    bench.own().set_documents(&bench.tenant.id, set([("a.pdf", "%PDF-1.4 first")])).await.unwrap();
    let (before, stored) = (done(&bench, &["show", &tenant]).await, stored_documents(&bench).await);
    std::fs::write(folder.join("a.pdf"), "%PDF-1.4 second").unwrap();
    std::fs::write(folder.join("b.pdf"), "no PDF").unwrap();
    let list = folder.join("list.json");
    let entry = |name: &str, filename: &str| json!({ "name": name, "filename": filename, "description": "" });
    let mut unknown = entry("B", "a.pdf");
    unknown["category"] = "legal".into();
    for (documents, said) in [
        (json!([entry("A", "a.pdf"), entry("B", "b.pdf")]), "filename: b.pdf is no PDF file"),
        (json!([entry("A", "a.pdf"), entry("B", "missing.pdf")]), "cannot read"),
        (json!([entry("A", "a.pdf"), entry("B", "A.pdf")]), "filename of document 2 is there twice"),
        (json!([entry("A", "a.pdf"), entry("a", "b.pdf")]), "name of document 2 is there twice"),
        (json!([entry("", "a.pdf")]), "name of document 1 must be"),
        (json!([entry("two\nlines", "a.pdf")]), "name of document 1 must be"),
        (json!([entry("\u{202e}gnol", "a.pdf")]), "name of document 1 must be"),
        (json!([unknown]), "unknown field `category`"),
    ] {
        std::fs::write(&list, documents.to_string()).unwrap();
        let refused = operate(&bench, &["set-documents", &tenant, list.to_str().unwrap()]).await;
        let error = String::from_utf8_lossy(&refused.stderr);
        assert!(!refused.status.success() && error.contains(said), "{documents}: {error}");
        assert_eq!(content().await, "%PDF-1.4 first", "{documents}");
    }
    assert_eq!((done(&bench, &["show", &tenant]).await, stored_documents(&bench).await), (before, stored.clone()));

    std::fs::write(&list, json!([entry("A", "a.pdf")]).to_string()).unwrap();
    done(&bench, &["set-documents", &tenant, list.to_str().unwrap()]).await;
    assert_eq!(content().await, "%PDF-1.4 second");
    let after = stored_documents(&bench).await;
    assert!(after.len() == 1 && after != stored, "what was replaced is gone: {after:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_lists_at_once_one_is_there_whole_and_nothing_of_the_others() {
    let bench = Bench::start().await;
    let owner = bench.owner();
    let contents: Vec<String> = (0..8).map(|number| format!("%PDF-1.4 {number}")).collect();
    let sets = contents.iter().map(|content| set([("a.pdf", content), ("b.pdf", content)]));
    let sets = join_all(sets.map(|set| bench.own().set_documents(&bench.tenant.id, set))).await;
    assert!(sets.iter().all(Result::is_ok), "{sets:?}");
    let mut found = Vec::new();
    for name in ["a.pdf", "b.pdf"] {
        let url = owner.get(&format!("/frontend/documents/download?filename={name}")).await.text("url");
        found.push(fetch(&url).await);
    }
    assert_eq!(found[0], found[1]);
    assert!(contents.iter().any(|content| content.as_bytes() == found[0]));
    assert_eq!(stored_documents(&bench).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_standard_document_answers_where_the_list_says() {
    let bench = Bench::start().await;
    let (_server, address) = bench.serve().await;
    for (number, plan) in [(7, Plan::Free), (8, Plan::Team), (9, Plan::Enterprise)] {
        let (tenant, _) = bench.another_tenant(number, plan).await;
        let listed = bench.owner().in_tenant(&tenant.id).get("/frontend/documents").await;
        let documents = listed.body["documents"].as_array().unwrap();
        assert!(documents.len() >= 2 && documents.iter().all(|document| document["type"] == "standard"));
        for document in documents {
            let base = document["base_url"].as_str().unwrap();
            let page = String::from_utf8(fetch(&format!("{address}{base}")).await).unwrap();
            let file = document["filename"].as_str().unwrap();
            assert!(page.contains(file), "{base}");
            let response = reqwest::get(format!("{address}{base}{file}")).await.unwrap();
            assert_eq!(
                (response.status(), &response.headers()["content-type"]),
                (StatusCode::OK, &"application/pdf".parse().unwrap())
            );
            assert!(response.bytes().await.unwrap().starts_with(b"%PDF-"));
        }
    }
    for path in ["/documents/legal/", "/documents/legal/gold/terms.pdf", "/documents/../Cargo.toml"] {
        assert_eq!(reqwest::get(format!("{address}{path}")).await.unwrap().status(), StatusCode::NOT_FOUND, "{path}");
    }
}

/// The first page of each PDF file below a folder, as a library that refuses whatever is not quite right reads it.
const FIRST_PAGES: &str = "
import pathlib, sys, pypdf
for file in sorted(pathlib.Path(sys.argv[1]).rglob('*.pdf')):
    print(file.name, pypdf.PdfReader(file, strict=True).pages[0].extract_text().split('\\n')[0])";

#[test]
fn the_standard_documents_are_pdf_files_that_call_themselves_samples() {
    let Some(python) = python_tool("python") else { return };
    let folder = root().join("documents/legal");
    let read = std::process::Command::new(python).args(["-c", FIRST_PAGES]).arg(folder).output().unwrap();
    let said = String::from_utf8(read.stdout).unwrap();
    assert!(read.status.success(), "{}", String::from_utf8_lossy(&read.stderr));
    let plans = [2, 3, 4];
    assert_eq!(said.lines().count(), plans.into_iter().sum::<usize>(), "{said}");
    assert!(said.lines().all(|line| line.contains("SAMPLE - NOT A LEGAL DOCUMENT")), "{said}");
}
