use super::*;

/// Splitmix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }

    /// A number as text, and as a quotient made from its parts.
    fn number(&mut self) -> (String, BigInt, BigInt) {
        let digits: String = (0..=self.below(60)).map(|_| char::from(b'0' + self.below(10) as u8)).collect();
        let point = self.below(digits.len() as u64 + 1) as usize;
        let power = self.below(20) as i32 - 10;
        let sign = ["", "-", "+"][self.below(3) as usize];
        let (whole, part) = digits.split_at(point);
        let text = match self.below(3) {
            0 => format!("{sign}{whole}.{part}e{power}"),
            1 => format!("{sign}{digits}E{}", power - part.len() as i32),
            _ => format!("{sign}{whole}.{part}{}e{power:+03}", "0".repeat(self.below(4) as usize)),
        };
        let mut top: BigInt = digits.parse().unwrap();
        let mut bottom = BigInt::from(10).pow(part.len() as u32);
        let ten = BigInt::from(10).pow(power.unsigned_abs());
        if power < 0 {
            bottom *= ten;
        } else {
            top *= ten;
        }
        (text, if sign == "-" { -top } else { top }, bottom)
    }

    /// One that is within the bounds, too.
    fn decimal(&mut self) -> (Decimal, BigInt, BigInt) {
        loop {
            let (text, top, bottom) = self.number();
            if let Ok(decimal) = text.parse() {
                return (decimal, top, bottom);
            }
        }
    }
}

fn quotient(decimal: &Decimal) -> (BigInt, BigInt) {
    let ten = BigInt::from(10).pow(decimal.exponent.unsigned_abs() as u32);
    if decimal.exponent < 0 { (decimal.digits.clone(), ten) } else { (&decimal.digits * ten, 1.into()) }
}

fn abs(number: &BigInt) -> BigInt {
    number.magnitude().clone().into()
}

fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}

#[test]
fn parsing_agrees_with_exact_quotients() {
    let mut random = Random(1);
    let mut refused = 0;
    for _ in 0..4000 {
        let (text, top, bottom) = random.number();
        let (least, most) = (BigInt::from(10).pow(60), BigInt::from(10).pow(40));
        let inside = top == BigInt::ZERO || abs(&top) * least >= bottom && abs(&top) <= &bottom * most;
        match text.parse::<Decimal>() {
            Ok(decimal) => {
                let (a, b) = quotient(&decimal);
                assert!(inside && a * bottom == b * top, "{text} is not {decimal:?}");
            }
            Err(error) => {
                assert!(!inside && matches!(error, DecimalError::Magnitude { .. }), "{text}: {error}");
                refused += 1;
            }
        }
    }
    assert!((100..3000).contains(&refused), "{refused}");
}

#[test]
fn fixed_point_is_the_nearest_integer() {
    let mut random = Random(2);
    let mut none = 0;
    for _ in 0..4000 {
        let (decimal, top, bottom) = random.decimal();
        let fraction = random.below(100) as u8;
        let scaled = top << fraction;
        let Some(fixed) = decimal.to_fixed(fraction) else {
            // So large that it rounds to 2^120 at least.
            assert!(abs(&scaled) * 2u8 >= (BigInt::from(1) << 121u8) * &bottom - &bottom, "{decimal:?}");
            none += 1;
            continue;
        };
        assert!(fixed.unsigned_abs() < 1 << 120);
        let twice_off = abs(&(BigInt::from(fixed) * &bottom - &scaled)) * 2u8;
        assert!(
            twice_off < bottom
                || twice_off == bottom && BigInt::from(fixed.unsigned_abs()) * bottom > abs(&scaled)
        );
    }
    assert!((100..3000).contains(&none), "{none}");
}

