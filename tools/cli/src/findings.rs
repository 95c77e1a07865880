//! What a command found out, for people and for `--json`.

use serde_json::{Value, json};

use crate::{
    console::{Console, one_line},
    download::SavedFile,
    error::Error,
    report,
    wire::{JobId, JobState, Status},
};

/// What a command found out, also when it failed half-way.
#[derive(Default)]
pub(crate) struct Findings {
    pub(crate) job_id: Option<JobId>,
    pub(crate) job: Option<Status>,
    pub(crate) report: Option<Value>,
    pub(crate) output: Option<SavedFile>,
}

impl Findings {
    pub(crate) fn to_json(&self, error: Option<&Error>) -> Value {
        let mut object = json!({"job_id": self.job_id, "job": self.job, "report": self.report, "output": self.output});
        if let (Some(error), Some(object)) = (error, object.as_object_mut()) {
            let (code, request_id) = match error {
                Error::Refused(refusal) => (refusal.code.as_deref(), refusal.request_id.as_deref()),
                Error::Build { code, .. } => (code.as_deref(), None),
                _ => (None, None),
            };
            let exit = error.exit() as u8;
            let error =
                json!({"message": error.to_string(), "code": code, "request_id": request_id, "exit_code": exit});
            object.insert("error".to_owned(), error);
        }
        object
    }

    /// The report and where the output is; of a job without an output, where it stands, unless an error told that.
    pub(crate) fn to_lines(&self, ok: bool) -> Vec<String> {
        let mut lines = Vec::new();
        if let Some(report) = &self.report {
            lines.extend(report::render(report).lines().map(str::to_owned));
        }
        match (&self.output, &self.job, &self.job_id) {
            (Some(SavedFile { file, sha256, size }), ..) => {
                lines.push(format!("{}  {size} bytes  sha256 {sha256}", file.display()));
            }
            (None, Some(job), _) if ok => lines.push(describe(job)),
            (None, None, Some(job_id)) if ok => lines.push(job_id.to_string()),
            _ => {}
        }
        lines
    }

    /// How to get an output that was built but not downloaded.
    pub(crate) fn suggest(&self, console: &Console) {
        let completed = self.job.as_ref().filter(|job| job.status == JobState::Completed && self.output.is_none());
        if let Some(Status { job_id, .. }) = completed {
            console.warn(&format!("job {job_id} is completed; to download its output: apptego download {job_id}"));
        }
    }
}

fn describe(status: &Status) -> String {
    let state = match status.status {
        JobState::Processing => "processing",
        JobState::Completed => "completed",
        JobState::Failed => "failed",
    };
    let mut line = format!("{}  {state}", status.job_id);
    let detail = status.error_message.as_ref().or(status.progress.as_ref());
    if let Some(detail) = detail {
        line.push_str(&format!("  {detail}"));
    }
    if let (JobState::Processing, Some(percent)) = (status.status, status.percent) {
        line.push_str(&format!("  {percent:.0} %"));
    }
    one_line(&line)
}
