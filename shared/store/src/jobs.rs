//! Jobs and the ledger: admission and every transition as one transaction each.

use aws_sdk_dynamodb::types::builders::UpdateBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem};
use domain::audit::{AuditEvent, Log};
use domain::error::Error;
use domain::id::{JobId, TenantId};
use domain::job::{Job, Slot, State, Step};
use domain::ledger::{Ledger, PaceSample, Stale};
use domain::plan::BuildLimits;
use domain::progress::Progress;
use jiff::Timestamp;

use crate::Store;
use crate::applications::Shelving;
use crate::changes::updated;
use crate::error::{failed, unreadable};
use crate::idempotency::IdempotencyRecord;
use crate::keys::{ItemKey, read_job_key};
use crate::table::{RefusedAction, Transacted, number, read_item, string, text_of};

/// The value of the partition key of the index of due jobs.
const DUE: &str = "DUE";
const ROOM: &str = "(attribute_not_exists(active) OR size(active) < :concurrent) \
                    AND (attribute_not_exists(recent) OR size(recent) < :weekly)";
const ROOM_OR_HELD: &str = "(contains(active, :id) OR attribute_not_exists(active) OR size(active) < :concurrent) \
                            AND (contains(recent, :id) OR attribute_not_exists(recent) OR size(recent) < :weekly)";

/// What became of an admission.
#[derive(Debug)]
pub enum Admission {
    /// The job is there.
    Admitted,
    /// There is no room, or the start time is taken: the ledger as it is.
    Refused(Ledger),
    /// The request was carried out before.
    Repeated(IdempotencyRecord),
}

/// What became of a transition.
#[derive(Debug)]
pub enum Commit {
    /// It is written.
    Done,
    /// Somebody else changed the job: read it and decide again.
    Changed,
    /// There is no slot for an upload that came late: the ledger as it is.
    NoRoom(Ledger),
}

/// What is written together with a transition.
#[derive(Debug)]
pub struct Beside<'a> {
    /// Decide whether an upload that came late finds a slot.
    pub limits: BuildLimits,
    /// A finished build that was measured.
    pub pace: Option<PaceSample>,
    /// What becomes of the application that the job belongs to.
    pub shelving: Option<Shelving>,
    /// A caller's own call leaves an event in its log.
    pub event: Option<&'a (Log, AuditEvent)>,
}

/// What was read from an index. It may be old, so no rule takes it: read the thing itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hint<T>(T);

impl<T> Hint<T> {
    /// What to read.
    pub fn into_key(self) -> T {
        self.0
    }
}

impl Store {
    /// The job with what its worker last reported, in one read.
    pub async fn job(&self, tenant: &TenantId, id: JobId) -> Result<Option<(Job, Option<Progress>)>, Error> {
        let (pk, job) = ItemKey::Job(tenant, id).parts();
        let (_, progress) = ItemKey::Progress(tenant, id).parts();
        let request = self.clients.dynamodb.query().table_name(&self.names.table).consistent_read(true);
        let request = request.key_condition_expression("pk = :pk AND sk BETWEEN :job AND :progress");
        let request = request.expression_attribute_values(":pk", AttributeValue::S(pk));
        let request = request.expression_attribute_values(":job", AttributeValue::S(job.clone()));
        let request = request.expression_attribute_values(":progress", AttributeValue::S(progress.clone()));
        let mut items = request.send().await.map_err(failed("Query"))?.items.unwrap_or_default();
        let mut take = |sk: &str| {
            let place = items
                .iter()
                .position(|item| item.get("sk").and_then(|value| value.as_s().ok()) == Some(&sk.to_owned()));
            place.map(|index| items.swap_remove(index))
        };
        let (job, progress) = (take(&job), take(&progress));
        job.map(|item| Ok((read_item(item)?, progress.map(read_item).transpose()?))).transpose()
    }

    /// The tenant's ledger; empty before its first build.
    pub async fn ledger(&self, tenant: &TenantId) -> Result<Ledger, Error> {
        Ok(self.read(ItemKey::Ledger(tenant)).await?.unwrap_or_default())
    }

