//! `./dev operate`: what operators do and no call can. On the stack of the environment's variables, or without them on the
//! local server that runs.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand, ValueEnum};
use domain::document::{DocumentFields, DocumentSet, check_list};
use domain::id::TenantId;
use domain::member::EmailAddress;
use domain::plan::{LimitChanges, MOST_USERS, Plan};
use domain::tenant::{Pricing, Tenant};
use domain::tenant_name::TenantName;
use domain::ticket::{TicketId, TicketStatus, comment_text};
use serde::de::DeserializeOwned;
use serde_json::json;
use service::operator::Setting;
use service::support_desk::SupportAnswer;
use service::{Clock, Service};
use store::{Names, Store};
use uuid::Uuid;

use crate::aws;
use crate::provision::{Settings, provision};
use crate::running::{PREFIX, aws_of_server};
use crate::server;

/// Options of `operate`.
#[derive(Debug, Args)]
pub struct Operate {
    /// Tools, data and state
    #[arg(long, env = "APPTEGO_HOME", default_value = ".local", hide = true)]
    home: PathBuf,
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    #[command(flatten)]
    OnTenant(OnTenant),
    /// Print the support tickets of a tenant, or one of them with its comments
    Tickets {
        /// Its id
        tenant: TenantId,
        /// The ticket's id
        ticket: Option<TicketId>,
    },
    /// Answer a support ticket, set its status, or both; whoever reported it gets a mail while they belong to the tenant
    AnswerTicket {
        /// The tenant's id
        tenant: TenantId,
        /// The ticket's id
        ticket: TicketId,
        #[command(flatten)]
        answer: TicketAnswer,
    },
}

/// What ends in a tenant.
#[derive(Debug, Subcommand)]
enum OnTenant {
    /// Print a tenant
    Show {
        /// Its id
        tenant: TenantId,
    },
    /// Make a tenant of any plan, owned by somebody who may have others
    CreateTenant {
        /// 5 to 30 letters, digits and spaces
        #[arg(long)]
        name: TenantName,
        /// FREE, TEAM or ENTERPRISE
        #[arg(long, value_parser = plan)]
        plan: Plan,
        /// The owner's e-mail address
        #[arg(long)]
        owner: EmailAddress,
    },
    /// Set what a tenant subscribed to
    SetPlan {
        /// Its id
        tenant: TenantId,
        /// FREE, TEAM or ENTERPRISE
        #[arg(value_parser = plan)]
        plan: Plan,
    },
    /// Set limits of a tenant's own; those that are not named stay, `none` takes one away
    SetLimits {
        /// Its id
        tenant: TenantId,
        #[command(flatten)]
        limits: Limits,
    },
    /// Say whether a tenant's plan is on trial
    SetTrial {
        /// Its id
        tenant: TenantId,
        /// on or off
        state: Switch,
    },
    /// Set the price that was agreed for a plan
    SetPricing {
        /// Its id
        tenant: TenantId,
        /// TEAM or ENTERPRISE
        #[arg(value_parser = plan)]
        plan: Plan,
        #[command(flatten)]
        price: Price,
    },
    /// Enable or disable the custom library for a tenant
    EnableLibrary {
        /// Its id
        tenant: TenantId,
        /// on or off
        state: Switch,
    },
    /// Set a tenant's own documents, all of them at once
    SetDocuments {
        /// Its id
        tenant: TenantId,
        /// JSON: [{"name", "filename", "description"}, …]; the PDF files stand beside it
        file: PathBuf,
    },
}

/// What is said, and what the ticket is then.
#[derive(Debug, Args)]
#[group(required = true, multiple = true)]
struct TicketAnswer {
    /// What AppTego says, at most 5000 characters; the ticket is then "For Customer Response"
    #[arg(long)]
    text: Option<String>,
    /// "With Support", "For Customer Response" or "Resolved"
    #[arg(long, value_parser = status)]
    status: Option<TicketStatus>,
}

