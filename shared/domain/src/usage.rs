//! How often a tenant asks the assistant and AI Search (page 003): counted by the week and by the month, reserved before a question is
//! answered and given back where it is not.

use std::collections::BTreeMap;

use jiff::civil::Weekday;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan, Zoned};
use serde::{Deserialize, Serialize};

use crate::conversation::ExchangeId;
use crate::error::Error;
use crate::tenant::Tenant;

/// Seconds for which a question counts that is being answered: longer than any function runs, so that none ends later.
pub const RESERVED_SECONDS: i64 = 120;

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meter {
    /// Messages to the assistant in a week: UTC, from Monday.
    Messages,
    /// Questions to AI Search in a month: UTC.
    Searches,
}

impl Meter {
    /// As keys have it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Messages => "MESSAGES",
            Self::Searches => "SEARCHES",
        }
    }

    /// How many a tenant has in each period.
    pub fn limit(self, tenant: &Tenant) -> u32 {
        match self {
            Self::Messages => tenant.custom_limits.weekly_messages(tenant.plan),
            Self::Searches => tenant.custom_limits.monthly_searches(tenant.plan),
        }
    }

    /// The one that `now` is in.
    pub fn period(self, now: Timestamp) -> Period {
        let today = now.to_zoned(TimeZone::UTC).start_of_day();
        let bounds = today.and_then(|today| match self {
            Self::Messages => week(&today),
            Self::Searches => month(&today),
        });
        // Only where the calendar ends.
        let (start, end) = bounds.unwrap_or((Timestamp::MIN, Timestamp::MAX));
        Period { start: start.as_second(), end: end.as_second() }
    }
}

fn week(today: &Zoned) -> Result<(Timestamp, Timestamp), jiff::Error> {
    let start = today.tomorrow()?.nth_weekday(-1, Weekday::Monday)?;
    Ok((start.timestamp(), start.checked_add(1.week())?.timestamp()))
}

fn month(today: &Zoned) -> Result<(Timestamp, Timestamp), jiff::Error> {
    let start = today.first_of_month()?;
    Ok((start.timestamp(), start.checked_add(1.month())?.timestamp()))
}

/// A week or a month, half-open, in Unix seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    /// Its first second.
    pub start: i64,
    /// The second after its last.
    pub end: i64,
}

/// What a tenant has used. Of another period than the one asked for, it says nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// The period, by its first second.
    pub period_start: i64,
    /// Questions that were answered.
    pub answered: u32,
    /// Questions that are being answered, each with the moment from which it counts no longer, Unix seconds.
    pub pending: BTreeMap<ExchangeId, i64>,
    /// How often it was written.
    pub revision: u64,
}

impl Usage {
    /// Reserves a question: it counts from now on, for as long as an answer can take.
    pub fn reserve(&mut self, id: ExchangeId, meter: Meter, tenant: &Tenant, now: Timestamp) -> Result<(), Error> {
        self.turn_to(meter.period(now), now);
        let allowance = self.allowance(meter, tenant, now);
        if allowance.remaining() == 0 && !self.pending.contains_key(&id) {
            return Err(Error::AllowanceUsedUp(allowance));
        }
        self.pending.insert(id, now.as_second().saturating_add(RESERVED_SECONDS));
        Ok(())
    }

    /// The question was answered. One that is not reserved any more was counted already, or in a period that is over.
    pub fn count(&mut self, id: &ExchangeId) {
        if self.pending.remove(id).is_some() {
            self.answered = self.answered.saturating_add(1);
        }
    }

    /// The question was not answered; whether it counted.
    pub fn give_back(&mut self, id: &ExchangeId) -> bool {
        self.pending.remove(id).is_some()
    }

    /// How many are left.
    pub fn allowance(&self, meter: Meter, tenant: &Tenant, now: Timestamp) -> Allowance {
        let period = meter.period(now);
        let mut usage = self.clone();
        usage.turn_to(period, now);
        let pending = u32::try_from(usage.pending.len()).unwrap_or(u32::MAX);
        let used = usage.answered.saturating_add(pending);
        Allowance { meter, limit: meter.limit(tenant), used, allowed_again_at: period.end, now: now.as_second() }
    }

    /// Forgets another period, and what was never ended.
    fn turn_to(&mut self, period: Period, now: Timestamp) {
        if self.period_start != period.start {
            *self = Self { period_start: period.start, revision: self.revision, ..Self::default() };
        }
        self.pending.retain(|_, until| now.as_second() < *until);
    }
}

/// How many questions a tenant has, and how many of them it has used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// What is counted.
    pub meter: Meter,
    /// In a period.
    pub limit: u32,
    /// In this one, those among them that are being answered.
    pub used: u32,
    /// When the next period begins, Unix seconds.
    pub allowed_again_at: i64,
    now: i64,
}

impl Allowance {
    /// How many are left.
    pub const fn remaining(&self) -> u32 {
        self.limit.saturating_sub(self.used)
    }

    /// Seconds until the next period begins.
    pub fn retry_after(&self) -> u32 {
        u32::try_from(self.allowed_again_at - self.now).unwrap_or(u32::MAX)
    }