    /// Takes the job's start time, a slot and a share of the week, if there is room, remembers the request, and leaves
    /// the event in its log.
    pub async fn admit(
        &self,
        job: &Job,
        limits: BuildLimits,
        record: Option<&IdempotencyRecord>,
        (log, event): &(Log, AuditEvent),
    ) -> Result<Admission, Error> {
        let arrived = if matches!(job.state, State::AwaitingUpload) { "" } else { ", arrived :ids" };
        let ledger = self.ledger_update(&job.tenant);
        let ledger = with_limits(ledger, limits)
            .update_expression(format!("ADD active :ids, recent :ids{arrived} SET #last = :id"))
            .condition_expression(format!("{ROOM} AND (attribute_not_exists(#last) OR #last < :id)"))
            .expression_attribute_names("#last", "last")
            .expression_attribute_values(":ids", ids([job.id.start_time()]))
            .expression_attribute_values(":id", number(job.id));
        let mut actions = vec![updated(ledger)?, self.job_put(job, None)?];
        if let Some(record) = record {
            let put = self.put(&ItemKey::Idempotency(&job.tenant, &record.scope), record, [])?;
            let put = put.condition_expression("attribute_not_exists(pk) OR expires_at <= :now");
            let put = put.expression_attribute_values(":now", number(event.creation_time));
            actions.push(TransactWriteItem::builder().put(put.build().map_err(Error::internal)?).build());
        }
        let Transacted::Refused(mut reasons) = self.transact_with_event(actions, log, event).await? else {
            return Ok(Admission::Admitted);
        };
        reasons.resize_with(3, || None);
        if let Some(Some(earlier)) = reasons.pop() {
            return earlier.item.map(read_item).transpose()?.map(Admission::Repeated).ok_or_else(lost_item);
        }
        let (job_taken, ledger) = (reasons.pop().flatten(), reasons.pop().flatten());
        let mut ledger = match ledger {
            Some(refused) => refused_ledger(refused)?,
            None => self.ledger(&job.tenant).await?,
        };
        if job_taken.is_some() {
            ledger.last = ledger.last.max(Some(job.id.start_time()));
        }
        Ok(Admission::Refused(ledger))
    }

    /// Writes a transition with its effect on the ledger, on the condition that the job is still the one it started from.
    pub async fn commit(&self, step: &Step, beside: &Beside<'_>) -> Result<Commit, Error> {
        let mut actions = vec![self.job_put(&step.job, Some(step.job.revision - 1))?];
        let slot = self.slot_update(step, beside).map(updated).transpose()?;
        let has_slot = slot.is_some();
        actions.extend(slot);
        if let Some(shelving) = &beside.shelving {
            actions.extend(self.shelve(&step.job, shelving)?);
        }
        let transacted = match &beside.event {
            Some((log, event)) => self.transact_with_event(actions, log, event).await?,
            None => self.transact(actions).await?,
        };
        let Transacted::Refused(reasons) = transacted else { return Ok(Commit::Done) };
        let mut reasons = reasons.into_iter();
        match (reasons.next().flatten(), reasons.next().flatten()) {
            (None, Some(ledger)) if has_slot => Ok(Commit::NoRoom(refused_ledger(ledger)?)),
            _ => Ok(Commit::Changed),
        }
    }

    /// Removes the item of a job that was deleted and tidied, with its progress. Repeated, it changes nothing.
    pub async fn remove_job(&self, job: &Job) -> Result<(), Error> {
        let keys = [ItemKey::Job(&job.tenant, job.id), ItemKey::Progress(&job.tenant, job.id)];
        self.delete_all(&self.names.table, keys.iter().map(ItemKey::attributes).collect()).await
    }

    /// Removes entries that no longer count, unless their uploads have arrived meanwhile.
    pub async fn prune_ledger(&self, tenant: &TenantId, stale: &Stale) -> Result<(), Error> {
        let mut prune = self.ledger_update(tenant);
        let gone: Vec<i64> = stale.reservations.iter().chain(&stale.aged).copied().collect();
        let mut expression = "DELETE recent :gone".to_owned();
        prune = prune.expression_attribute_values(":gone", ids(gone));
        if !stale.reservations.is_empty() {
            expression.push_str(", active :lapsed");
            prune = prune.expression_attribute_values(":lapsed", ids(stale.reservations.iter().copied()));
            let names: Vec<String> = (0..stale.reservations.len()).map(|index| format!(":id{index}")).collect();
            for (name, id) in names.iter().zip(&stale.reservations) {
                prune = prune.expression_attribute_values(name, number(id));
            }
            // Not in `active` either means that its build has ended meanwhile, and counts.
            let waits = |name: &String| format!("contains(active, {name}) AND NOT contains(arrived, {name})");
            let waiting: Vec<String> = names.iter().map(waits).collect();
            prune = prune.condition_expression(waiting.join(" AND "));
        }
        // Refused: an upload arrived at the last moment. The caller reads the ledger again in any case.
        self.transact(vec![updated(prune.update_expression(expression))?]).await?;
        Ok(())
    }

