//! What the package says about its app, noted before the build goes on: a build that fails is one of its application too.

use std::fs::File;

use domain::application::AppFacts;
use domain::error::Error;
use engine::{Icon, Identity};
use formats::limits::Limits;
use formats::source::FileSource;
use service::Service;
use service::work::Assignment;

use crate::build::{Ended, defect};
use crate::thread;

/// Reads and notes it, once a job. A package of which nothing can be read is left to the engine, which says what is wrong with it.
pub(crate) async fn identify(service: &Service, assignment: &Assignment, upload: &File) -> Result<(), Ended> {
    let job = &assignment.job;
    if job.app.is_some() {
        return Ok(());
    }
    let (file, name) = (upload.try_clone().map_err(Error::internal)?, job.file_name.clone());
    let source = FileSource::new(file).map_err(Error::internal)?;
    let read = thread::run(move || engine::identify(&source, &name, &Limits::default()));
    let Ok(identity) = read.await.map_err(|_| defect())? else { return Ok(()) };
    let Identity { package_name, name, version_name, version_code, icon } = identity;
    let has_icon = icon.is_some();
    if let Some(Icon { bytes, content_type }) = icon {
        service.store().put_icon(job, bytes, content_type).await?;
    }
    service.identify(assignment, AppFacts { package_name, name, version_name, version_code, has_icon }).await?;
    Ok(())
}
