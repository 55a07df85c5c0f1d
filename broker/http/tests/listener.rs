//! Listeners against raw sockets and a TLS client: what clients may do, and what they may not hold on to.

#![allow(missing_docs, clippy::unwrap_used)]

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::Extension;
use axum::routing::{get, post};
use highway_http::{HttpListener, HttpOptions, Peer, TlsFiles, TlsSettings};
use rcgen::{CertificateParams, CertifiedIssuer, KeyPair};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;
use tokio_util::sync::CancellationToken;

const GET: &[u8] = b"GET /hello HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";

fn router() -> Router {
    Router::new()
        .route(
            "/hello",
            get(|Extension(peer): Extension<Peer>| async move { format!("hello tls={}", peer.tls) }),
        )
        .route("/length", post(|body: axum::body::Bytes| async move { body.len().to_string() }))
}

fn options() -> HttpOptions {
    HttpOptions {
        header_timeout: Duration::from_millis(200),
        body_idle: Duration::from_millis(200),
        ..HttpOptions::new("test", 1000)
    }
}

async fn serve(options: HttpOptions) -> (SocketAddr, CancellationToken, JoinHandle<()>) {
    let listener = HttpListener::bind("127.0.0.1", 0, options).await.unwrap();
    let (address, stop) = (listener.address(), CancellationToken::new());
    let task = tokio::spawn(listener.serve(router(), stop.clone()));
    (address, stop, task)
}

async fn ask(address: SocketAddr, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request).await.unwrap();
    answer(stream).await
}

/// Everything until the listener closes; a listener that does not is an error.
async fn answer(mut stream: impl tokio::io::AsyncRead + Unpin) -> String {
    let mut seen = Vec::new();
    let read = tokio::time::timeout(Duration::from_secs(10), stream.read_to_end(&mut seen)).await;
    read.expect("the listener ends the connection").ok();
    String::from_utf8_lossy(&seen).into_owned()
}

#[tokio::test]
async fn plain_requests_are_answered_and_bodies_are_bounded() {
    let (address, _stop, _task) = serve(options()).await;
    assert!(ask(address, GET).await.ends_with("hello tls=false"));
    let post = |n: usize| {
        let head =
            format!("POST /length HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {n}\r\n\r\n");
        [head.as_bytes(), &vec![b'a'; n]].concat()
    };
    assert!(ask(address, &post(1000)).await.ends_with("1000"));
    assert!(ask(address, &post(1001)).await.starts_with("HTTP/1.1 413"));
    let endless = [b"GET /hello HTTP/1.1\r\nx: ".as_slice(), &[b'a'; 100_000]].concat();
    let seen = ask(address, &endless).await;
    assert!(seen.is_empty() || seen.starts_with("HTTP/1.1 431"), "{seen}");
}

#[tokio::test]
async fn slow_clients_are_let_go() {
    let (address, _stop, _task) = serve(options()).await;
    assert_eq!(ask(address, b"GET /hel").await, "", "headers that do not come");
    let half = b"POST /length HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 100\r\n\r\nhalf";
    let seen = ask(address, half).await;
    assert!(seen.starts_with("HTTP/1.1 4"), "a body that does not come: {seen}");
}

