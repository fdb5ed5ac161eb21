//! Constant tensors.

use std::rc::Rc;

use super::{
    error::{Problem, TensorProblem},
    proto::TensorProto,
};
use crate::graph::{MAX_TENSOR_ELEMENTS, layout};

/// The elements of a constant, of the four kinds that operators tell apart.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Data {
    Float(Vec<f64>),
    Int(Vec<i64>),
    Bool(Vec<bool>),
    Strings(Vec<Vec<u8>>),
}

/// A constant tensor; unlike a graph's, it may be empty.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ConstTensor {
    pub(crate) shape: Vec<usize>,
    pub(crate) data: Data,
}

impl Data {
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Float(v) => v.len(),
            Self::Int(v) => v.len(),
            Self::Bool(v) => v.len(),
            Self::Strings(v) => v.len(),
        }
    }

    /// The elements at `index`, which must be in range.
    pub(crate) fn select(&self, index: impl Iterator<Item = usize>) -> Self {
        match self {
            Self::Float(v) => Self::Float(index.map(|i| v[i]).collect()),
            Self::Int(v) => Self::Int(index.map(|i| v[i]).collect()),
            Self::Bool(v) => Self::Bool(index.map(|i| v[i]).collect()),
            Self::Strings(v) => Self::Strings(index.map(|i| v[i].clone()).collect()),
        }
    }
}

impl ConstTensor {
    pub(crate) fn floats(shape: Vec<usize>, data: Vec<f64>) -> Self {
        Self { shape, data: Data::Float(data) }
    }

    pub(crate) fn ints(shape: Vec<usize>, data: Vec<i64>) -> Self {
        Self { shape, data: Data::Int(data) }
    }

    /// Which element stands at each place of a shape that it is broadcast to; none where it cannot be.
    pub(crate) fn broadcast_index(&self, shape: &[usize]) -> Vec<usize> {
        layout::broadcast_index(&self.shape, shape).unwrap_or_default()
    }

    pub(crate) fn as_floats(&self) -> Option<&[f64]> {
        if let Data::Float(v) = &self.data { Some(v) } else { None }
    }

    pub(crate) fn as_ints(&self) -> Option<&[i64]> {
        if let Data::Int(v) = &self.data { Some(v) } else { None }
    }

    /// The same elements under another shape.
    pub(crate) fn reshaped(self: &Rc<Self>, shape: Vec<usize>) -> Result<Self, Problem> {
        if count(&shape)? != self.data.len() {
            return Err(Problem::Shape(format!("cannot reshape {:?} to {shape:?}", self.shape)));
        }
        Ok(Self { shape, data: self.data.clone() })
    }
}

/// The most axes of a tensor.
const MAX_RANK: usize = 32;

/// The number of elements under `shape`, within the limit of one tensor. An empty tensor's other sides keep to the limit
/// too, so that no product of sides overflows.
pub(crate) fn count(shape: &[usize]) -> Result<usize, Problem> {
    let product = shape.iter().try_fold(1usize, |n, d| n.checked_mul((*d).max(1)));
    if shape.len() > MAX_RANK || product.is_none_or(|n| n > MAX_TENSOR_ELEMENTS) {
        let shown = &shape[..shape.len().min(MAX_RANK)];
        return Err(Problem::Shape(format!("a tensor of {} axes, {shown:?}, is too large", shape.len())));
    }
    Ok(shape.iter().product())
}

/// The element types of `TensorProto.DataType`.
pub(crate) mod element {
    pub(crate) const FLOAT: i32 = 1;
    pub(crate) const UINT8: i32 = 2;
    pub(crate) const INT8: i32 = 3;
    pub(crate) const UINT16: i32 = 4;
    pub(crate) const INT16: i32 = 5;
    pub(crate) const INT32: i32 = 6;
    pub(crate) const INT64: i32 = 7;
    pub(crate) const STRING: i32 = 8;
    pub(crate) const BOOL: i32 = 9;
    pub(crate) const FLOAT16: i32 = 10;
    pub(crate) const DOUBLE: i32 = 11;
    pub(crate) const UINT32: i32 = 12;
    pub(crate) const UINT64: i32 = 13;
    pub(crate) const BFLOAT16: i32 = 16;

    /// Whether tensors of this type hold real numbers.
    pub(crate) fn is_float(ty: i32) -> bool {
        matches!(ty, FLOAT | DOUBLE | FLOAT16 | BFLOAT16)
    }

    /// Whether tensors of this type hold integers.
    pub(crate) fn is_int(ty: i32) -> bool {
        matches!(ty, UINT8 | INT8 | UINT16 | INT16 | INT32 | INT64 | UINT32 | UINT64)
    }
}

