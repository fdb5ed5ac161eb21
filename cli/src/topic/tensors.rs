//! The names of the tensors of statements that are not of an ONNX model, by the form of the statement.

/// Of a synthesis; without one-outs it has the first eight, of a topic without a loss the first four.
const SYNTHESIS: [&str; 11] = [
    "inferences",
    "forecasts",
    "state",
    "network_inference",
    "confidence",
    "naive_inference",
    "forecast_implied",
    "weights",
    "one_out_inferences",
    "one_in_inferences",
    "one_out_forecast_implied",
];
/// Of a settlement; without one-outs it has the first five.
const SETTLEMENT: [&str; 8] = [
    "stakes",
    "reports",
    "state",
    "losses",
    "next_state",
    "one_out_losses",
    "one_in_losses",
    "one_out_forecaster_losses",
];

/// What a statement is of, and the names of its tensors, if its tensors are those of a synthesis or a settlement; for each
/// whether it is committed. A model of one input has no such statement.
pub(crate) fn names(committed: &[bool]) -> Option<(&'static str, &'static [&'static str])> {
    match committed {
        [false, false, true, false] => Some(("synthesis", &SYNTHESIS[..4])),
        [false, false, true, outputs @ ..] if [5, 8].contains(&outputs.len()) && !outputs.contains(&true) => {
            Some(("synthesis", &SYNTHESIS[..3 + outputs.len()]))
        }
        [false, false, true, false, true] => Some(("settlement", &SETTLEMENT[..5])),
        [false, false, true, false, true, false, false, false] => Some(("settlement", &SETTLEMENT)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sumcast_circuits::epoch::{Epoch, Settlement};
    use sumcast_circuits::settle::{self, Settle};
    use sumcast_circuits::synthesis::{Form, Synthesis};

    #[test]
    fn they_are_the_circuits() {
        for name in ["case_no_loss_odd", "case_all_new", "case_infers_and_forecasts"] {
            let path = format!("{}/../circuits/tests/epochs/{name}.json", env!("CARGO_MANIFEST_DIR"));
            let epoch = Epoch::from_json(&std::fs::read(path).unwrap()).unwrap();
            let form = Form::of(&epoch).unwrap();
            for form in [form.clone(), form.with_one_outs()] {
                let model = Synthesis::new(form).unwrap().model;
                let committed: Vec<bool> = model.tensor_names().iter().map(|name| name == "state").collect();
                assert_eq!(names(&committed).unwrap().1, model.tensor_names());
            }
        }
        let settlement = include_bytes!("../../../circuits/tests/epochs/settle_301.json");
        let settlement = Settlement::from_json(settlement).unwrap();
        let form = settle::Form::of(&settlement).unwrap();
        for form in [form.clone(), form.with_one_outs()] {
            let model = Settle::new(form).unwrap().model;
            let committed =
                model.tensor_names().iter().map(|name| name.ends_with("state")).collect::<Vec<_>>();
            assert_eq!(names(&committed).unwrap().1, model.tensor_names());
        }
        assert_eq!(names(&[false, false]), None);
        assert_eq!(names(&[true, true]), None);
    }
}
