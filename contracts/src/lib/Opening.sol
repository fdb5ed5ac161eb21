// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {R} from "./Constants.sol";
import {Curve} from "./Curve.sol";
import {Field, Memory} from "./Field.sol";
import {Key, Keys} from "./Keys.sol";
import {Mask} from "./Mask.sol";
import {Challenges, Layout, Transcript} from "./Transcript.sol";

/// @notice What the batched opening divides by: the inverses of `z`, `z^2 - 1`, `z - zeta`, `1 - z zeta`, `w - z`,
/// `w z - 1` and `w - zeta`, which are there if and only if the points `z`, `1/z`, `zeta` and `w` are there and distinct.
struct Inverses {
    uint256 z;
    uint256 square;
    uint256 zMinusZeta;
    uint256 inverseMinusZeta;
    uint256 fromZ;
    uint256 fromInverse;
    uint256 fromZeta;
    /// The group order, from where it is loaded once: as a constant it would be written out at every use.
    uint256 order;
}

/// @title One opening: Mercury, with a mask (`docs/protocol.md` 7).
library Opening {
    /// @notice Whether the opening holds.
    /// @param proof The proof's body, in memory.
    /// @param rows Pointers to the commitments of all rows, and room for eight more.
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
            uint256 count = Keys.rows(key);
            uint256 scalars = Memory.allocate(count + 8);
            // After the rows: [h], [q], [g], [S], [Dg], [B'], the mask's and the generator.
            uint256 to = rows + 32 * count;
            for (uint256 i = 0; i < 5; i++) {
                Memory.store(to, i, opening + 64 * i);
            }
            uint256 batch = opening + (parts.batch - parts.opening);
            Memory.store(to, 5, batch + 64);
            Memory.store(to, 6, proof + 64 * key.witnessRows);
            uint256 generator = Memory.allocate(2);
            Memory.store(generator, 0, 1);
            Memory.store(generator, 1, 2);
            Memory.store(to, 7, generator);
            Inverses memory inv = _inverses(ch);
            uint256 list;
            assembly ("memory-safe") {
                list := inv
            }
            if (!Field.invert(list, 7, Transcript.word(parts.inverse))) return false;
            uint256 scale = _batch(key, ch, inv, opening + 5 * 64, value, scalars + 32 * count);
            for (uint256 i = 0; i < count; i++) {
                Memory.store(scalars, i, mulmod(scale, Memory.load(rowWeights, i), R));
            }
            Curve.negate(batch);
            Curve.addProducts(batch, rows, scalars, count + 8);
            return _pairing(key, batch);
        }
    }

    /// @notice Step 6: `e(sum, [1]_2) e(-B', [tau]_2) = 1`, `B'` after the sum.
    function _pairing(Key memory key, uint256 sum) private view returns (bool) {
        unchecked {
            Curve.negate(sum + 64);
            uint256 pairs = Memory.allocate(12);
            uint256 tau = Keys.tau(key);
            assembly ("memory-safe") {
                mcopy(pairs, sum, 64)
                // The generator of G2.
                mstore(add(pairs, 64), 0x198e9393920d483a7260bfb731fb5d25f1aa493335a9e71297e485b7aef312c2)
                mstore(add(pairs, 96), 0x1800deef121f1e76426a00665e5c4479674322d4f75edadd46debd5cd992f6ed)
                mstore(add(pairs, 128), 0x090689d0585ff075ec9e99ad690c3395bc4b313370b38ef355acdadcd122975b)
                mstore(add(pairs, 160), 0x12c85ea5db8c6deb4aab71808dcb408fe3d1e7690c43d37b4ce6cc0166fa7daa)
                mcopy(add(pairs, 192), add(sum, 64), 64)
                mcopy(add(pairs, 256), tau, 128)
            }
            return Curve.pairing(pairs);
        }
    }

    /// @notice What the inverses are of.
    function _inverses(Challenges memory ch) private pure returns (Inverses memory inv) {
        unchecked {
            uint256 r = R;
            uint256 z = ch.z;
            uint256 w = ch.w;
            uint256 minusZeta = r - ch.zeta;
            inv.order = r;
            inv.z = z;
            inv.square = addmod(mulmod(z, z, r), r - 1, r);
            inv.zMinusZeta = addmod(z, minusZeta, r);
            inv.inverseMinusZeta = addmod(mulmod(z, minusZeta, r), 1, r);
            inv.fromZ = addmod(w, r - z, r);
            inv.fromInverse = addmod(mulmod(w, z, r), r - 1, r);
            inv.fromZeta = addmod(w, minusZeta, r);
        }
    }

    /// @notice Steps 3 to 6: the scalars of the points of the opening, in the order of `holds`.
    /// @param values The eight evaluations.
    /// @return onRows What the weights of the rows are multiplied by.
    function _batch(
        Key memory key,
        Challenges memory ch,
        Inverses memory inv,
        uint256 values,
        uint256 value,
        uint256 to
    ) private pure returns (uint256 onRows) {
        unchecked {
            // Never so: for not being inlined (contracts/README.md).
            if (to == 0) return 0;
            (uint256 s, uint256 d, uint256 power) = _implied(key, ch, inv.z, values, value);
            uint256 r = inv.order;
            uint256 nu = ch.nu;
            uint256 nu2 = mulmod(nu, nu, r);
            uint256 nu4 = mulmod(nu2, nu2, r);
            uint256 fromZ = inv.fromZ;
            // 1 / (w - 1/z).
            uint256 fromInverse = mulmod(ch.z, inv.fromInverse, r);
            // Of Dg, and of F.
            uint256 onD = mulmod(mulmod(nu2, nu, r), fromZ, r);
            onRows = mulmod(mulmod(nu4, nu, r), fromZ, r);
            {
                // Of g, S and u.
                uint256 onPair = mulmod(fromZ, fromInverse, r);
                Memory.store(to, 0, mulmod(mulmod(nu, onPair, r), inv.fromZeta, r));
                Memory.store(to, 1, mulmod(onRows, addmod(ch.zeta, r - power, r), r));
                Memory.store(to, 2, addmod(onPair, r - onRows, r));
                Memory.store(to, 3, mulmod(nu2, onPair, r));
                Memory.store(to, 4, onD);
                Memory.store(to, 5, ch.w);
                Memory.store(to, 6, mulmod(nu4, onPair, r));
            }
            // The interpolations over their products, in partial fractions: what is at z, at 1/z and at zeta.
            uint256 z = ch.z;
            uint256 over = mulmod(z, inv.square, r);
            uint256 sum = mulmod(mulmod(nu, Memory.load(values, 2), r), inv.zMinusZeta, r);
            sum = addmod(sum, mulmod(nu4, Memory.load(values, 6), r), r);
            sum = addmod(sum, mulmod(nu2, Memory.load(values, 5), r), r);
            sum = mulmod(mulmod(addmod(sum, Memory.load(values, 0), r), over, r), fromZ, r);
            sum = addmod(sum, mulmod(onD, d, r), r);
            uint256 onZeta = mulmod(mulmod(nu, z, r), inv.inverseMinusZeta, r);
            uint256 less = mulmod(onZeta, Memory.load(values, 3), r);
            less = addmod(less, mulmod(nu4, Memory.load(values, 7), r), r);
            less = addmod(less, mulmod(nu2, s, r), r);
            less = mulmod(mulmod(addmod(less, Memory.load(values, 1), r), over, r), fromInverse, r);
            onZeta = mulmod(mulmod(onZeta, inv.zMinusZeta, r), inv.fromZeta, r);
            sum = addmod(sum, mulmod(onZeta, Memory.load(values, 4), r), r);
            Memory.store(to, 7, addmod(less, r - sum, r));
        }
    }

    /// @notice What step 3 implies: `S(1/z)` and `Dg(z)`. Gives `z^b`, too.
    function _implied(Key memory key, Challenges memory ch, uint256 inverse, uint256 values, uint256 value)
        private
        pure
        returns (uint256 s, uint256 d, uint256 power)
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
            power = z;
            for (uint256 i = 0; i < low; i++) {
                power = mulmod(power, power, R);
            }
            d = mulmod(mulmod(power, inverse, R), Memory.load(values, 1), R);
        }
    }
}
