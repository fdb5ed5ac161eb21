use crate::graph::{Function, Graph, GraphBuilder, GraphError, Matrix, NodeId, Op};

type Build = fn(&mut GraphBuilder, NodeId) -> Result<NodeId, GraphError>;

fn graph(shape: &[usize], build: Build) -> Graph {
    let mut b = GraphBuilder::new("g", "x", shape).unwrap();
    let x = b.input();
    let y = build(&mut b, x).unwrap();
    b.finish(&[("y", y)]).unwrap()
}

/// The operators of the simplified graph after its input, having checked that its value is that of the graph as built.
fn ops(shape: &[usize], build: Build) -> Vec<&'static str> {
    let elements: usize = shape.iter().product();
    let input: Vec<f64> = (0..elements).map(|i| (i as f64 * 0.7 - 1.3).sin() * 2.0).collect();
    let mut b = GraphBuilder::new("g", "x", shape).unwrap();
    let x = b.input();
    let y = build(&mut b, x).unwrap();
    let expected = b.eval(&input)[y.0].clone();
    let simplified = graph(shape, build);
    let found = simplified.eval_outputs(&input).remove(0);
    assert_eq!(found.len(), expected.len());
    for (f, e) in found.iter().zip(&expected) {
        assert!((f - e).abs() < 1e-6, "{found:?} is not {expected:?}");
    }
    simplified.nodes().iter().skip(1).map(|n| n.op.name()).collect()
}

fn dense(rows: usize, cols: usize) -> Matrix {
    Matrix::new(rows, cols, (0..rows * cols).map(|i| (i as f64).cos()).collect()).unwrap()
}

#[test]
fn scalings_merge_and_fold_into_linear_layers() {
    let found = ops(&[2, 3], |b, x| {
        let x = b.affine(x, 2.0, -1.0)?;
        let x = b.scale(x, [1.0, 2.0, 3.0].repeat(2), [0.5, 0.0, 1.0].repeat(2))?;
        let y = b.linear(x, dense(4, 3), vec![1.0, 2.0, 3.0, 4.0])?;
        let y = b.scale(y, [1.0, -2.0, 3.0, 0.25].repeat(2), [0.5, 0.0, 1.0, 2.0].repeat(2))?;
        b.affine(y, 3.0, 0.0)
    });
    assert_eq!(found, ["Linear"]);
}

#[test]
fn scalings_that_differ_by_row_stay() {
    let found = ops(&[2, 2], |b, x| {
        let x = b.scale(x, vec![1.0, 2.0, 3.0, 4.0], vec![0.0; 4])?;
        let y = b.linear(x, dense(1, 2), vec![1.0])?;
        b.scale(y, vec![1.0, 2.0], vec![0.0; 2])
    });
    assert_eq!(found, ["Scale", "Linear", "Scale"]);
}

#[test]
fn scalings_pass_reshapes() {
    let found = ops(&[1, 1, 3], |b, x| {
        let x = b.scale(x, vec![1.0, 2.0, 3.0], vec![0.5; 3])?;
        let x = b.reshape(x, &[1, 3])?;
        let y = b.linear(x, dense(2, 3), vec![0.0; 2])?;
        let y = b.reshape(y, &[2])?;
        b.affine(y, 2.0, 1.0)
    });
    assert_eq!(found, ["Reshape", "Linear", "Reshape"]);
}

#[test]
fn a_layer_read_twice_keeps_its_factor_outside() {
    let found = ops(&[3], |b, x| {
        let y = b.linear(x, dense(3, 3), vec![0.0; 3])?;
        let z = b.affine(y, 2.0, 1.0)?;
        b.mul(y, z)
    });
    assert_eq!(found, ["Linear", "Scale", "Mul"]);
}

#[test]
fn linear_layers_multiply_only_when_smaller() {
    let narrow: Build = |b, x| {
        let y = b.linear(x, dense(2, 8), vec![1.0; 2])?;
        b.linear(y, dense(8, 2), vec![0.5; 8])
    };
    assert_eq!(ops(&[8], narrow), ["Linear", "Linear"]);
    let wide: Build = |b, x| {
        let y = b.linear(x, dense(8, 2), vec![1.0; 8])?;
        b.linear(y, dense(2, 8), vec![0.5; 2])
    };
    assert_eq!(ops(&[2], wide), ["Linear"]);
}

