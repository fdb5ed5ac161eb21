//! Exact decimal numbers, as the chain writes them.

use num_bigint::{BigInt, Sign};
use serde::de::{Deserializer, Visitor};
use serde::{Deserialize, Serialize, Serializer};
use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;
use thiserror::Error;

/// Most significant digits that are read.
pub const MAX_DIGITS: usize = 120;
/// Powers of ten between which the magnitude of a number that is read lies, both included; or it is 0.
pub const MAGNITUDES: (i64, i64) = (-60, 40);
/// Significant digits that [`Decimal`]'s `Display` prints at most.
pub const SHOWN_DIGITS: usize = 20;
/// Longest text that is read: every number within the bounds has a shorter one.
const MAX_TEXT: usize = 512;
/// Bits of the magnitude of a fixed-point number.
const FIXED_BITS: u64 = 120;

/// Why a text is no [`Decimal`].
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DecimalError {
    /// It is not written as a number.
    #[error("{text:?} is not a decimal number: write it like -0.25 or 1e-7")]
    Syntax {
        /// Its beginning.
        text: String,
    },
    /// It has too many digits.
    #[error("{text} has {found} significant digits, and at most {MAX_DIGITS} are read: round it")]
    Digits {
        /// Its beginning.
        text: String,
        /// Its significant digits.
        found: usize,
    },
    /// It is too large or too small.
    #[error("{text} is neither 0 nor between 1e{} and 1e{} in magnitude", MAGNITUDES.0, MAGNITUDES.1)]
    Magnitude {
        /// Its beginning.
        text: String,
    },
}

/// An exact decimal number: an integer times a power of ten.
///
/// One that is read is 0 or from 1e-60 to 1e40 in magnitude, with at most 120 significant digits. `Display` rounds to 20
/// digits; `serde` writes every digit, as a string, and reads strings and JSON numbers. A JSON number with a fraction or
/// an exponent is read as the shortest decimal of its double: what has more digits belongs in a string.
///
/// ```
/// use sumcast_circuits::epoch::Decimal;
///
/// let loss: Decimal = "-3.9073687008674196".parse()?;
/// let fixed = loss.to_fixed(32).ok_or("too large")?;
/// assert_eq!(fixed, -16782020784);
/// assert_eq!(Decimal::from_fixed(fixed, 32).to_string(), "-3.9073687009513378143");
/// assert!(loss < "1e-7".parse()?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Decimal {
    /// Without trailing zeros.
    digits: BigInt,
    /// Power of ten, 0 of 0.
    exponent: i64,
}

impl Decimal {
    /// Zero.
    #[must_use]
    pub fn zero() -> Self {
        Self { digits: BigInt::ZERO, exponent: 0 }
    }

    /// Whether it is zero.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        self.digits.sign() == Sign::NoSign
    }

    /// Whether it is above zero.
    #[must_use]
    pub fn is_positive(&self) -> bool {
        self.digits.sign() == Sign::Plus
    }

    /// Whether it is below zero.
    #[must_use]
    pub fn is_negative(&self) -> bool {
        self.digits.sign() == Sign::Minus
    }

    /// The integer nearest to the number times 2^`fraction`, ties away from zero; none if its magnitude is 2^120 or more.
    #[must_use]
    pub fn to_fixed(&self, fraction: u8) -> Option<i128> {
        let scaled: BigInt = &self.digits << fraction;
        let rounded = match u32::try_from(self.exponent) {
            Ok(exponent) => scaled * power_of_ten(exponent),
            Err(_) => divide(&scaled, &power_of_ten(self.places())),
        };
        if rounded.bits() > FIXED_BITS {
            return None;
        }
        i128::try_from(&rounded).ok()
    }

    /// The number `value` / 2^`fraction`, exactly.
    #[must_use]
    pub fn from_fixed(value: i128, fraction: u8) -> Self {
        // 2^-f = 5^f 10^-f.
        Self::new(BigInt::from(value) * BigInt::from(5).pow(fraction.into()), -i64::from(fraction))
    }

    /// The double nearest to it.
    #[must_use]
    pub fn to_f64(&self) -> f64 {
        // The standard library rounds correctly, and every such text is a number to it.
        format!("{}e{}", self.digits, self.exponent).parse().unwrap_or(f64::NAN)
    }

    /// The nearest number of at most `digits` significant digits, at least one; ties away from zero.
    #[must_use]
    pub fn rounded(&self, digits: usize) -> Self {
        let excess = self.digits.magnitude().to_string().len().saturating_sub(digits.max(1));
        match u32::try_from(excess) {
            Ok(0) | Err(_) => self.clone(),
            Ok(excess) => {
                Self::new(divide(&self.digits, &power_of_ten(excess)), self.exponent + i64::from(excess))
            }
        }
    }

    /// The number with all its digits: plainly if its first digit is no further than 20 places behind the point or 41
    /// before it, else with an exponent.
    #[must_use]
    pub fn to_exact_string(&self) -> String {
        let digits = self.digits.magnitude().to_string();
        let sign = if self.is_negative() { "-" } else { "" };
        let first = self.first_place(&digits);
        if !(-20..=MAGNITUDES.1).contains(&first) {
            let (one, rest) = digits.split_at(1);
            let point = if rest.is_empty() { "" } else { "." };
            return format!("{sign}{one}{point}{rest}e{first}");
        }
        let zeros = |count: i64| "0".repeat(usize::try_from(count).unwrap_or(0));
        if self.exponent >= 0 {
            return format!("{sign}{digits}{}", zeros(self.exponent));
        }
        if first < 0 {
            return format!("{sign}0.{}{digits}", zeros(-1 - first));
        }
        let (whole, part) = digits.split_at(usize::try_from(first + 1).unwrap_or(0).min(digits.len()));
        format!("{sign}{whole}.{part}")
    }

    /// The number `digits` · 10^`exponent`, in the one form it has.
    fn new(digits: BigInt, exponent: i64) -> Self {
        if digits.sign() == Sign::NoSign {
            return Self::zero();
        }
        let text = digits.magnitude().to_string();
        let zeros = text.len() - text.trim_end_matches('0').len();
        match u32::try_from(zeros) {
            Ok(0) | Err(_) => Self { digits, exponent },
            Ok(zeros) => Self { digits: digits / power_of_ten(zeros), exponent: exponent + i64::from(zeros) },
        }
    }

    /// The power of ten of the first digit.
    fn first_place(&self, digits: &str) -> i64 {
        // A text of at most a few hundred digits.
        i64::try_from(digits.len()).unwrap_or(i64::MAX) - 1 + self.exponent
    }

    /// Digits behind the point.
    fn places(&self) -> u32 {
        u32::try_from(-self.exponent).unwrap_or(0)
    }
}

