//! Files in a bucket of an S3-compatible store.

use crate::s3::{KEY_ID, S3, SECRET};
use object_store::aws::AmazonS3Builder;
use std::time::{Duration, Instant};
use sumcast_service::{Artifacts, Bucket, File, Place, Use};

fn bucket(place: &str) -> Bucket {
    match place.parse() {
        Ok(Place::Bucket(bucket)) => bucket,
        other => panic!("{place} is no bucket: {other:?}"),
    }
}

/// As the environment says it.
fn access(store: &S3) -> AmazonS3Builder {
    AmazonS3Builder::new()
        .with_endpoint(store.endpoint())
        .with_access_key_id(KEY_ID)
        .with_secret_access_key(SECRET)
}

async fn open(store: &S3, place: &str) -> Artifacts {
    Artifacts::in_bucket(&bucket(place), access(store), Use::Writing).await.unwrap()
}

async fn refused(place: &str, access: AmazonS3Builder) -> String {
    format!("{:#}", Artifacts::in_bucket(&bucket(place), access, Use::Writing).await.unwrap_err())
}

#[tokio::test(flavor = "multi_thread")]
async fn files_are_written_read_and_removed() {
    let store = S3::begin();
    let artifacts = open(&store, "s3://sumcast/service").await;
    assert_eq!(store.objects(), [""; 0], "what is tried at the start is removed");
    assert_eq!(artifacts.given("a", File::Network).await.unwrap(), None);
    artifacts.put_given("a", File::Network, "network").await.unwrap();
    artifacts.put_given("a", File::Calibration, "inputs").await.unwrap();
    assert_eq!(artifacts.given("a", File::Network).await.unwrap().unwrap(), "network");
    assert_eq!(store.objects(), ["service/a/calibration.json", "service/a/network.onnx"]);
    assert_eq!(store.object("service/a/network.onnx"), b"network");
    artifacts.remove("a").await.unwrap();
    assert_eq!(store.objects(), [""; 0]);
    // What is gone already is removed as well.
    artifacts.remove("a").await.unwrap();
}

/// Names that begin as others do are others' names.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_removed_is_what_is_meant() {
    let store = S3::begin();
    let (one, other) = (open(&store, "s3://sumcast/one").await, open(&store, "s3://sumcast/one1").await);
    let all = open(&store, "s3://sumcast").await;
    for (artifacts, job) in [(&one, "a/1"), (&one, "a/10"), (&one, "ab"), (&other, "a/1"), (&all, "a/1")] {
        artifacts.put_given(job, File::Proof, "proof").await.unwrap();
    }
    one.remove("a/1").await.unwrap();
    assert_eq!(store.objects(), ["a/1/proof", "one/a/10/proof", "one/ab/proof", "one1/a/1/proof"]);
    one.remove("a").await.unwrap();
    assert_eq!(store.objects(), ["a/1/proof", "one/ab/proof", "one1/a/1/proof"]);
    all.remove("a").await.unwrap();
    assert_eq!(store.objects(), ["one/ab/proof", "one1/a/1/proof"]);
}

/// A store takes no body of any length, and an object is there once its last piece is.
#[tokio::test(flavor = "multi_thread")]
async fn a_large_file_is_written_in_pieces() {
    let store = S3::begin();
    let artifacts = open(&store, "s3://sumcast/service").await;
    let large: Vec<u8> = (0..20 << 20).map(|i: u32| (i ^ (i >> 13)) as u8).collect();
    artifacts.put_given("a", File::Network, large.clone()).await.unwrap();
    assert_eq!(store.seen("partNumber=").len(), 3);
    assert!(store.object("service/a/network.onnx") == large);
    assert!(artifacts.given("a", File::Network).await.unwrap().unwrap() == large);

    // It goes away between two pieces.
    store.hold(Some("b/network.onnx?partNumber=2"));
    let writing = tokio::spawn({
        let (artifacts, large) = (artifacts.clone(), large.clone());
        async move { artifacts.put_given("b", File::Network, large).await }
    });
    while store.seen("b/network.onnx?partNumber=2").is_empty() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    store.end();
    let refused = writing.await.unwrap().unwrap_err().to_string();
    assert!(refused.starts_with("cannot write b/network.onnx: "), "{refused}");
    store.hold(None);
    store.again();
    assert_eq!(artifacts.given("b", File::Network).await.unwrap(), None);
    artifacts.put_given("b", File::Network, large.clone()).await.unwrap();
    assert!(artifacts.given("b", File::Network).await.unwrap().unwrap() == large);
}

/// A piece that is refused leaves no others behind.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_whole_is_given_up() {
    let store = S3::begin();
    let artifacts = open(&store, "s3://sumcast").await;
    store.refuse("partNumber=3", 403, "AccessDenied");
    let refused = artifacts.put_given("a", File::Network, vec![0; 20 << 20]).await.unwrap_err();
    // What the store says with it has the key's name.
    assert_eq!(refused.to_string(), "cannot write a/network.onnx: AccessDenied: Not here");
    assert_eq!(store.seen("DELETE").iter().filter(|line| line.contains("uploadId=")).count(), 1);
    assert_eq!(store.objects(), [""; 0]);
}

