//! Inputs from JSON: `{"input": [..]}`, or `{"inputs": [[..], ..]}` with the recorded `"outputs"` of another
//! implementation.

use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, de::DeserializeSeed};
use std::fmt;

/// Why JSON has no inputs of a shape: a sentence that names the field at fault.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SamplesError(String);

/// An error of this sentence.
macro_rules! fault {
    ($($sentence:tt)*) => { SamplesError(format!($($sentence)*)) };
}

/// Deepest nesting of a tensor.
const MAX_DEPTH: usize = 8;

/// A nested list of numbers, flattened.
#[derive(Clone, Debug, Default, PartialEq)]
struct Tensor {
    data: Vec<f64>,
    shape: Vec<usize>,
}

/// The fields of a file of inputs.
#[derive(Debug, Default)]
struct Document {
    input: Option<Tensor>,
    inputs: Option<Vec<Tensor>>,
    outputs: Option<Vec<Tensor>>,
}

/// Inputs of a model and, where the file has them, the outputs another implementation gave.
#[derive(Debug)]
pub struct Samples {
    /// For each input its numbers, as many as the model takes.
    pub inputs: Vec<Vec<f64>>,
    /// For each input the outputs recorded with it.
    pub outputs: Option<Vec<Vec<f64>>>,
}

/// The inputs in the bytes of a file, for a model of this input shape.
///
/// # Errors
/// [`SamplesError`].
pub fn parse(bytes: &[u8], shape: &[usize]) -> Result<Samples, SamplesError> {
    let document: Document = serde_json::from_slice(bytes).map_err(|error| {
        let not_finite = error.is_syntax() && ["NaN", "Infinity"].iter().any(|word| contains(bytes, word));
        let hint = if not_finite {
            ": JSON has no NaN or infinity; write null for a missing number, which only trees take"
        } else {
            ""
        };
        fault!("not a file of inputs: {error}{hint}")
    })?;
    // A name is made when it is needed: a file may hold millions of inputs.
    type Name = fn(usize) -> String;
    let (inputs, name): (Vec<Tensor>, Name) = match (document.input, document.inputs) {
        (Some(_), Some(_)) => return Err(fault!("it has both \"input\" and \"inputs\": keep one")),
        (None, None) => {
            return Err(fault!("it has no field \"input\": write {{\"input\": [..numbers..]}}"));
        }
        (Some(input), None) => (vec![input], |_| "\"input\"".to_owned()),
        (None, Some(inputs)) => (inputs, |i| format!("\"inputs\"[{i}]")),
    };
    if inputs.is_empty() {
        return Err(fault!("\"inputs\" is empty: give at least one input"));
    }
    let count = inputs.len();
    let inputs = inputs
        .into_iter()
        .enumerate()
        .map(|(i, input)| input.of_shape(|| name(i), shape))
        .collect::<Result<_, _>>()?;
    let outputs: Option<Vec<_>> =
        document.outputs.map(|all| all.into_iter().map(|output| output.data).collect());
    match &outputs {
        Some(outputs) if outputs.len() != count => {
            return Err(fault!(
                "it has {count} inputs and {} \"outputs\": give one for each input",
                outputs.len()
            ));
        }
        _ => {}
    }
    Ok(Samples { inputs, outputs })
}

fn contains(bytes: &[u8], word: &str) -> bool {
    bytes.windows(word.len()).any(|window| window == word.as_bytes())
}

impl Tensor {
    /// The numbers, if there are as many as the shape has, and nested as it is or not at all. Sides of 1 in front,
    /// such as the batch, do not matter.
    fn of_shape(self, name: impl Fn() -> String, shape: &[usize]) -> Result<Vec<f64>, SamplesError> {
        let sides = |shape: &[usize]| shape.iter().copied().skip_while(|side| *side == 1).collect::<Vec<_>>();
        let expected: usize = shape.iter().product();
        if self.data.len() != expected {
            return Err(fault!(
                "{} has {} numbers, and the model takes {expected} (shape {shape:?})",
                name(),
                self.data.len()
            ));
        }
        if self.shape.len() > 1 && sides(&self.shape) != sides(shape) {
            return Err(fault!(
                "{} has shape {:?}, and the model takes {shape:?}: nest it so, or not at all",
                name(),
                self.shape
            ));
        }
        Ok(self.data)
    }
}

