// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IModelRegistry, TensorSpec} from "./IModelRegistry.sol";
import {ISumcastVerifier, Statement} from "./ISumcastVerifier.sol";

/// @title Models known on this chain, each by the digest of its verifying key
/// @notice A key is stored as the code of an account, after one zero byte so that nothing can run it: reading it takes
/// a fraction of what storage slots take, and it can never change. There is no owner; a model cannot be removed.
contract ModelRegistry is IModelRegistry {
    /// @dev A key's head (`docs/protocol.md` 9): magic, version, kind of the SRS, a point in G2, then `m`.
    uint256 private constant TENSOR_COUNT = 4 + 2 + 1 + 128 + 1;
    /// @dev The first tensor.
    uint256 private constant TENSORS = TENSOR_COUNT + 1;
    uint256 private constant TENSOR_SIZE = 8;
    /// @dev Bits of a tensor's kind.
    uint8 private constant KIND_OUTPUT = 1;
    uint8 private constant KIND_COMMITTED = 2;

    /// @dev Init code, 11 bytes, that returns everything after itself.
    bytes11 private constant STORE_INIT = 0x600b5981380380925939f3;

    /// @inheritdoc IModelRegistry
    ISumcastVerifier public immutable verifier;

    /// @dev The account whose code is a zero byte and the key.
    mapping(bytes32 modelId => address) private _stores;

    /// @param verifier_ Verifies the proofs of all models; trusted, and fixed for good.
    constructor(ISumcastVerifier verifier_) {
        verifier = verifier_;
    }

    /// @inheritdoc IModelRegistry
    function register(bytes calldata vk) external returns (bytes32 modelId) {
        modelId = verifier.checkKey(vk);
        if (_stores[modelId] != address(0)) revert ModelExists(modelId);

        bytes memory code = abi.encodePacked(STORE_INIT, bytes1(0), vk);
        address store;
        assembly ("memory-safe") {
            store := create(0, add(code, 32), mload(code))
        }
        if (store == address(0)) revert StoreFailed();

        _stores[modelId] = store;
        emit ModelRegistered(modelId, msg.sender, store);
    }

    /// @inheritdoc IModelRegistry
    function isRegistered(bytes32 modelId) external view returns (bool) {
        return _stores[modelId] != address(0);
    }

    /// @inheritdoc IModelRegistry
    function key(bytes32 modelId) external view returns (bytes memory) {
        return _read(_store(modelId));
    }

    /// @inheritdoc IModelRegistry
    /// @dev The verifier has checked the key, so the head has all that it announces.
    function tensors(bytes32 modelId) external view returns (TensorSpec[] memory specs) {
        bytes memory vk = _read(_store(modelId));
        specs = new TensorSpec[](uint8(vk[TENSOR_COUNT]));
        for (uint256 i = 0; i < specs.length; ++i) {
            uint64 entry = _tensorEntry(vk, i);
            uint8 kind = uint8(entry >> 56);
            specs[i] = TensorSpec({
                output: kind & KIND_OUTPUT != 0,
                committed: kind & KIND_COMMITTED != 0,
                bits: uint8(entry >> 40),
                fraction: uint8(entry >> 32),
                length: uint32(entry)
            });
        }
    }

    /// @inheritdoc IModelRegistry
    function verify(bytes32 modelId, Statement calldata, bytes calldata) external view {
        if (_verifies(_store(modelId))) return;
        assembly ("memory-safe") {
            let reason := mload(0x40)
            returndatacopy(reason, 0, returndatasize())
            revert(reason, returndatasize())
        }
    }

    /// @inheritdoc IModelRegistry
    function isValid(bytes32 modelId, Statement calldata, bytes calldata) external view returns (bool) {
        address store = _stores[modelId];
        return store != address(0) && _verifies(store);
    }

    function _store(bytes32 modelId) private view returns (address store) {
        store = _stores[modelId];
        if (store == address(0)) revert UnknownModel(modelId);
    }

    /// @dev The eight bytes of a tensor: kind, log size, bits, fraction bits, and the length in four.
    function _tensorEntry(bytes memory vk, uint256 i) private pure returns (uint64 entry) {
        uint256 offset = TENSORS + i * TENSOR_SIZE;
        assembly ("memory-safe") {
            entry := shr(192, mload(add(add(vk, 32), offset)))
        }
    }

    /// @dev Whether the verifier accepts what this contract was called with: the other arguments stay where they are, and
    /// the key comes after all of them.
    function _verifies(address store) private view returns (bool success) {
        address to = address(verifier);
        bytes4 selector = ISumcastVerifier.verify.selector;
        assembly ("memory-safe") {
            let call_ := mload(0x40)
            let size := calldatasize()
            calldatacopy(call_, 0, size)
            mstore(call_, or(selector, shr(32, shl(32, mload(call_)))))
            mstore(add(call_, 4), sub(size, 4))
            let length := sub(extcodesize(store), 1)
            mstore(add(call_, size), length)
            extcodecopy(store, add(add(call_, size), 32), 1, length)
            success := staticcall(gas(), to, call_, add(add(size, 32), length), 0, 0)
        }
    }

    /// @dev The code after its first byte.
    function _read(address store) private view returns (bytes memory vk) {
        assembly ("memory-safe") {
            let size := sub(extcodesize(store), 1)
            vk := mload(0x40)
            mstore(0x40, add(vk, and(add(size, 63), not(31))))
            mstore(vk, size)
            extcodecopy(store, add(vk, 32), 1, size)
        }
    }
}
