//! The members of a synthesis, as arguments name them.

use crate::chain;
use sumcast_contracts::alloy_primitives::Address;

/// Reads a member; who is absent is zero.
pub(super) fn member(text: &str) -> std::result::Result<Address, String> {
    if text == "-" {
        return Ok(Address::ZERO);
    }
    chain::address(text).map_err(|error| format!("{error}; an absent slot is -"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_addresses_or_absent() {
        assert_eq!(member("-"), Ok(Address::ZERO));
        assert_eq!(member(&format!("0x{}", "11".repeat(20))), Ok(Address::repeat_byte(0x11)));
        for wrong in ["", "--", "0x11"] {
            assert!(member(wrong).unwrap_err().contains("an absent slot is -"), "{wrong}");
        }
    }
}
