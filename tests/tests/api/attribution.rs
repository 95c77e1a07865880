//! No call to AWS is nobody's: a function's counts among its rights, and a test's own goes over clients of its own.

use std::time::Duration;

use service::Service;
use tests::functions;
use tests::harness::{Bench, send};
use tokio::time::Instant;

/// What a task ended with that should not have gone on.
async fn refusal(work: impl Future<Output = ()> + Send + 'static) -> String {
    let panic = tokio::spawn(work).await.expect_err("it went on").into_panic();
    *panic.downcast::<String>().expect("a panic with a text")
}

#[tokio::test(flavor = "multi_thread")]
async fn work_that_no_function_is_named_for_ends_the_test() {
    let bench = Bench::start().await;
    let (service, tenant) = (bench.service().clone(), bench.tenant.id.clone());
    let read = refusal(async move {
        let _ = service.store().tenant(&tenant).await;
    });
    assert!(read.await.starts_with("DynamoDB GetItem is nobody's"));
    let path = domain::upload::UploadPath {
        tenant: bench.tenant.id.clone(),
        platform: domain::platform::Platform::Android,
        version: domain::platform::ConfigVersion::ALL[0],
        job: "1700000000".parse().unwrap(),
        file_name: "app.apk".parse().unwrap(),
    };
    let service = bench.service().clone();
    let signed = refusal(async move {
        let _ = service.store().presign_upload(&path).await;
    });
    assert!(signed.await.starts_with("S3 PutObject is nobody's"), "a signature is a use, too");

    // Tasks inherit nothing: work that a function leaves to one of its own would be lost.
    let service = bench.service().clone();
    let left = functions::act("maintenance", async move {
        tokio::spawn(async move { service.reconcile(Instant::now() + Duration::from_secs(60)).await }).await
    });
    assert!(left.await.unwrap_err().is_panic());

    // A router that is served without a name around each request.
    let router = api::serve(local::routes(), bench.app.clone());
    let bearer = bench.bearer();
    let answer = send(&router, "GET", "/automate/status/1700000000", &[("authorization", &bearer)], None).await;
    assert_eq!(answer.status, 500);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_functions_work_over_a_tests_own_clients_ends_the_test() {
    let bench = Bench::start().await;
    let service = Service::new(bench.store().clone(), bench.clock.clock());
    let refused = refusal(async move {
        let _ = functions::reconcile(&service).await;
    });
    assert_eq!(refused.await, "maintenance works over a test's own clients");
}
