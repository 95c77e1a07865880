//! `./dev sign-in`: an ID token from the local user pool.

use std::path::PathBuf;

use anyhow::Context as _;
use domain::member::EmailAddress;

use crate::aws;
use crate::running::{PREFIX, aws_of_server};
use crate::seed::{OWNER, PASSWORD};
use crate::user_pool::UserPools;

/// Options of `sign-in`.
#[derive(Debug, clap::Args)]
pub struct SignIn {
    /// Tools, data and state
    #[arg(long, env = "APPTEGO_HOME", default_value = ".local", hide = true)]
    home: PathBuf,
    /// Whose account
    #[arg(default_value = OWNER)]
    email: EmailAddress,
    /// Its password
    #[arg(long, short, default_value = PASSWORD)]
    password: String,
    /// Make the account first, with the address verified, where there is none
    #[arg(long)]
    create: bool,
}

/// Signs in at the local AWS of the server that runs in the home folder, and returns the token.
pub(crate) async fn sign_in(options: SignIn) -> anyhow::Result<String> {
    let config = aws::config(&aws_of_server(&options.home)?);
    let pools = UserPools::connect(&config).await?;
    let ids = pools.find(PREFIX).await?.context("the server has no user pool")?;
    if options.create {
        pools.make_account(&ids.pool, &options.email, &options.password).await?;
    }
    let token = pools.sign_in(&ids.client, &options.email, &options.password).await;
    token.with_context(|| format!("could not sign in as {}", options.email))
}
