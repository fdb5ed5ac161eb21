use super::super::{Case, Epoch, RegretScale, Settlement, WeightFunction};
use super::*;
use serde_json::Value;

/// An answer under `tests/epochs/chain`.
fn answer(name: &str) -> Value {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/epochs/chain").join(name);
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn epoch_answers() -> EpochAnswers {
    let some = |name| Some(answer(name));
    EpochAnswers {
        inferences: answer("inferences.json"),
        topic: answer("topic.json"),
        params: answer("params.json"),
        forecasts: some("forecasts.json"),
        network_loss: some("network_loss.json"),
        regret_scale: some("latest_regret_stdnorm.json"),
        inferer_regrets: some("inferer_regrets.json"),
        forecaster_regrets: some("forecaster_regrets.json"),
        naive_regrets: some("naive_regrets.json"),
    }
}

fn settlement_answers() -> SettlementAnswers {
    let all = epoch_answers();
    SettlementAnswers {
        losses: answer("reputer_losses.json"),
        stakes: answer("reputers_stakes.json"),
        topic: all.topic,
        params: all.params,
        inferer_regrets: all.inferer_regrets,
        forecaster_regrets: all.forecaster_regrets,
        naive_regrets: all.naive_regrets,
        network_loss: None,
        regret_scale: None,
    }
}

fn epoch_with(change: impl FnOnce(&mut EpochAnswers)) -> Result<Epoch, ImportError> {
    let mut answers = epoch_answers();
    change(&mut answers);
    answers.epoch(&Synthesis::default())
}

fn settlement_with(change: impl FnOnce(&mut SettlementAnswers)) -> Result<Settlement, ImportError> {
    let mut answers = settlement_answers();
    change(&mut answers);
    answers.settlement(&Synthesis::default())
}

fn says(error: &ImportError, expected: &[&str]) {
    for part in expected {
        assert!(error.to_string().contains(part), "{part:?} is not in {:?}", error.to_string());
    }
}

fn refused(change: impl FnOnce(&mut EpochAnswers), expected: &[&str]) {
    says(&epoch_with(change).unwrap_err(), expected);
}

fn refused_settlement(change: impl FnOnce(&mut SettlementAnswers), expected: &[&str]) {
    says(&settlement_with(change).unwrap_err(), expected);
}

/// What a pointer leads to in an answer that is there.
fn at<'a>(answer: &'a mut Option<Value>, pointer: &str) -> &'a mut Value {
    answer.as_mut().unwrap().pointer_mut(pointer).unwrap()
}

#[test]
fn the_answers_of_an_epoch() {
    let expected = answer("expected_epoch.json").to_string();
    assert_eq!(epoch_with(|_| ()).unwrap(), Epoch::from_json(expected.as_bytes()).unwrap());
}

#[test]
fn the_answers_of_a_settlement() {
    let expected = Settlement::from_json(answer("expected_settlement.json").to_string().as_bytes()).unwrap();
    assert_eq!(settlement_with(|_| ()).unwrap(), expected);
    assert_eq!(settlement_with(|a| a.losses = answer("reputer_losses_v10.json")).unwrap(), expected);
    assert!(settlement_with(|a| a.naive_regrets = None).unwrap().naive_regrets.is_none());
}

#[test]
fn a_settlement_has_the_state_of_its_epoch() {
    let settlement = settlement_with(|a| {
        a.network_loss = Some(answer("network_loss.json"));
        a.regret_scale = Some(answer("latest_regret_stdnorm.json"));
    });
    let (settlement, epoch) = (settlement.unwrap(), epoch_with(|_| ()).unwrap());
    assert!(epoch.previous_network_loss.is_some());
    assert_eq!(settlement.previous_network_loss, epoch.previous_network_loss);
    assert_eq!(settlement.params, epoch.params);
    let mut late = answer("network_loss.json");
    late["loss_bundle"]["reputer_request_nonce"]["reputer_nonce"]["block_height"] = "7038657".into();
    refused_settlement(|a| a.network_loss = Some(late), &["a block before 7038657"]);
}

