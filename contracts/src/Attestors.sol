// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {EpochKind, IEpochSource} from "./IEpochSource.sol";

/// @title Some of several keys that vouch for what happened in an epoch
/// @notice An epoch is attested by `threshold` signatures of different signers, EIP-712, over
/// `Epoch(address feed,uint256 topicId,uint64 epoch,uint8 kind,bytes32 digest)`, where `feed` is the contract that asks.
/// Who trusts an instance trusts that fewer than `threshold` of its signers lie together.
///
/// `sourceData` is exactly `threshold` signatures of 65 bytes (`r`, `s`, `v`), in ascending order of their signers.
/// @dev Signers and threshold are fixed for good: there is nothing to replay, to race or to take over. Who wants others
/// deploys another instance, and a topic's owner names it as the topic's source.
contract Attestors is IEpochSource, EIP712 {
    /// @notice EIP-712 type of what a signer signs.
    bytes32 public constant EPOCH_TYPEHASH =
        keccak256("Epoch(address feed,uint256 topicId,uint64 epoch,uint8 kind,bytes32 digest)");

    uint256 private constant SIGNATURE_SIZE = 65;

    /// @notice Signatures that attest an epoch.
    uint256 public immutable threshold;
    /// @notice Whether an account is a signer.
    mapping(address account => bool) public isSigner;

    address[] private _signers;

    /// @notice The threshold is zero, or more than there are signers.
    error InvalidThreshold(uint256 threshold, uint256 signers);
    /// @notice A signer is not above the one before, of which the first is zero.
    error SignersNotAscending(uint256 index);
    /// @notice Not as many signatures as the threshold says.
    error WrongSignatures(uint256 expectedBytes, uint256 foundBytes);
    /// @notice The account whose signature this would be is not a signer: another key, or another epoch was signed.
    error NotSigner(uint256 index, address recovered);
    /// @notice A signature's signer is not above that of the one before.
    error SignaturesNotAscending(uint256 index);

    /// @param signers_ In ascending order; none is zero.
    /// @param threshold_ How many of them attest an epoch, one at least.
    constructor(address[] memory signers_, uint256 threshold_) EIP712("SumcastAttestors", "1") {
        if (threshold_ == 0 || threshold_ > signers_.length) revert InvalidThreshold(threshold_, signers_.length);
        address last = address(0);
        for (uint256 i = 0; i < signers_.length; ++i) {
            if (signers_[i] <= last) revert SignersNotAscending(i);
            last = signers_[i];
            isSigner[last] = true;
        }
        _signers = signers_;
        threshold = threshold_;
    }

    /// @inheritdoc IEpochSource
    function check(uint256 topicId, uint64 epoch, EpochKind kind, bytes32 digest, bytes calldata sourceData)
        external
        view
        returns (bytes4)
    {
        uint256 size = threshold * SIGNATURE_SIZE;
        if (sourceData.length != size) revert WrongSignatures(size, sourceData.length);
        bytes32 hash = attestation(msg.sender, topicId, epoch, kind, digest);
        address last = address(0);
        for (uint256 i = 0; i < threshold; ++i) {
            address signer = ECDSA.recoverCalldata(hash, sourceData[i * SIGNATURE_SIZE:(i + 1) * SIGNATURE_SIZE]);
            if (!isSigner[signer]) revert NotSigner(i, signer);
            if (signer <= last) revert SignaturesNotAscending(i);
            last = signer;
        }
        return IEpochSource.check.selector;
    }

    /// @notice The signers, in ascending order.
    function signers() external view returns (address[] memory) {
        return _signers;
    }

    /// @notice What a signer signs, by EIP-712, for a feed.
    function attestation(address feed, uint256 topicId, uint64 epoch, EpochKind kind, bytes32 digest)
        public
        view
        returns (bytes32)
    {
        return _hashTypedDataV4(keccak256(abi.encode(EPOCH_TYPEHASH, feed, topicId, epoch, kind, digest)));
    }
}
