//! Amounts of money as Stripe counts them.

/// Currencies without a smaller unit, and those with thousandths (Stripe's documentation, currencies). `ISK` and `UGX` have
/// none either, but Stripe counts them in hundredths.
const WHOLE: [&str; 15] =
    ["BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF"];
const THOUSANDTHS: [&str; 5] = ["BHD", "JOD", "KWD", "OMR", "TND"];

/// An amount in the smallest unit of a currency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Money {
    /// Cents, or what the currency has; negative for a credit.
    pub minor: i64,
    /// Three capital letters, `USD`.
    pub currency: String,
}

impl Money {
    /// From what Stripe writes, whose currencies are in small letters.
    pub(crate) fn new(minor: i64, currency: &str) -> Self {
        Self { minor, currency: currency.to_ascii_uppercase() }
    }

    /// Dollars, or what the currency has: for people to read, not to count with.
    #[expect(clippy::as_conversions, clippy::cast_precision_loss, reason = "exact below 2⁵³ of the smallest unit")]
    pub fn major(&self) -> f64 {
        self.minor as f64 / f64::from(self.units())
    }

    fn units(&self) -> u16 {
        match self.currency.as_str() {
            currency if WHOLE.contains(&currency) => 1,
            currency if THOUSANDTHS.contains(&currency) => 1000,
            _ => 100,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_currency_has_its_unit() {
        for (minor, currency, major) in
            [(9900, "usd", 99.0), (9900, "jpy", 9900.0), (9900, "kwd", 9.9), (-50, "eur", -0.5), (1, "xpf", 1.0)]
        {
            assert!((Money::new(minor, currency).major() - major).abs() < 1e-9, "{currency}");
        }
        assert_eq!(Money::new(1, "usd").currency, "USD");
    }
}