#[test]
fn sums_flatten() {
    let found = ops(&[3], |b, x| {
        let s = b.function(x, Function::Sigmoid)?;
        let t = b.function(x, Function::Tanh)?;
        let u = b.combine(&[(1.0, s), (2.0, t)])?;
        let u = b.affine(u, 0.5, 0.0)?;
        let v = b.affine(t, -3.0, 0.0)?;
        b.combine(&[(1.0, u), (1.0, v), (0.0, x)])
    });
    assert_eq!(
        found,
        ["Sigmoid", "Tanh"].map(|_| "Function").into_iter().chain(["Combine"]).collect::<Vec<_>>()
    );
    let cancelled = ops(&[3], |b, x| b.combine(&[(1.0, x), (-1.0, x)]));
    assert_eq!(cancelled, ["Scale"]);
    let same = graph(&[3], |b, x| b.combine(&[(1.0, x)]));
    assert_eq!(same.outputs(), [same.input()]);
}

#[test]
fn rearrangements_compose() {
    let found = ops(&[2, 3], |b, x| {
        let y = b.transpose(x, &[1, 0])?;
        let y = b.reshape(y, &[6])?;
        let y = b.select(y, &[5, 4, 3, 2], &[4])?;
        b.rearrange(&[y, x], &[(0, 1), (1, 2), (0, 3)], &[3])
    });
    assert_eq!(found, ["Rearrange"]);
    let twice = ops(&[2, 3], |b, x| {
        let y = b.transpose(x, &[1, 0])?;
        b.transpose(y, &[1, 0])
    });
    assert_eq!(twice, [""; 0]);
    let column = ops(&[1, 3], |b, x| b.transpose(x, &[1, 0]));
    assert_eq!(column, ["Reshape"]);
}

#[test]
fn columns_of_a_layer_are_a_layer() {
    // Three parts that make the layer: nothing is computed twice.
    fn parts<const WIDTH: usize>(b: &mut GraphBuilder, x: NodeId) -> Result<NodeId, GraphError> {
        let y = b.linear(x, dense(6, 3), (0..6).map(f64::from).collect())?;
        let part = |b: &mut GraphBuilder, from: usize| {
            let index: Vec<usize> = (0..2 * WIDTH).map(|i| i / WIDTH * 6 + from + i % WIDTH).collect();
            b.select(y, &index, &[2, WIDTH])
        };
        let parts = [part(b, 0)?, part(b, 2)?, part(b, 6 - WIDTH)?];
        let product = b.mul(parts[0], parts[1])?;
        b.mul(product, parts[2])
    }
    let found = ops(&[2, 3], parts::<2>);
    assert_eq!(found, ["Linear", "Linear", "Linear", "Mul", "Mul"]);
    // Overlapping ones: the layer stays.
    let found = ops(&[2, 3], parts::<3>);
    assert_eq!(found, ["Linear", "Rearrange", "Rearrange", "Rearrange", "Mul", "Mul"]);
    // Not the same columns of all rows.
    let found = ops(&[2, 3], |b, x| {
        let y = b.linear(x, dense(6, 3), vec![0.0; 6])?;
        b.select(y, &[0, 1, 7, 8], &[2, 2])
    });
    assert_eq!(found, ["Linear", "Rearrange"]);
}

