//! What customers do, well and badly.

use bytes::Bytes;
use domain::upload::MULTIPART_FROM;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::api::Answer;
use crate::customer::{Customer, Expected, Ticket};
use crate::packages::noise;

impl Customer {
    /// One build of some kind.
    pub(crate) async fn travel(&mut self) -> Option<()> {
        if let Some(package) = self.packages.take_turn() {
            return self.build_in_parts(&package).await;
        }
        match self.rng.u8(..100) {
            0..65 => self.build().await,
            65..77 => self.cancel_while_it_is_built().await,
            77..87 => self.send_what_is_no_package().await,
            87..91 => self.forget().await,
            91..96 => self.abort().await,
            _ => self.upload_after_the_end().await,
        }
    }

    async fn build(&mut self) -> Option<()> {
        let (name, package) = self.packages.choose(&mut self.rng);
        let announced = self.rng.bool().then_some(package.len());
        let ticket = self.ask(&name, announced).await?;
        self.upload(&ticket, &package).await?;
        self.see_through(ticket.index).await
    }

    async fn see_through(&mut self, index: usize) -> Option<()> {
        let end = self.follow(index).await?;
        if end["status"] == "completed" { self.collect(index).await } else { Some(()) }
    }

    async fn build_in_parts(&mut self, package: &Bytes) -> Option<()> {
        let ticket = self.ask("large.apk", Some(package.len())).await?;
        self.accepted[ticket.index].input = Some(domain::id::Sha256Hex::of(package));
        let mut parts = self.put_parts(&ticket, package, usize::MAX).await?;
        let last = parts.pop();
        let early = self.complete(&ticket, &parts).await?;
        if early.status != StatusCode::BAD_REQUEST {
            return self.fault("complete", &format!("accepted without its last part: {}", early.body));
        }
        parts.extend(last);
        for _ in 0..2 {
            let answer = self.complete(&ticket, &parts).await?;
            if answer.status != StatusCode::OK {
                return self.fault("complete", &format!("{} {}", answer.status, answer.body));
            }
        }
        self.see_through(ticket.index).await
    }

    async fn put_parts(&mut self, ticket: &Ticket, package: &Bytes, wanted: usize) -> Option<Vec<Value>> {
        let length = usize::try_from(ticket.answer.body["chunk_size"].as_u64()?).ok()?;
        let urls = ticket.answer.body["part_urls"].as_array()?;
        let mut parts = Vec::new();
        for (index, url) in urls.iter().enumerate().take(wanted) {
            let part = package.slice(index * length..package.len().min((index + 1) * length));
            let etag = self.api.put(url.as_str()?, &part).await?;
            parts.push(json!({ "ETag": etag, "PartNumber": index + 1 }));
        }
        Some(parts)
    }

    async fn complete(&self, ticket: &Ticket, parts: &[Value]) -> Option<Answer> {
        let mut claim = claim(ticket);
        claim["parts"] = json!(parts);
        self.api.post("/automate/upload/complete", Some(&claim)).await
    }

    async fn cancel_while_it_is_built(&mut self) -> Option<()> {
        let (name, package) = self.packages.choose(&mut self.rng);
        let ticket = self.ask(&name, Some(package.len())).await?;
        self.upload(&ticket, &package).await?;
        self.pause(6000).await;
        self.cancel(ticket.index).await?;
        self.see_through(ticket.index).await
    }

    async fn send_what_is_no_package(&mut self) -> Option<()> {
        let length = self.rng.usize(1..50_000);
        let garbage = Bytes::from(noise(&mut self.rng, length));
        let (bytes, announced, code) = match self.rng.u8(..3) {
            0 => (garbage, None, "archive_invalid"),
            1 => (garbage, Some(length + 1), "upload_size_mismatch"),
            _ => (Bytes::new(), None, "upload_empty"),
        };
        let ticket = self.ask("garbage.apk", announced).await?;
        self.accepted[ticket.index].expected = Expected::Failure(code);
        self.upload(&ticket, &bytes).await?;
        self.see_through(ticket.index).await
    }

    async fn forget(&mut self) -> Option<()> {
        let size = self.rng.bool().then_some(usize::try_from(MULTIPART_FROM).ok()?);
        let ticket = self.ask("forgotten.apk", size).await?;
        self.accepted[ticket.index].expected = Expected::Nothing;
        self.forgotten.push(ticket.index);
        if size.is_some() {
            let package = self.packages.large.clone();
            self.put_parts(&ticket, &package, 1).await?;
        }
        Some(())
    }

    async fn abort(&mut self) -> Option<()> {
        let package = self.packages.large.clone();
        let ticket = self.ask("aborted.apk", Some(package.len())).await?;
        self.accepted[ticket.index].expected = Expected::Nothing;
        let wanted = self.rng.usize(..3);
        self.put_parts(&ticket, &package, wanted).await?;
        for _ in 0..2 {
            let answer = self.api.post("/automate/upload/abort", Some(&claim(&ticket))).await?;
            if answer.status != StatusCode::OK {
                return self.fault("abort", &format!("{} {}", answer.status, answer.body));
            }
        }
        self.accepted[ticket.index].expected = Expected::Failure("upload_aborted");
        Some(())
    }

    /// The URL still works after the build was cancelled; what comes then is removed.
    async fn upload_after_the_end(&mut self) -> Option<()> {
        let (name, package) = self.packages.choose(&mut self.rng);
        let ticket = self.ask(&name, None).await?;
        self.cancel(ticket.index).await?;
        self.pause(3000).await;
        self.upload(&ticket, &package).await?;
        self.see_through(ticket.index).await
    }
}

fn claim(ticket: &Ticket) -> Value {
    json!({ "file_path": ticket.answer.text("file_path"), "upload_id": ticket.answer.text("upload_id") })
}
