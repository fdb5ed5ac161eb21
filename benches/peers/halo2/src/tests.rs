//! What the circuit accepts and what it does not.

use halo2_axiom::dev::MockProver;

use crate::{
    circuit::{DenseCircuit, instance},
    layout::Layout,
    network::{Layer, Network, Trace},
    proof,
};

/// Two layers, uneven widths, values of both signs.
fn network() -> Network {
    let weight = |o: usize, j: usize| ((o * 37 + j * 101) % 4001) as i64 * 37 - 70_000;
    let layer = |inputs: usize, outputs: usize, relu| Layer {
        weights: (0..outputs).map(|o| (0..inputs).map(|j| weight(o, j)).collect()).collect(),
        bias: (0..outputs).map(|o| if o % 2 == 0 { 40_000_000_000 } else { -40_000_000_000 }).collect(),
        shift: 16,
        relu,
    };
    let input = (0..7).map(|j| (j * 30_011) % 130_000 - 65_000).collect();
    Network { layers: vec![layer(7, 9, true), layer(9, 2, false)], input }
}

/// Whether the constraints hold for this witness and these public values.
fn satisfied(network: &Network, layout: &Layout, trace: Trace, output: &[i64]) -> bool {
    let instance = instance(&network.input, output);
    let circuit = DenseCircuit { network, layout, trace };
    MockProver::run(layout.k, &circuit, vec![instance]).unwrap().verify().is_ok()
}

#[test]
fn a_proof_of_another_input_or_output_does_not_verify() {
    let network = network();
    let layout = Layout::new(&network, 4, 3).unwrap();
    let trace = network.evaluate(layout.value_bits()).unwrap();
    let output = trace.output().to_vec();
    let circuit = DenseCircuit { network: &network, layout: &layout, trace };
    let params = proof::test_only_params(layout.k);
    let key = proof::keygen(&params, &circuit).unwrap();

    let right = instance(&network.input, &output);
    let good = proof::prove(&params, &key, circuit.clone(), &right).unwrap();
    assert!(proof::verify(&params, &key, &good, &right));

    let wrong_output = instance(&network.input, &[output[0] + 1, output[1]]);
    assert!(!proof::verify(&params, &key, &good, &wrong_output));
    let mut input = network.input.clone();
    input[3] += 1;
    assert!(!proof::verify(&params, &key, &good, &instance(&input, &output)));

    // A prover that claims the wrong output from the start fares no better.
    let forged = proof::prove(&params, &key, circuit, &wrong_output).unwrap();
    assert!(!proof::verify(&params, &key, &forged, &wrong_output));
}

#[test]
fn the_constraints_hold_for_every_layout_and_fail_for_altered_witnesses() {
    let network = network();
    for columns in [1, 3, 8, 16] {
        let layout = Layout::new(&network, columns, 3).unwrap();
        let trace = network.evaluate(layout.value_bits()).unwrap();
        let output = trace.output().to_vec();
        assert!(satisfied(&network, &layout, trace.clone(), &output), "{columns} columns");
        assert!(trace.layers[0].iter().any(|r| r.positive) && trace.layers[0].iter().any(|r| !r.positive));

        // The other sign with the same magnitude.
        let mut altered = trace.clone();
        altered.layers[0][2].positive ^= true;
        assert!(!satisfied(&network, &layout, altered, &output));

        // One more in the output, a whole scale less in the remainder: out of the table.
        let mut altered = trace.clone();
        let last = &mut altered.layers[1][0];
        let step: i64 = if last.positive { 1 } else { -1 };
        last.m += 1;
        last.rem = last.rem.wrapping_sub_signed(step << 16);
        last.out += step;
        let claimed = [output[0] + step, output[1]];
        assert!(!satisfied(&network, &layout, altered, &claimed));

        // An output that does not follow from the block.
        let mut altered = trace;
        altered.layers[1][1].out += 1;
        assert!(!satisfied(&network, &layout, altered, &[output[0], output[1] + 1]));
    }
}

#[test]
fn several_chains_share_the_rows_of_the_fixed_columns() {
    let network = network();
    let mut layout = Layout::new(&network, 8, 3).unwrap();
    layout.chains = 4;
    let trace = network.evaluate(layout.value_bits()).unwrap();
    let output = trace.output().to_vec();
    assert!(satisfied(&network, &layout, trace, &output));
}

#[test]
fn a_shift_without_a_limb_width_is_refused() {
    let mut network = network();
    network.layers[0].shift = 13;
    assert!(Layout::new(&network, 8, 3).is_err());
}
