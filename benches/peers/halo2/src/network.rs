//! The quantised dense network: its JSON description and its plain integer evaluation.

use serde::Deserialize;

/// One dense layer: `y = floor((W x + b + 2^(shift-1)) / 2^shift)`, then `max(y, 0)` where `relu`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Layer {
    /// One row of integers for each output.
    pub weights: Vec<Vec<i64>>,
    /// One integer for each output, at the scale of the products.
    pub bias: Vec<i64>,
    /// Bits dropped from the accumulator, rounded half up.
    pub shift: u32,
    /// Whether the layer ends in a ReLU.
    pub relu: bool,
}

/// A network and the input it is evaluated on.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Network {
    /// The layers, first to last.
    pub layers: Vec<Layer>,
    /// The quantised input.
    pub input: Vec<i64>,
}

/// One accumulator taken apart: `z + 2^(shift-1) = y 2^shift + rem`, `y = m` or `y = -m - 1`.
#[derive(Clone, Copy, Debug)]
pub struct Rescaled {
    /// The accumulator.
    pub z: i128,
    /// Remainder, in `[0, 2^shift)`.
    pub rem: u64,
    /// Whether `y >= 0`.
    pub positive: bool,
    /// `y` where it is not negative, `-y - 1` where it is.
    pub m: u64,
    /// The layer's output.
    pub out: i64,
}

/// Every intermediate value of one evaluation.
#[derive(Clone, Debug)]
pub struct Trace {
    /// The layer inputs; the first is the network's.
    pub inputs: Vec<Vec<i64>>,
    /// The rescaled accumulators of each layer.
    pub layers: Vec<Vec<Rescaled>>,
}

impl Layer {
    fn evaluate(&self, x: &[i64], value_bits: u32) -> Result<Vec<Rescaled>, String> {
        let half = 1i128 << (self.shift - 1);
        self.weights
            .iter()
            .zip(&self.bias)
            .map(|(row, &bias)| {
                let products = row.iter().zip(x).map(|(&w, &x)| i128::from(w) * i128::from(x));
                let z = i128::from(bias) + products.sum::<i128>();
                let y = (z + half) >> self.shift;
                let rem = (z + half) - (y << self.shift);
                let positive = y >= 0;
                let m = if positive { y } else { -y - 1 };
                if m >> value_bits != 0 {
                    return Err(format!(
                        "a value of {y} does not fit {value_bits} bits: raise --value-limbs"
                    ));
                }
                let out = if self.relu && !positive { 0 } else { y as i64 };
                Ok(Rescaled { z, rem: rem as u64, positive, m: m as u64, out })
            })
            .collect()
    }
}

impl Network {
    /// Reads a description and checks its shapes.
    ///
    /// # Errors
    /// A sentence that names the layer and the field at fault.
    pub fn from_json(text: &str) -> Result<Self, String> {
        let network: Self = serde_json::from_str(text).map_err(|e| e.to_string())?;
        if network.layers.is_empty() {
            return Err("`layers` is empty".into());
        }
        let mut width = network.input.len();
        for (i, layer) in network.layers.iter().enumerate() {
            if layer.bias.len() != layer.weights.len() || layer.bias.is_empty() {
                return Err(format!("layer {i}: `bias` and `weights` differ in length or are empty"));
            }
            if width == 0 || layer.weights.iter().any(|row| row.len() != width) {
                return Err(format!("layer {i}: every row of `weights` must hold {width} integers"));
            }
            if !(1..=48).contains(&layer.shift) {
                return Err(format!("layer {i}: `shift` must be between 1 and 48"));
            }
            width = layer.bias.len();
        }
        Ok(network)
    }

    /// Weights and biases together.
    pub fn parameters(&self) -> usize {
        self.layers.iter().map(|l| l.bias.len() + l.weights.iter().map(Vec::len).sum::<usize>()).sum()
    }

    /// Evaluates the network in plain integers and keeps every intermediate value.
    ///
    /// # Errors
    /// When a value leaves `[-2^value_bits, 2^value_bits)`, the range that the circuit checks.
    pub fn evaluate(&self, value_bits: u32) -> Result<Trace, String> {
        let mut trace = Trace { inputs: vec![self.input.clone()], layers: Vec::new() };
        for (i, layer) in self.layers.iter().enumerate() {
            let rescaled =
                layer.evaluate(&trace.inputs[i], value_bits).map_err(|e| format!("layer {i}: {e}"))?;
            trace.inputs.push(rescaled.iter().map(|r| r.out).collect());
            trace.layers.push(rescaled);
        }
        Ok(trace)
    }
}

impl Trace {
    /// The network's output.
    pub fn output(&self) -> &[i64] {
        self.inputs.last().map_or(&[], Vec::as_slice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one_layer(z: i64, relu: bool) -> i64 {
        let layer = Layer { weights: vec![vec![z]], bias: vec![0], shift: 4, relu };
        let network = Network { layers: vec![layer], input: vec![1] };
        network.evaluate(24).unwrap().output()[0]
    }

    #[test]
    fn rounds_half_up_and_floors_negatives() {
        for (z, y) in [(0, 0), (7, 0), (8, 1), (23, 1), (24, 2), (-8, 0), (-9, -1), (-24, -1), (-25, -2)] {
            assert_eq!(one_layer(z, false), y, "z = {z}");
            assert_eq!(one_layer(z, true), y.max(0), "z = {z}");
        }
    }

    #[test]
    fn names_the_layer_at_fault() {
        let text = r#"{"layers":[{"weights":[[1,2]],"bias":[1],"shift":8,"relu":true}],"input":[1]}"#;
        assert!(Network::from_json(text).unwrap_err().contains("layer 0"));
    }
}
