use super::*;
use serde_json::{Value, json};

fn settlement() -> Value {
    let losses = |shift: i32| json!({"naive": format!("-3.{shift}"), "network": "-4", "b": "-2", "a": "-3"});
    json!({
        "topic_id": 1,
        "nonce": 301,
        "params": {
            "weight_function": "gradient", "regret_scale": "std", "p_norm": "3", "c_norm": "0.75",
            "epsilon": "0.01", "epsilon_safe_div": "0.0000001", "alpha_regret": "0.1",
        },
        "regrets": {"b": "-1.5", "a": "-1.8"},
        "naive_regrets": {"b": "-0.1"},
        "reports": [
            {"reputer": "z", "stake": "200", "losses": losses(1)},
            {"reputer": "y", "stake": "0", "losses": losses(2)},
        ],
    })
}

fn with(change: impl FnOnce(&mut Value)) -> Result<Settlement, EpochError> {
    let mut value = settlement();
    change(&mut value);
    Settlement::from_json(value.to_string().as_bytes())
}

fn remove(value: &mut Value, field: &str) {
    assert!(value.as_object_mut().unwrap().remove(field).is_some(), "{field}");
}

fn refused(change: impl FnOnce(&mut Value), expected: &[&str]) -> EpochError {
    let error = with(change).unwrap_err();
    for part in expected {
        assert!(error.to_string().contains(part), "{part:?} is not in {:?}", error.to_string());
    }
    error
}

#[test]
fn workers_and_reputers_are_in_order() {
    let settlement = with(|_| ()).unwrap();
    assert_eq!(settlement.regrets.iter().map(|(worker, _)| worker).collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(settlement.reports[0].reputer, "y");
    let losses = &settlement.reports[0].losses;
    assert_eq!(losses.iter().map(|(worker, _)| worker).collect::<Vec<_>>(), ["a", "b", NETWORK, NAIVE]);
    assert_eq!(settlement.reported(), ["a", "b", NETWORK, NAIVE]);
    let stakes: Vec<String> = settlement.reporters("a").map(|(stake, _)| stake.to_string()).collect();
    assert_eq!(stakes, ["0", "200"]);
}

#[test]
fn losses_that_some_do_not_report() {
    let lacking = |which: usize| with(move |s| remove(&mut s["reports"][which]["losses"], "a"));
    let settlement = lacking(1).unwrap();
    assert_eq!(settlement.reporters("a").count(), 1);
    // What is left is reported by one without a stake.
    assert_eq!(lacking(0).unwrap_err(), EpochError::NoStake { worker: "a".into() });
    let nobody = |s: &mut Value| (0..2).for_each(|i| remove(&mut s["reports"][i]["losses"], "a"));
    refused(nobody, &["no reputer reports", "\"a\""]);
    let nobody = |s: &mut Value| (0..2).for_each(|i| remove(&mut s["reports"][i]["losses"], NAIVE));
    refused(nobody, &["no reputer reports", "\"naive\""]);
    assert!(with(|s| (nobody(s), remove(s, "naive_regrets")).1).is_ok());
    let error =
        refused(|s| remove(&mut s["reports"][0]["losses"], NETWORK), &["reputer \"z\"", "\"network\""]);
    assert_eq!(error, EpochError::NoNetworkLoss { reputer: "z".into() });
    // Someone without a regret may be reported, but with a stake.
    assert!(with(|s| s["reports"][0]["losses"]["c"] = "-1".into()).is_ok());
    refused(|s| s["reports"][1]["losses"]["c"] = "-1".into(), &["\"c\"", "no stake"]);
}

#[test]
fn what_is_no_settlement() {
    for field in ["topic_id", "nonce", "params", "regrets", "reports"] {
        refused(|s| remove(s, field), &["no settlement", field]);
    }
    for field in ["reputer", "stake", "losses"] {
        refused(|s| remove(&mut s["reports"][1], field), &["no settlement", field]);
    }
    refused(|s| s["params"]["alpha_regret"] = "2".into(), &["alpha_regret"]);
    assert_eq!(refused(|s| s["regrets"] = json!({}), &[]), EpochError::NoRegrets);
    assert_eq!(refused(|s| s["reports"] = json!([]), &[]), EpochError::NoReports);
    refused(|s| s["reports"][0]["stake"] = "-1".into(), &["stake of reputer \"z\"", "-1"]);
    refused(|s| s["reports"][0]["stake"] = "0".into(), &["no stake"]);
    refused(|s| s["reports"][0]["reputer"] = "y".into(), &["reputer \"y\"", "twice"]);
    refused(|s| s["reports"][0]["reputer"] = "".into(), &["reputer 0"]);
    refused(|s| s["regrets"][""] = "1".into(), &["worker 0"]);
    refused(|s| s["regrets"][NETWORK] = "1".into(), &["\"network\"", "stands for"]);
    refused(|s| s["naive_regrets"]["c"] = "1".into(), &["\"c\"", "naive regret"]);
    let text = settlement().to_string().replace(r#""a":"-1.8""#, r#""b":"-1.8""#);
    let error = Settlement::from_json(text.as_bytes()).unwrap_err();
    assert!(error.to_string().contains("\"b\" is there twice"), "{error}");
}

#[test]
fn too_many() {
    let reports = |n: usize| -> Value {
        (0..n)
            .map(|i| {
                let losses = json!({"a": "-1", "b": "-1", "network": "-1", "naive": "-1"});
                json!({"reputer": format!("r{i}"), "stake": "1", "losses": losses})
            })
            .collect()
    };
    assert!(with(|s| s["reports"] = reports(6)).is_ok());
    refused(|s| s["reports"] = reports(7), &["7 reports", "at most 6"]);
    let workers = |s: &mut Value, regrets: usize, losses: usize| {
        remove(s, "naive_regrets");
        s["regrets"] =
            (0..regrets).map(|i| (format!("w{i}"), "-1".into())).collect::<serde_json::Map<_, _>>().into();
        for i in 0..losses {
            s["reports"][0]["losses"][format!("w{i}")] = "-1".into();
        }
        for report in 0..2 {
            remove(&mut s["reports"][report]["losses"], "a");
            remove(&mut s["reports"][report]["losses"], "b");
        }
    };
    assert!(with(|s| workers(s, 38, 38)).is_ok());
    refused(|s| workers(s, 39, 39), &["39 workers with regrets", "at most 38"]);
    refused(|s| workers(s, 38, 39), &["41 reported losses", "at most 40"]);
}
