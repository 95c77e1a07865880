//! How often a tenant asks the assistant and AI Search (page 003): counted by the week and by the month, reserved before a question is
//! answered and given back where it is not.

use std::collections::BTreeMap;

use jiff::civil::Weekday;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan, Zoned};
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::id::uuid_id;
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

uuid_id!(
    /// Names a question that is being answered.
    ReservationId,
    "reservation_id",
    "Invalid reservation ID"
);

/// A question that is being answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reservation {
    /// Names it.
    pub id: ReservationId,
    /// The period in which it counts, by its first second.
    pub period_start: i64,
    /// From when on it counts no longer, Unix seconds.
    pub until: i64,
}

/// What is done next for a question that is to be reserved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// It is the first one of its period.
    Begin(Reservation),
    /// One more, if fewer than the limit are used then.
    Add(Reservation, u32),
    /// These were never ended: they are taken away, then it is decided anew.
    Prune(Vec<ReservationId>),
}

/// What a tenant has used in a period. Questions are added and taken away one by one, so that many at once do not get into each other's
/// way.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// The period, by its first second.
    pub period_start: i64,
    /// Questions that were answered or are being answered.
    pub used: u32,
    /// Those that are being answered, each with the moment from which it counts no longer, Unix seconds.
    pub pending: BTreeMap<ReservationId, i64>,
}

impl Usage {
    /// What to do to reserve a question.
    ///
    /// # Errors
    /// Where none is left, or the same question is being answered.
    pub fn reserve(&self, id: &ReservationId, meter: Meter, tenant: &Tenant, now: Timestamp) -> Result<Step, Error> {
        let period_start = self.period_start.max(meter.period(now).start);
        let until = now.as_second().saturating_add(RESERVED_SECONDS);
        let reservation = Reservation { id: id.clone(), period_start, until };
        let limit = meter.limit(tenant);
        let allowance = self.allowance(meter, tenant, now);
        if allowance.remaining() == 0 {
            return Err(Error::AllowanceUsedUp(allowance));
        }
        if self.period_start < period_start {
            return Ok(Step::Begin(reservation));
        }
        let stale: Vec<ReservationId> = self.stale(now).cloned().collect();
        if stale.contains(id) || (!stale.is_empty() && self.used >= limit) {
            return Ok(Step::Prune(stale));
        }
        if self.pending.contains_key(id) {
            return Err(Error::Conflict {
                code: "idempotency_in_progress",
                message: "A request with this Idempotency-Key is being answered",
            });
        }
        Ok(Step::Add(reservation, limit))
    }

    /// How many are left.
    pub fn allowance(&self, meter: Meter, tenant: &Tenant, now: Timestamp) -> Allowance {
        let period = meter.period(now);
        // A clock that is behind does not bring an earlier period back.
        let is_over = self.period_start < period.start;
        let stale = u32::try_from(self.stale(now).count()).unwrap_or(u32::MAX);
        let used = if is_over { 0 } else { self.used.saturating_sub(stale) };
        Allowance { meter, limit: meter.limit(tenant), used, allowed_again_at: period.end, now: now.as_second() }
    }