impl<'de> Deserialize<'de> for Document {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields;
        impl<'de> Visitor<'de> for Fields {
            type Value = Document;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object with the field \"input\" or \"inputs\"")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Document, A::Error> {
                let mut document = Document::default();
                while let Some(key) = map.next_key::<String>()? {
                    let repeated = match key.as_str() {
                        "input" => document.input.replace(map.next_value_seed(Field("input"))?).is_some(),
                        "inputs" => document.inputs.replace(map.next_value_seed(List("inputs"))?).is_some(),
                        "outputs" => {
                            document.outputs.replace(map.next_value_seed(List("outputs"))?).is_some()
                        }
                        _ => map.next_value::<IgnoredAny>().map(|_| false)?,
                    };
                    if repeated {
                        return Err(A::Error::custom(format_args!("the field \"{key}\" is there twice")));
                    }
                }
                Ok(document)
            }
        }
        deserializer.deserialize_map(Fields)
    }
}

/// A field that is a list of tensors.
struct List(&'static str);

impl<'de> DeserializeSeed<'de> for List {
    type Value = Vec<Tensor>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Vec<Tensor>, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for List {
    type Value = Vec<Tensor>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a list of lists of numbers in \"{}\"", self.0)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Vec<Tensor>, A::Error> {
        let mut tensors = Vec::new();
        while let Some(tensor) = seq.next_element_seed(Field(self.0))? {
            if tensor.shape.is_empty() {
                return Err(A::Error::custom(format_args!(
                    "\"{}\" holds a number where a list of numbers belongs: write [[..], ..]",
                    self.0
                )));
            }
            tensors.push(tensor);
        }
        Ok(tensors)
    }
}

/// A field, or an element of one, that is a tensor.
struct Field(&'static str);

impl<'de> DeserializeSeed<'de> for Field {
    type Value = Tensor;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Tensor, D::Error> {
        let mut nest = Nest { field: self.0, data: Vec::new(), sides: Vec::new(), leaves: None };
        Level { nest: &mut nest, depth: 0 }.deserialize(deserializer)?;
        let mut shape: Vec<usize> = nest.sides.into_iter().map(Option::unwrap_or_default).collect();
        // Of many short tensors the spare room would be most of the memory.
        nest.data.shrink_to_fit();
        shape.shrink_to_fit();
        Ok(Tensor { data: nest.data, shape })
    }
}

/// A tensor while it is read.
struct Nest {
    field: &'static str,
    data: Vec<f64>,
    /// The length of the lists at each depth, once one of them is complete.
    sides: Vec<Option<usize>>,
    /// The depth at which the numbers are.
    leaves: Option<usize>,
}

/// One level of a nested list.
struct Level<'a> {
    nest: &'a mut Nest,
    depth: usize,
}

impl Level<'_> {
    fn number<E: Error>(self, value: f64) -> Result<(), E> {
        if !value.is_finite() {
            return Err(E::custom(format_args!("a number in \"{}\" is out of range", self.nest.field)));
        }
        self.put(value)
    }

    fn put<E: Error>(self, value: f64) -> Result<(), E> {
        if *self.nest.leaves.get_or_insert(self.depth) != self.depth || self.depth < self.nest.sides.len() {
            return Err(self.ragged());
        }
        self.nest.data.push(value);
        Ok(())
    }

    fn ragged<E: Error>(&self) -> E {
        E::custom(format_args!("\"{}\" is nested unevenly: all its rows have one shape", self.nest.field))
    }
}

