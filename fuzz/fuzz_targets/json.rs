//! Files of inputs. The first byte is the rank of the model's input, 0 to 3, and as many bytes its sides, 0 to 15.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sumcast_circuits::samples::parse;
use sumcast_fuzz::Memory;

const MEMORY: Memory = Memory { per_byte: 64, fixed: 0 };

fuzz_target!(|bytes: &[u8]| {
    let Some((rank, rest)) = bytes.split_first() else { return };
    let Some((sides, text)) = rest.split_at_checked(usize::from(rank & 3)) else { return };
    let shape: Vec<usize> = sides.iter().map(|side| usize::from(side & 15)).collect();
    let Ok(samples) = MEMORY.bound(text.len(), || parse(text, &shape)) else { return };
    let expected: usize = shape.iter().product();
    assert!(!samples.inputs.is_empty());
    assert!(samples.inputs.iter().all(|input| input.len() == expected));
    // A missing number, `null`, is not one.
    assert!(samples.inputs.iter().flatten().all(|value| !value.is_infinite()));
    assert!(samples.outputs.is_none_or(|outputs| outputs.len() == samples.inputs.len()));
});
