// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @notice What a proof states: that the model of a verifying key, for these inputs, has these outputs.
/// @param context 32 bytes whose meaning the consumer chooses: what the inference is for.
/// @param tensors The tensors in the key's order, packed (`docs/protocol.md` 9): the integers of a public one, at the
/// key's scale (`v` stands for `v / 2^fraction`), each in `bits / 8 + 1` bytes of two's complement; the commitments of a
/// committed one, 64 bytes each.
struct Statement {
    bytes32 context;
    bytes tensors;
}

/// @notice The parts of a verifying key, in the order they are checked.
enum KeyPart {
    Header,
    Srs,
    Tensor,
    Form,
    Claim,
    Product,
    Lookup,
    FixedRow,
    End,
    Helpers,
    Steps,
    Masks
}

/// @title Verifier of Sumcast proofs, for every model (`docs/protocol.md`).
interface ISumcastVerifier {
    /// @notice The key's points of the structured reference string are not this verifier's.
    error WrongSrs();
    /// @notice A part of the key is not canonical or not well-formed (section 9).
    /// @param index Which of these parts; 0 where there is one.
    error InvalidKey(KeyPart part, uint256 index);
    /// @notice The statement has not the length the key asks for, or a tensor not the bounds or the encoding (section 2).
    /// @param tensor Its number; where the length is wrong, the number there are.
    error InvalidStatement(uint256 tensor);
    /// @notice The proof has not the length that follows from the key (section 9).
    error InvalidProofLength(uint256 expected, uint256 found);
    /// @notice A scalar of the proof is not below the group order.
    /// @param offset Its offset in the proof, bytes.
    error InvalidScalar(uint256 offset);
    /// @notice A point of the proof has a coordinate that is not below the field modulus, or is not on the curve.
    /// @param offset Its offset in the proof, bytes.
    error InvalidPoint(uint256 offset);
    /// @notice The constraints do not hold at the sumcheck's point (section 5).
    error ConstraintsFailed();
    /// @notice The opening of the claims does not hold (sections 6 and 7).
    error OpeningFailed();
    /// @notice This chain lacks a precompile of BN254 at this address, or gave it too little gas.
    error PrecompileFailed(uint256 precompile);

    /// @notice Verifies a proof; reverts with the error of the check that fails.
    /// @param vk The verifying key, as `sumcast compile` writes it.
    /// @param statement What is proven. The caller compares it with what it expects: the proof binds it, it does not
    /// choose it.
    /// @param proof The proof's body (section 9).
    function verify(bytes calldata vk, Statement calldata statement, bytes calldata proof) external view;

    /// @notice Whether `verify` accepts. Also false when the gas runs out.
    function isValid(bytes calldata vk, Statement calldata statement, bytes calldata proof)
        external
        view
        returns (bool);

    /// @notice Checks that a key is canonical, well-formed and of this verifier's SRS.
    /// @return modelId Its digest.
    function checkKey(bytes calldata vk) external view returns (bytes32 modelId);
}