#[test]
fn rows_that_nothing_reads_are_not_computed() {
    let elements = |shape: &[usize], build: Build| -> Vec<(&str, usize)> {
        ops(shape, build);
        graph(shape, build).nodes().iter().skip(1).map(|n| (n.op.name(), n.elements())).collect()
    };
    // The last of four steps, after what is done to each, and what joins them.
    let found = elements(&[4, 3], |b, x| {
        let h = b.linear(x, dense(3, 3), vec![0.1; 3])?;
        let h = b.function(h, Function::Tanh)?;
        let turned = b.transpose(h, &[1, 0])?;
        let scores = b.matmul(h, turned)?;
        let y = b.matmul(scores, h)?;
        let y = b.scale(y, (0..12).map(f64::from).collect(), vec![0.5; 12])?;
        let y = b.combine(&[(1.0, y), (2.0, h)])?;
        let sum = b.sum_last(y, 1.0)?;
        let sum = b.broadcast(sum, &[4, 3])?;
        let y = b.sub(y, sum)?;
        b.select(y, &[9, 10, 11], &[3])
    });
    let all: usize = found.iter().map(|(_, n)| n).sum();
    assert_eq!(found[..2], [("Linear", 12), ("Function", 12)]);
    assert!(all < 70, "{found:?}");
    assert!(found[2..].iter().all(|(op, n)| *n <= 4 || *op == "Rearrange"), "{found:?}");
    // Two pairs of matrices: one row of each, or none less.
    let found = elements(&[2, 4, 2], |b, x| {
        let turned = b.transpose(x, &[0, 2, 1])?;
        let y = b.matmul(x, turned)?;
        let y = b.relu(y)?;
        b.select(y, &[12, 28], &[2])
    });
    assert!(found.contains(&("MatMul", 8)) && found.contains(&("Leaky", 8)), "{found:?}");
    // Different rows of the two, so two of each.
    let found = elements(&[2, 4, 2], |b, x| {
        let turned = b.transpose(x, &[0, 2, 1])?;
        let y = b.matmul(x, turned)?;
        let y = b.relu(y)?;
        b.select(y, &[0, 28], &[2])
    });
    assert!(found.contains(&("MatMul", 16)) && found.contains(&("Leaky", 8)), "{found:?}");
}

#[test]
fn sums_of_rows_pass_what_is_linear() {
    // A mean of a layer's outputs, its positions added, is a layer of its own, and the layer stays for what else reads it.
    let found = ops(&[2, 3], |b, x| {
        let h = b.linear(x, dense(4, 3), vec![1.0, 2.0, 3.0, 4.0])?;
        let h = b.scale(h, vec![2.0; 8], (0..8).map(f64::from).collect())?;
        let other = b.linear(x, dense(4, 3), vec![0.5; 4])?;
        let h = b.combine(&[(1.0, h), (-3.0, other)])?;
        let h = b.reshape(h, &[1, 2, 4])?;
        let mean = b.sum_last(h, 0.25)?;
        let mean = b.reshape(mean, &[2, 1])?;
        let mean = b.broadcast(mean, &[2, 4])?;
        let h = b.reshape(h, &[2, 4])?;
        b.sub(h, mean)
    });
    assert_eq!(found.iter().filter(|op| **op == "Linear").count(), 4, "{found:?}");
    assert!(!found.contains(&"Reshape"), "{found:?}");
}

#[test]
fn rows_of_a_layer_are_computed_from_rows() {
    let found = ops(&[4, 2], |b, x| {
        let h = b.linear(x, dense(3, 2), vec![0.5; 3])?;
        let h = b.scale(h, vec![2.0; 12], (0..12).map(f64::from).collect())?;
        let all = b.sum_last(h, 1.0)?;
        let all = b.transpose(all, &[1, 0])?;
        let all = b.linear(all, dense(3, 4), vec![0.0; 3])?;
        let all = b.relu(all)?;
        let last = b.select(h, &[9, 10, 11], &[1, 3])?;
        b.sub(all, last)
    });
    assert_eq!(found.iter().filter(|op| **op == "Linear").count(), 3, "{found:?}");
}

#[test]
fn sums_of_products_are_products_of_rows_and_columns() {
    let squares = |b: &mut GraphBuilder, x: NodeId| {
        let square = b.mul(x, x)?;
        b.sum_last(square, 0.5)
    };
    assert_eq!(ops(&[3, 4], squares), ["Reshape", "Reshape", "MatMul", "Reshape", "Scale"]);
    assert_eq!(ops(&[1, 3], squares), ["Reshape", "Reshape", "MatMul", "Reshape", "Scale"]);
    assert_eq!(ops(&[2, 3], squares), ["Mul", "Linear"], "three rows of a matrix are not told from four");
}

