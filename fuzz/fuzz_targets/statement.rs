//! Statements against the bundled key's program: accepted exactly when lengths and bounds are the program's, and what
//! is in a proof file is read back.
#![no_main]

use arbitrary::{Arbitrary, Unstructured};
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;
use sumcast_verifier::vk::{TensorSpec, Visibility};
use sumcast_verifier::{G1Affine, Key, ProofFile, Statement, Tensor};

static KEY: LazyLock<Key> =
    LazyLock::new(|| Key::from_bytes(include_bytes!("../fixtures/vk.bin")).expect("the fixture is a key"));

/// A tensor as a difference from one that the program accepts.
#[derive(Arbitrary, Debug)]
struct Change {
    other_kind: bool,
    longer: i8,
    values: Vec<Value>,
}

/// A value around what the program bounds.
#[derive(Arbitrary, Debug)]
enum Value {
    Any(i128),
    Small(i16),
    Bound(i8),
    NegativeBound(i8),
}

#[derive(Arbitrary, Debug)]
struct Input {
    context: [u8; 32],
    tensors: Vec<Change>,
    more: Vec<Vec<i64>>,
}

impl Change {
    fn build(&self, spec: &TensorSpec) -> Tensor {
        let longer = |len: usize| len.saturating_add_signed(self.longer.into());
        if (spec.visibility == Visibility::Committed) != self.other_kind {
            return Tensor::Committed(vec![G1Affine::default(); longer(KEY.program.tensor_rows(spec))]);
        }
        let bound = 1i128 << spec.bits;
        let value = |v: &Value| match v {
            Value::Any(v) => *v,
            Value::Small(v) => (*v).into(),
            Value::Bound(d) => bound + i128::from(*d),
            Value::NegativeBound(d) => -bound + i128::from(*d),
        };
        let len = longer(spec.len as usize);
        Tensor::Public((0..len).map(|i| self.values.get(i).map_or(0, value)).collect())
    }
}

/// What `Statement::check` says it checks, written once more.
fn fits(tensor: &Tensor, spec: &TensorSpec) -> bool {
    let bound = 1i128 << spec.bits;
    match (tensor, spec.visibility) {
        (Tensor::Public(values), Visibility::Public) => {
            values.len() == spec.len as usize && values.iter().all(|v| -bound < *v && *v < bound)
        }
        (Tensor::Committed(points), Visibility::Committed) => points.len() == KEY.program.tensor_rows(spec),
        _ => false,
    }
}

fuzz_target!(|bytes: &[u8]| {
    let program = &KEY.program;
    let Ok(input) = Input::arbitrary_take_rest(Unstructured::new(bytes)) else { return };
    let mut tensors: Vec<Tensor> =
        input.tensors.iter().zip(&program.tensors).map(|(change, spec)| change.build(spec)).collect();
    let more = input.more.iter().map(|t| Tensor::Public(t.iter().copied().map(i128::from).collect()));
    tensors.extend(more);
    let count = tensors.len();
    let statement = Statement { context: input.context, tensors };

    let all_fit = count == program.tensors.len()
        && statement.tensors.iter().zip(&program.tensors).all(|(tensor, spec)| fits(tensor, spec));
    assert_eq!(statement.check(program).is_ok(), all_fit);

    let file = ProofFile { model_id: KEY.model_id(), statement, body: bytes.to_vec() };
    match ProofFile::from_bytes(&file.to_bytes()) {
        Ok(read) => assert_eq!(read, file),
        Err(error) => assert!(count > 64, "{error}"),
    }
});
