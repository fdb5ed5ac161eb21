//! Operators that pass their first input on: Identity, Dropout at inference, and ZipMap, whose table of scores by class is
//! the tensor of scores.

use super::Operator;
use crate::onnx::{
    Problem,
    call::{Call, Outcome},
    tensor::Data,
};

pub(super) const IDENTITY: Operator = Operator::new("Identity", import);
pub(super) const ZIP_MAP: Operator = Operator::ml("ZipMap", import);

fn import(call: &mut Call<'_>) -> Outcome {
    Ok(vec![call.input(0)?])
}

pub(super) const DROPOUT: Operator = Operator::new("Dropout", dropout).limited("inference mode");

fn dropout(call: &mut Call<'_>) -> Outcome {
    if call.optional(2).is_some() && call.constant(2)?.data != Data::Bool(vec![false]) {
        return Err(Problem::Unsupported("training mode is on; export the model for inference".into()));
    }
    import(call)
}

#[cfg(test)]
mod tests {
    use crate::onnx::testing::{Arg, fails, floats};

    #[test]
    fn the_input_passes() {
        let x = || Arg::Input(&[2], &[3.0, -4.0]);
        assert_eq!(floats("Identity", 13, &[], &[x()]).1, [3.0, -4.0]);
        assert_eq!(
            floats("Dropout", 13, &[], &[x(), Arg::Floats(&[], &[0.5]), Arg::Bools(&[], &[false])]).1,
            [3.0, -4.0]
        );
        fails("Dropout", 13, &[], &[x(), Arg::Absent, Arg::Bools(&[], &[true])], "training mode");
    }
}
