// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {R} from "./Constants.sol";
import {Field, Memory} from "./Field.sol";
import {Key, Keys} from "./Keys.sol";
import {Challenges} from "./Transcript.sol";

/// @title The mask, which hides what a proof does not state (`docs/protocol.md` 12).
library Mask {
    /// @notice The polynomial of the weights of its cells in the last claim of S2, `Omega`, at `z` and at `1/z`.
    /// @param inverse `1/z`.
    function weights(Key memory key, Challenges memory ch, uint256 inverse)
        internal
        pure
        returns (uint256 atZ, uint256 atInverse)
    {
        unchecked {
            uint256 z = ch.z;
            // The claims' masks stand at the corner 0 of the cube of S2.
            uint256 corner = Field.corner(ch.y, key.rowLog);
            uint256 late = Field.corner(ch.x, key.rounds);
            uint256 x = Memory.load(ch.x, 0);
            uint256 power = mulmod(corner, ch.gamma, R);
            uint256 onClaim = mulmod(mulmod(x, R + 1 - x, R), power, R);
            power = mulmod(power, Field.power(ch.gamma, key.sent), R);
            // From the second cell to the last by Horner's rule at the inverse points, which gives the sums at the
            // points but for a power of them.
            uint256 to1;
            uint256 to2;
            (to1, to2) = _constraintRounds(to1, to2, ch.x, key.rounds, key.degree, key.lastDegree, inverse, z);
            to1 = mulmod(to1, power, R);
            to2 = mulmod(to2, power, R);
            uint256 gamma = ch.gamma;
            for (uint256 i = key.sent; i > 0; i--) {
                to1 = mulmod(to1, inverse, R) + onClaim;
                to2 = mulmod(to2, z, R) + onClaim;
                onClaim = mulmod(onClaim, gamma, R);
            }
            uint256 m = key.rowLog;
            (to1, to2) = _reductionRounds(to1, to2, ch.y, m, inverse, z);
            uint256 last = Keys.maskCells(key) - 1;
            uint256 first = Field.sub(corner, mulmod(power, late, R));
            atZ = addmod(mulmod(to1, Field.power(z, last), R), first, R);
            atInverse = addmod(mulmod(to2, Field.power(inverse, last), R), first, R);
        }
    }

    /// @notice Takes `1 - 2x` and `x^j - x` for `j = 2 .. degree`, which mask the coefficients of each round from the
    /// first, that of the highest coordinate, to the last, into two sums by Horner's rule.
    function _constraintRounds(
        uint256 sum1,
        uint256 sum2,
        uint256 point,
        uint256 rounds,
        uint256 degree,
        uint256 lastDegree,
        uint256 at1,
        uint256 at2
    ) private pure returns (uint256, uint256) {
        if (rounds == 0) return (sum1, sum2);
        assembly ("memory-safe") {
            for { let from := add(point, shl(5, rounds)) } gt(from, point) {} {
                from := sub(from, 32)
                if eq(from, point) { degree := lastDegree }
                let x := mload(from)
                let minus := sub(R, x)
                let weight := add(1, add(minus, minus))
                sum1 := add(mulmod(sum1, at1, R), weight)
                sum2 := add(mulmod(sum2, at2, R), weight)
                let power := x
                for { let left := degree } gt(left, 1) { left := sub(left, 1) } {
                    power := mulmod(power, x, R)
                    weight := add(power, minus)
                    sum1 := add(mulmod(sum1, at1, R), weight)
                    sum2 := add(mulmod(sum2, at2, R), weight)
                }
            }
        }
        return (sum1, sum2);
    }

    /// @notice The same for S2, whose rounds have `1 - 2y` and `y^2 - y`.
    function _reductionRounds(uint256 sum1, uint256 sum2, uint256 point, uint256 rounds, uint256 at1, uint256 at2)
        private
        pure
        returns (uint256, uint256)
    {
        if (rounds == 0) return (sum1, sum2);
        assembly ("memory-safe") {
            for { let from := add(point, shl(5, rounds)) } gt(from, point) {} {
                from := sub(from, 32)
                let y := mload(from)
                let minus := sub(R, y)
                let first := add(1, add(minus, minus))
                let second := add(mulmod(y, y, R), minus)
                sum1 := add(mulmod(add(mulmod(sum1, at1, R), first), at1, R), second)
                sum2 := add(mulmod(add(mulmod(sum2, at2, R), first), at2, R), second)
            }
        }
        return (sum1, sum2);
    }
}