/// Decodes a tensor, checking that its data fill its shape and its numbers are finite.
pub(crate) fn decode(proto: &TensorProto) -> Result<ConstTensor, TensorProblem> {
    let tensor = decode_any(proto)?;
    if let Data::Float(v) = &tensor.data
        && let Some(at) = v.iter().position(|x| !x.is_finite())
    {
        return Err(TensorProblem::NotFinite(at));
    }
    Ok(tensor)
}

/// Decodes a tensor, checking that its data fill its shape.
pub(crate) fn decode_any(proto: &TensorProto) -> Result<ConstTensor, TensorProblem> {
    if proto.data_location.unwrap_or(0) != 0 || !proto.external_data.is_empty() {
        return Err(TensorProblem::External);
    }
    if proto.segment.is_some() {
        return Err(TensorProblem::Sparse);
    }
    let bad_shape = || TensorProblem::Shape(proto.dims.clone());
    let shape: Vec<usize> =
        proto.dims.iter().map(|d| usize::try_from(*d)).collect::<Result<_, _>>().map_err(|_| bad_shape())?;
    let elements = count(&shape).map_err(|_| bad_shape())?;
    let data = match proto.raw_data.as_deref() {
        Some(raw) if !raw.is_empty() => decode_raw(proto.data_type.unwrap_or(0), raw, elements)?,
        _ => decode_typed(proto, elements)?,
    };
    Ok(ConstTensor { shape, data })
}

fn expect(expected: usize, found: usize, unit: &'static str) -> Result<(), TensorProblem> {
    if expected == found { Ok(()) } else { Err(TensorProblem::Length { expected, found, unit }) }
}

fn decode_raw(ty: i32, raw: &[u8], elements: usize) -> Result<Data, TensorProblem> {
    use element::*;
    fn words<const N: usize, T>(
        raw: &[u8],
        elements: usize,
        f: impl Fn([u8; N]) -> T,
    ) -> Result<Vec<T>, TensorProblem> {
        expect(elements * N, raw.len(), "bytes")?;
        let word = |c: &[u8]| {
            let mut word = [0; N];
            word.copy_from_slice(c);
            f(word)
        };
        Ok(raw.chunks_exact(N).map(word).collect())
    }
    Ok(match ty {
        FLOAT => Data::Float(words(raw, elements, |w| f64::from(f32::from_le_bytes(w)))?),
        DOUBLE => Data::Float(words(raw, elements, f64::from_le_bytes)?),
        FLOAT16 => Data::Float(words(raw, elements, |w| half(u16::from_le_bytes(w)))?),
        BFLOAT16 => Data::Float(words(raw, elements, |w| bfloat(u16::from_le_bytes(w)))?),
        UINT8 => Data::Int(words(raw, elements, |[b]| i64::from(b))?),
        INT8 => Data::Int(words(raw, elements, |w| i64::from(i8::from_le_bytes(w)))?),
        UINT16 => Data::Int(words(raw, elements, |w| i64::from(u16::from_le_bytes(w)))?),
        INT16 => Data::Int(words(raw, elements, |w| i64::from(i16::from_le_bytes(w)))?),
        INT32 => Data::Int(words(raw, elements, |w| i64::from(i32::from_le_bytes(w)))?),
        UINT32 => Data::Int(words(raw, elements, |w| i64::from(u32::from_le_bytes(w)))?),
        INT64 => Data::Int(words(raw, elements, i64::from_le_bytes)?),
        UINT64 => unsigned(&words(raw, elements, u64::from_le_bytes)?)?,
        BOOL => Data::Bool(words(raw, elements, |[b]| b != 0)?),
        ty => return Err(TensorProblem::ElementType(ty)),
    })
}

fn decode_typed(proto: &TensorProto, elements: usize) -> Result<Data, TensorProblem> {
    use element::*;
    let ty = proto.data_type.unwrap_or(0);
    let found = match ty {
        FLOAT => proto.float_data.len(),
        DOUBLE => proto.double_data.len(),
        INT64 => proto.int64_data.len(),
        UINT32 | UINT64 => proto.uint64_data.len(),
        STRING => proto.string_data.len(),
        UINT8 | INT8 | UINT16 | INT16 | INT32 | BOOL | FLOAT16 | BFLOAT16 => proto.int32_data.len(),
        ty => return Err(TensorProblem::ElementType(ty)),
    };
    expect(elements, found, "elements")?;
    let words = || proto.int32_data.iter();
    Ok(match ty {
        FLOAT => Data::Float(proto.float_data.iter().map(|x| f64::from(*x)).collect()),
        DOUBLE => Data::Float(proto.double_data.clone()),
        INT64 => Data::Int(proto.int64_data.clone()),
        UINT32 | UINT64 => unsigned(&proto.uint64_data)?,
        STRING => Data::Strings(proto.string_data.clone()),
        BOOL => Data::Bool(words().map(|b| *b != 0).collect()),
        FLOAT16 => Data::Float(words().map(|w| half(*w as u16)).collect()),
        BFLOAT16 => Data::Float(words().map(|w| bfloat(*w as u16)).collect()),
        _ => Data::Int(words().map(|w| i64::from(*w)).collect()),
    })
}