#[test]
fn gelu_by_erf_is_recognised_in_its_spellings() {
    let torch: Build = |b, x| {
        let h = b.linear(x, dense(3, 3), vec![0.1; 3])?;
        let z = b.affine(h, 1.0 / 1.414_213_538_169_860_8, 0.0)?;
        let e = b.function(z, Function::Erf)?;
        let e = b.affine(e, 1.0, 1.0)?;
        let y = b.mul(h, e)?;
        b.affine(y, 0.5, 0.0)
    };
    assert_eq!(ops(&[3], torch), ["Linear", "Function"]);
    let half_first: Build = |b, x| {
        let h = b.affine(x, 0.5, 0.0)?;
        let z = b.affine(x, std::f64::consts::FRAC_1_SQRT_2, 0.0)?;
        let e = b.function(z, Function::Erf)?;
        let e = b.affine(e, 1.0, 1.0)?;
        b.mul(e, h)
    };
    assert_eq!(ops(&[3], half_first), ["Function"]);
    // A normalised argument, whose factors merge with the division by sqrt 2.
    let normalised: Build = |b, x| {
        let h = b.scale(x, vec![2.0, 3.0, 4.0], vec![0.5, 1.0, 0.0])?;
        let z = b.affine(h, std::f64::consts::FRAC_1_SQRT_2, 0.0)?;
        let e = b.function(z, Function::Erf)?;
        let e = b.affine(e, 0.5, 0.5)?;
        b.mul(h, e)
    };
    assert_eq!(ops(&[3], normalised), ["Scale", "Function"]);
    // x Phi(c x) = Gelu(c x) / c.
    let narrower: Build = |b, x| {
        let z = b.affine(x, 0.7, 0.0)?;
        let e = b.function(z, Function::Erf)?;
        let e = b.affine(e, 0.5, 0.5)?;
        b.mul(x, e)
    };
    assert_eq!(ops(&[3], narrower), ["Scale", "Function", "Scale"]);
    let other: Build = |b, x| {
        let z = b.affine(x, 0.7, 0.1)?;
        let e = b.function(z, Function::Erf)?;
        let e = b.affine(e, 0.5, 0.5)?;
        b.mul(x, e)
    };
    assert_eq!(ops(&[3], other), ["Scale", "Function", "Scale", "Mul"]);
}

#[test]
fn gelu_by_tanh_is_recognised() {
    let torch: Build = |b, x| {
        let h = b.linear(x, dense(3, 3), vec![0.1; 3])?;
        let square = b.mul(h, h)?;
        let cube = b.mul(h, square)?;
        let cube = b.affine(cube, f64::from(0.044_715_f32), 0.0)?;
        let sum = b.combine(&[(1.0, h), (1.0, cube)])?;
        let inner = b.affine(sum, f64::from(0.797_884_6_f32), 0.0)?;
        let t = b.function(inner, Function::Tanh)?;
        let t = b.affine(t, 1.0, 1.0)?;
        let y = b.mul(h, t)?;
        b.affine(y, 0.5, 0.0)
    };
    assert_eq!(ops(&[3], torch), ["Linear", "Function"]);
    let g = graph(&[3], torch);
    assert!(matches!(g.node(g.outputs()[0]).op, Op::Function { function: Function::GeluTanh, .. }));
}

#[test]
fn dead_nodes_go_and_names_stay() {
    let mut b = GraphBuilder::new("g", "x", &[2]).unwrap();
    let x = b.input();
    b.set_scope("dead");
    b.function(x, Function::Exp).unwrap();
    b.set_scope("y");
    let y = b.relu(x).unwrap();
    b.rename(y, "y");
    let z = b.affine(y, 1.0, 0.0).unwrap();
    b.rename(z, "z");
    let g = b.finish(&[("z", z), ("x", x)]).unwrap();
    assert_eq!(g.nodes().iter().map(|n| n.name.as_str()).collect::<Vec<_>>(), ["x", "z"]);
    assert_eq!(
        (g.output_names(), g.outputs()),
        (&["z".to_owned(), "x".to_owned()][..], &[NodeId(1), NodeId(0)][..])
    );
    assert_eq!(g.parameters(), 0);
}
