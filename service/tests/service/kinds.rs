//! What else is proven than one inference: many at once, epochs of a topic, what an offchain node asks for.

use crate::running::{Place, Running, bundled, linreg, on_both, sample};
use reqwest::StatusCode;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use sumcast_service::Config;
use sumcast_verifier::{Key, ProofFile, verify};

impl Running {
    async fn bytes(&self, path: &str) -> Vec<u8> {
        let response = self.client.get(format!("{}{path}", self.url)).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        response.bytes().await.unwrap().to_vec()
    }

    /// The job at its end, which is a good one.
    async fn done(&self, id: &str) -> Value {
        let last = self.events(id).await.pop().unwrap();
        assert_eq!(last["state"], "done", "{last}");
        last
    }

    /// A job's proof, which is valid by the key that the service gives with it.
    async fn proof(&self, id: &str) -> (Key, ProofFile) {
        let key = Key::from_bytes(&self.bytes(&format!("/v1/jobs/{id}/files/vk")).await).unwrap();
        let proof = self.bytes(&format!("/v1/jobs/{id}/files/proof")).await;
        let proof = ProofFile::from_bytes(&proof).unwrap();
        assert_eq!(verify(&key, &proof), Ok(()));
        (key, proof)
    }

    async fn epoch(&self, path: &str, epoch: &[u8]) -> (StatusCode, Value) {
        let request = self.client.post(format!("{}{path}", self.url)).body(epoch.to_vec());
        let response = request.send().await.unwrap();
        (response.status(), response.json().await.unwrap())
    }
}

fn fixture(name: &str) -> Vec<u8> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../circuits/tests/epochs");
    std::fs::read(folder.join(name)).unwrap()
}

fn id(job: &Value) -> &str {
    job["id"].as_str().unwrap()
}

on_both!(
    inputs_that_wait_together_are_in_few_proofs,
    a_proof_waits_for_its_model,
    what_is_hidden_has_an_opening,
    epochs_are_proven_and_keep_the_commitment_of_a_state,
    a_node_has_its_number_at_once_and_the_proof_of_it,
);

async fn inputs_that_wait_together_are_in_few_proofs(place: &Place) {
    let service = Running::begin(place.config()).await;
    let model = service.model().await;
    service.end().await;

    // They are asked for while nobody works.
    let idle = Config { jobs_at_once: 0, queue_limit: 12, ..place.config() };
    let service = Running::begin(idle).await;
    let json: Value = serde_json::from_slice(&bundled("inputs.json")).unwrap();
    let mut inputs: Vec<Value> = json["inputs"].as_array().unwrap()[..7].to_vec();
    let asked = json!({"model": model, "inputs": inputs, "context": "cd".repeat(32)});
    let (status, batch) = service.post("/v1/batches", &asked, Some("seven")).await;
    assert_eq!((status, batch["jobs"].as_array().map(Vec::len)), (StatusCode::ACCEPTED, Some(7)), "{batch}");
    // Twice is once, and what does not fit waits nowhere.
    let (_, again) = service.post("/v1/batches", &asked, Some("seven")).await;
    assert_eq!(again, batch);
    let (status, _) = service.post("/v1/batches", &asked, Some("other")).await;
    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS);
    for count in [0, 257] {
        let asked = json!({"model": model, "inputs": vec![&inputs[0]; count]});
        let (status, problem) = service.post("/v1/batches", &asked, None).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{problem}");
    }
    // Of another context, and one that is to be alone.
    let other = json!({"model": model, "input": inputs[0], "together": true});
    let (_, other) = service.post("/v1/proofs", &other, None).await;
    let alone = json!({"model": model, "input": inputs[0], "context": "cd".repeat(32)});
    let (_, alone) = service.post("/v1/proofs", &alone, None).await;
    service.end().await;

    let service = Running::begin(place.config()).await;
    let mut sizes = vec![];
    let mut proofs = BTreeSet::new();
    for (i, job) in batch["jobs"].as_array().unwrap().iter().enumerate() {
        let done = service.done(id(job)).await;
        let expected = json["outputs"][i][0].as_f64().unwrap();
        assert!((done["result"]["output"][0].as_f64().unwrap() - expected).abs() < 1e-4, "{done}");
        let (key, proof) = service.proof(id(job)).await;
        let size = done["result"]["together"]["inputs"].as_u64().unwrap_or(1);
        // The ten numbers of the input are where the result says, in steps of sixteen.
        let at = done["result"]["together"]["index"].as_u64().unwrap_or(0) as usize;
        let own = &proof.statement.tensors[0].public().unwrap()[16 * at..];
        let first = inputs[i][0].as_f64().unwrap() * f64::from(1 << key.program.tensors[0].fraction);
        assert!((own[0] as f64 - first).abs() <= 1.0, "{} {first}", own[0]);
        sizes.push(size);
        proofs.insert(proof.to_bytes());
    }
    sizes.sort_unstable();
    assert_eq!((sizes, proofs.len()), (vec![1, 2, 2, 4, 4, 4, 4], 3));
    for job in [&other, &alone] {
        assert_eq!(service.done(id(job)).await["result"]["together"], Value::Null);
    }
    let (_, listed) = service.get(&format!("/v1/proofs?batch={}", batch["batch"].as_str().unwrap())).await;
    assert_eq!(listed["jobs"].as_array().map(Vec::len), Some(7));

    // One input beyond its bounds does not keep the others from their proofs.
    inputs[2] = json!(vec![1e9; 10]);
    let asked = json!({"model": model, "inputs": inputs});
    let (_, batch) = service.post("/v1/batches", &asked, None).await;
    for (i, job) in batch["jobs"].as_array().unwrap().iter().enumerate() {
        let last = service.events(id(job)).await.pop().unwrap();
        assert_eq!(last["state"], if i == 2 { "failed" } else { "done" }, "{last}");
    }
    service.end().await;
}

