// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IModelRegistry, TensorSpec} from "../src/IModelRegistry.sol";
import {ISumcastVerifier, KeyPart, Statement} from "../src/ISumcastVerifier.sol";
import {ModelRegistry} from "../src/ModelRegistry.sol";
import {Keys} from "./support/Keys.sol";
import {AcceptsAll, ProofBook} from "./support/ProofBook.sol";
import {vm} from "./support/Vm.sol";

contract ModelRegistryTest {
    /// @dev The tensors of a key that `sumcast compile` made: 4 hidden inputs of 24 bits, 3 outputs of 25 bits.
    bytes private constant REAL_TENSORS = hex"02021811000000040102191700000003";

    ProofBook private book = new ProofBook();
    ModelRegistry private registry = new ModelRegistry(book);

    function _statement(bytes32 context, int256 value) private pure returns (Statement memory statement) {
        statement = Statement(context, abi.encodePacked(value));
    }

    function _key(bytes memory rest) private pure returns (bytes memory) {
        return Keys.key(Keys.tensor(Keys.OUTPUT, 40, 16, 1), rest);
    }

    function testRegisterStoresTheKey(bytes calldata rest) public {
        bytes memory vk = _key(rest);
        bytes32 expected = keccak256(vk);
        vm.assertFalse(registry.isRegistered(expected));
        vm.assertEq(registry.register(vk), expected);
        vm.assertTrue(registry.isRegistered(expected));
        vm.assertEq(registry.key(expected), vk);
        vm.assertEq(address(registry.verifier()), address(book));
    }

    function testTheStoreHoldsAZeroByteAndTheKey() public {
        bytes memory vk = _key("rest");
        address store = address(uint160(uint256(keccak256(abi.encodePacked(hex"d694", registry, hex"01")))));
        vm.expectEmit(address(registry));
        emit IModelRegistry.ModelRegistered(keccak256(vk), address(this), store);
        registry.register(vk);
        vm.assertEq(store.code, bytes.concat(hex"00", vk));
    }

    function testAModelIsRegisteredOnce() public {
        bytes memory vk = _key("");
        registry.register(vk);
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.ModelExists.selector, keccak256(vk)));
        registry.register(vk);
    }

    function testTheVerifierChecksTheKey() public {
        vm.expectRevert(abi.encodeWithSelector(ISumcastVerifier.InvalidKey.selector, KeyPart.Header, 0));
        registry.register("not a key");
    }

    /// @dev The limit on code in these tests is that of foundry.toml.
    function testAKeyLongerThanCodeIsRefused() public {
        bytes memory head = _key("");
        bytes memory longest = _key(new bytes(65_535 - head.length));
        vm.assertEq(registry.key(registry.register(longest)), longest);
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.StoreFailed.selector));
        registry.register(_key(new bytes(65_536 - head.length)));
    }

    function testAKeyThatThereIsNotGasForIsRefused() public {
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.StoreFailed.selector));
        registry.register{gas: 4_000_000}(_key(new bytes(20_000)));
    }

    function testUnknownModels(bytes32 modelId) public {
        bytes memory unknown = abi.encodeWithSelector(IModelRegistry.UnknownModel.selector, modelId);
        vm.expectRevert(unknown);
        registry.key(modelId);
        vm.expectRevert(unknown);
        registry.tensors(modelId);
        vm.expectRevert(unknown);
        registry.verify(modelId, _statement(0, 1), "");
        vm.assertFalse(registry.isValid(modelId, _statement(0, 1), ""));
    }

    function testVerifyIsTheVerifiers(bytes32 context, int256 value, bytes calldata proof, bytes calldata rest) public {
        bytes memory vk = _key(rest);
        bytes32 modelId = registry.register(vk);
        Statement memory statement = _statement(context, value);
        vm.assertFalse(registry.isValid(modelId, statement, proof));
        vm.expectRevert(abi.encodeWithSelector(ISumcastVerifier.OpeningFailed.selector));
        registry.verify(modelId, statement, proof);

        book.accept(vk, statement, proof);
        registry.verify(modelId, statement, proof);
        vm.assertTrue(registry.isValid(modelId, statement, proof));
        vm.assertFalse(registry.isValid(modelId, statement, bytes.concat(proof, hex"00")));
        vm.assertFalse(registry.isValid(modelId, _statement(~context, value), proof));
    }

    function testTensorsOfARealKey() public {
        bytes32 modelId = registry.register(Keys.key(REAL_TENSORS, "forms and so on"));
        TensorSpec[] memory specs = registry.tensors(modelId);
        vm.assertEq(specs.length, 2);
        vm.assertEq(abi.encode(specs[0]), abi.encode(TensorSpec(false, true, 24, 17, 4)));
        vm.assertEq(abi.encode(specs[1]), abi.encode(TensorSpec(true, false, 25, 23, 3)));
    }

    function testTensorsOfAnyKind(uint8 kind, uint8 bits, uint8 fraction, uint32 length, uint8 count) public {
        kind %= 4;
        bytes memory entries;
        for (uint256 i = 0; i < count; ++i) {
            entries = bytes.concat(entries, Keys.tensor(kind, bits, fraction, length));
        }
        TensorSpec[] memory specs = registry.tensors(registry.register(Keys.key(entries, "")));
        vm.assertEq(specs.length, count);
        for (uint256 i = 0; i < count; ++i) {
            vm.assertEq(specs[i].output, kind == Keys.OUTPUT || kind == Keys.HIDDEN_OUTPUT);
            vm.assertEq(specs[i].committed, kind == Keys.HIDDEN_INPUT || kind == Keys.HIDDEN_OUTPUT);
            vm.assertEq(specs[i].bits, bits);
            vm.assertEq(specs[i].fraction, fraction);
            vm.assertEq(specs[i].length, length);
        }
    }

    /// @dev A key of 1,250 bytes: 200 gas a byte of code, the new account, the slot. 21,000 for the transaction and at
    /// most 20,000 for its bytes come on top, and the verifier's check.
    function testGasOfRegistering() public {
        ModelRegistry cheap = new ModelRegistry(new AcceptsAll());
        bytes memory vk = _key("");
        vk = _key(new bytes(1250 - vk.length));
        uint256 gas = gasleft();
        cheap.register(vk);
        vm.assertLt(gas - gasleft(), 320_000);
    }

    /// @dev 244 inputs and a proof of 3,000 bytes: what the registry adds to the verifier's own gas.
    function testGasOfVerifying() public {
        AcceptsAll verifier = new AcceptsAll();
        ModelRegistry cheap = new ModelRegistry(verifier);
        bytes memory vk = _key("");
        vk = _key(new bytes(1250 - vk.length));
        bytes32 modelId = cheap.register(vk);
        Statement memory statement = _statement(0, 1);
        statement.tensors = new bytes(244 * 6);
        bytes memory proof = new bytes(3000);

        uint256 gas = gasleft();
        verifier.verify(vk, statement, proof);
        uint256 direct = gas - gasleft();
        gas = gasleft();
        cheap.verify(modelId, statement, proof);
        vm.assertLt(gas - gasleft() - direct, 6_000);
    }
}
