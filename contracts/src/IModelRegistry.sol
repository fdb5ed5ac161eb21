// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {ISumcastVerifier, Statement} from "./ISumcastVerifier.sol";

/// @notice A tensor of a model's statement (`docs/protocol.md` 9).
/// @param output Whether it goes out of the model, else in.
/// @param committed Whether the statement has commitments for it, else its integers.
/// @param bits Public integers are below `2^bits` in magnitude.
/// @param fraction An integer `v` stands for `v / 2^fraction`.
/// @param length Number of elements.
struct TensorSpec {
    bool output;
    bool committed;
    uint8 bits;
    uint8 fraction;
    uint32 length;
}

/// @title Models known on this chain, each by the digest of its verifying key. Anyone may register one, once.
interface IModelRegistry {
    /// @notice A model was put on chain.
    /// @param modelId Keccak-256 of the key.
    /// @param registrant Who did.
    /// @param store The account whose code is a zero byte and the key.
    event ModelRegistered(bytes32 indexed modelId, address indexed registrant, address store);

    /// @notice No model of this id is registered.
    error UnknownModel(bytes32 modelId);
    /// @notice This model is registered already.
    error ModelExists(bytes32 modelId);
    /// @notice The key could not be stored: it is longer than the code of a contract may be, or the gas ran out.
    error StoreFailed();

    /// @notice The verifier that all models of this registry are verified by.
    function verifier() external view returns (ISumcastVerifier);

    /// @notice Registers a model, after the verifier has checked its key.
    function register(bytes calldata vk) external returns (bytes32 modelId);

    /// @notice Whether a model is registered.
    function isRegistered(bytes32 modelId) external view returns (bool);

    /// @notice A model's verifying key.
    function key(bytes32 modelId) external view returns (bytes memory);

    /// @notice The tensors of a model's statement, in order.
    function tensors(bytes32 modelId) external view returns (TensorSpec[] memory);

    /// @notice Verifies a proof of a registered model; reverts as `ISumcastVerifier.verify` does.
    function verify(bytes32 modelId, Statement calldata statement, bytes calldata proof) external view;

    /// @notice Whether `verify` accepts. Also false when the gas runs out.
    function isValid(bytes32 modelId, Statement calldata statement, bytes calldata proof)
        external
        view
        returns (bool);
}
