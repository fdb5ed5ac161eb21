// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {R} from "./Constants.sol";
import {Field, Memory} from "./Field.sol";
import {Key, Keys} from "./Keys.sol";
import {Relation} from "./Relation.sol";
import {Challenges} from "./Transcript.sol";

/// @title The mask, which hides what a proof does not state (`docs/protocol.md` 12).
library Mask {
    /// @notice The weights of its cells in the last claim of S2.
    function weights(Key memory key, Challenges memory ch) internal pure returns (uint256 table) {
        unchecked {
            table = Memory.allocate(Keys.maskCells(key));
            // The claims' masks stand at the corner 0 of the cube of S2.
            uint256 corner = Memory.load(Relation.lateTerms(ch.y, key.rowLog), 0);
            uint256 to = table + 32;
            uint256 rounds = to;
            to += 32 * ((key.rounds - 1) * key.degree + key.lastDegree);
            // The claims, then the mask of S1, by the powers of gamma.
            uint256 power = mulmod(corner, ch.gamma, R);
            uint256 x = Memory.load(ch.x, 0);
            uint256 onClaim = mulmod(x, R + 1 - x, R);
            for (uint256 i = 0; i < key.sent; i++) {
                Memory.store(to, i, mulmod(power, onClaim, R));
                power = mulmod(power, ch.gamma, R);
            }
            to += 32 * key.sent;
            uint256 late = Memory.load(Relation.lateTerms(ch.x, key.rounds), 0);
            Memory.store(table, 0, Field.sub(corner, mulmod(power, late, R)));
            for (uint256 k = key.rounds; k > 0; k--) {
                rounds = _round(rounds, Memory.load(ch.x, k - 1), k == 1 ? key.lastDegree : key.degree, power);
            }
            for (uint256 k = key.rowLog; k > 0; k--) {
                to = _round(to, Memory.load(ch.y, k - 1), 2, 1);
            }
        }
    }

    /// @notice `weight` times `1 - 2x` and `x^j - x` for `j = 2 .. degree`, which mask the coefficients of a round.
    function _round(uint256 to, uint256 x, uint256 degree, uint256 weight) private pure returns (uint256 end) {
        assembly ("memory-safe") {
            mstore(to, mulmod(weight, add(1, sub(shl(1, R), add(x, x))), R))
            end := add(to, shl(5, degree))
            let power := x
            for { to := add(to, 32) } lt(to, end) { to := add(to, 32) } {
                power := mulmod(power, x, R)
                mstore(to, mulmod(weight, add(power, sub(R, x)), R))
            }
        }
    }

    /// @notice `sum_i weights_i x^i` at two points.
    function evaluate(uint256 table, uint256 count, uint256 x1, uint256 x2)
        internal
        pure
        returns (uint256 value1, uint256 value2)
    {
        assembly ("memory-safe") {
            for { let i := add(table, shl(5, count)) } gt(i, table) {} {
                i := sub(i, 32)
                let weight := mload(i)
                value1 := add(mulmod(value1, x1, R), weight)
                value2 := add(mulmod(value2, x2, R), weight)
            }
            value1 := mod(value1, R)
            value2 := mod(value2, R)
        }
    }
}
