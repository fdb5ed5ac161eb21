//! Files in a bucket: a store that goes away, and processes that share nothing but it and the database.

use crate::on_both;
use crate::place::Place;
use crate::s3::{KEY_ID, S3, SECRET};
use crate::serving::Serving;
use std::process::{Command, Stdio};

on_both!(a_worker_elsewhere_has_the_database_and_the_bucket_alone);

/// The settings of a service whose files are in the bucket.
const IN_BUCKET: &str = "artifacts = \"s3://sumcast/service\"";

/// With what leads to the store, and nothing else that would.
fn with(store: &S3, mut command: Command) -> Command {
    for (variable, _) in std::env::vars_os() {
        if variable.to_str().is_some_and(|variable| variable.starts_with("AWS_")) {
            command.env_remove(variable);
        }
    }
    command.env("AWS_ENDPOINT_URL", store.endpoint()).env("AWS_REGION", "eu-central-1");
    command.env("AWS_ACCESS_KEY_ID", KEY_ID).env("AWS_SECRET_ACCESS_KEY", SECRET);
    command
}

fn serve(store: &S3, place: &Place) -> Serving {
    place.begin(with(store, place.command(&[], "serve", IN_BUCKET)))
}

fn a_worker_elsewhere_has_the_database_and_the_bucket_alone(place: &mut Place) {
    let store = S3::begin();
    let settings = format!("{IN_BUCKET}\njobs_at_once = 0");
    let desk = place.begin(with(&store, place.command(&[], "serve", &settings)));
    let elsewhere = Place::sqlite();
    let mut command = with(&store, elsewhere.command(&[], "worker", ""));
    command.args(["--artifacts", "s3://sumcast/service"]).env("DATABASE_URL", place.database());
    let worker = Serving::begin(command, elsewhere.folder.path());
    let model = desk.model("linreg");
    desk.done(&model);
    let proof = desk.submit(&model, ("linreg", 0));
    assert_eq!(desk.proven(place, &proof)["attempts"], 1);
    assert_eq!(
        store.objects(),
        [
            format!("service/{model}/1/model.bin"),
            format!("service/{model}/1/vk"),
            format!("service/{model}/calibration.json"),
            format!("service/{model}/network.onnx"),
            format!("service/{proof}/1/proof"),
        ]
    );
    for place in [&*place, &elsewhere] {
        assert!(!place.data().join("artifacts").exists());
    }
    worker.stop();
    desk.stop();
}

/// The store goes away while a proof is written: the proof is made again once it is back, and there is one.
#[test]
fn a_proof_waits_for_the_store() {
    let (place, store) = (Place::sqlite(), S3::begin());
    let service = serve(&store, &place);
    let model = service.model("linreg");
    service.done(&model);
    store.hold(Some("/1/proof"));
    let proof = service.submit(&model, ("linreg", 0));
    store.wait_for("/1/proof");
    store.end();
    let (status, problem) = service.upload("linreg", Some("away"));
    assert_eq!(status, 500, "{problem}");
    // What needs no file is accepted all the while.
    let next = service.submit(&model, ("linreg", 1));
    assert_eq!(service.get("/health/ready"), b"ok");
    service.until(&proof, |job| job["attempts"] == 1 && job["state"] == "queued");
    store.hold(None);
    store.again();
    for id in [&proof, &next] {
        let job = service.proven(&place, id);
        assert!((1..=3).contains(&job["attempts"].as_u64().unwrap()), "{job}");
        assert_eq!(of_job(&store, id), [format!("service/{id}/{}/proof", job["attempts"])]);
    }
    let (status, job) = service.upload("linreg", Some("away"));
    assert_eq!(status, 202, "{job}");
    service.done(job["id"].as_str().unwrap());
    assert_eq!(service.json("/v1/models")["jobs"].as_array().unwrap().len(), 2);
    assert_eq!(service.json("/v1/proofs")["jobs"].as_array().unwrap().len(), 2);
    // Of two models, each with what it was made of, and two proofs.
    assert_eq!(store.objects().len(), 2 * 4 + 2, "{:?}", store.objects());
    assert!(String::from_utf8(service.get("/metrics")).unwrap().contains("sumcast_artifacts_failed_total"));
    service.stop();
}