async fn a_proof_waits_for_its_model(place: &Place) {
    let service = Running::begin(Config { jobs_at_once: 4, ..place.config() }).await;
    let (_, model) = service.upload(linreg()).await;
    let asked = json!({"model": id(&model), "input": sample().0});
    let (_, job) = service.post("/v1/proofs", &asked, None).await;
    // It is begun once, and that is after the model was done.
    let done = service.done(id(&job)).await;
    assert_eq!(done["attempts"], 1, "{done}");
    let (_, model) = service.get(&format!("/v1/jobs/{}", id(&model))).await;
    assert!(done["started"].as_i64() >= model["finished"].as_i64(), "{done} {model}");
    // Of a model that is none there is none.
    let (_, model) = service.upload(Form::new().part("model", Part::bytes(b"none".to_vec()))).await;
    let (status, job) = service.post("/v1/proofs", &json!({"model": id(&model), "input": []}), None).await;
    if status == StatusCode::ACCEPTED {
        let failed = service.events(id(&job)).await.pop().unwrap();
        assert_eq!((&failed["state"], &failed["attempts"]), (&json!("failed"), &json!(1)), "{failed}");
    }
    service.end().await;
}

async fn what_is_hidden_has_an_opening(place: &Place) {
    let service = Running::begin(place.config()).await;
    let (_, model) = service.upload(linreg().text("hide_input", "true")).await;
    service.done(id(&model)).await;
    let asked = json!({"model": id(&model), "input": sample().0});
    let (_, job) = service.post("/v1/proofs", &asked, None).await;
    service.done(id(&job)).await;
    let (_, proof) = service.proof(id(&job)).await;
    assert!(proof.statement.tensors[0].public().is_none() && proof.statement.tensors[1].public().is_some());
    let opening = service.bytes(&format!("/v1/jobs/{}/files/opening", id(&job))).await;
    let opening = sumcast_prover::OpeningFile::from_bytes(&opening).unwrap();
    assert_eq!(opening.tensors.len(), 1);
    // The weights are nobody's to have.
    for file in ["model.bin", "network.onnx", "..%2Fsumcast.db", "opening"] {
        let (status, _) = service.get(&format!("/v1/jobs/{}/files/{file}", id(&model))).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{file}");
    }
    service.end().await;
}