/// It is not there for a moment, and whoever writes or reads does not notice.
#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_is_away_for_a_moment_is_asked_again() {
    let store = S3::begin();
    let artifacts = open(&store, "s3://sumcast").await;
    artifacts.put_given("a", File::Network, "network").await.unwrap();
    store.end();
    let asking = tokio::spawn(async move {
        let written = artifacts.put_given("b", File::Network, "other");
        tokio::join!(artifacts.given("a", File::Network), written)
    });
    tokio::time::sleep(Duration::from_secs(2)).await;
    store.again();
    let (read, written) = asking.await.unwrap();
    assert_eq!(read.unwrap().unwrap(), "network");
    written.unwrap();
    assert_eq!(store.object("b/network.onnx"), b"other");
}

/// A file that is not there is one thing, a bucket that is gone another: of the second nobody says that a file is missing.
#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_that_is_gone_is_a_fault() {
    let store = S3::begin();
    let artifacts = open(&store, "s3://sumcast").await;
    assert_eq!(artifacts.given("a", File::Network).await.unwrap(), None);
    store.refuse("a/network.onnx", 404, "NoSuchBucket");
    let refused = artifacts.given("a", File::Network).await.unwrap_err();
    assert_eq!(refused.to_string(), "cannot read a/network.onnx: NoSuchBucket: Not here");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_does_not_answer_is_not_waited_for() {
    let store = S3::begin();
    let artifacts = open(&store, "s3://sumcast").await;
    artifacts.put_given("a", File::Network, "network").await.unwrap();
    store.hold(Some("a/network.onnx"));
    let begun = Instant::now();
    let (read, written) =
        tokio::join!(artifacts.given("a", File::Network), artifacts.put_given("a", File::Network, "other"));
    assert_eq!(read.unwrap_err().to_string(), "cannot read a/network.onnx: operation timed out");
    assert_eq!(written.unwrap_err().to_string(), "cannot write a/network.onnx: operation timed out");
    // Before whoever has asked the service for something is told to ask again.
    assert!(begun.elapsed() < Duration::from_secs(28), "{:?}", begun.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_used_says_why_at_the_start() {
    let store = S3::begin();
    for (place, access, why) in [
        ("s3://missing", access(&store), "NoSuchBucket; make the bucket missing, or"),
        ("s3://sumcast", access(&store).with_secret_access_key("another-secret"), "SignatureDoesNotMatch"),
        ("s3://sumcast", access(&store).with_access_key_id("AKIAANOTHER"), "mend AWS_ACCESS_KEY_ID"),
        (
            "s3://sumcast",
            access(&store).with_secret_access_key("the secret\n"),
            "AWS_SECRET_ACCESS_KEY is empty, or has",
        ),
        ("s3://sumcast", access(&store).with_access_key_id(""), "AWS_ACCESS_KEY_ID is empty, or has"),
        ("s3://sumcast", AmazonS3Builder::new().with_access_key_id(KEY_ID), "one is set: set both"),
        ("s3://sumcast", access(&store).with_endpoint("127.0.0.1:9"), "AWS_ENDPOINT_URL is no address"),
        ("s3://sumcast", access(&store).with_endpoint("ftp://127.0.0.1:9"), "AWS_ENDPOINT_URL is no address"),
        (
            "s3://sumcast",
            access(&store).with_endpoint("http://key:secret@127.0.0.1:9"),
            "AWS_ENDPOINT_URL is no address",
        ),
    ] {
        let said = refused(place, access).await;
        assert!(said.contains(why), "{why}: {said}");
        assert!(!said.contains("secret") && !said.contains(SECRET), "{said}");
    }
    let nobody = access(&store).with_endpoint("http://127.0.0.1:9");
    let said = refused("s3://sumcast", nobody).await;
    assert!(said.contains("Connection refused") && said.contains("mend AWS_ENDPOINT_URL"), "{said}");
}

/// Whoever only reads may be given no more.
#[tokio::test(flavor = "multi_thread")]
async fn who_reads_writes_nothing() {
    let store = S3::begin();
    Artifacts::in_bucket(&bucket("s3://sumcast/service"), access(&store), Use::Reading).await.unwrap();
    assert!(!store.seen("GET").is_empty());
    assert_eq!(store.seen("PUT").len() + store.seen("DELETE").len(), 0);
    open(&store, "s3://sumcast/service").await;
    assert_eq!((store.seen("PUT").len(), store.seen("DELETE").len()), (1, 1));
}

/// Neither what a store is opened with nor what comes of it shows a secret.
#[tokio::test(flavor = "multi_thread")]
async fn no_secret_is_shown() {
    let store = S3::begin();
    let artifacts = open(&store, "s3://sumcast/service").await;
    let shown = format!("{artifacts:?}");
    assert!(shown.contains("service") && !shown.contains(SECRET) && !shown.contains(KEY_ID), "{shown}");
}
