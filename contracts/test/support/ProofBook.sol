// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {ISumcastVerifier, KeyPart, Statement} from "../../src/ISumcastVerifier.sol";

/// @notice Stands for the verifier: accepts exactly what it was told to.
contract ProofBook is ISumcastVerifier {
    mapping(bytes32 => bool) private _accepted;

    function accept(bytes calldata vk, Statement calldata statement, bytes calldata proof) external {
        _accepted[_entry(vk, statement, proof)] = true;
    }

    function verify(bytes calldata vk, Statement calldata statement, bytes calldata proof) external view {
        if (!isValid(vk, statement, proof)) revert OpeningFailed();
    }

    function checkKey(bytes calldata vk) external pure returns (bytes32) {
        if (vk.length < 4 || bytes4(vk) != "SCVK") revert InvalidKey(KeyPart.Header, 0);
        return keccak256(vk);
    }

    function isValid(bytes calldata vk, Statement calldata statement, bytes calldata proof) public view returns (bool) {
        return _accepted[_entry(vk, statement, proof)];
    }

    function _entry(bytes calldata vk, Statement calldata statement, bytes calldata proof)
        private
        pure
        returns (bytes32)
    {
        return keccak256(abi.encode(vk, statement, proof));
    }
}

/// @notice Stands for the verifier where gas is measured: accepts everything at no cost.
contract AcceptsAll is ISumcastVerifier {
    function verify(bytes calldata, Statement calldata, bytes calldata) external pure {}

    function isValid(bytes calldata, Statement calldata, bytes calldata) external pure returns (bool) {
        return true;
    }

    function checkKey(bytes calldata vk) external pure returns (bytes32) {
        return keccak256(vk);
    }
}