#[test]
fn other_releases() {
    let v9 = epoch_with(|_| ()).unwrap();
    let v10 = epoch_with(|a| a.inferences = answer("inferences_v10.json")).unwrap();
    assert_eq!(v9, v10);
    let v10 = epoch_with(|a| a.topic = answer("topic_v10.json")).unwrap();
    assert_eq!((v9.params.c_norm.to_string(), v10.params.c_norm.to_string()), ("0.75".into(), "0.8".into()));
    let synthesis = Synthesis { weight_function: WeightFunction::Gradient, regret_scale: RegretScale::Std };
    let mut answers = epoch_answers();
    answers.regret_scale = None;
    let epoch = answers.epoch(&synthesis).unwrap();
    assert_eq!(epoch.params.weight_function, WeightFunction::Gradient);
    assert_eq!(epoch.params.regret_scale, RegretScale::Std);
    // A scale of 0 is none.
    let epoch = epoch_with(|a| *at(&mut a.regret_scale, "/value") = "0".into()).unwrap();
    assert_eq!(epoch.params.regret_scale, RegretScale::Mad);
    refused(
        |a| {
            a.inferences = answer("inferences_v10.json");
            a.inferences["inferences"]["inferences"][2]["values"] = serde_json::json!(["1", "2"]);
        },
        &["infers 2 values"],
    );
}

#[test]
fn without_a_loss_no_regrets_are_asked_for() {
    let none = |a: &mut EpochAnswers| {
        a.inferer_regrets = None;
        a.forecaster_regrets = None;
        a.naive_regrets = None;
    };
    let epoch = epoch_with(|a| (none(a), a.network_loss = Some(answer("network_loss_none.json"))).1).unwrap();
    assert_eq!((epoch.case(), epoch.previous_network_loss), (Case::Median, None));
    assert_eq!(epoch_with(|a| (none(a), a.network_loss = None).1).unwrap().case(), Case::Median);
    refused(none, &["no answer for the regret of \"allo1", "/emissions/v9/inferer_network_regret/"]);
}

#[test]
fn answers_that_are_errors() {
    let error = || answer("not_implemented.json");
    refused(
        |a| a.inferences = error(),
        &["the inferences", "Not Implemented", "code 12", "/emissions/v9/inferences/"],
    );
    refused(|a| a.topic = error(), &["the topic", "code 12", "/emissions/v9/topics/"]);
    refused(|a| a.params = error(), &["the parameters", "/emissions/v9/params"]);
    refused(|a| a.forecasts = Some(error()), &["the forecasts", "/emissions/v9/forecasts/"]);
    refused(|a| a.network_loss = Some(error()), &["the network loss", "/emissions/v9/network_loss/"]);
    refused(|a| a.regret_scale = Some(error()), &["the scale of regrets", "latest_regret_stdnorm"]);
    let account = answer("expected_epoch.json")["forecasters"][0]["address"].as_str().unwrap().to_owned();
    refused(
        |a| a.forecaster_regrets.as_mut().unwrap()[&account] = error(),
        &["the forecaster's regret of", &account, "code 12", "/emissions/v9/forecaster_network_regret/"],
    );
    refused_settlement(|a| a.losses = error(), &["the losses", "/emissions/v9/reputer_loss_bundles/"]);
    refused_settlement(|a| a.stakes = error(), &["the stakes", "/emissions/v9/reputers_stakes/"]);
}

