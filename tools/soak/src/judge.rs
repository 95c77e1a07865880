//! Judges what is stored against what customers were told. Keys are spelled anew here: a judge does not ask the accused.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use domain::job::{Job, State};
use serde_json::Value;

use crate::api::Api;
use crate::customer::{Accepted, Expected};
use crate::findings::Findings;
use crate::objects::{self, Name, Table};
use crate::queues;
use crate::stack::Stack;
use crate::workers::Workers;

/// Ends that killed workers and slow machines bring about.
const DISTURBED: [&str; 2] = ["worker_lost", "deadline"];
/// Ends that give the week's share back.
const GIVEN_BACK: [&str; 3] = ["cancelled", "upload_aborted", "upload_expired"];

/// How the builds ended.
#[derive(Default)]
pub(crate) struct Verdict {
    accepted: usize,
    completed: usize,
    failed: BTreeMap<String, usize>,
    superseded: u32,
    troubled: u32,
}

struct Judge<'a> {
    stack: &'a Stack,
    workers: &'a Workers,
    findings: &'a Findings,
    table: Table,
}

/// Judges everything; what is wrong goes to `findings`.
pub(crate) async fn judge(
    stack: &Stack,
    workers: &Workers,
    accepted: &[Accepted],
    findings: &Findings,
) -> anyhow::Result<Verdict> {
    let judge = Judge { stack, workers, findings, table: objects::scan(stack).await? };
    for one in accepted {
        judge.one_end(one).await;
    }
    judge.nothing_else(accepted);
    judge.ledgers();
    judge.applications();
    judge.objects().await?;
    for queue in ["arrival-dead-letters", "build-dead-letters"] {
        let messages = queues::messages(stack, queue).await?;
        if messages > 0 {
            findings.add(format!("{messages} messages in {queue}"));
        }
    }
    let verdict = judge.count(accepted.len());
    if verdict.completed == 0 {
        findings.add("no build was completed");
    }
    Ok(verdict)
}