fn unsigned(words: &[u64]) -> Result<Data, TensorProblem> {
    let signed = |(i, w): (usize, &u64)| i64::try_from(*w).map_err(|_| TensorProblem::Range(i));
    Ok(Data::Int(words.iter().enumerate().map(signed).collect::<Result<_, _>>()?))
}

/// IEEE 754 binary16.
fn half(bits: u16) -> f64 {
    let (exponent, fraction) = (i32::from(bits >> 10 & 0x1f), f64::from(bits & 0x3ff));
    let magnitude = match exponent {
        0 => fraction * 2f64.powi(-24),
        31 if fraction == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        e => (1024.0 + fraction) * 2f64.powi(e - 25),
    };
    if bits >> 15 == 1 { -magnitude } else { magnitude }
}

fn bfloat(bits: u16) -> f64 {
    f64::from(f32::from_bits(u32::from(bits) << 16))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(ty: i32, dims: &[i64], raw: &[u8]) -> Result<Data, TensorProblem> {
        let proto = TensorProto {
            dims: dims.to_vec(),
            data_type: Some(ty),
            raw_data: Some(raw.to_vec()),
            ..Default::default()
        };
        decode(&proto).map(|t| t.data)
    }

    #[test]
    fn raw_data_of_each_type() {
        use element::*;
        assert_eq!(raw(FLOAT, &[1], &1.5f32.to_le_bytes()), Ok(Data::Float(vec![1.5])));
        assert_eq!(raw(DOUBLE, &[], &(-0.1f64).to_le_bytes()), Ok(Data::Float(vec![-0.1])));
        assert_eq!(
            raw(FLOAT16, &[3], &[0, 0xbc, 1, 0, 0xff, 0x7b]),
            Ok(Data::Float(vec![-1.0, 2f64.powi(-24), 65504.0]))
        );
        assert_eq!(raw(BFLOAT16, &[1], &[0x80, 0x3f]), Ok(Data::Float(vec![1.0])));
        assert_eq!(raw(INT8, &[2], &[0xff, 1]), Ok(Data::Int(vec![-1, 1])));
        assert_eq!(raw(UINT8, &[1], &[0xff]), Ok(Data::Int(vec![255])));
        assert_eq!(raw(BOOL, &[2], &[0, 1]), Ok(Data::Bool(vec![false, true])));
        assert_eq!(raw(UINT64, &[1], &[0xff; 8]), Err(TensorProblem::Range(0)));
    }

    #[test]
    fn typed_fields() {
        let mut t = TensorProto { dims: vec![2], data_type: Some(element::FLOAT16), ..Default::default() };
        t.int32_data = vec![0x3c00, 0xc000];
        assert_eq!(decode(&t).unwrap().data, Data::Float(vec![1.0, -2.0]));
        t.data_type = Some(element::INT32);
        assert_eq!(decode(&t).unwrap().data, Data::Int(vec![0x3c00, 0xc000]));
        t.data_type = Some(element::UINT32);
        t.uint64_data = vec![1, 2];
        assert_eq!(decode(&t).unwrap().data, Data::Int(vec![1, 2]));
        t.data_type = Some(element::STRING);
        assert!(matches!(decode(&t), Err(TensorProblem::Length { expected: 2, found: 0, .. })));
    }

    #[test]
    fn damaged_tensors_are_refused() {
        use element::FLOAT;
        assert!(matches!(
            raw(FLOAT, &[2], &[0; 7]),
            Err(TensorProblem::Length { expected: 8, found: 7, .. })
        ));
        assert!(matches!(raw(FLOAT, &[-1], &[0; 4]), Err(TensorProblem::Shape(_))));
        assert!(matches!(raw(FLOAT, &[i64::MAX, i64::MAX], &[0; 4]), Err(TensorProblem::Shape(_))));
        assert_eq!(raw(FLOAT, &[1], &f32::NAN.to_le_bytes()), Err(TensorProblem::NotFinite(0)));
        assert_eq!(raw(99, &[1], &[0]), Err(TensorProblem::ElementType(99)));
        let external = TensorProto { data_location: Some(1), ..Default::default() };
        assert_eq!(decode(&external), Err(TensorProblem::External));
        assert!(matches!(raw(FLOAT, &[0, 1 << 40, 1 << 40], &[]), Err(TensorProblem::Shape(_))));
        assert!(matches!(raw(FLOAT, &[1; 33], &[0; 4]), Err(TensorProblem::Shape(_))));
        let empty = TensorProto { dims: vec![0], data_type: Some(FLOAT), ..Default::default() };
        assert_eq!(decode(&empty).unwrap().data, Data::Float(vec![]));
    }
}