#[tokio::test]
async fn connections_beyond_the_limit_wait_for_a_place() {
    let (address, _stop, _task) =
        serve(HttpOptions { connections_max: 1, header_timeout: Duration::from_secs(60), ..options() }).await;
    let mut first = TcpStream::connect(address).await.unwrap();
    first.write_all(b"GET /hello HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    let mut one = [0; 12];
    first.read_exact(&mut one).await.unwrap();
    let mut second = TcpStream::connect(address).await.unwrap();
    second.write_all(GET).await.unwrap();
    let waiting = tokio::time::timeout(Duration::from_millis(300), second.read_exact(&mut one)).await;
    assert!(waiting.is_err(), "the second is not served beside the first");
    drop(first);
    assert!(answer(second).await.ends_with("hello tls=false"));
}

#[tokio::test]
async fn a_stop_answers_what_was_begun_and_frees_the_port() {
    let (address, stop, task) = serve(options()).await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(b"POST /length HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\n\r\nab").await.unwrap();
    // Its headers are read once an answer to a request before it came.
    assert!(ask(address, GET).await.ends_with("hello tls=false"));
    stop.cancel();
    stream.write_all(b"cd").await.unwrap();
    assert!(answer(stream).await.ends_with('4'));
    task.await.unwrap();
    assert!(TcpStream::connect(address).await.is_err());
}

struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    fn issue(&self, dir: &Path, name: &str) -> (std::path::PathBuf, std::path::PathBuf) {
        let key = KeyPair::generate().unwrap();
        let certificate =
            CertificateParams::new(vec!["localhost".to_owned()]).unwrap().signed_by(&key, &self.0).unwrap();
        let paths = (dir.join(format!("{name}.pem")), dir.join(format!("{name}.key")));
        std::fs::write(&paths.0, certificate.pem()).unwrap();
        std::fs::write(&paths.1, key.serialize_pem()).unwrap();
        paths
    }

    fn file(&self, dir: &Path) -> std::path::PathBuf {
        let path = dir.join("ca.pem");
        std::fs::write(&path, self.0.pem()).unwrap();
        path
    }
}

async fn ask_tls(
    address: SocketAddr,
    authority: &Authority,
    identity: Option<&(std::path::PathBuf, std::path::PathBuf)>,
) -> Result<String, std::io::Error> {
    let mut roots = RootCertStore::empty();
    roots.add(authority.0.der().clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots);
    let config = match identity {
        None => builder.with_no_client_auth(),
        Some((certificate, key)) => builder
            .with_client_auth_cert(
                vec![CertificateDer::from_pem_file(certificate).unwrap()],
                PrivateKeyDer::from_pem_file(key).unwrap(),
            )
            .unwrap(),
    };
    let stream = TcpStream::connect(address).await?;
    let name = ServerName::try_from("localhost").unwrap();
    let mut stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await?;
    stream.write_all(GET).await?;
    let mut seen = Vec::new();
    stream.read_to_end(&mut seen).await?;
    Ok(String::from_utf8_lossy(&seen).into_owned())
}

#[tokio::test]
async fn tls_with_and_without_client_certificates() {
    let dir = tempfile::tempdir().unwrap();
    let authority = Authority::new();
    let (certificate, key) = authority.issue(dir.path(), "server");
    let identity = authority.issue(dir.path(), "client");
    for client_ca in [None, Some(authority.file(dir.path()))] {
        let files =
            TlsFiles { certificate: certificate.clone(), key: key.clone(), client_ca: client_ca.clone() };
        let tls = TlsSettings::load(&files).unwrap();
        let (address, _stop, _task) = serve(options().with_tls(Some(tls))).await;
        let with = ask_tls(address, &authority, Some(&identity)).await.unwrap();
        assert!(with.ends_with("hello tls=true"));
        let without = ask_tls(address, &authority, None).await;
        assert_eq!(without.is_ok_and(|seen| seen.ends_with("hello tls=true")), client_ca.is_none());
        assert!(!ask(address, GET).await.contains("hello"), "plain HTTP is not answered");
    }
}

#[test]
fn files_that_are_no_certificates_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let authority = Authority::new();
    let (certificate, key) = authority.issue(dir.path(), "server");
    let (_, other_key) = authority.issue(dir.path(), "other");
    let text = dir.path().join("text");
    std::fs::write(&text, "no PEM").unwrap();
    let missing = dir.path().join("missing.pem");
    for (certificate, key, named) in [
        (&missing, &key, &missing),
        (&text, &key, &text),
        (&certificate, &text, &text),
        (&certificate, &other_key, &other_key),
    ] {
        let files = TlsFiles { certificate: certificate.clone(), key: key.clone(), client_ca: None };
        let error = TlsSettings::load(&files).unwrap_err().to_string();
        assert!(error.contains(&named.display().to_string()), "{error}");
    }
}