#[test]
fn fields_that_are_missing_or_of_another_kind() {
    refused(|a| a.inferences = Value::Null, &["the inferences", "no field inferences"]);
    refused(
        |a| a.inferences = answer("topic.json"),
        &["the inferences", "no field inferences", "is it that of"],
    );
    let inferences = |a: &mut EpochAnswers, field: &str, value: Value| {
        a.inferences["inferences"]["inferences"][3][field] = value;
    };
    refused(|a| inferences(a, "value", Value::Null), &["the inferences", "inferences.inferences[3].value"]);
    refused(
        |a| inferences(a, "value", "NaN".into()),
        &["inferences[3].value = \"NaN\"", "not a decimal number"],
    );
    refused(|a| inferences(a, "value", 1.5.into()), &["inferences[3].value = 1.5", "in a string"]);
    refused(|a| inferences(a, "inferer", 7.into()), &["inferences[3].inferer = 7", "a text"]);
    refused(
        |a| inferences(a, "block_height", "-1".into()),
        &["block_height = \"-1\"", "an integer of 0 or above"],
    );
    refused(|a| a.inferences["inferences"]["inferences"] = "none".into(), &["a list is expected"]);
    for field in ["id", "p_norm", "alpha_regret", "epsilon", "initial_regret"] {
        let field_of = format!("topic.{field}");
        refused(|a| a.topic["topic"][field] = Value::Null, &["the topic", &field_of]);
    }
    for field in ["c_norm", "epsilon_safe_div"] {
        let field_of = format!("params.{field}");
        refused(|a| a.params["params"][field] = Value::Null, &["the parameters", &field_of]);
    }
    refused_settlement(|a| a.losses["loss_bundles"] = Value::Null, &["the losses", "no field loss_bundles"]);
    let bundle = |a: &mut SettlementAnswers, field: &str, value: Value| {
        a.losses["loss_bundles"]["reputer_value_bundles"][1]["value_bundle"][field] = value;
    };
    refused_settlement(
        |a| bundle(a, "combined_value", Value::Null),
        &["reputer_value_bundles[1].value_bundle.combined_value"],
    );
    refused_settlement(
        |a| bundle(a, "reputer", "someone".into()),
        &["no answer for the stake of \"someone\""],
    );
    refused_settlement(|a| a.stakes["amounts"] = Value::Null, &["the stakes", "amounts"]);
}

#[test]
fn answers_of_other_epochs() {
    refused(|a| a.topic["topic"]["id"] = "2".into(), &["inferences[0].topic_id = \"1\"", "2 is expected"]);
    refused(
        |a| a.inferences["inferences"]["inferences"][4]["block_height"] = "7".into(),
        &["inferences[4].block_height = \"7\"", "7038657 is expected"],
    );
    refused(
        |a| *at(&mut a.forecasts, "/forecasts/forecasts/1/block_height") = "7".into(),
        &["the forecasts", "forecasts[1]"],
    );
    refused(
        |a| *at(&mut a.network_loss, "/loss_bundle/topic_id") = "7".into(),
        &["the network loss", "topic_id"],
    );
    refused(
        |a| {
            *at(&mut a.network_loss, "/loss_bundle/reputer_request_nonce/reputer_nonce/block_height") =
                "7038657".into();
        },
        &["the network loss", "a block before 7038657"],
    );
    refused_settlement(
        |a| {
            let bundles = &mut a.losses["loss_bundles"]["reputer_value_bundles"];
            bundles[4]["value_bundle"]["reputer_request_nonce"]["reputer_nonce"]["block_height"] = "7".into();
        },
        &["the losses", "reputer_value_bundles[4]", "7038657 is expected"],
    );
    refused_settlement(
        |a| a.stakes["amounts"][0]["topic_id"] = "9".into(),
        &["the stakes", "amounts[0].topic_id"],
    );
}

#[test]
fn what_the_answers_make_is_checked() {
    let none = |a: &mut EpochAnswers| a.inferences["inferences"]["inferences"] = Value::Null;
    assert_eq!(
        epoch_with(|a| (none(a), a.forecasts = None, a.network_loss = None).0).unwrap_err(),
        EpochError::NoInferers.into()
    );
    refused(
        |a| {
            let inferences = &mut a.inferences["inferences"]["inferences"];
            inferences[1] = inferences[0].clone();
        },
        &["inferer \"allo1", "twice"],
    );
    let none =
        settlement_with(|a| a.losses["loss_bundles"]["reputer_value_bundles"] = Value::Null).unwrap_err();
    assert_eq!(none, EpochError::NoRegrets.into());
    refused_settlement(
        |a| {
            let values =
                &mut a.losses["loss_bundles"]["reputer_value_bundles"][0]["value_bundle"]["inferer_values"];
            values[1] = values[0].clone();
        },
        &["worker \"allo1", "twice"],
    );
}
