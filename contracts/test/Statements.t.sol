// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {R} from "../src/lib/Constants.sol";
import {Memory} from "../src/lib/Field.sol";
import {Statements} from "../src/lib/Statements.sol";

contract StatementsTest {
    uint256 private constant BITS = 23;
    uint256 private constant WIDTH = 3;

    /// What no integer of a large tensor is lost in: at a corner of the cube the extension is the integer there, and the
    /// factors of all others are sums that come to zero.
    function testAnExtensionAtACornerIsTheIntegerThere() public pure {
        for (uint256 length = 0; length <= 12; length++) {
            uint256 from = _integers(1 << length);
            for (uint256 k = 0; k <= length; k++) {
                // No coordinate is one, or the first k are, or the k-th alone is.
                _at(from, length, (1 << k) - 1);
                if (k < length) _at(from, length, 1 << k);
            }
        }
    }

    /// The integer `i` of a tensor.
    function _integer(uint256 i) private pure returns (int256) {
        return i % 3 == 1 ? -int256(i) - 5 : int256(i) + 5;
    }

    function _integers(uint256 count) private pure returns (uint256 from) {
        from = Memory.allocate(count * WIDTH / 32 + 2);
        for (uint256 i = 0; i < count; i++) {
            uint256 packed = uint256(_integer(i)) << 232;
            uint256 to = from + WIDTH * i;
            assembly ("memory-safe") {
                mstore(to, packed)
            }
        }
    }

    function _at(uint256 from, uint256 length, uint256 corner) private pure {
        uint256 point = Memory.zeros(length);
        for (uint256 k = 0; k < length; k++) Memory.store(point, k, (corner >> k) & 1);
        (uint256 value, uint256 wrong) = Statements.evaluate(from, 1 << length, BITS, point, length);
        int256 expected = _integer(corner);
        assert(value == (expected < 0 ? R - uint256(-expected) : uint256(expected)));
        assert(wrong == 0);
    }
}
