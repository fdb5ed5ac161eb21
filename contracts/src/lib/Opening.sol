// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {ISumcastVerifier} from "../ISumcastVerifier.sol";
import {R} from "./Constants.sol";
import {Curve} from "./Curve.sol";
import {Field, Memory} from "./Field.sol";
import {Key, Keys} from "./Keys.sol";
import {Mask} from "./Mask.sol";
import {Challenges, Layout} from "./Transcript.sol";

/// @notice What the batched opening is computed with: for `p` among `z`, `1/z`, `zeta`, the values of `w - p`, and
/// the inverses of the differences of the points.
struct Points {
    /// The group order, from where it is loaded once: as a constant it would be written out at every use.
    uint256 order;
    uint256 inverse;
    uint256 fromZ;
    uint256 fromInverse;
    uint256 fromZeta;
    uint256 zMinusInverse;
    uint256 zMinusZeta;
    uint256 inverseMinusZeta;
}

/// @title One opening: Mercury, with the division checked in the exponent (`docs/protocol.md` 7).
library Opening {
    /// @notice Whether the opening holds.
    /// @param proof The proof's body, in memory.
    /// @param rows Pointers to the commitments of all rows, and room for nine more.
    /// @param rowWeights Their weights.
    /// @param value The last claim of S2.
    function holds(
        Key memory key,
        Layout memory parts,
        Challenges memory ch,
        uint256 proof,
        uint256 rows,
        uint256 rowWeights,
        uint256 value
    ) internal view returns (bool) {
        unchecked {
            uint256 opening = proof + parts.opening - parts.witness;
            Points memory points = _points(ch);
            uint256 count = Keys.rows(key);
            uint256 scalars = Memory.allocate(count + 9);
            for (uint256 i = 0; i < count; i++) {
                Memory.store(scalars, i, mulmod(ch.delta, Memory.load(rowWeights, i), R));
            }
            // After the rows: [h], [q], [g], [S], [Dg], [B], [B'], the mask's and the generator.
            uint256 to = rows + 32 * count;
            for (uint256 i = 0; i < 5; i++) {
                Memory.store(to, i, opening + 64 * i);
            }
            uint256 batch = opening + (parts.batch - parts.opening);
            Memory.store(to, 5, batch);
            Memory.store(to, 6, batch + 64);
            Memory.store(to, 7, proof + 64 * key.witnessRows);
            uint256 generator = Memory.allocate(2);
            Memory.store(generator, 0, 1);
            Memory.store(generator, 1, 2);
            Memory.store(to, 8, generator);
            _batch(key, ch, points, opening + 5 * 64, value, scalars + 32 * count);
            uint256 sum = Curve.combine(rows, scalars, count + 9);
            return _pairing(key, ch.delta, sum, opening + 64, batch + 64);
        }
    }

    /// @notice Step 6: `e(sum, [1]_2) e(-B', [tau]_2) e(-delta q, [tau^b]_2) = 1`.
    function _pairing(Key memory key, uint256 delta, uint256 sum, uint256 q, uint256 quotient)
        private
        view
        returns (bool)
    {
        unchecked {
            uint256 list = Memory.allocate(2);
            Memory.store(list, 0, q);
            Memory.store(list, 1, R - delta);
            uint256 product = Curve.combine(list, list + 32, 1);
            Curve.negate(quotient);
            uint256 pairs = Memory.allocate(18);
            uint256 srs = Keys.srs(key);
            assembly ("memory-safe") {
                mcopy(pairs, sum, 64)
                // The generator of G2.
                mstore(add(pairs, 64), 0x198e9393920d483a7260bfb731fb5d25f1aa493335a9e71297e485b7aef312c2)
                mstore(add(pairs, 96), 0x1800deef121f1e76426a00665e5c4479674322d4f75edadd46debd5cd992f6ed)
                mstore(add(pairs, 128), 0x090689d0585ff075ec9e99ad690c3395bc4b313370b38ef355acdadcd122975b)
                mstore(add(pairs, 160), 0x12c85ea5db8c6deb4aab71808dcb408fe3d1e7690c43d37b4ce6cc0166fa7daa)
                mcopy(add(pairs, 192), quotient, 64)
                mcopy(add(pairs, 256), srs, 128)
                mcopy(add(pairs, 384), product, 64)
                mcopy(add(pairs, 448), add(srs, 128), 128)
            }
            return Curve.pairing(pairs, 3);
        }
    }

    /// @notice The points of step 5 and what divides by them; one inversion for all.
    function _points(Challenges memory ch) private view returns (Points memory points) {
        unchecked {
            points.order = R;
            uint256 z = ch.z;
            uint256 zeta = ch.zeta;
            // z, z^2 - 1, z - zeta, 1 - z zeta: not zero if and only if the three points are there and distinct.
            uint256 a = Field.sub(mulmod(z, z, R), 1);
            uint256 b = Field.sub(z, zeta);
            uint256 c = Field.sub(1, mulmod(z, zeta, R));
            uint256 za = mulmod(z, a, R);
            uint256 bc = mulmod(b, c, R);
            uint256 all = Field.inverse(mulmod(za, bc, R));
            if (all == 0) revert ISumcastVerifier.ExcludedChallenge();
            uint256 overZa = mulmod(all, bc, R);
            uint256 overBc = mulmod(all, za, R);
            points.inverse = mulmod(overZa, a, R);
            // 1 / (z - 1/z) = z / (z^2 - 1) and 1 / (1/z - zeta) = z / (1 - z zeta).
            points.zMinusInverse = mulmod(mulmod(overZa, z, R), z, R);
            points.zMinusZeta = mulmod(overBc, c, R);
            points.inverseMinusZeta = mulmod(mulmod(overBc, b, R), z, R);
            points.fromZ = Field.sub(ch.w, z);
            points.fromInverse = Field.sub(ch.w, points.inverse);
            points.fromZeta = Field.sub(ch.w, zeta);
        }
    }

    /// @notice Steps 3 to 6: the scalars of the points of the opening, in the order of `holds`.
    /// @param values The eight evaluations.
    function _batch(
        Key memory key,
        Challenges memory ch,
        Points memory points,
        uint256 values,
        uint256 value,
        uint256 to
    ) private pure {
        unchecked {
            (uint256 s, uint256 d) = _implied(key, ch, points.inverse, values, value);
            uint256 r = points.order;
            uint256 nu = ch.nu;
            uint256 nu2 = mulmod(nu, nu, r);
            uint256 nu3 = mulmod(nu2, nu, r);
            uint256 nu4 = mulmod(nu2, nu2, r);
            uint256 fromZeta = points.fromZeta;

            // g, S and u are opened at z and 1/z: one line through both sums.
            uint256 interpolated;
            {
                uint256 atZ = addmod(Memory.load(values, 0), mulmod(nu2, Memory.load(values, 5), r), r);
                atZ = addmod(atZ, mulmod(nu4, Memory.load(values, 6), r), r);
                uint256 atInverse = addmod(Memory.load(values, 1), mulmod(nu2, s, r), r);
                atInverse = addmod(atInverse, mulmod(nu4, Memory.load(values, 7), r), r);
                interpolated = Field.sub(mulmod(atZ, points.fromInverse, r), mulmod(atInverse, points.fromZ, r));
                interpolated = mulmod(mulmod(interpolated, points.zMinusInverse, r), fromZeta, r);
            }
            // h at all three points.
            interpolated = addmod(interpolated, mulmod(nu, _throughThree(points, values), r), r);
            // Dg at z.
            uint256 onD = mulmod(mulmod(nu3, points.fromInverse, r), fromZeta, r);
            interpolated = addmod(interpolated, mulmod(onD, d, r), r);

            uint256 vanishing = mulmod(mulmod(points.fromZ, points.fromInverse, r), fromZeta, r);
            Memory.store(to, 0, nu);
            Memory.store(to, 1, mulmod(ch.delta, ch.zeta, r));
            Memory.store(to, 2, Field.sub(fromZeta, ch.delta));
            Memory.store(to, 3, mulmod(nu2, fromZeta, r));
            Memory.store(to, 4, onD);
            Memory.store(to, 5, r - vanishing);
            Memory.store(to, 6, ch.w);
            Memory.store(to, 7, mulmod(nu4, fromZeta, r));
            Memory.store(to, 8, r - interpolated);
        }
    }

    /// @notice The interpolation of `h` at `w`.
    function _throughThree(Points memory points, uint256 values) private pure returns (uint256 sum) {
        unchecked {
            uint256 r = points.order;
            uint256 fromZ = points.fromZ;
            uint256 fromInverse = points.fromInverse;
            uint256 fromZeta = points.fromZeta;
            uint256 zMinusInverse = points.zMinusInverse;
            uint256 zMinusZeta = points.zMinusZeta;
            uint256 inverseMinusZeta = points.inverseMinusZeta;
            sum = mulmod(mulmod(fromInverse, fromZeta, r), mulmod(zMinusInverse, zMinusZeta, r), r);
            sum = mulmod(sum, Memory.load(values, 2), r);
            uint256 term = mulmod(mulmod(fromZ, fromZeta, r), mulmod(r - zMinusInverse, inverseMinusZeta, r), r);
            sum = addmod(sum, mulmod(term, Memory.load(values, 3), r), r);
            term = mulmod(mulmod(fromZ, fromInverse, r), mulmod(zMinusZeta, inverseMinusZeta, r), r);
            sum = addmod(sum, mulmod(term, Memory.load(values, 4), r), r);
        }
    }

    /// @notice What step 3 implies: `S(1/z)` and `Dg(z)`.
    function _implied(Key memory key, Challenges memory ch, uint256 inverse, uint256 values, uint256 value)
        private
        pure
        returns (uint256 s, uint256 d)
    {
        unchecked {
            uint256 z = ch.z;
            uint256 low = key.rowLog / 2;
            (uint256 maskZ, uint256 maskInverse) = Mask.weights(key, ch, inverse);
            (uint256 high, uint256 highInverse) =
                Field.eqPolynomial(ch.y + 32 * low, key.rowLog - low, z, inverse);
            uint256 inner = mulmod(Memory.load(values, 2), highInverse, R);
            inner += mulmod(Memory.load(values, 3), high, R);
            inner += mulmod(Memory.load(values, 6), maskInverse, R);
            inner += mulmod(Memory.load(values, 7), maskZ, R);
            inner = mulmod(inner, ch.eta, R);
            (high, highInverse) = Field.eqPolynomial(ch.y, low, z, inverse);
            inner += mulmod(Memory.load(values, 0), highInverse, R);
            inner += mulmod(Memory.load(values, 1), high, R);
            // S(1/z) = z (inner - 2 (h(zeta) + eta v) - z S(z)).
            uint256 constant_ = addmod(Memory.load(values, 4), mulmod(ch.eta, value, R), R);
            s = addmod(constant_, constant_, R);
            s = addmod(s, mulmod(z, Memory.load(values, 5), R), R);
            s = mulmod(z, inner + R - s, R);
            // Dg(z) = z^(b - 1) g(1/z).
            uint256 power = z;
            for (uint256 i = 0; i < low; i++) {
                power = mulmod(power, power, R);
            }
            d = mulmod(mulmod(power, inverse, R), Memory.load(values, 1), R);
        }
    }
}