#[test]
fn ties_go_away_from_zero() {
    for (text, fraction, fixed) in [
        ("0.5", 0, 1),
        ("-0.5", 0, -1),
        ("2.5", 0, 3),
        ("-2.5", 0, -3),
        ("0.49999999999999999999999999999999999999999999", 0, 0),
        ("0.25", 1, 1),
        ("-0.125", 2, -1),
        ("-0.1249", 2, 0),
        ("0", 200, 0),
        ("1e-7", 32, 429),
        ("3", 32, 3 << 32),
    ] {
        assert_eq!(decimal(text).to_fixed(fraction), Some(fixed), "{text}");
    }
    let largest = (1i128 << 120) - 1;
    assert_eq!(decimal(&largest.to_string()).to_fixed(0), Some(largest));
    assert_eq!(decimal(&format!("-{largest}.4")).to_fixed(0), Some(-largest));
    assert_eq!(decimal(&format!("{largest}.5")).to_fixed(0), None);
    assert_eq!(decimal("1e40").to_fixed(0), None);
    assert_eq!(decimal("-65000").to_fixed(255), None);
}

#[test]
fn fixed_point_comes_back() {
    let mut random = Random(3);
    for _ in 0..4000 {
        let wide = (i128::from(random.next()) << 64 | i128::from(random.next())) >> random.below(128);
        let (value, fraction) = (wide >> 7, random.below(256) as u8);
        let exact = Decimal::from_fixed(value, fraction);
        assert_eq!(exact.to_fixed(fraction), Some(value));
        let (top, bottom) = quotient(&exact);
        assert_eq!(top << fraction, BigInt::from(value) * bottom);
        if value.unsigned_abs() < 1 << 53 && fraction < 200 {
            assert_eq!(exact.to_f64(), value as f64 / 2f64.powi(fraction.into()));
        }
    }
    assert_eq!(Decimal::from_fixed(i128::MIN, 0).to_string(), "-170141183460469231730000000000000000000");
    assert_eq!(Decimal::from_fixed(1, 255).to_string(), "1.7272337110188889251e-77");
}

#[test]
fn texts_come_back() {
    let mut random = Random(4);
    for _ in 0..4000 {
        let (decimal, ..) = random.decimal();
        assert_eq!(decimal.to_exact_string().parse(), Ok(decimal.clone()));
        let json = serde_json::to_string(&decimal).unwrap();
        assert_eq!(serde_json::from_str::<Decimal>(&json).unwrap(), decimal);
        let (shown, (top, bottom)) = (decimal.to_string(), quotient(&decimal));
        assert!(shown.chars().filter(char::is_ascii_digit).collect::<String>().trim_matches('0').len() <= 22);
        // Off by no more than half of the twentieth digit.
        let (shown_top, shown_bottom) = quotient(&decimal.rounded(SHOWN_DIGITS));
        let off = abs(&(shown_top * &bottom - &top * &shown_bottom)) * 2u8 * BigInt::from(10).pow(19);
        assert!(off <= abs(&top) * shown_bottom, "{decimal:?} is shown as {shown}");
        assert_eq!(decimal.to_f64(), decimal.to_exact_string().parse::<f64>().unwrap());
    }
}

#[test]
fn ordering_agrees_with_exact_quotients() {
    let mut random = Random(5);
    let mut equal = 0;
    for i in 0..4000 {
        let (a, a_top, a_bottom) = random.decimal();
        let (mut b, mut b_top, mut b_bottom) = random.decimal();
        if i % 4 == 0 {
            // The same, or one that differs far behind the point.
            let text = Decimal::from_fixed(a.to_fixed(20).unwrap_or(1), 20).to_exact_string();
            let more = random.below(2);
            let point = if text.contains('.') { "" } else { "." };
            let near = decimal(&format!("{text}{point}{}{more}", "0".repeat(30)));
            let expected = match (more, text.starts_with('-')) {
                (0, _) => Ordering::Equal,
                (_, true) => Ordering::Less,
                (_, false) => Ordering::Greater,
            };
            let same = decimal(&text);
            assert_eq!((near.cmp(&same), near == same), (expected, more == 0), "{near:?} {text}");
            equal += u32::from(more == 0);
            (b, b_top, b_bottom) = (a.clone(), &a_top * 7, &a_bottom * 7);
        }
        assert_eq!(a.cmp(&b), (&a_top * &b_bottom).cmp(&(&b_top * &a_bottom)), "{a:?} {b:?}");
        assert_eq!(a.partial_cmp(&b).map(Ordering::reverse), b.partial_cmp(&a));
        assert_eq!(a == b, &a_top * b_bottom == b_top * &a_bottom);
        assert_eq!(a.is_negative(), a_top < BigInt::ZERO);
        assert_eq!(a.is_positive(), a_top > BigInt::ZERO);
    }
    assert!(equal > 100, "{equal}");
}