impl Judge<'_> {
    /// The stored job has ended as it had to, status says the same, and the customer saw nothing else.
    async fn one_end(&self, accepted: &Accepted) {
        let name = (accepted.tenant.to_string(), accepted.job.clone());
        let Some(job) = self.table.jobs.get(&name) else {
            return self.findings.add(format!("{name:?} was accepted and is not stored"));
        };
        let fits = match (&job.state, accepted.expected) {
            (State::Completed { .. }, Expected::Output) => true,
            (State::Failed { failure }, Expected::Failure(code)) if failure.code == code => true,
            // Nothing else was ever given to a worker.
            (State::Failed { failure }, Expected::Output | Expected::Failure("archive_invalid")) => {
                DISTURBED.contains(&&*failure.code)
            }
            (State::Failed { failure }, Expected::Nothing) => failure.code == "upload_expired",
            _ => false,
        };
        if !fits {
            self.complain(job, &format!("{:?} was expected", accepted.expected));
        }
        self.attempts(&name, job);
        let Some(said) = self.status(&name).await else { return };
        let told = |field: &str| said[field].as_str().map(str::to_owned);
        let agrees = match &job.state {
            State::Completed { output } => {
                told("status").as_deref() == Some("completed")
                    && told("sha256") == Some(output.sha256.to_string())
                    && said["size"].as_u64() == Some(output.size)
                    && accepted.downloaded.as_ref().is_none_or(|sha256| *sha256 == output.sha256.to_string())
            }
            State::Failed { failure } => {
                told("status").as_deref() == Some("failed") && told("failure_code").as_deref() == Some(&*failure.code)
            }
            _ => false,
        };
        if !agrees {
            self.complain(job, &format!("status says {said}, downloaded was {:?}", accepted.downloaded));
        }
        if matches!(job.state, State::Completed { .. }) && accepted.downloaded.is_none() {
            self.complain(job, "nobody could download it");
        }
        let seen =
            accepted.end.as_ref().map(|end| ["status", "failure_code", "sha256"].map(|field| end[field].clone()));
        if seen.is_some_and(|seen| seen != ["status", "failure_code", "sha256"].map(|field| said[field].clone())) {
            self.complain(job, &format!("its end changed: {:?}, now {said}", accepted.end));
        }
    }

    /// Each attempt but the one that ended the job was disturbed; where the job was lost to disturbances, that one too.
    fn attempts(&self, name: &Name, job: &Job) {
        let lost = matches!(&job.state, State::Failed { failure } if DISTURBED.contains(&&*failure.code));
        let explained = self.workers.disturbances(name) + u32::from(!lost);
        // A retry after trouble with storage takes an attempt as well.
        if job.attempt > explained && job.trouble_since.is_none() {
            self.complain(job, &format!("{explained} attempts are explained by what was done to its workers"));
        }
    }

    async fn status(&self, (tenant, job): &Name) -> Option<Value> {
        let builder = self.stack.tenants.iter().find(|builder| builder.id.as_str() == tenant)?;
        let api = Api::new(self.stack, builder, self.findings.clone());
        let mut body = api.get(&format!("/automate/status/{job}")).await?.body;
        withhold_url(&mut body);
        Some(body)
    }

    /// No job that nobody was told of, no item of a job that is not there, nothing due.
    fn nothing_else(&self, accepted: &[Accepted]) {
        let table = &self.table;
        let known: BTreeSet<Name> = accepted.iter().map(|one| (one.tenant.to_string(), one.job.clone())).collect();
        if known.len() != accepted.len() {
            self.findings.add(format!("{} builds were accepted under {} names", accepted.len(), known.len()));
        }
        for job in table.jobs.iter().filter(|(name, _)| !known.contains(*name)).map(|(_, job)| job) {
            self.complain(job, "nobody was told of it");
        }
        for name in table.progress.union(&table.remembered).filter(|name| !table.jobs.contains_key(*name)) {
            self.findings.add(format!("{name:?}: progress or an idempotency record of no job"));
        }
        for name in &table.due {
            self.findings.add(format!("{name:?} is still due"));
        }
        for name in &table.unknown {
            self.findings.add(format!("{name:?} is an item of no known kind"));
        }
    }

    /// Slots are free, and the week counts what was built.
    fn ledgers(&self) {
        for (tenant, ledger) in &self.table.ledgers {
            let jobs: Vec<&Job> = self.table.jobs.values().filter(|job| job.tenant.as_str() == tenant).collect();
            let counted = |job: &&&Job| match &job.state {
                State::Failed { failure } => !GIVEN_BACK.contains(&&*failure.code),
                _ => true,
            };
            let counted: BTreeSet<i64> = jobs.iter().filter(counted).map(|job| job.id.start_time()).collect();
            let built = jobs.iter().filter(|job| matches!(job.state, State::Completed { .. })).count();
            if !ledger.active.is_empty() || !ledger.arrived.is_empty() {
                self.findings.add(format!("{tenant}: slots are taken: {:?}, {:?}", ledger.active, ledger.arrived));
            }
            if ledger.recent != counted {
                let differing: Vec<_> = ledger.recent.symmetric_difference(&counted).collect();
                self.findings.add(format!("{tenant}: the week counts wrongly at {differing:?}"));
            }
            if ledger.pace.pace_builds != built as f64 {
                self.findings.add(format!("{tenant}: {} builds measured, {built} built", ledger.pace.pace_builds));
            }
        }
    }

    /// Each job whose app is known stands with its application, nothing else does, and the latest of them speaks for it.
    fn applications(&self) {
        let entry = |job: &Job| Some((job.tenant.to_string(), (job.application_id()?.to_string(), job.id.to_string())));
        let wanted: BTreeSet<(String, Name)> = self.table.jobs.values().filter_map(entry).collect();
        for (tenant, entry) in wanted.symmetric_difference(&self.table.entries) {
            self.findings.add(format!("{tenant}: {entry:?} is a build of an application for one side only"));
        }
        for ((tenant, id), application) in &self.table.applications {
            let jobs = self.table.jobs.values().filter(|job| job.tenant.as_str() == tenant);
            let own = jobs.filter(|job| job.application_id().is_some_and(|own| own.as_str() == id));
            let latest = own.max_by_key(|job| job.id);
            if latest.map(|job| (job.id, job.app.as_ref())) != Some((application.latest_build, Some(&application.app)))
            {
                self.findings.add(format!("{tenant}: {application:?}, and its latest build is {latest:?}"));
            }
        }
        let known =
            |(tenant, (id, _)): &(String, Name)| self.table.applications.contains_key(&(tenant.clone(), id.clone()));
        for (tenant, entry) in wanted.iter().filter(|entry| !known(entry)) {
            self.findings.add(format!("{tenant}: the application of {entry:?} is not there"));
        }
    }

    /// Each object belongs to a job or a configuration, and each completed job has its objects.
    async fn objects(&self) -> anyhow::Result<()> {
        let names = &self.stack.resources.names;
        let mut wanted: BTreeSet<String> =
            self.table.configurations.iter().map(|(tenant, digest)| format!("{tenant}/config/{digest}.json")).collect();
        for job in self.table.jobs.values() {
            if job.app.as_ref().is_some_and(|app| app.has_icon) {
                wanted.insert(format!("{}/builds/{}/icon", job.tenant, job.id));
            }
            let State::Completed { output } = &job.state else { continue };
            let folder = format!("{}/builds/{}/{}", job.tenant, job.id, output.attempt);
            wanted.insert(format!("{folder}/{}", job.file_name.as_str()));
            wanted.insert(format!("{folder}/build-report.json"));
            if output.has_mapping {
                wanted.insert(format!("{folder}/resource-mapping.json"));
            }
        }
        let stored = objects::list(self.stack, &names.artifacts_bucket).await?;
        for key in wanted.difference(&stored) {
            self.complain_about(key, "is missing");
        }
        for key in stored.difference(&wanted) {
            self.complain_about(key, "belongs to nothing");
        }
        for key in objects::list(self.stack, &names.uploads_bucket).await? {
            self.complain_about(&key, "was not removed");
        }
        for bucket in [&names.uploads_bucket, &names.artifacts_bucket] {
            for key in objects::open_uploads(self.stack, bucket).await? {
                self.complain_about(&key, "is an open multipart upload");
            }
        }
        Ok(())
    }

    fn complain(&self, job: &Job, what: &str) {
        self.findings.add(format!("{}/{}: {what}; stored: {job:?}", job.tenant, job.id));
    }

    /// With the job that the key names.
    fn complain_about(&self, key: &str, what: &str) {
        let segments: Vec<&str> = key.split('/').collect();
        let job = self
            .table
            .jobs
            .iter()
            .find(|((tenant, job), _)| segments.contains(&&**tenant) && segments.contains(&&**job));
        self.findings.add(format!("object {key} {what}; its job: {:?}", job.map(|(_, job)| job)));
    }

    fn count(&self, accepted: usize) -> Verdict {
        let mut verdict = Verdict { accepted, ..Verdict::default() };
        for job in self.table.jobs.values() {
            verdict.superseded += job.attempt.saturating_sub(1);
            verdict.troubled += u32::from(job.trouble_since.is_some());
            match &job.state {
                State::Completed { .. } => verdict.completed += 1,
                State::Failed { failure } => *verdict.failed.entry(failure.code.to_string()).or_default() += 1,
                _ => {}
            }
        }
        verdict
    }
}

/// A signed URL is a secret, also where something is wrong.
pub(crate) fn withhold_url(status: &mut Value) {
    if let Some(fields) = status.as_object_mut() {
        fields.remove("report_url");
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let failed: usize = self.failed.values().sum();
        let kinds: Vec<String> = self.failed.iter().map(|(code, count)| format!("{code} {count}")).collect();
        writeln!(f, "builds      {} accepted, {} completed, {failed} failed", self.accepted, self.completed)?;
        writeln!(f, "failures    {}", kinds.join(", "))?;
        writeln!(f, "attempts    {} superseded, {} builds had trouble with storage", self.superseded, self.troubled)
    }
}