impl From<u64> for Decimal {
    fn from(value: u64) -> Self {
        Self::new(value.into(), 0)
    }
}

impl FromStr for Decimal {
    type Err = DecimalError;

    fn from_str(text: &str) -> Result<Self, DecimalError> {
        let shown = || text.chars().take(40).collect::<String>();
        let syntax = || DecimalError::Syntax { text: shown() };
        if text.len() > MAX_TEXT {
            return Err(syntax());
        }
        let (negative, unsigned) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (mantissa, power) = match unsigned.split_once(['e', 'E']) {
            Some((mantissa, power)) => (mantissa, Some(power)),
            None => (unsigned, None),
        };
        let (whole, part) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let numeric = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if !numeric(whole) || !numeric(part) || whole.len() + part.len() == 0 {
            return Err(syntax());
        }
        let digits = format!("{whole}{part}");
        let significant = digits.trim_matches('0');
        if significant.len() > MAX_DIGITS {
            return Err(DecimalError::Digits { text: shown(), found: significant.len() });
        }
        let power = match power {
            None => 0,
            Some(power) => exponent(power).ok_or_else(syntax)?,
        };
        let Some(integer) = BigInt::parse_bytes(significant.as_bytes(), 10) else {
            return Ok(Self::zero());
        };
        let magnitude = || DecimalError::Magnitude { text: shown() };
        let behind = i64::try_from(part.len()).map_err(|_| magnitude())?;
        let trailing = digits.len() - digits.trim_end_matches('0').len();
        let trailing = i64::try_from(trailing).map_err(|_| magnitude())?;
        let exponent = power.saturating_sub(behind).saturating_add(trailing);
        let number = Self { digits: if negative { -integer } else { integer }, exponent };
        let first = exponent.saturating_add(i64::try_from(significant.len()).unwrap_or(i64::MAX) - 1);
        // Of those with their first digit at 1e40, 1e40 alone is not above it.
        if first < MAGNITUDES.0 || first > MAGNITUDES.1 || first == MAGNITUDES.1 && significant != "1" {
            return Err(magnitude());
        }
        Ok(number)
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        let common = self.exponent.min(other.exponent);
        let scaled = |number: &Self| {
            &number.digits * power_of_ten(u32::try_from(number.exponent - common).unwrap_or(u32::MAX))
        };
        match (self.digits.sign(), other.digits.sign()) {
            (a, b) if a != b => a.cmp(&b),
            _ => scaled(self).cmp(&scaled(other)),
        }
    }
}

/// At most 20 significant digits, correctly rounded.
impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.rounded(SHOWN_DIGITS).to_exact_string())
    }
}

impl fmt::Debug for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_exact_string())
    }
}

impl Serialize for Decimal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.to_exact_string())
    }
}

impl<'de> Deserialize<'de> for Decimal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Number;
        impl Visitor<'_> for Number {
            type Value = Decimal;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a decimal number, as a string or a JSON number")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Decimal, E> {
                text.parse().map_err(E::custom)
            }

            fn visit_u64<E>(self, value: u64) -> Result<Decimal, E> {
                Ok(value.into())
            }

            fn visit_i64<E>(self, value: i64) -> Result<Decimal, E> {
                Ok(Decimal::new(value.into(), 0))
            }

            fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Decimal, E> {
                // The fewest digits that are this double and no other.
                format!("{value:e}").parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_any(Number)
    }
}

/// An exponent of at most nine digits and a sign.
fn exponent(text: &str) -> Option<i64> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let plain = (1..=9).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten()
}

fn power_of_ten(exponent: u32) -> BigInt {
    BigInt::from(10).pow(exponent)
}

/// The integer nearest to a quotient with a positive divisor, ties away from zero.
fn divide(dividend: &BigInt, divisor: &BigInt) -> BigInt {
    let doubled: BigInt = dividend << 1u8;
    let half = if dividend.sign() == Sign::Minus { -divisor } else { divisor.clone() };
    // Division truncates.
    (doubled + half) / (divisor << 1u8)
}

#[cfg(test)]
mod tests;
