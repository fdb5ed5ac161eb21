use super::*;
use serde_json::{Value, json};

fn epoch() -> Value {
    json!({
        "topic_id": 1,
        "nonce": 301,
        "params": {
            "weight_function": "gradient", "regret_scale": "std", "p_norm": "3", "c_norm": "0.75",
            "epsilon": "0.01", "epsilon_safe_div": "0.0000001", "alpha_regret": "0.1",
        },
        "previous_network_loss": "-3.9",
        "inferers": [
            {"address": "c", "inference": "0.2", "regret": "-1.5", "naive_regret": "-0.1"},
            {"address": "a", "inference": "0.1", "regret": "-1.8", "naive_regret": "-0.4"},
            {"address": "b", "inference": 0.3, "regret": "-2", "naive_regret": "0"},
        ],
        "forecasters": [
            {"address": "e", "regret": "-0.3", "forecasts": []},
            {"address": "d", "regret": "-0.2", "forecasts": [
                {"inferer": "gone", "loss": "-1"}, {"inferer": "c", "loss": "-2"}, {"inferer": "a", "loss": "-3"},
            ]},
        ],
    })
}

fn read(value: &Value) -> Result<Epoch, EpochError> {
    Epoch::from_json(value.to_string().as_bytes())
}

/// The epoch with a change.
fn with(change: impl FnOnce(&mut Value)) -> Result<Epoch, EpochError> {
    let mut value = epoch();
    change(&mut value);
    read(&value)
}

fn remove(value: &mut Value, field: &str) {
    assert!(value.as_object_mut().unwrap().remove(field).is_some(), "{field}");
}

/// That an epoch with a change is refused, with all of these in the sentence.
fn refused(change: impl FnOnce(&mut Value), expected: &[&str]) -> EpochError {
    let error = with(change).unwrap_err();
    for part in expected {
        assert!(error.to_string().contains(part), "{part:?} is not in {:?}", error.to_string());
    }
    error
}

#[test]
fn workers_are_in_the_order_of_their_addresses() {
    let epoch = read(&epoch()).unwrap();
    assert_eq!(epoch.worker_keys(), ["a", "b", "c", "d", "e"]);
    assert_eq!(epoch.inferers[1].inference, "0.3".parse().unwrap());
    assert_eq!(epoch.forecasters[0].forecasts[0].inferer, "gone", "as they were given");
    assert_eq!((epoch.case(), epoch.has_naive()), (Case::Weighted, true));
    assert_eq!(read(&serde_json::to_value(&epoch).unwrap()), Ok(epoch));
}

#[test]
fn an_account_may_infer_and_forecast() {
    let epoch = with(|e| e["forecasters"][1]["address"] = "b".into()).unwrap();
    assert_eq!(epoch.worker_keys(), ["a", "b", "c", "b#forecaster", "e"]);
}

#[test]
fn how_the_network_inference_follows() {
    let case = |change: fn(&mut Value)| with(change).unwrap().case();
    assert_eq!(case(|e| e["initial_regret"] = "-1".into()), Case::Weighted);
    assert_eq!(case(|e| e["initial_regret"] = "0.00".into()), Case::AllNew);
    assert_eq!(case(|e| e["previous_network_loss"] = Value::Null), Case::Median);
    assert_eq!(case(|e| remove(e, "previous_network_loss")), Case::Median);
    assert_eq!(
        case(|e| {
            let inferers = e["inferers"].as_array_mut().unwrap();
            inferers.truncate(1);
        }),
        Case::Single
    );
}

#[test]
fn missing_regrets_are_the_initial_one() {
    let forget = |e: &mut Value| {
        remove(&mut e["inferers"][1], "regret");
        remove(&mut e["forecasters"][0], "regret");
        remove(&mut e["inferers"][2], "naive_regret");
    };
    let epoch = with(|e| {
        forget(e);
        e["initial_regret"] = "-2.5".into();
    });
    let epoch = epoch.unwrap();
    let initial = "-2.5".parse().unwrap();
    assert_eq!(epoch.regret(epoch.inferers[0].regret.as_ref()), Some(&initial));
    assert_eq!(epoch.regret(epoch.forecasters[1].regret.as_ref()), Some(&initial));
    assert_eq!(epoch.regret(epoch.inferers[1].regret.as_ref()), epoch.inferers[1].regret.as_ref());

    for (change, expected) in [
        ((|e| remove(&mut e["inferers"][1], "regret")) as fn(&mut Value), ["inferer", "\"a\"", "no regret"]),
        (|e| remove(&mut e["forecasters"][0], "regret"), ["forecaster", "\"e\"", "no regret"]),
        (|e| remove(&mut e["inferers"][2], "naive_regret"), ["inferer", "\"b\"", "no naive_regret"]),
    ] {
        let error = refused(change, &expected);
        assert!(error.to_string().contains("initial_regret"), "{error}");
    }
    // Without a loss no regret counts, and without any naive regret nobody asks for the naive inference.
    assert!(with(|e| (forget(e), remove(e, "previous_network_loss")).1).is_ok());
    let without = with(|e| (0..3).for_each(|i| remove(&mut e["inferers"][i], "naive_regret"))).unwrap();
    assert!(!without.has_naive());
}

