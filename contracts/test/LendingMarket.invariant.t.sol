// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {AlloraConsumerAdapter} from "../src/AlloraConsumerAdapter.sol";
import {LendingMarket} from "../src/examples/LendingMarket.sol";
import {FeedTest} from "./support/FeedTest.sol";
import {TestToken} from "./support/Tokens.sol";
import {bound, vm} from "./support/Vm.sol";

/// @notice Three accounts and a price that moves.
contract Traders is FeedTest {
    TestToken public weth;
    TestToken public usdc;
    LendingMarket public market;

    function setUp() public override {
        super.setUp();
        weth = new TestToken(18);
        usdc = new TestToken(6);
        market = new LendingMarket(weth, usdc, new AlloraConsumerAdapter(feed), six, worker);
        setPrice(100, 0);
        for (uint256 i = 0; i < 3; ++i) {
            weth.mint(account(i), 1000e18);
            usdc.mint(account(i), 1_000_000e6);
            vm.prank(account(i));
            weth.approve(address(market), type(uint256).max);
            vm.prank(account(i));
            usdc.approve(address(market), type(uint256).max);
        }
    }

    function account(uint256 i) public pure returns (address) {
        return address(uint160(0x7000 + i % 3));
    }

    function setPrice(uint16 price, uint8 width) public {
        int256 value = 1000 + int256(uint256(price % 2000));
        int256 half = value * int256(uint256(width % 60)) / 1000;
        _postSix(feed.lastEpoch(six, worker) + 1, _list(value, value - half, 0, 0, 0, value + half));
    }

    function trade(uint8 who, uint8 whose, uint8 what, uint256 amount) external {
        what %= 7;
        amount = bound(amount, 0, what == 2 || what == 3 ? 100e18 : 100_000e6);
        vm.prank(account(who));
        if (what == 0) {
            try market.supply(amount) {} catch {}
        } else if (what == 1) {
            try market.redeem(amount) {} catch {}
        } else if (what == 2) {
            try market.deposit(amount) {} catch {}
        } else if (what == 3) {
            try market.withdraw(amount) {} catch {}
        } else if (what == 4) {
            try market.borrow(amount) {} catch {}
        } else if (what == 5) {
            try market.repay(account(whose), amount) {} catch {}
        } else {
            try market.liquidate(account(whose), amount) {} catch {}
        }
    }
}

/// @notice Whatever is called in whatever order.
contract LendingMarketInvariantTest {
    Traders private traders;

    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    function setUp() public {
        traders = new Traders();
        traders.setUp();
    }

    /// @dev Read by forge.
    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(traders);
    }

    /// @dev Read by forge.
    function targetSelectors() external view returns (FuzzSelector[] memory targets) {
        targets = new FuzzSelector[](1);
        targets[0] = FuzzSelector(address(traders), new bytes4[](2));
        targets[0].selectors[0] = Traders.setPrice.selector;
        targets[0].selectors[1] = Traders.trade.selector;
    }

    /// @dev What was supplied is there or owed, and all collateral is there.
    function invariant_nothingIsLost() public view {
        LendingMarket market = traders.market();
        uint256 supplied = 0;
        uint256 debt = 0;
        uint256 collateral = 0;
        for (uint256 i = 0; i < 3; ++i) {
            supplied += market.supplied(traders.account(i));
            debt += market.debt(traders.account(i));
            collateral += market.collateral(traders.account(i));
        }
        vm.assertEq(traders.usdc().balanceOf(address(market)) + debt, supplied);
        vm.assertEq(traders.weth().balanceOf(address(market)), collateral);
    }
}