    fn stale(&self, now: Timestamp) -> impl Iterator<Item = &ReservationId> {
        self.pending.iter().filter(move |(_, until)| now.as_second() >= **until).map(|(id, _)| id)
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

    fn id(number: u32) -> ReservationId {
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

    /// As the store carries steps out: each on its condition.
    fn carry_out(usage: &mut Usage, step: Step) -> bool {
        match step {
            Step::Begin(Reservation { id, period_start, until }) => {
                *usage = Usage { period_start, used: 1, pending: BTreeMap::from([(id, until)]) };
                true
            }
            Step::Add(Reservation { id, period_start, until }, limit) => {
                assert_eq!(usage.period_start, period_start);
                assert!(usage.used < limit && usage.pending.insert(id, until).is_none());
                usage.used += 1;
                true
            }
            Step::Prune(stale) => {
                stale.iter().for_each(|id| give_back(usage, id));
                false
            }
        }
    }

    fn give_back(usage: &mut Usage, id: &ReservationId) {
        if usage.pending.remove(id).is_some() {
            usage.used -= 1;
        }
    }

    fn reserve(usage: &mut Usage, number: u32, tenant: &Tenant, second: i64) -> Result<(), Error> {
        while !{
            let step = usage.reserve(&id(number), Meter::Messages, tenant, at(second))?;
            carry_out(usage, step)
        } {}
        Ok(())
    }

    #[test]
    fn a_limit_holds_and_what_failed_is_given_back() {
        let (tenant, mut usage) = (tenant(2), Usage::default());
        reserve(&mut usage, 1, &tenant, NOW).unwrap();
        reserve(&mut usage, 2, &tenant, NOW).unwrap();
        let Err(Error::AllowanceUsedUp(allowance)) = reserve(&mut usage, 3, &tenant, NOW) else { panic!("{usage:?}") };
        assert_eq!((allowance.limit, allowance.used, allowance.remaining()), (2, 2, 0));
        assert_eq!((allowance.allowed_again_at, allowance.retry_after()), (1_733_097_600, 357_600));
        give_back(&mut usage, &id(2));
        reserve(&mut usage, 3, &tenant, NOW).unwrap();
        usage.pending.clear();
        assert!(reserve(&mut usage, 4, &tenant, NOW + RESERVED_SECONDS).is_err(), "what was answered stays");
    }

    #[test]
    fn the_same_question_is_reserved_once_until_it_has_ended() {
        let (tenant, mut usage) = (tenant(9), Usage::default());
        reserve(&mut usage, 1, &tenant, NOW).unwrap();
        let again = reserve(&mut usage, 1, &tenant, NOW + RESERVED_SECONDS - 1).unwrap_err();
        assert!(matches!(again, Error::Conflict { code: "idempotency_in_progress", .. }), "{again:?}");
        reserve(&mut usage, 1, &tenant, NOW + RESERVED_SECONDS).unwrap();
        assert_eq!((usage.used, usage.pending.len()), (1, 1));
    }

    #[test]
    fn what_was_never_ended_counts_for_two_minutes() {
        let (tenant, mut usage) = (tenant(1), Usage::default());
        reserve(&mut usage, 1, &tenant, NOW).unwrap();
        assert!(reserve(&mut usage, 2, &tenant, NOW + RESERVED_SECONDS - 1).is_err());
        let left = usage.allowance(Meter::Messages, &tenant, at(NOW + RESERVED_SECONDS));
        assert_eq!(left.remaining(), 1);
        reserve(&mut usage, 2, &tenant, NOW + RESERVED_SECONDS).unwrap();
        assert_eq!((usage.used, usage.pending.len()), (1, 1));
    }

    #[test]
    fn a_new_period_begins_at_nothing_and_no_clock_brings_an_old_one_back() {
        let (tenant, mut usage) = (tenant(1), Usage::default());
        let end = Meter::Messages.period(at(NOW)).end;
        reserve(&mut usage, 1, &tenant, end - 1).unwrap();
        assert_eq!(usage.allowance(Meter::Messages, &tenant, at(end)).used, 0);
        reserve(&mut usage, 2, &tenant, end).unwrap();
        assert_eq!((usage.period_start, usage.used), (end, 1));
        assert!(reserve(&mut usage, 3, &tenant, end - 1).is_err(), "a clock that is a second behind");
        assert_eq!(usage.allowance(Meter::Messages, &tenant, at(end - 1)).used, 1);
    }

    #[test]
    fn a_limit_that_was_lowered_below_what_is_used_leaves_none() {
        let usage = Usage { period_start: 1_732_492_800, used: 5, ..Usage::default() };
        let allowance = usage.allowance(Meter::Messages, &tenant(3), at(NOW));
        assert_eq!((allowance.used, allowance.limit, allowance.remaining()), (5, 3, 0));
    }

    proptest! {
        /// Whatever order things happen in, and whatever clocks say, no more count than the limit says, and none twice.
        #[test]
        fn no_order_exceeds_the_limit(
            limit in 0_u32..6, steps in prop::collection::vec((0_u8..3, 0_u32..12, -200_i64..200), 0..60),
        ) {
            let (tenant, mut usage, mut answered) = (tenant(limit), Usage::default(), 0_u32);
            for (step, number, skew) in steps {
                match step {
                    0 => drop(reserve(&mut usage, number, &tenant, NOW + skew)),
                    1 => answered += u32::from(usage.pending.remove(&id(number)).is_some()),
                    _ => give_back(&mut usage, &id(number)),
                }
                prop_assert!(usage.used <= limit, "{:?}", usage);
                prop_assert_eq!(usage.used as usize, answered as usize + usage.pending.len());
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