async fn epochs_are_proven_and_keep_the_commitment_of_a_state(place: &Place) {
    let service = Running::begin(place.config()).await;
    let (status, job) = service.epoch("/v1/syntheses", &fixture("synthesis_g1_301.json")).await;
    assert_eq!((status, &job["topic"]), (StatusCode::ACCEPTED, &json!("1")), "{job}");
    // It is done after the one whose state it has.
    let path = format!("/v1/syntheses?state={}", id(&job));
    let (status, same) = service.epoch(&path, &fixture("synthesis_g1_301.json")).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{same}");
    let (status, settled) = service.epoch("/v1/settlements", &fixture("settle_301.json")).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{settled}");

    let done = service.done(id(&job)).await;
    let outcome = &done["result"]["outcome"];
    let inference: f64 = outcome["network_inference"].as_str().unwrap().parse().unwrap();
    assert!((inference - 0.194_506_144_330_65).abs() < 1e-10, "{done}");
    assert_eq!(done["result"]["block_height"], 301);
    let settled = service.done(id(&settled)).await;
    let loss: f64 = settled["result"]["outcome"]["losses"]["network"].as_str().unwrap().parse().unwrap();
    assert!((loss + 3.827_041_560_629_895).abs() < 1e-10, "{settled}");

    service.proof(id(&settled)).await;
    // Both statements have one commitment of the state.
    service.done(id(&same)).await;
    let (key, first) = service.proof(id(&job)).await;
    let (_, second) = service.proof(id(&same)).await;
    assert_eq!(first.statement.tensors[2], second.statement.tensors[2]);
    assert_ne!(first.body, second.body);
    // Whoever makes the key anew gets the same model id.
    assert_eq!(hex::encode(key.model_id()), done["result"]["model_id"].as_str().unwrap());

    let (_, listed) = service.get("/v1/syntheses?topic=1").await;
    assert_eq!(listed["jobs"].as_array().map(Vec::len), Some(2));
    let (_, listed) = service.get("/v1/syntheses?topic=2").await;
    assert_eq!(listed["jobs"].as_array().map(Vec::len), Some(0));
    for (path, status, detail) in [
        ("/v1/syntheses?inferers=2", 422, "inferers is 2, and the epoch has 5"),
        ("/v1/syntheses?frac_bits=7", 422, "frac_bits is 7"),
        ("/v1/syntheses?context=00", 422, "64 hexadecimal digits"),
        ("/v1/syntheses?state=none", 404, "none"),
        ("/v1/settlements", 422, "settlement"),
    ] {
        let (found, problem) = service.epoch(path, &fixture("synthesis_g1_301.json")).await;
        assert_eq!(found.as_u16(), status, "{path}: {problem}");
        assert!(problem["detail"].as_str().unwrap().contains(detail), "{path}: {problem}");
    }
    // A state with other regrets is none of this epoch's.
    let path = format!("/v1/syntheses?state={}", id(&job));
    let (_, wrong) = service.epoch(&path, &fixture("synthesis_g1_302.json")).await;
    let failed = service.events(id(&wrong)).await.pop().unwrap();
    assert_eq!(failed["state"], "failed");
    assert!(failed["error"].as_str().unwrap().contains("no state with these regrets"), "{failed}");
    service.end().await;
}

async fn a_node_has_its_number_at_once_and_the_proof_of_it(place: &Place) {
    let service = Running::begin(place.config()).await;
    let model = service.model().await;
    let (input, expected) = sample();
    let put = |token: &str, body: Value| {
        let request = service.client.put(format!("{}/v1/inputs/{token}", service.url)).json(&body);
        async move { request.send().await.unwrap().status() }
    };
    let give = json!({"model": model, "input": input});
    assert_eq!(put("ETH", give.clone()).await, StatusCode::OK);
    assert_eq!(put("a%20b", give.clone()).await, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(put("ETH", json!({"model": "none", "input": []})).await, StatusCode::NOT_FOUND);
    let ask = |path: &str| {
        let request = service.client.get(format!("{}/inference/{path}", service.url));
        async move {
            let response = request.send().await.unwrap();
            let proof = response.headers().get("sumcast-proof").map(|v| v.to_str().unwrap().to_owned());
            (response.status(), proof, response.text().await.unwrap())
        }
    };
    let (status, proof, number) = ask("ETH").await;
    assert_eq!(status, StatusCode::OK, "{number}");
    let proof = proof.unwrap();
    let number: f64 = number.parse().unwrap();
    assert!((number - expected).abs() < 1e-4);
    // The number is that of the proof, exactly.
    let done = service.done(proof.strip_prefix("/v1/jobs/").unwrap()).await;
    assert_eq!(done["result"]["output"][0].as_f64(), Some(number));
    // Of one input in one epoch there is one proof.
    assert_eq!(ask("ETH").await.1.unwrap(), proof);
    let epoch = ask("ETH?topic=1&block_height=301").await.1.unwrap();
    assert_ne!(epoch, proof);
    assert_eq!(ask("ETH?topic=1&block_height=301").await.1.unwrap(), epoch);
    assert_eq!(put("ETH", give).await, StatusCode::OK);
    assert_ne!(ask("ETH").await.1.unwrap(), proof);
    let (_, given) = service.get("/v1/inputs/ETH").await;
    assert_eq!((&given["version"], &given["model"]), (&json!(2), &json!(model)));
    assert_eq!(ask("BTC").await.0, StatusCode::NOT_FOUND);
    service.end().await;

    // Where nothing more can wait there is the number.
    let full = Config { queue_limit: 0, ..place.config() };
    let service = Running::begin(full).await;
    let response = service.client.get(format!("{}/inference/ETH?block_height=9", service.url)).send().await;
    let response = response.unwrap();
    assert!(response.headers().contains_key("sumcast-no-proof"));
    assert_eq!(response.text().await.unwrap(), number.to_string());
    service.end().await;
}
