//! The product of a computed matrix with a constant one, shared by Gemm, MatMul and the linear models.

use crate::{
    graph::{Matrix, NodeId},
    onnx::{Problem, call::Call, tensor::ConstTensor},
};

/// `x weight + bias` over the last axis of `x`, where `weight` is a `[inputs, outputs]` constant, or `[outputs, inputs]`
/// when `by_rows`, each number multiplied by `factor`.
pub(super) fn dense(
    call: &mut Call<'_>,
    x: NodeId,
    weight: &ConstTensor,
    by_rows: bool,
    factor: f64,
    bias: Option<Vec<f64>>,
) -> Result<NodeId, Problem> {
    let data = weight.as_floats().ok_or(Problem::InputType { input: 1, expected: "floating point" })?;
    let [a, b] = *weight.shape.as_slice() else {
        return Err(Problem::Shape(format!(
            "the constant factor must be a matrix; its shape is {:?}",
            weight.shape
        )));
    };
    let (inputs, outputs) = if by_rows { (b, a) } else { (a, b) };
    let mut list = Vec::with_capacity(data.len());
    if by_rows {
        list.extend(data.iter().map(|w| factor * w));
    } else {
        list.extend((0..outputs).flat_map(|o| (0..inputs).map(move |j| factor * data[j * outputs + o])));
    }
    let matrix = Matrix::new(outputs, inputs, list)?;
    Ok(call.builder.linear(x, matrix, bias.unwrap_or_else(|| vec![0.0; outputs]))?)
}
