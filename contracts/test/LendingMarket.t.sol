// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {ReentrancyGuard} from "@openzeppelin/contracts/utils/ReentrancyGuard.sol";
import {AlloraConsumerAdapter} from "../src/AlloraConsumerAdapter.sol";
import {IAlloraConsumer} from "../src/IAlloraConsumer.sol";
import {LendingMarket} from "../src/examples/LendingMarket.sol";
import {FeedTest} from "./support/FeedTest.sol";
import {HostileToken} from "./support/Tokens.sol";
import {bound, vm} from "./support/Vm.sol";

/// @notice Collateral of 18 decimals at about 3,000 units of a debt token of 6.
contract LendingMarketTest is FeedTest {
    address private constant LENDER = address(0x1e);
    address private constant ALICE = address(0xa11ce);
    address private constant BOB = address(0xb0b);

    HostileToken private weth;
    HostileToken private usdc;
    AlloraConsumerAdapter private adapter;
    LendingMarket private market;

    function setUp() public override {
        super.setUp();
        weth = new HostileToken(18);
        usdc = new HostileToken(6);
        adapter = new AlloraConsumerAdapter(feed);
        market = new LendingMarket(weth, usdc, adapter, six, worker);
        feed.configureTopic(six, 2 hours, 1, address(0));
        _setPrice(2900, 3000, 3100);
        _fund(LENDER);
        _fund(ALICE);
        _fund(BOB);
        vm.prank(LENDER);
        market.supply(1_000_000e6);
    }

    function _fund(address account) private {
        weth.mint(account, 1000e18);
        usdc.mint(account, 1_000_000e6);
        vm.prank(account);
        weth.approve(address(market), type(uint256).max);
        vm.prank(account);
        usdc.approve(address(market), type(uint256).max);
    }

    function _setPrice(int256 lower, int256 value, int256 upper) private {
        _postSix(feed.lastEpoch(six, worker) + 1, _list(value, lower, 0, 0, 0, upper));
    }

    /// @dev Alice puts up 10 WETH, worth 29,000 USDC at the lower bound, and borrows.
    function _borrow(uint256 amount) private {
        vm.prank(ALICE);
        market.deposit(10e18);
        vm.prank(ALICE);
        market.borrow(amount);
    }

    function testSettings() public view {
        vm.assertEq(address(market.collateralToken()), address(weth));
        vm.assertEq(address(market.debtToken()), address(usdc));
        vm.assertEq(address(market.prices()), address(adapter));
        vm.assertEq(market.topicId(), six);
    }

    function testSupplyAndRedeem(uint256 amount) public {
        amount = bound(amount, 0, 1_000_000e6);
        vm.expectEmit(address(market));
        emit LendingMarket.Supplied(ALICE, amount);
        vm.prank(ALICE);
        market.supply(amount);
        vm.assertEq(market.supplied(ALICE), amount);
        vm.assertEq(usdc.balanceOf(address(market)), 1_000_000e6 + amount);
        vm.expectRevert(abi.encodeWithSelector(LendingMarket.Insufficient.selector, amount, amount + 1));
        vm.prank(ALICE);
        market.redeem(amount + 1);
        vm.expectEmit(address(market));
        emit LendingMarket.Redeemed(ALICE, amount);
        vm.prank(ALICE);
        market.redeem(amount);
        vm.assertEq(market.supplied(ALICE), 0);
        vm.assertEq(usdc.balanceOf(ALICE), 1_000_000e6);
    }

    function testWhatIsLentIsNotRedeemed() public {
        _borrow(10_000e6);
        vm.expectRevert(abi.encodeWithSelector(LendingMarket.Insufficient.selector, 990_000e6, 990_000e6 + 1));
        vm.prank(LENDER);
        market.redeem(990_000e6 + 1);
        vm.prank(LENDER);
        market.redeem(990_000e6);
        vm.assertEq(market.supplied(LENDER), 10_000e6);
    }

    function testBorrowAtTheLowerBound(uint256 amount) public {
        uint256 limit = 21_750e6;
        amount = bound(amount, 0, 2 * limit);
        vm.prank(ALICE);
        market.deposit(10e18);
        if (amount > limit) {
            vm.expectRevert(abi.encodeWithSelector(LendingMarket.Undercollateralized.selector, amount, limit));
        } else {
            vm.expectEmit(address(market));
            emit LendingMarket.Borrowed(ALICE, amount);
        }
        vm.prank(ALICE);
        market.borrow(amount);
        vm.assertEq(market.debt(ALICE), amount > limit ? 0 : amount);
        vm.assertEq(usdc.balanceOf(ALICE), 1_000_000e6 + (amount > limit ? 0 : amount));
    }

    function testBorrowToTheLimitInParts() public {
        _borrow(21_750e6);
        vm.expectRevert(abi.encodeWithSelector(LendingMarket.Undercollateralized.selector, 21_750e6 + 1, 21_750e6));
        vm.prank(ALICE);
        market.borrow(1);
    }

    function testThereIsOnlyWhatWasSupplied() public {
        vm.prank(ALICE);
        market.deposit(1000e18);
        vm.expectRevert(abi.encodeWithSelector(LendingMarket.Insufficient.selector, 1_000_000e6, 1_000_001e6));
        vm.prank(ALICE);
        market.borrow(1_000_001e6);
    }

    function testWithdrawWhatTheDebtDoesNotNeed() public {
        vm.expectEmit(address(market));
        emit LendingMarket.Deposited(ALICE, 10e18);
        _borrow(10_875e6);
        vm.expectRevert(abi.encodeWithSelector(LendingMarket.Undercollateralized.selector, 10_875e6, 10_875e6 - 22));
        vm.prank(ALICE);
        market.withdraw(5e18 + 1e10);
        vm.expectEmit(address(market));
        emit LendingMarket.Withdrawn(ALICE, 5e18);
        vm.prank(ALICE);
        market.withdraw(5e18);
        vm.assertEq(market.collateral(ALICE), 5e18);
        vm.assertEq(weth.balanceOf(ALICE), 995e18);
        vm.expectRevert(abi.encodeWithSelector(LendingMarket.Insufficient.selector, 5e18, 5e18 + 1));
        vm.prank(ALICE);
        market.withdraw(5e18 + 1);
    }

    function testRepay(uint256 amount) public {
        _borrow(20_000e6);
        amount = bound(amount, 0, 20_000e6);
        vm.expectEmit(address(market));
        emit LendingMarket.Repaid(ALICE, BOB, amount);
        vm.prank(BOB);
        market.repay(ALICE, amount);
        vm.assertEq(market.debt(ALICE), 20_000e6 - amount);
        vm.assertEq(usdc.balanceOf(BOB), 1_000_000e6 - amount);
        vm.expectRevert(
            abi.encodeWithSelector(LendingMarket.Insufficient.selector, 20_000e6 - amount, 20_000e6 - amount + 1)
        );
        vm.prank(BOB);
        market.repay(ALICE, 20_000e6 - amount + 1);
    }

    /// @dev 20,400 USDC are 85 % of 10 WETH at 2,400.
    function testLiquidateAtTheUpperBoundOnly() public {
        _borrow(20_400e6);
        _setPrice(2200, 2300, 2400);
        vm.expectRevert(abi.encodeWithSelector(LendingMarket.Healthy.selector, 20_400e6, 20_400e6));
        vm.prank(BOB);
        market.liquidate(ALICE, 1);
        _setPrice(2200, 2300, 2399);
        vm.prank(BOB);
        market.liquidate(ALICE, 1);
    }

    function testLiquidationPaysTheLiquidator() public {
        _borrow(20_400e6);
        _setPrice(2000, 2100, 2200);
        // 1.05 x 8,400 / 2,100
        vm.expectEmit(address(market));
        emit LendingMarket.Liquidated(ALICE, BOB, 8_400e6, 4.2e18);
        vm.prank(BOB);
        market.liquidate(ALICE, 8_400e6);
        vm.assertEq(market.debt(ALICE), 12_000e6);
        vm.assertEq(market.collateral(ALICE), 5.8e18);
        vm.assertEq(usdc.balanceOf(BOB), 991_600e6);
        vm.assertEq(weth.balanceOf(BOB), 1004.2e18);
        vm.assertEq(usdc.balanceOf(address(market)), 988_000e6);
    }

    function testLiquidationEndsAtTheDebtAndTheCollateral() public {
        _borrow(20_400e6);
        _setPrice(2000, 2142, 2200);
        vm.expectRevert(abi.encodeWithSelector(LendingMarket.Insufficient.selector, 20_400e6, 20_400e6 + 1));
        vm.prank(BOB);
        market.liquidate(ALICE, 20_400e6 + 1);
        _setPrice(2040, 2041, 2042);
        vm.expectRevert(abi.encodeWithSelector(LendingMarket.Insufficient.selector, 10e18, uint256(21_420e18) / 2041));
        vm.prank(BOB);
        market.liquidate(ALICE, 20_400e6);
    }

    /// @dev Where a debt is just liquidated and the interval as wide as can be, all of it can be repaid for the
    /// collateral.
    function testTheCollateralOfAJustLiquidatedDebtSuffices(uint256 lower, uint256 upper, uint256 value) public {
        value = bound(value, 2000, 2900);
        lower = bound(lower, value - value / 20, value);
        upper = bound(upper, value, value + value / 20);
        _borrow(21_750e6);
        vm.prank(ALICE);
        market.repay(ALICE, _justLiquidated(upper) > 21_750e6 ? 0 : 21_750e6 - _justLiquidated(upper));
        vm.assume(_justLiquidated(upper) <= 21_750e6);
        _setPrice(int256(lower), int256(value), int256(upper));
        uint256 debt = market.debt(ALICE);
        vm.prank(BOB);
        market.liquidate(ALICE, debt);
        vm.assertEq(market.debt(ALICE), 0);
    }

    function _justLiquidated(uint256 upper) private pure returns (uint256) {
        return 10 * upper * 1e6 * 85 / 100 + 1;
    }

    function testThePriceAndItsBounds() public view {
        LendingMarket.Price memory price = market.price();
        vm.assertEq(abi.encode(price), abi.encode(2900e18, 3000e18, 3100e18));
    }

    function testAnIntervalThatIsTooWide() public {
        _setPrice(2850, 3000, 3150);
        market.price();
        _setPrice(2849, 3000, 3150);
        vm.expectRevert(abi.encodeWithSelector(LendingMarket.IntervalTooWide.selector, uint256(301e18) / 3000));
        market.price();
    }

    function testAnIntervalThatDoesNotHoldTheValue() public {
        _setPrice(3000, 3000, 3000);
        market.price();
        _expectInvalidInterval(3001, 3000, 3002);
        _expectInvalidInterval(2900, 3000, 2999);
        _expectInvalidInterval(0, 0, 0);
    }

    function _expectInvalidInterval(uint256 lower, uint256 value, uint256 upper) private {
        _setPrice(int256(lower), int256(value), int256(upper));
        vm.expectRevert(
            abi.encodeWithSelector(LendingMarket.InvalidInterval.selector, lower * 1e18, value * 1e18, upper * 1e18)
        );
        market.price();
    }

    function testAPriceThatIsTooOld() public {
        vm.warp(vm.getBlockTimestamp() + 1 hours);
        market.price();
        vm.warp(vm.getBlockTimestamp() + 1);
        vm.expectRevert(abi.encodeWithSelector(LendingMarket.StalePrice.selector, 1 hours + 1));
        market.price();
        // The topic's own window is two hours.
        vm.warp(vm.getBlockTimestamp() + 1 hours);
        vm.expectRevert(abi.encodeWithSelector(IAlloraConsumer.AlloraConsumerInvalidDataTime.selector));
        market.price();
    }

    function testATopicWithoutInterval() public {
        _post(1, 3000);
        LendingMarket other = new LendingMarket(weth, usdc, adapter, one, worker);
        vm.expectRevert(abi.encodeWithSelector(LendingMarket.NoInterval.selector));
        other.price();
    }

    /// @dev What needs no price works without one, what needs it does not.
    function testWithoutAPrice() public {
        _borrow(10_000e6);
        vm.prank(BOB);
        market.deposit(1e18);
        vm.warp(vm.getBlockTimestamp() + 1 days);
        bytes memory stale = abi.encodeWithSelector(IAlloraConsumer.AlloraConsumerInvalidDataTime.selector);
        vm.expectRevert(stale);
        vm.prank(ALICE);
        market.borrow(1);
        vm.expectRevert(stale);
        vm.prank(ALICE);
        market.withdraw(1);
        vm.expectRevert(stale);
        vm.prank(BOB);
        market.liquidate(ALICE, 1);

        vm.prank(BOB);
        market.withdraw(1e18);
        vm.prank(ALICE);
        market.repay(ALICE, 10_000e6);
        vm.prank(ALICE);
        market.withdraw(10e18);
        vm.prank(LENDER);
        market.redeem(1_000_000e6);
        vm.assertEq(weth.balanceOf(address(market)) + usdc.balanceOf(address(market)), 0);
    }

    /// @dev A token calls back into any function in the middle of each that moves it.
    function testATokenThatCallsBack() public {
        _borrow(21_000e6);
        vm.prank(ALICE);
        market.supply(10e6);
        bytes[7] memory calls = [
            abi.encodeCall(market.supply, (1)),
            abi.encodeCall(market.redeem, (1)),
            abi.encodeCall(market.deposit, (1)),
            abi.encodeCall(market.withdraw, (1)),
            abi.encodeCall(market.borrow, (1)),
            abi.encodeCall(market.repay, (ALICE, 1)),
            abi.encodeCall(market.liquidate, (ALICE, 1))
        ];
        for (uint256 outer = 0; outer < 7; ++outer) {
            if (outer == 6) _setPrice(2000, 2100, 2200);
            vm.prank(ALICE);
            (bool done,) = address(market).call(calls[outer]);
            vm.assertTrue(done);
            for (uint256 inner = 0; inner < 7; ++inner) {
                (outer == 2 || outer == 3 ? weth : usdc).arm(address(market), calls[inner]);
                vm.prank(ALICE);
                bytes memory reason;
                (done, reason) = address(market).call(calls[outer]);
                vm.assertFalse(done);
                vm.assertEq(reason, abi.encodeWithSelector(ReentrancyGuard.ReentrancyGuardReentrantCall.selector));
            }
            weth.arm(address(0), "");
            usdc.arm(address(0), "");
        }
    }
}