/// The objects of a job.
fn of_job(store: &S3, id: &str) -> Vec<String> {
    store.objects().into_iter().filter(|name| name.contains(id)).collect()
}

/// It goes away in the middle of an upload: there is no job, and the same request is accepted later, once.
#[test]
fn an_upload_is_cut_off() {
    let (place, store) = (Place::sqlite(), S3::begin());
    let service = serve(&store, &place);
    store.hold(Some("/calibration.json"));
    std::thread::scope(|scope| {
        let uploading = scope.spawn(|| service.upload("linreg", Some("cut")));
        store.wait_for("/calibration.json");
        store.end();
        let (status, problem) = uploading.join().unwrap();
        assert_eq!(status, 500, "{problem}");
        assert!(problem["detail"].as_str().unwrap().contains("try again"), "{problem}");
    });
    assert_eq!(service.json("/v1/jobs")["jobs"].as_array().unwrap().len(), 0);
    store.hold(None);
    store.again();
    let (status, job) = service.upload("linreg", Some("cut"));
    assert_eq!(status, 202, "{job}");
    let model = job["id"].as_str().unwrap();
    service.done(model);
    let proof = service.submit(model, ("linreg", 0));
    service.proven(&place, &proof);
    assert_eq!(service.json("/v1/models")["jobs"].as_array().unwrap().len(), 1);
    // What the first one has left is nobody's.
    let names = store.objects();
    let (kept, left): (Vec<_>, Vec<_>) =
        names.iter().partition(|name| name.contains(model) || name.contains(&proof));
    assert_eq!((kept.len(), left.len()), (5, 1), "{names:?}");
    service.stop();
}

/// A process does not begin with a place that it cannot use, and tells no secret.
#[test]
fn what_is_wrong_is_told_at_the_start() {
    let (place, store) = (Place::sqlite(), S3::begin());
    let refused = |command: &mut Command, why: &[&str]| {
        let ended = command.stderr(Stdio::piped()).output().unwrap();
        let said = String::from_utf8(ended.stderr).unwrap();
        assert!(!ended.status.success(), "{said}");
        for why in why {
            assert!(said.contains(why), "{why}: {said}");
        }
        assert!(!said.contains(SECRET), "{said}");
    };
    for which in ["serve", "worker"] {
        let command = |settings: &str| with(&store, place.command(&[], which, settings));
        let wrong = [KEY_ID, SECRET].join("/");
        refused(
            command(IN_BUCKET).env("AWS_SECRET_ACCESS_KEY", wrong),
            &["s3://sumcast/service", "AWS_SECRET_ACCESS_KEY"],
        );
        refused(
            &mut command("artifacts = \"s3://missing\""),
            &["s3://missing", "NoSuchBucket", "make the bucket"],
        );
        let url = format!("artifacts = \"s3://{KEY_ID}:{SECRET}@sumcast\"");
        refused(&mut command(&url), &[&format!("{which}.toml: artifacts names no bucket")]);
        refused(
            command("").env("SUMCAST_ARTIFACTS", format!("gs://{SECRET}")),
            &["artifacts is neither s3://"],
        );
    }
    let mut command = with(&store, place.command(&[], "serve", IN_BUCKET));
    let nobody = command.env("AWS_ENDPOINT_URL", "http://127.0.0.1:9");
    refused(nobody, &["Connection refused", "AWS_ENDPOINT_URL"]);

    // Nor does it print one.
    let mut command = with(&store, place.command(&[], "serve", IN_BUCKET));
    let printed = command.arg("--print-config").stdout(Stdio::piped()).output().unwrap();
    let printed = String::from_utf8(printed.stdout).unwrap();
    assert!(
        printed.contains(IN_BUCKET) && !printed.contains(SECRET) && !printed.contains(KEY_ID),
        "{printed}"
    );
}