#[test]
fn numbers_are_shown_as_people_write_them() {
    for (text, shown) in [
        ("0", "0"),
        ("-0.000", "0"),
        ("0e999999999", "0"),
        ("1e-7", "0.0000001"),
        ("0.0000001", "0.0000001"),
        ("+3.50", "3.5"),
        (".5", "0.5"),
        ("5.", "5"),
        ("1200", "1200"),
        ("-65000.125", "-65000.125"),
        ("1e40", "10000000000000000000000000000000000000000"),
        ("1.5e-20", "0.000000000000000000015"),
        ("1.5e-21", "1.5e-21"),
        ("-2e-60", "-2e-60"),
        ("0.12345678901234567890499", "0.1234567890123456789"),
        ("0.123456789012345678915", "0.12345678901234567892"),
        ("-99999999999999999999.5", "-100000000000000000000"),
        ("3365485208027959000000", "3365485208027959000000"),
    ] {
        assert_eq!(decimal(text).to_string(), shown, "{text}");
    }
    assert_eq!(format!("{:>6}|{:?}", decimal("1.5"), decimal("1.5")), "   1.5|1.5");
    let long = "0.184303113753160565329094394213361412818345598099881858623130";
    assert_eq!(decimal(long).to_exact_string(), long.trim_end_matches('0'));
    assert_eq!(decimal("123456").rounded(2).to_string(), "120000");
    assert_eq!(decimal("-0.00159").rounded(0).to_string(), "-0.002", "at least one digit");
}

#[test]
fn what_is_no_number_is_refused() {
    for text in [
        "",
        "-",
        "+",
        ".",
        "e5",
        "1e",
        "1e+",
        "1e1.5",
        "--1",
        "+-1",
        "0x10",
        "NaN",
        "Infinity",
        " 1",
        "1 ",
        "1,5",
        "1.2.3",
        "1_000",
        "٣",
        "1e0000000001",
        "1e99999999999",
        "½",
    ] {
        let error = text.parse::<Decimal>().unwrap_err();
        assert!(matches!(error, DecimalError::Syntax { .. }), "{text}: {error}");
    }
    let syntax = "1".repeat(MAX_TEXT + 1).parse::<Decimal>().unwrap_err();
    assert!(matches!(&syntax, DecimalError::Syntax { text } if text.len() == 40), "{syntax}");

    let digits = |n: usize| format!("0.{}", "7".repeat(n)).parse::<Decimal>();
    assert!(digits(MAX_DIGITS).is_ok());
    assert!(matches!(digits(MAX_DIGITS + 1), Err(DecimalError::Digits { found: 121, .. })));
    assert!(format!("0.{}7", "0".repeat(59)).parse::<Decimal>().is_ok());
    for text in ["1e-61", "9.99e-61", "1.0000001e40", "-2e40", "1e41", "1e999999999", "1e-999999999"] {
        let error = text.parse::<Decimal>().unwrap_err();
        assert!(matches!(error, DecimalError::Magnitude { .. }), "{text}: {error}");
        assert!(error.to_string().contains("1e-60 and 1e40"), "{error}");
    }
    assert!("-1e40".parse::<Decimal>().is_ok() && "1e-60".parse::<Decimal>().is_ok());
}

#[test]
fn json_has_strings_and_numbers() {
    for (json, text) in [
        (r#""-3.9073687008674196""#, "-3.9073687008674196"),
        ("-3.9073687008674196", "-3.9073687008674196"),
        ("1e-7", "0.0000001"),
        ("0.1", "0.1"),
        ("18446744073709551615", "18446744073709551615"),
        ("-9223372036854775808", "-9223372036854775808"),
        ("3", "3"),
    ] {
        let decimal: Decimal = serde_json::from_str(json).unwrap();
        assert_eq!(decimal.to_exact_string(), text);
        assert_eq!(serde_json::to_string(&decimal).unwrap(), format!("{text:?}"));
    }
    for json in ["null", "true", "[1]", "{}", r#""one""#, "1e300", r#""1e300""#] {
        assert!(serde_json::from_str::<Decimal>(json).is_err(), "{json}");
    }
}
