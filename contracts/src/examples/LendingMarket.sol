// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {ReentrancyGuard} from "@openzeppelin/contracts/utils/ReentrancyGuard.sol";
import {IAlloraConsumer, TopicValue} from "../IAlloraConsumer.sol";

/// @title A lending market that prices its collateral by a proven inference and its confidence interval
/// @notice An example of a reader, not a product: there is no interest, and who redeems last bears a bad debt.
///
/// How sure the network is of a price decides what may be done with it. Debt is taken, and collateral is taken out,
/// at the lower bound of the interval; a borrower is liquidated only where even the upper bound is not enough, and
/// pays the liquidator at the value between. An interval that is wide, or does not hold the value, or is old, prices
/// nothing: then one can supply, deposit, repay and redeem, but not borrow, withdraw against debt, or liquidate.
/// With at most 10 % between the bounds, a debt that is just liquidated is at most 85 % of 110 % of the collateral's
/// worth: with the liquidator's 5 % that is 98.2 % of it, so the collateral suffices.
/// @dev Tokens that take a fee on transfers or change balances are not supported.
contract LendingMarket is ReentrancyGuard {
    using SafeERC20 for IERC20;

    /// @notice The most an account may owe, of its collateral's worth at the lower bound; 18 decimals.
    uint256 public constant MAX_LOAN_TO_VALUE = 0.75e18;
    /// @notice Who owes more than this of the collateral's worth at the upper bound is liquidated; 18 decimals.
    uint256 public constant LIQUIDATION_THRESHOLD = 0.85e18;
    /// @notice What a liquidator gets for each unit repaid, at the value; 18 decimals.
    uint256 public constant LIQUIDATION_RATE = 1.05e18;
    /// @notice The widest interval that prices anything, of the value; 18 decimals.
    uint256 public constant MAX_WIDTH = 0.1e18;
    /// @notice The oldest inference that prices anything, seconds; the topic's own window may be shorter.
    uint256 public constant MAX_AGE = 1 hours;

    uint256 private constant ONE = 1e18;

    /// @notice A price and its bounds: of a whole collateral token in whole debt tokens, 18 decimals.
    struct Price {
        uint256 lower;
        uint256 value;
        uint256 upper;
    }

    /// @notice What accounts put up.
    IERC20 public immutable collateralToken;
    /// @notice What accounts supply and owe.
    IERC20 public immutable debtToken;
    /// @notice Where prices come from.
    IAlloraConsumer public immutable prices;
    /// @notice The topic whose values are prices of the collateral.
    uint256 public immutable topicId;
    /// @dev The worker that is read: the market does not follow a change of the topic's publisher.
    address private immutable _worker;
    /// @dev A collateral unit's price times units, over this, is in units of debt.
    uint256 private immutable _scale;

    /// @notice Debt tokens that accounts have supplied.
    mapping(address account => uint256) public supplied;
    /// @notice Collateral that accounts have put up.
    mapping(address account => uint256) public collateral;
    /// @notice What accounts owe.
    mapping(address account => uint256) public debt;

    /// @notice An account has supplied debt tokens.
    event Supplied(address indexed account, uint256 amount);
    /// @notice An account has taken back debt tokens.
    event Redeemed(address indexed account, uint256 amount);
    /// @notice An account has put up collateral.
    event Deposited(address indexed account, uint256 amount);
    /// @notice An account has taken out collateral.
    event Withdrawn(address indexed account, uint256 amount);
    /// @notice An account has borrowed.
    event Borrowed(address indexed account, uint256 amount);
    /// @notice A debt was repaid in part or whole.
    event Repaid(address indexed account, address indexed payer, uint256 amount);
    /// @notice A debt was repaid in part or whole for collateral.
    event Liquidated(address indexed account, address indexed liquidator, uint256 repaid, uint256 seized);

    /// @notice The topic has no confidence interval of five values.
    error NoInterval();
    /// @notice The price is too old, seconds.
    error StalePrice(uint256 age);
    /// @notice The interval does not hold the value.
    error InvalidInterval(uint256 lower, uint256 value, uint256 upper);
    /// @notice The interval is too wide to price anything; 18 decimals, of the value.
    error IntervalTooWide(uint256 width);
    /// @notice There is less than this.
    error Insufficient(uint256 available, uint256 asked);
    /// @notice The account would owe more than it may.
    error Undercollateralized(uint256 debt, uint256 limit);
    /// @notice The account does not owe more than what it is liquidated at.
    error Healthy(uint256 debt, uint256 limit);

    /// @param prices_ Trusted for prices, and so is all that it trusts.
    /// @param worker The worker whose inferences are prices.
    constructor(
        IERC20Metadata collateralToken_,
        IERC20Metadata debtToken_,
        IAlloraConsumer prices_,
        uint256 topicId_,
        address worker
    ) {
        collateralToken = collateralToken_;
        debtToken = debtToken_;
        prices = prices_;
        topicId = topicId_;
        _worker = worker;
        _scale = ONE * 10 ** collateralToken_.decimals() / 10 ** debtToken_.decimals();
    }

    /// @notice Supplies debt tokens for others to borrow.
    function supply(uint256 amount) external nonReentrant {
        supplied[msg.sender] += amount;
        emit Supplied(msg.sender, amount);
        debtToken.safeTransferFrom(msg.sender, address(this), amount);
    }

    /// @notice Takes back supplied debt tokens, as far as they are not lent.
    function redeem(uint256 amount) external nonReentrant {
        supplied[msg.sender] = _less(supplied[msg.sender], amount);
        emit Redeemed(msg.sender, amount);
        _pay(msg.sender, amount);
    }

    /// @notice Puts up collateral.
    function deposit(uint256 amount) external nonReentrant {
        collateral[msg.sender] += amount;
        emit Deposited(msg.sender, amount);
        collateralToken.safeTransferFrom(msg.sender, address(this), amount);
    }

    /// @notice Takes out collateral that the caller's debt does not need.
    function withdraw(uint256 amount) external nonReentrant {
        collateral[msg.sender] = _less(collateral[msg.sender], amount);
        if (debt[msg.sender] > 0) _requireCovered(msg.sender);
        emit Withdrawn(msg.sender, amount);
        collateralToken.safeTransfer(msg.sender, amount);
    }

    /// @notice Borrows debt tokens.
    function borrow(uint256 amount) external nonReentrant {
        debt[msg.sender] += amount;
        _requireCovered(msg.sender);
        emit Borrowed(msg.sender, amount);
        _pay(msg.sender, amount);
    }

    /// @notice Repays an account's debt in part or whole.
    function repay(address account, uint256 amount) external nonReentrant {
        debt[account] = _less(debt[account], amount);
        emit Repaid(account, msg.sender, amount);
        debtToken.safeTransferFrom(msg.sender, address(this), amount);
    }

    /// @notice Repays in part or whole the debt of an account that owes too much, for collateral.
    function liquidate(address account, uint256 amount) external nonReentrant {
        Price memory current = price();
        uint256 limit = Math.mulDiv(_worth(collateral[account], current.upper), LIQUIDATION_THRESHOLD, ONE);
        if (debt[account] <= limit) revert Healthy(debt[account], limit);

        uint256 seized = Math.mulDiv(Math.mulDiv(amount, LIQUIDATION_RATE, ONE), _scale, current.value);
        debt[account] = _less(debt[account], amount);
        collateral[account] = _less(collateral[account], seized);
        emit Liquidated(account, msg.sender, amount, seized);
        debtToken.safeTransferFrom(msg.sender, address(this), amount);
        collateralToken.safeTransfer(msg.sender, seized);
    }

    /// @notice The collateral's price now, from an inference that is recent and sure enough.
    function price() public view returns (Price memory current) {
        TopicValue memory topic = prices.getTopicValue(topicId, abi.encode(_worker));
        uint256[] memory bounds = topic.confidenceIntervalValues;
        if (bounds.length != 5) revert NoInterval();
        uint256 age = block.timestamp - topic.recentValueTime;
        if (age > MAX_AGE) revert StalePrice(age);

        current = Price(bounds[0], topic.recentValue, bounds[4]);
        if (current.lower == 0 || current.lower > current.value || current.value > current.upper) {
            revert InvalidInterval(current.lower, current.value, current.upper);
        }
        uint256 width = Math.mulDiv(current.upper - current.lower, ONE, current.value);
        if (width > MAX_WIDTH) revert IntervalTooWide(width);
    }

    function _pay(address account, uint256 amount) private {
        uint256 available = debtToken.balanceOf(address(this));
        if (amount > available) revert Insufficient(available, amount);
        debtToken.safeTransfer(account, amount);
    }

    function _requireCovered(address account) private view {
        uint256 limit = Math.mulDiv(_worth(collateral[account], price().lower), MAX_LOAN_TO_VALUE, ONE);
        if (debt[account] > limit) revert Undercollateralized(debt[account], limit);
    }

    function _worth(uint256 amount, uint256 price_) private view returns (uint256) {
        return Math.mulDiv(amount, price_, _scale);
    }

    function _less(uint256 available, uint256 amount) private pure returns (uint256) {
        if (amount > available) revert Insufficient(available, amount);
        return available - amount;
    }
}
