//! Gemm: `alpha A' B' + beta C`, with at least one of `A` and `B` constant.

use super::{Operator, dense::dense};
use crate::onnx::{
    Problem,
    call::{Call, Outcome, Value},
    tensor,
};

pub(super) const GEMM: Operator = Operator::new("Gemm", import).limited("one of A and B constant");

fn import(call: &mut Call<'_>) -> Outcome {
    let (alpha, beta) = (call.float("alpha")?.unwrap_or(1.0), call.float("beta")?.unwrap_or(1.0));
    let (trans_a, trans_b) = (call.flag("transA")?, call.flag("transB")?);
    let (a, b) = (call.input(0)?, call.input(1)?);
    for (value, name) in [(&a, "A"), (&b, "B")] {
        let shape = call.shape(value)?;
        if shape.len() != 2 {
            return Err(Problem::Shape(format!("{name} must be a matrix; its shape is {shape:?}")));
        }
    }
    let bias = call.optional(2).cloned();
    let (product, bias) = match (&a, &b) {
        (Value::Node(x), Value::Const(w)) => {
            let x = if trans_a { call.builder.transpose(*x, &[1, 0])? } else { *x };
            let rows = call.builder.shape(x)?[0];
            let outputs = w.shape[usize::from(!trans_b)];
            // A bias that is the same for each row goes into the layer.
            let row = match &bias {
                Some(Value::Const(c))
                    if rows == 1 || c.shape.len() < 2 || c.shape[c.shape.len() - 2] == 1 =>
                {
                    let row = call.broadcast_const(c, &[1, outputs])?;
                    Some(row.iter().map(|c| beta * c).collect())
                }
                _ => None,
            };
            let rest = if row.is_some() { None } else { bias };
            (dense(call, x, w, trans_b, alpha, row)?, rest)
        }
        (Value::Const(w), Value::Node(x)) => {
            // (A' B')' = B'' A''.
            let x = if trans_b { *x } else { call.builder.transpose(*x, &[1, 0])? };
            let product = dense(call, x, w, !trans_a, alpha, None)?;
            (call.builder.transpose(product, &[1, 0])?, bias)
        }
        (Value::Const(_), _) => return Err(Problem::NeedsActivation(0)),
        _ => {
            return Err(Problem::Unsupported("the product of two computed matrices is not supported".into()));
        }
    };
    let shape = call.builder.shape(product)?.to_vec();
    let sum = match bias {
        None => product,
        Some(Value::Const(c)) => {
            let shift = call.broadcast_const(&c, &shape)?.iter().map(|c| beta * c).collect();
            let ones = vec![1.0; tensor::count(&shape)?];
            call.builder.scale(product, ones, shift)?
        }
        Some(c) => {
            let c = call.node_of(&c, &shape)?;
            call.builder.combine(&[(1.0, product), (beta, c)])?
        }
    };
    Ok(vec![Value::Node(sum)])
}

#[cfg(test)]
mod tests {
    use crate::onnx::testing::{Arg, Attr, fails, floats, graph_of};

    const W: &[f64] = &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0];

    fn x() -> Arg<'static> {
        Arg::Input(&[1, 2], &[1.0, -1.0])
    }

    #[test]
    fn weights_either_way_round() {
        assert_eq!(floats("Gemm", 13, &[], &[x(), Arg::Floats(&[2, 3], W)]), (vec![1, 3], vec![-3.0; 3]));
        let attrs = [("transB", Attr::Int(1)), ("alpha", Attr::Float(2.0)), ("beta", Attr::Float(0.5))];
        let inputs = [x(), Arg::Floats(&[3, 2], W), Arg::Floats(&[3], &[2.0, 4.0, 6.0])];
        assert_eq!(floats("Gemm", 13, &attrs, &inputs).1, [-1.0, 0.0, 1.0]);
        let names: Vec<_> =
            graph_of("Gemm", 13, &attrs, &inputs).nodes().iter().map(|n| n.op.name()).collect();
        assert_eq!(names, ["Input", "Linear"]);
        let left = [("transA", Attr::Int(1)), ("transB", Attr::Int(1))];
        assert_eq!(floats("Gemm", 13, &left, &[Arg::Floats(&[2, 3], W), x()]), (vec![3, 1], vec![-3.0; 3]));
    }

    #[test]
    fn biases_of_each_shape() {
        let x = || Arg::Input(&[2, 1], &[1.0, 2.0]);
        let w = || Arg::Floats(&[1, 2], &[1.0, 10.0]);
        let run = |c: Arg<'static>| floats("Gemm", 13, &[], &[x(), w(), c]).1;
        assert_eq!(run(Arg::Floats(&[], &[1.0])), [2.0, 11.0, 3.0, 21.0]);
        assert_eq!(run(Arg::Floats(&[2, 1], &[1.0, 2.0])), [2.0, 11.0, 4.0, 22.0]);
        assert_eq!(run(Arg::Floats(&[2, 2], &[1.0, 2.0, 3.0, 4.0])), [2.0, 12.0, 5.0, 24.0]);
        assert_eq!(run(x()), [2.0, 11.0, 4.0, 22.0]);
        fails("Gemm", 13, &[], &[x(), w(), Arg::Floats(&[3], &[0.0; 3])], "does not broadcast");
    }

    #[test]
    fn misuse_is_refused() {
        fails("Gemm", 13, &[], &[x(), x()], "two computed matrices");
        fails("Gemm", 13, &[], &[x(), Arg::Floats(&[3, 2], W)], "last axis");
        fails("Gemm", 13, &[], &[x(), Arg::Floats(&[6], W)], "must be a matrix");
    }
}