    /// Writes what a worker reports, unless a later attempt has reported.
    pub async fn put_progress(&self, tenant: &TenantId, id: JobId, progress: &Progress) -> Result<(), Error> {
        let key = ItemKey::Progress(tenant, id);
        let put = self.put(&key, progress, [self.expiry(id)])?;
        let put = put.condition_expression("attribute_not_exists(pk) OR attempt <= :attempt");
        let put =
            put.expression_attribute_values(":attempt", number(progress.attempt)).build().map_err(Error::internal)?;
        self.transact(vec![TransactWriteItem::builder().put(put).build()]).await?;
        Ok(())
    }

    /// Jobs that the reconciler has to look at, at most `limit`, longest due first. Read from an index.
    pub async fn due_jobs(&self, now: Timestamp, limit: i32) -> Result<Vec<Hint<(TenantId, JobId)>>, Error> {
        self.due(DUE, now, limit, read_job_key).await
    }

    /// Keys of what is due in one part of the index, longest due first.
    pub(crate) async fn due<K>(
        &self,
        part: &str,
        now: Timestamp,
        limit: i32,
        read_key: impl Fn(&str, &str) -> Option<K>,
    ) -> Result<Vec<Hint<K>>, Error> {
        let request = self.clients.dynamodb.query().table_name(&self.names.table).index_name("due").limit(limit);
        let request = request.key_condition_expression("due_pk = :due AND due_at <= :now");
        let request = request.expression_attribute_values(":due", string(part));
        let request = request.expression_attribute_values(":now", number(now.as_second()));
        let items = request.send().await.map_err(failed("Query"))?.items.unwrap_or_default();
        Ok(items.iter().filter_map(|item| read_key(&text_of(item, "pk"), &text_of(item, "sk"))).map(Hint).collect())
    }

    fn job_put(&self, job: &Job, revision_before: Option<u64>) -> Result<TransactWriteItem, Error> {
        let mut extra = vec![self.expiry(job.id)];
        if job.due_at.is_some() {
            extra.push(("due_pk", AttributeValue::S(DUE.to_owned())));
        }
        self.put_over(&ItemKey::Job(&job.tenant, job.id), job, extra, revision_before)
    }

    fn slot_update(&self, step: &Step, beside: &Beside<'_>) -> Option<UpdateBuilder> {
        let id = step.job.id.start_time();
        let ledger = self.ledger_update(&step.job.tenant).expression_attribute_values(":ids", ids([id]));
        let freed = match step.slot {
            Slot::Keep => return None,
            Slot::Take => {
                let ledger = with_limits(ledger, beside.limits).expression_attribute_values(":id", number(id));
                let ledger = ledger.update_expression("ADD active :ids, recent :ids, arrived :ids");
                return Some(ledger.condition_expression(ROOM_OR_HELD));
            }
            Slot::Release => "DELETE active :ids, arrived :ids",
            Slot::GiveBack => "DELETE active :ids, arrived :ids, recent :ids",
        };
        let Some(PaceSample { size, time }) = beside.pace else { return Some(ledger.update_expression(freed)) };
        let sums = "ADD pace_builds :one, pace_size :size, pace_time :time, pace_size_size :size_size, pace_size_time :size_time";
        let (size, time) = (u128::from(size), u128::from(time));
        let ledger = ledger
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":size", number(size))
            .expression_attribute_values(":time", number(time))
            .expression_attribute_values(":size_size", number(size * size))
            .expression_attribute_values(":size_time", number(size * time));
        Some(ledger.update_expression(format!("{freed} {sums}")))
    }

    fn ledger_update(&self, tenant: &TenantId) -> UpdateBuilder {
        self.update(&ItemKey::Ledger(tenant))
    }

    pub(crate) fn retained_until(&self, id: JobId) -> i64 {
        id.start_time() + i64::from(self.names.retention_days) * 24 * 3600
    }
}

fn with_limits(update: UpdateBuilder, limits: BuildLimits) -> UpdateBuilder {
    update
        .expression_attribute_values(":concurrent", number(limits.concurrent))
        .expression_attribute_values(":weekly", number(limits.weekly))
}

fn ids(start_times: impl IntoIterator<Item = i64>) -> AttributeValue {
    AttributeValue::Ns(start_times.into_iter().map(|id| id.to_string()).collect())
}

fn refused_ledger(refused: RefusedAction) -> Result<Ledger, Error> {
    Ok(refused.item.map(read_item).transpose()?.unwrap_or_default())
}

fn lost_item() -> Error {
    unreadable("a refused write", "the item was not returned")
}