    /// What is said where none is left.
    pub const fn message(&self) -> &'static str {
        match self.meter {
            Meter::Messages => "The weekly message limit of the assistant is reached",
            Meter::Searches => "The monthly query limit of AI Search is reached",
        }
    }

    /// The same, for programs.
    pub const fn code(&self) -> &'static str {
        match self.meter {
            Meter::Messages => "weekly_message_limit",
            Meter::Searches => "monthly_search_limit",
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::plan::Plan;
    use crate::time::at;

    /// Wednesday 27 November 2024, 20:40, a moment within the example of page 003.
    const NOW: i64 = 1_732_740_000;

    fn id(number: u32) -> ExchangeId {
        format!("01970000-0000-7000-8000-{number:012x}").parse().unwrap()
    }

    fn tenant(messages: u32) -> Tenant {
        let mut tenant =
            Tenant::new("9f1c0a4e7b8d4a4db52e6a6d5c5c1f11".parse().unwrap(), "Example".parse().unwrap(), Plan::Team);
        tenant.custom_limits.helpbot_weekly_messages = Some(messages);
        tenant
    }

    #[test]
    fn weeks_begin_on_monday_and_months_on_the_first() {
        let monday = Period { start: 1_732_492_800, end: 1_733_097_600 };
        for now in [monday.start, NOW, monday.end - 1] {
            assert_eq!(Meter::Messages.period(at(now)), monday);
        }
        assert_eq!(Meter::Messages.period(at(monday.end)).start, monday.end);
        let november = Period { start: 1_730_419_200, end: 1_733_011_200 };
        for now in [november.start, NOW, november.end - 1] {
            assert_eq!(Meter::Searches.period(at(now)), november);
        }
        assert_eq!(Meter::Searches.period(at(november.end)).start, november.end);
    }

    #[test]
    fn a_limit_holds_and_what_failed_is_given_back() {
        let (tenant, now, mut usage) = (tenant(2), at(NOW), Usage::default());
        let reserve = |usage: &mut Usage, number| usage.reserve(id(number), Meter::Messages, &tenant, now);
        reserve(&mut usage, 1).unwrap();
        reserve(&mut usage, 2).unwrap();
        // The same question again, after an answer that was lost.
        reserve(&mut usage, 2).unwrap();
        let Err(Error::AllowanceUsedUp(allowance)) = reserve(&mut usage, 3) else { panic!("{usage:?}") };
        assert_eq!((allowance.limit, allowance.used, allowance.remaining()), (2, 2, 0));
        assert_eq!((allowance.allowed_again_at, allowance.retry_after()), (1_733_097_600, 357_600));
        assert!(usage.give_back(&id(2)));
        assert!(!usage.give_back(&id(2)));
        reserve(&mut usage, 3).unwrap();
        usage.count(&id(1));
        usage.count(&id(1));
        usage.count(&id(3));
        assert_eq!((usage.answered, usage.pending.len()), (2, 0));
        assert!(!usage.give_back(&id(1)));
        assert!(reserve(&mut usage, 4).is_err());
    }

    #[test]
    fn what_was_never_ended_counts_for_two_minutes() {
        let (tenant, mut usage) = (tenant(1), Usage::default());
        usage.reserve(id(1), Meter::Messages, &tenant, at(NOW)).unwrap();
        assert!(usage.reserve(id(2), Meter::Messages, &tenant, at(NOW + RESERVED_SECONDS - 1)).is_err());
        usage.reserve(id(2), Meter::Messages, &tenant, at(NOW + RESERVED_SECONDS)).unwrap();
        assert_eq!(usage.pending.len(), 1);
    }

    #[test]
    fn a_new_period_begins_at_nothing_and_what_ends_in_it_counts_in_its_own() {
        let (tenant, mut usage) = (tenant(1), Usage::default());
        let end = Meter::Messages.period(at(NOW)).end;
        usage.reserve(id(1), Meter::Messages, &tenant, at(end - 1)).unwrap();
        assert_eq!(usage.allowance(Meter::Messages, &tenant, at(end)).used, 0);
        usage.reserve(id(2), Meter::Messages, &tenant, at(end)).unwrap();
        usage.count(&id(1));
        usage.count(&id(2));
        assert_eq!(usage.allowance(Meter::Messages, &tenant, at(end)).used, 1);
    }

    #[test]
    fn a_limit_that_was_lowered_below_what_is_used_leaves_none() {
        let usage = Usage { period_start: 1_732_492_800, answered: 5, ..Usage::default() };
        let allowance = usage.allowance(Meter::Messages, &tenant(3), at(NOW));
        assert_eq!((allowance.used, allowance.limit, allowance.remaining()), (5, 3, 0));
    }

    proptest! {
        /// Whatever order things happen in, no more are reserved or answered than the limit says, and none twice.
        #[test]
        fn no_order_exceeds_the_limit(limit in 0_u32..6, steps in prop::collection::vec((0_u8..3, 0_u32..12), 0..60)) {
            let (tenant, mut usage, now) = (tenant(limit), Usage::default(), at(NOW));
            let mut answered = std::collections::BTreeSet::new();
            for (step, number) in steps {
                match step {
                    0 if !answered.contains(&number) => drop(usage.reserve(id(number), Meter::Messages, &tenant, now)),
                    1 if usage.pending.contains_key(&id(number)) => {
                        usage.count(&id(number));
                        answered.insert(number);
                    }
                    1 => usage.count(&id(number)),
                    _ => drop(usage.give_back(&id(number))),
                }
                let allowance = usage.allowance(Meter::Messages, &tenant, now);
                prop_assert!(allowance.used <= limit);
                prop_assert_eq!(usage.answered as usize, answered.len());
            }
        }

        /// Every moment of a clock is in exactly one period of each kind.
        #[test]
        fn periods_leave_no_gap(second in 0_i64..253_000_000_000) {
            for meter in [Meter::Messages, Meter::Searches] {
                let period = meter.period(at(second));
                prop_assert!(period.start <= second && second < period.end);
                prop_assert_eq!(meter.period(at(period.end - 1)), period);
                prop_assert_eq!(meter.period(at(period.end)).start, period.end);
            }
        }
    }
}