/// Limits, each a number or `none`.
#[derive(Debug, Args)]
#[group(required = true, multiple = true)]
struct Limits {
    /// Builds at once
    #[arg(long, value_name = "N|none")]
    concurrent_builds: Option<Limit>,
    /// Builds in seven days
    #[arg(long, value_name = "N|none")]
    weekly_builds: Option<Limit>,
    /// People, at most 1000
    #[arg(long, value_name = "N|none")]
    max_users: Option<Limit>,
    /// Messages to the assistant in a week
    #[arg(long, value_name = "N|none")]
    helpbot_weekly_messages: Option<Limit>,
    /// AI Search queries in a month
    #[arg(long, value_name = "N|none")]
    ai_search_monthly_queries: Option<Limit>,
    /// Identifiers of the custom library
    #[arg(long, value_name = "N|none")]
    custom_library_identifiers: Option<Limit>,
}

#[derive(Clone, Copy, Debug)]
struct Limit(Option<u32>);

#[derive(Debug, Args)]
struct Price {
    /// Take the price away
    #[arg(long, conflicts_with_all = ["pricing_id", "display_name", "amount_cents", "currency", "interval"])]
    none: bool,
    /// Its number in the price list
    #[arg(long, required_unless_present = "none")]
    pricing_id: Option<u32>,
    /// For people
    #[arg(long, required_unless_present = "none")]
    display_name: Option<String>,
    /// Hundredths of the currency
    #[arg(long, required_unless_present = "none")]
    amount_cents: Option<u64>,
    /// ISO 4217: three letters
    #[arg(long, required_unless_present = "none", value_parser = currency)]
    currency: Option<String>,
    /// month or year
    #[arg(long, required_unless_present = "none", value_parser = ["month", "year"])]
    interval: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Switch {
    On,
    Off,
}

/// Does it; the tenant or the ticket as it is then, as JSON.
pub(crate) async fn operate(options: Operate) -> anyhow::Result<String> {
    let service = connect(&options).await?;
    let printed = match options.action {
        Action::Tickets { tenant, ticket: None } => serde_json::to_value(service.list_tickets(&tenant).await?)?,
        Action::Tickets { tenant, ticket: Some(ticket) } => {
            let view = service.read_ticket(&tenant, &ticket).await?;
            json!({ "ticket": view.ticket, "comments": view.comments })
        }
        Action::AnswerTicket { tenant, ticket, answer } => {
            let text = answer.text.map(|text| comment_text(Some(text))).transpose()?;
            let answer = SupportAnswer { text, status: answer.status };
            serde_json::to_value(service.answer_ticket(&tenant, &ticket, &answer).await?)?
        }
        Action::OnTenant(action) => serde_json::to_value(operate_on_tenant(&service, action).await?)?,
    };
    Ok(serde_json::to_string_pretty(&printed)? + "\n")
}

async fn operate_on_tenant(service: &Service, action: OnTenant) -> anyhow::Result<Tenant> {
    Ok(match action {
        OnTenant::Show { tenant } => find(service, &tenant).await?,
        OnTenant::CreateTenant { name, plan, owner } => {
            let tenant = Tenant::new(TenantId::from_bits(Uuid::now_v7().as_u128()), name, plan);
            service.found_tenant(&tenant, &owner).await?;
            tenant
        }
        OnTenant::SetPlan { tenant, plan } => service.set(&tenant, &Setting::Plan(plan)).await?,
        OnTenant::SetLimits { tenant, limits } => {
            service.set(&tenant, &Setting::CustomLimits(limits.changes()?)).await?
        }
        OnTenant::SetTrial { tenant, state } => service.set(&tenant, &Setting::Trial(state == Switch::On)).await?,
        OnTenant::SetPricing { tenant, plan, price } => {
            service.set(&tenant, &Setting::Pricing(plan, price.read())).await?
        }
        OnTenant::EnableLibrary { tenant, state } => {
            service.set(&tenant, &Setting::CustomLibrary(state == Switch::On)).await?
        }
        OnTenant::SetDocuments { tenant, file } => {
            service.set_documents(&tenant, with_files(read_json(&file)?, &file)?).await?
        }
    })
}

#[expect(clippy::disallowed_methods, reason = "as a function's main")]
async fn connect(options: &Operate) -> anyhow::Result<Service> {
    let variable = |name: &str| std::env::var(name).ok();
    if variable("TABLE_NAME").is_some() {
        let names = Names::read(variable)?;
        if names.events_table.is_empty() {
            bail!("the variable EVENTS_TABLE_NAME is missing: everything is audited");
        }
        let portal = variable("PORTAL_URL").unwrap_or_else(|| service::PORTAL_URL.to_owned());
        return Ok(Service::new(Store::connect(names).await, Clock::system()).with_portal(&portal));
    }
    let config = aws::config(&aws_of_server(&options.home)?);
    let stack = provision(&config, PREFIX, Settings::default()).await?;
    server::connect(&config, &stack)
}

async fn find(service: &Service, tenant: &TenantId) -> anyhow::Result<Tenant> {
    service.store().tenant(tenant).await?.with_context(|| format!("there is no tenant {tenant}"))
}

/// Each with the file beside `list` that it names.
fn with_files(documents: Vec<DocumentFields>, list: &Path) -> anyhow::Result<DocumentSet> {
    // Before any file is looked for.
    check_list(&documents)?;
    let folder = list.parent().unwrap_or(Path::new("."));
    let read = |fields: DocumentFields| {
        let file = folder.join(&fields.filename);
        let content = std::fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
        Ok((fields, content))
    };
    Ok(DocumentSet::new(documents.into_iter().map(read).collect::<anyhow::Result<_>>()?)?)
}

fn status(text: &str) -> Result<TicketStatus, String> {
    let named = TicketStatus::ALL.into_iter().find(|status| status.label().eq_ignore_ascii_case(text));
    named.ok_or_else(|| "\"With Support\", \"For Customer Response\" or \"Resolved\"".to_owned())
}

fn read_json<T: DeserializeOwned>(file: &PathBuf) -> anyhow::Result<T> {
    let text = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    serde_json::from_slice(&text).with_context(|| format!("{} is not what is expected", file.display()))
}

fn plan(text: &str) -> Result<Plan, String> {
    serde_json::from_value(text.to_ascii_uppercase().into()).map_err(|_| "FREE, TEAM or ENTERPRISE".to_owned())
}

fn currency(text: &str) -> Result<String, String> {
    let letters = text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_alphabetic());
    if letters { Ok(text.to_ascii_lowercase()) } else { Err("three letters, as in usd".to_owned()) }
}

impl FromStr for Limit {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "none" => Ok(Self(None)),
            number => number.parse().map(|number| Self(Some(number))).map_err(|_| "a number, or none".to_owned()),
        }
    }
}

impl Limits {
    fn changes(&self) -> anyhow::Result<LimitChanges> {
        if let Some(Limit(Some(users))) = self.max_users
            && !(1..=MOST_USERS).contains(&users)
        {
            bail!("--max-users is 1 to {MOST_USERS}");
        }
        let named = |limit: Option<Limit>| limit.map(|Limit(limit)| limit);
        Ok(LimitChanges {
            concurrent_builds: named(self.concurrent_builds),
            weekly_builds: named(self.weekly_builds),
            max_users: named(self.max_users),
            helpbot_weekly_messages: named(self.helpbot_weekly_messages),
            ai_search_monthly_queries: named(self.ai_search_monthly_queries),
            custom_library_identifiers: named(self.custom_library_identifiers),
        })
    }
}

impl Price {
    fn read(self) -> Option<Pricing> {
        Some(Pricing {
            pricing_id: self.pricing_id?,
            display_name: self.display_name?,
            amount_cents: self.amount_cents?,
            currency: self.currency?,
            interval: self.interval?,
        })
    }
}
