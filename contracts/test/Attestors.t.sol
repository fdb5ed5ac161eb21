// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {Attestors} from "../src/Attestors.sol";
import {EpochKind, IEpochSource} from "../src/IEpochSource.sol";
import {TopicFeedTest} from "./support/TopicFeedTest.sol";
import {bound, vm} from "./support/Vm.sol";

/// @notice Attestations, asked for by this contract: it is the feed.
contract AttestorsTest is TopicFeedTest {
    uint256 private constant TOPIC = 12;
    uint64 private constant EPOCH = 34;
    bytes32 private constant DIGEST = "digest";
    /// @dev The order of secp256k1.
    uint256 private constant ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141;

    function testSettings() public view {
        address[] memory signers = attestors.signers();
        vm.assertEq(signers.length, 3);
        for (uint256 i = 0; i < 3; ++i) {
            vm.assertEq(signers[i], vm.addr(secrets[i]));
            vm.assertTrue(attestors.isSigner(signers[i]));
        }
        vm.assertFalse(attestors.isSigner(address(0)));
        vm.assertFalse(attestors.isSigner(address(this)));
        vm.assertEq(attestors.threshold(), THRESHOLD);
    }

    function testThresholds() public {
        address[] memory signers = attestors.signers();
        vm.expectRevert(abi.encodeWithSelector(Attestors.InvalidThreshold.selector, 0, 3));
        new Attestors(signers, 0);
        vm.expectRevert(abi.encodeWithSelector(Attestors.InvalidThreshold.selector, 4, 3));
        new Attestors(signers, 4);
        vm.expectRevert(abi.encodeWithSelector(Attestors.InvalidThreshold.selector, 1, 0));
        new Attestors(new address[](0), 1);
        new Attestors(signers, 3);
    }

    function testSignersAreDifferentAccounts() public {
        address[] memory signers = attestors.signers();
        signers[1] = signers[0];
        vm.expectRevert(abi.encodeWithSelector(Attestors.SignersNotAscending.selector, 1));
        new Attestors(signers, 2);
        (signers[0], signers[1]) = (address(0), signers[0]);
        vm.expectRevert(abi.encodeWithSelector(Attestors.SignersNotAscending.selector, 0));
        new Attestors(signers, 2);
    }

    function testAnyTwoOfThree() public view {
        _check(attestors, bytes.concat(_by(0), _by(1)));
        _check(attestors, bytes.concat(_by(0), _by(2)));
        _check(attestors, bytes.concat(_by(1), _by(2)));
    }

    function testTheTypedData() public view {
        vm.assertEq(attestors.attestation(address(this), TOPIC, EPOCH, EpochKind.Settlement, DIGEST), _typed(5));
    }

    function testAsManySignaturesAsTheThreshold() public view {
        bytes4 selector = Attestors.WrongSignatures.selector;
        _refuseCheck(_by(0), abi.encodeWithSelector(selector, 130, 65));
        _refuseCheck("", abi.encodeWithSelector(selector, 130, 0));
        _refuseCheck(bytes.concat(_by(0), _by(1), _by(2)), abi.encodeWithSelector(selector, 130, 195));
        _refuseCheck(bytes.concat(_by(0), new bytes(64)), abi.encodeWithSelector(selector, 130, 129));
        _refuseCheck(bytes.concat(_by(0), _by(1), hex"00"), abi.encodeWithSelector(selector, 130, 131));
    }

    function testASignerCountsOnce() public view {
        bytes memory refused = abi.encodeWithSelector(Attestors.SignaturesNotAscending.selector, 1);
        _refuseCheck(bytes.concat(_by(1), _by(1)), refused);
    }

    function testSignaturesInAnotherOrder() public view {
        bytes memory refused = abi.encodeWithSelector(Attestors.SignaturesNotAscending.selector, 1);
        _refuseCheck(bytes.concat(_by(1), _by(0)), refused);
    }

    function testStrangers(uint256 secret) public view {
        secret = bound(secret, 1, 2 ** 128);
        address stranger = vm.addr(secret);
        vm.assume(!attestors.isSigner(stranger));
        bytes memory signature = _sign(secret, _typed(5));
        bytes4 selector = Attestors.NotSigner.selector;
        _refuseCheck(bytes.concat(_by(0), signature), abi.encodeWithSelector(selector, 1, stranger));
        _refuseCheck(bytes.concat(signature, _by(0)), abi.encodeWithSelector(selector, 0, stranger));
    }

    /// @dev Each field that is signed, changed alone: the first signature seems to be another account's.
    function testAnAttestationIsOfOneEpochOfOneFeed() public view {
        for (uint256 field = 0; field < 5; ++field) {
            bytes32 other = _typed(field);
            (uint8 v, bytes32 r, bytes32 s) = vm.sign(secrets[0], other);
            address seeming = ecrecover(_typed(5), v, r, s);
            _refuseCheck(_signed(other), abi.encodeWithSelector(Attestors.NotSigner.selector, 0, seeming));
        }
        _check(attestors, _signed(_typed(5)));
    }

    function testAnAttestationIsForItsInstance() public {
        Attestors others = new Attestors(attestors.signers(), THRESHOLD);
        bytes32 right = others.attestation(address(this), TOPIC, EPOCH, EpochKind.Settlement, DIGEST);
        (bool done,) = address(others).call(_call(_signed(_typed(5))));
        vm.assertFalse(done);
        _check(others, _signed(right));
    }

    function testAnAttestationIsForItsChain() public {
        bytes memory signatures = _signed(_typed(5));
        uint256 here = vm.getChainId();
        vm.chainId(here + 1);
        (bool done,) = address(attestors).call(_call(signatures));
        vm.assertFalse(done);
        _check(attestors, _signed(_typed(5)));
        vm.chainId(here);
        _check(attestors, signatures);
    }

    function testSignaturesAreNotMalleable() public view {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(secrets[1], _typed(5));
        bytes32 high = bytes32(ORDER - uint256(s));
        bytes memory refused = abi.encodeWithSelector(ECDSA.ECDSAInvalidSignatureS.selector, high);
        _refuseCheck(bytes.concat(_by(0), abi.encodePacked(r, high, 55 - v)), refused);
        refused = abi.encodeWithSelector(ECDSA.ECDSAInvalidSignature.selector);
        _refuseCheck(bytes.concat(_by(0), abi.encodePacked(r, s, uint8(0))), refused);
    }

    /// @dev A signature of a signer of this test's message.
    function _by(uint256 signer) private view returns (bytes memory) {
        return _sign(secrets[signer], _typed(5));
    }

    function _signed(bytes32 hash) private view returns (bytes memory) {
        return bytes.concat(_sign(secrets[0], hash), _sign(secrets[1], hash));
    }

    /// @dev What is signed, with one field changed: feed, topic, epoch, kind, digest, or none.
    function _typed(uint256 changed) private view returns (bytes32) {
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("SumcastAttestors"),
                keccak256("1"),
                block.chainid,
                attestors
            )
        );
        bytes32 message = keccak256(
            abi.encode(
                keccak256("Epoch(address feed,uint256 topicId,uint64 epoch,uint8 kind,bytes32 digest)"),
                changed == 0 ? address(1) : address(this),
                changed == 1 ? TOPIC + 1 : TOPIC,
                changed == 2 ? EPOCH + 1 : EPOCH,
                changed == 3 ? 1 : 2,
                changed == 4 ? bytes32("other") : DIGEST
            )
        );
        return keccak256(abi.encodePacked(hex"1901", domain, message));
    }

    function _check(Attestors by, bytes memory signatures) private view {
        bytes4 accepted = by.check(TOPIC, EPOCH, EpochKind.Settlement, DIGEST, signatures);
        vm.assertTrue(accepted == IEpochSource.check.selector);
    }

    function _refuseCheck(bytes memory signatures, bytes memory expected) private view {
        (bool done, bytes memory reason) = address(attestors).staticcall(_call(signatures));
        vm.assertFalse(done);
        vm.assertEq(reason, expected);
    }

    function _call(bytes memory signatures) private pure returns (bytes memory) {
        return abi.encodeCall(IEpochSource.check, (TOPIC, EPOCH, EpochKind.Settlement, DIGEST, signatures));
    }
}
