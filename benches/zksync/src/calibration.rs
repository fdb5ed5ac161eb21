//! Transactions of one step each, by which the machine is checked against what others have measured.

use anyhow::Result;
use zksync_types::Address;

use crate::{Chain, Known, Twice};

/// A precompile of the EVM: its address, and bytes of what it returns.
const EC_ADD: (u8, u8) = (6, 64);
const EC_MUL: (u8, u8) = (7, 64);
const PAIRING: (u8, u8) = (8, 32);

const GENERATOR: &str = "\
    0000000000000000000000000000000000000000000000000000000000000001\
    0000000000000000000000000000000000000000000000000000000000000002";
const NEGATED: &str = "\
    0000000000000000000000000000000000000000000000000000000000000001\
    30644e72e131a029b85045b68181585d97816a916871ca8d3c208c16d87cfd45";
const GENERATOR_OF_G2: &str = "\
    198e9393920d483a7260bfb731fb5d25f1aa493335a9e71297e485b7aef312c2\
    1800deef121f1e76426a00665e5c4479674322d4f75edadd46debd5cd992f6ed\
    090689d0585ff075ec9e99ad690c3395bc4b313370b38ef355acdadcd122975b\
    12c85ea5db8c6deb4aab71808dcb408fe3d1e7690c43d37b4ce6cc0166fa7daa";

/// Measures them all.
///
/// # Errors
/// Says which fails, and how.
pub fn calibrate(chain: &mut Chain) -> Result<Vec<Known>> {
    let scalar = "f0".repeat(32);
    let calls = [
        ("call of a contract that does nothing", vec![0x00], String::new()),
        ("ecAdd", forwarding(EC_ADD), [GENERATOR, GENERATOR].concat()),
        ("ecMul", forwarding(EC_MUL), [GENERATOR, &scalar].concat()),
        (
            "pairing check of two pairs",
            forwarding(PAIRING),
            [GENERATOR, GENERATOR_OF_G2, NEGATED, GENERATOR_OF_G2].concat(),
        ),
    ];
    let payee = Address::repeat_byte(0xaa);
    // An account that has nothing is dearer to pay.
    chain.transfer(payee)?;
    let mut all = vec![Known::new("transfer", Twice::of(chain, |chain| chain.transfer(payee))?)];
    for (name, code, data) in calls {
        let data = hex::decode(data)?;
        let (contract, _) = chain.create(creation(&code))?;
        all.push(Known::new(name, Twice::of(chain, |chain| chain.call(contract, data.clone()))?));
    }
    let (contract, _) = chain.create(creation(&STORING))?;
    let mut slot = 0;
    let store = |chain: &mut Chain| {
        slot += 1;
        chain.call(contract, vec![slot; 32])
    };
    all.push(Known::new("store in a new slot", Twice::of(chain, store)?));
    Ok(all)
}

/// Stores the first word of the data in the slot of that number.
const STORING: [u8; 5] = [0x5f, 0x35, 0x80, 0x55, 0x00];

/// Code that gives its data to a precompile, and reverts if that fails.
fn forwarding((address, returned): (u8, u8)) -> Vec<u8> {
    let mut code = vec![0x36, 0x5f, 0x5f, 0x37]; // the data to memory
    code.extend([0x60, returned, 0x5f, 0x36, 0x5f, 0x60, address, 0x5a, 0xfa]); // static call, all of the gas
    code.extend([0x60, 0x13, 0x57, 0x5f, 0x5f, 0xfd, 0x5b, 0x00]); // revert unless it succeeded
    code
}

/// Code that creates a contract with this code, of less than 256 bytes.
fn creation(code: &[u8]) -> Vec<u8> {
    let length = u8::try_from(code.len()).unwrap_or(u8::MAX);
    [&[0x60, length, 0x80, 0x60, 0x0a, 0x5f, 0x39, 0x5f, 0xf3, 0x00], code].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_is_where_it_is_jumped_to_and_copied_from() {
        let code = forwarding(EC_MUL);
        let target = code.iter().position(|byte| *byte == 0x57).map(|jump| usize::from(code[jump - 1]));
        assert_eq!(target.map(|target| code[target]), Some(0x5b));
        let created = creation(&code);
        assert_eq!(created[usize::from(created[4])..], code);
        assert_eq!(usize::from(created[1]), code.len());
    }
}
