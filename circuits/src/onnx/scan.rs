//! A count of the records in a file before it is decoded.
//!
//! A protobuf message of two bytes becomes a struct of hundreds, so a small file could fill the memory. This walks the
//! wire format, allocating nothing, and counts what [`super::proto`] keeps one by one.

/// The messages and strings inside a message: which fields hold them, and what each holds in turn.
struct Schema(&'static [(u32, Option<&'static Schema>)]);

const TENSOR: Schema = Schema(&[(6, None), (13, None)]);
const ATTRIBUTE: Schema = Schema(&[(5, Some(&TENSOR)), (9, None), (11, None)]);
const NODE: Schema = Schema(&[(1, None), (2, None), (5, Some(&ATTRIBUTE))]);
const SHAPE: Schema = Schema(&[(1, None)]);
const TENSOR_TYPE: Schema = Schema(&[(2, Some(&SHAPE))]);
const TYPE: Schema = Schema(&[(1, Some(&TENSOR_TYPE))]);
const VALUE_INFO: Schema = Schema(&[(2, Some(&TYPE))]);
const GRAPH: Schema = Schema(&[
    (1, Some(&NODE)),
    (5, Some(&TENSOR)),
    (11, Some(&VALUE_INFO)),
    (12, Some(&VALUE_INFO)),
    (15, None),
]);
const MODEL: Schema = Schema(&[(7, Some(&GRAPH)), (8, None)]);

/// The number of records in an encoded model. A malformed tail is not counted; decoding will report it.
pub(super) fn count_records(model: &[u8]) -> usize {
    count(model, &MODEL)
}

/// Recursion is as deep as the schema.
fn count(mut bytes: &[u8], schema: &Schema) -> usize {
    let mut total: usize = 0;
    while let Some((Field { number, payload }, rest)) = next_field(bytes) {
        bytes = rest;
        if let Some((_, inner)) = schema.0.iter().find(|(tag, _)| *tag == number) {
            total += 1 + payload.zip(*inner).map_or(0, |(p, inner)| count(p, inner));
        }
    }
    total
}

struct Field<'a> {
    number: u32,
    /// The bytes of a length-delimited field.
    payload: Option<&'a [u8]>,
}

/// The first field and what follows it.
fn next_field(bytes: &[u8]) -> Option<(Field<'_>, &[u8])> {
    let (key, rest) = varint(bytes)?;
    let number = u32::try_from(key >> 3).ok()?;
    let (payload, rest) = match key & 7 {
        0 => (None, varint(rest)?.1),
        1 => (None, rest.get(8..)?),
        2 => {
            let (len, rest) = varint(rest)?;
            let (payload, rest) = rest.split_at_checked(usize::try_from(len).ok()?)?;
            (Some(payload), rest)
        }
        5 => (None, rest.get(4..)?),
        // Groups hold nothing that is kept: step over their marks.
        3 | 4 => (None, rest),
        _ => return None,
    };
    Some((Field { number, payload }, rest))
}

fn varint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut value = 0;
    for (i, byte) in bytes.iter().enumerate().take(10) {
        value |= u64::from(byte & 0x7f) << (7 * i);
        if byte & 0x80 == 0 {
            return Some((value, &bytes[i + 1..]));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use prost::Message;

    use super::*;
    use crate::onnx::proto::{GraphProto, ModelProto, NodeProto};

    #[test]
    fn records_are_counted() {
        let node = NodeProto { input: vec!["a".into(), "b".into()], ..Default::default() };
        let graph = GraphProto { node: vec![node; 5], ..Default::default() };
        let model = ModelProto { graph: Some(graph), ..Default::default() };
        assert_eq!(count_records(&model.encode_to_vec()), 1 + 5 * 3);
        assert_eq!(count_records(&[0xff; 64]), 0);
        assert_eq!(count_records(&[]), 0);
    }
}
