//! Which certificates are trusted when the issuer is asked over TLS.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use identity::Verifier;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

use crate::issuer::pool;
use crate::tokens::{KEY, now, password_claims};

/// Where a process of this test finds the keys.
const KEYS_URL: &str = "KEYS_URL";

/// The variables cannot be set in this process, so that each case is one of its own.
fn outcome(url: &str, roots: &Path) -> String {
    let own = std::env::current_exe().unwrap();
    let arguments = ["--exact", "roots::one_process_asks_its_issuer", "--ignored", "--nocapture"];
    let mut command = Command::new(own);
    command.args(arguments).env(KEYS_URL, url).env("SSL_CERT_FILE", roots).env_remove("SSL_CERT_DIR");
    let ended = command.output().unwrap();
    let text = String::from_utf8(ended.stdout).unwrap();
    assert!(ended.status.success(), "{text}");
    let (_, said) = text.split_once("outcome: ").unwrap();
    said.lines().next().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_issuers_certificate_is_held_against_ssl_cert_file_alone() {
    let folder = tempfile::tempdir().unwrap();
    let own = folder.path().join("roots.pem");
    let url = serve(&own).await;
    let amazon = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/amazon-roots.pem");
    let missing = folder.path().join("missing.pem");
    let outcomes = [&own, &amazon, &missing].map(|roots| outcome(&url, roots));
    assert_eq!(outcomes[0], "Authentication failed");
    assert!(outcomes[1].contains("UnknownIssuer"), "{}", outcomes[1]);
    assert!(outcomes[2].contains("No CA certificates were loaded"), "{}", outcomes[2]);
}

#[tokio::test]
#[ignore = "a process of the test above"]
#[expect(clippy::disallowed_methods, clippy::print_stdout, reason = "the test above says where, and reads the outcome")]
async fn one_process_asks_its_issuer() {
    let verifier = Verifier::new(pool(std::env::var(KEYS_URL).unwrap()));
    // This process has a key of its own: with the other's keys, the token is refused.
    let error = verifier.verify(&KEY.token(&password_claims()), now()).await.unwrap_err();
    println!("outcome: {}", error.with_causes());
}

/// Serves keys over TLS, under a certificate authority that is written to `roots`.
async fn serve(roots: &Path) -> String {
    let authority_key = KeyPair::generate().unwrap();
    let mut authority = CertificateParams::new(vec![]).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    fs::write(roots, authority.self_signed(&authority_key).unwrap().pem()).unwrap();
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    let certificate = certificate.signed_by(&key, &Issuer::new(authority, authority_key)).unwrap();
    let private = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let config = ServerConfig::builder().with_no_client_auth();
    let acceptor = TlsAcceptor::from(Arc::new(config.with_single_cert(vec![certificate.into()], private).unwrap()));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}/keys", listener.local_addr().unwrap());
    let body = json!({ "keys": [KEY.published()] }).to_string();
    let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len());
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            // Whoever does not trust the certificate hangs up.
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            let _ = stream.read(&mut [0; 4096]).await;
            let _ = stream.write_all(answer.as_bytes()).await;
            let _ = stream.shutdown().await;
        }
    });
    url
}