#[test]
fn what_is_no_epoch() {
    for field in ["topic_id", "nonce", "params", "inferers"] {
        let error = refused(|e| remove(e, field), &["no epoch", field]);
        assert!(matches!(error, EpochError::Json { .. }), "{error:?}");
    }
    for field in
        ["weight_function", "regret_scale", "p_norm", "c_norm", "epsilon", "epsilon_safe_div", "alpha_regret"]
    {
        refused(|e| remove(&mut e["params"], field), &["no epoch", field]);
    }
    refused(|e| remove(&mut e["inferers"][0], "inference"), &["inference"]);
    refused(|e| remove(&mut e["forecasters"][1]["forecasts"][0], "loss"), &["loss"]);
    refused(|e| e["inferers"][0]["inference"] = "NaN".into(), &["\"NaN\" is not a decimal number"]);
    refused(|e| e["inferers"][0]["inference"] = "1e50".into(), &["1e50"]);
    refused(|e| e["topic_id"] = "1".into(), &["no epoch"]);
    refused(|e| e["params"]["weight_function"] = "gradients".into(), &["gradients", "exp1_div_exp1"]);
    refused(|e| e["params"]["regret_scale"] = "mode".into(), &["mode", "mad"]);
    assert!(matches!(Epoch::from_json(b"{"), Err(EpochError::Json { .. })));
    assert!(with(|e| e["more"] = json!({"unknown": 1})).is_ok());
    assert!(with(|e| remove(e, "forecasters")).is_ok());
}

#[test]
fn parameters_have_ranges() {
    for field in ["p_norm", "epsilon", "epsilon_safe_div"] {
        for value in ["0", "-1"] {
            let error = refused(|e| e["params"][field] = value.into(), &[field, value, "above 0"]);
            assert!(matches!(error, EpochError::NotPositive { field: named, .. } if named == field));
        }
    }
    refused(|e| e["params"]["regret_scale"] = json!({"stored": "0"}), &["regret_scale.stored"]);
    for value in ["0", "-0.1", "1.0000000001"] {
        let error = refused(|e| e["params"]["alpha_regret"] = value.into(), &["alpha_regret", value]);
        assert!(matches!(error, EpochError::Alpha { .. }));
    }
    let epoch = with(|e| {
        e["params"]["alpha_regret"] = "1".into();
        e["params"]["c_norm"] = "-7".into();
        e["params"]["regret_scale"] = json!({"stored": "0.9"});
        e["params"]["weight_function"] = "exp1_div_exp1".into();
    });
    let params = epoch.unwrap().params;
    assert_eq!(params.regret_scale, crate::epoch::RegretScale::Stored("0.9".parse().unwrap()));
    assert_eq!(params.weight_function, crate::epoch::WeightFunction::Exp1DivExp1);
}

#[test]
fn too_many_or_twice() {
    assert_eq!(refused(|e| e["inferers"] = json!([]), &["no inferers"]), EpochError::NoInferers);
    refused(|e| e["inferers"][0]["address"] = "a".into(), &["inferer \"a\"", "twice"]);
    refused(|e| e["forecasters"][0]["address"] = "d".into(), &["forecaster \"d\"", "twice"]);
    refused(
        |e| e["forecasters"][1]["forecasts"][2]["inferer"] = "gone".into(),
        &["forecaster \"d\"", "inferer \"gone\" twice"],
    );
    refused(|e| e["inferers"][1]["address"] = "".into(), &["inferer 0", "0 bytes", "1 to 255"]);
    refused(|e| e["forecasters"][1]["address"] = "x".repeat(256).into(), &["forecaster 1", "256 bytes"]);

    let inferers = |n: usize| -> Value {
        (0..n).map(|i| json!({"address": format!("x{i}"), "inference": "1", "regret": "-1"})).collect()
    };
    assert!(with(|e| e["inferers"] = inferers(32)).is_ok());
    refused(|e| e["inferers"] = inferers(33), &["33 inferers", "at most 32"]);
    let forecasters = |n: usize| -> Value {
        (0..n).map(|i| json!({"address": format!("x{i}"), "regret": "-1", "forecasts": []})).collect()
    };
    assert!(with(|e| e["forecasters"] = forecasters(6)).is_ok());
    refused(|e| e["forecasters"] = forecasters(7), &["7 forecasters", "at most 6"]);
    let forecasts =
        |n: usize| -> Value { (0..n).map(|i| json!({"inferer": format!("x{i}"), "loss": "-1"})).collect() };
    assert!(with(|e| e["forecasters"][0]["forecasts"] = forecasts(12)).is_ok());
    refused(
        |e| e["forecasters"][0]["forecasts"] = forecasts(13),
        &["13 forecasts of forecaster \"e\"", "at most 12"],
    );
}

#[test]
fn what_is_printed_leaves_out_what_there_is_not() {
    let outcome = Outcome {
        topic_id: 1,
        nonce: 2,
        forecast_implied: None,
        weights: None,
        network_inference: "3000.50".parse().unwrap(),
        confidence: None,
        naive_inference: None,
        one_outs: OneOutInferences::default(),
    };
    let text = serde_json::to_string(&outcome).unwrap();
    assert_eq!(text, r#"{"topic_id":1,"nonce":2,"network_inference":"3000.5"}"#);
    assert_eq!(serde_json::from_str::<Outcome>(&text).unwrap(), outcome);
}