impl<'de> DeserializeSeed<'de> for Level<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Level<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "numbers in \"{}\"", self.nest.field)
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<(), E> {
        self.number(value)
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<(), E> {
        self.number(value as f64)
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<(), E> {
        self.number(value as f64)
    }

    /// A missing number.
    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.put(f64::NAN)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let Level { nest, depth } = self;
        if depth == MAX_DEPTH {
            return Err(A::Error::custom(format_args!(
                "\"{}\" is nested deeper than {MAX_DEPTH} lists",
                nest.field
            )));
        }
        if depth == nest.sides.len() {
            nest.sides.push(None);
        }
        let mut len = 0;
        while seq.next_element_seed(Level { nest, depth: depth + 1 })?.is_some() {
            len += 1;
        }
        if *nest.sides[depth].get_or_insert(len) != len {
            return Err(Level { nest, depth }.ragged());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, shape: &[usize]) -> Result<Vec<Vec<f64>>, SamplesError> {
        parse(text.as_bytes(), shape).map(|samples| samples.inputs)
    }

    fn fault(text: &str, shape: &[usize]) -> String {
        read(text, shape).unwrap_err().to_string()
    }

    #[test]
    fn numbers_come_flat_or_nested() {
        let expected = vec![vec![1.0, 2.0, 3.0, 4.0, -5.5, 6e-3]];
        for text in [
            r#"{"input": [1, 2, 3, 4, -5.5, 6e-3]}"#,
            r#"{"input": [[1, 2, 3], [4, -5.5, 6e-3]]}"#,
            r#"{"input": [[[1, 2, 3], [4, -5.5, 6e-3]]], "other": {"a": [null, "b"]}}"#,
            r#"{"inputs": [[1, 2, 3, 4, -5.5, 6e-3]]}"#,
            r#"{"inputs": [[[1, 2, 3], [4, -5.5, 6e-3]]], "outputs": [[1]]}"#,
        ] {
            assert_eq!(read(text, &[1, 2, 3]).unwrap(), expected, "{text}");
        }
        assert_eq!(read(r#"{"inputs": [[1], [2]]}"#, &[1, 1]).unwrap(), [[1.0], [2.0]]);
        assert_eq!(read(r#"{"input": 3}"#, &[1]).unwrap(), [[3.0]]);
        assert!(read(r#"{"input": [1, null]}"#, &[2]).unwrap()[0][1].is_nan());
    }

    #[test]
    fn faults_name_the_field() {
        for (text, expected) in [
            ("", "EOF"),
            ("[1, 2]", "an object with the field \"input\""),
            ("{}", "no field \"input\""),
            (r#"{"input": [1, NaN]}"#, "no NaN or infinity"),
            (r#"{"input": [1, -Infinity]}"#, "no NaN or infinity"),
            (r#"{"input": [1, 1e999]}"#, "out of range"),
            (r#"{"input": [1, "2"]}"#, "string \"2\", expected numbers in \"input\""),
            (r#"{"input": [1, true]}"#, "expected numbers in \"input\""),
            (r#"{"input": [1, {}]}"#, "expected numbers in \"input\""),
            (r#"{"input": [1, [2]]}"#, "unevenly"),
            (r#"{"input": [[1], 2]}"#, "unevenly"),
            (r#"{"input": [[1, 2], [3]]}"#, "unevenly"),
            (r#"{"input": [[], 2]}"#, "unevenly"),
            (r#"{"input": [1, 2, 3]}"#, "\"input\" has 3 numbers, and the model takes 2"),
            (r#"{"input": []}"#, "\"input\" has 0 numbers"),
            (r#"{"input": [[1], [2]]}"#, "shape [2, 1], and the model takes [1, 2]"),
            (r#"{"input": [1, 2], "input": [1, 2]}"#, "twice"),
            (r#"{"input": [1, 2], "inputs": [[1, 2]]}"#, "both"),
            (r#"{"inputs": []}"#, "empty"),
            (r#"{"inputs": [1, 2]}"#, "write [[..], ..]"),
            (r#"{"inputs": [[1, 2], [1]]}"#, "\"inputs\"[1] has 1 numbers"),
            (r#"{"inputs": [[1, 2]], "outputs": []}"#, "1 inputs and 0 \"outputs\""),
        ] {
            let found = fault(text, &[1, 2]);
            assert!(found.contains(expected), "{text}: {found}");
        }
    }

    #[test]
    fn deep_nesting_is_an_error() {
        let nested = |depth: usize| format!(r#"{{"input": {}1{}}}"#, "[".repeat(depth), "]".repeat(depth));
        assert_eq!(read(&nested(MAX_DEPTH), &[1]).unwrap(), [[1.0]]);
        assert!(fault(&nested(MAX_DEPTH + 1), &[1]).contains("deeper"));
        let ignored = format!(r#"{{"other": {}"#, "[".repeat(1 << 20));
        assert!(fault(&ignored, &[1]).contains("not a file of inputs"));
    }
}
