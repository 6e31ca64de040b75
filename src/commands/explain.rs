//! `explain`: why a flow failed, by the record that it left behind. It reads files of its own and sends nothing.

mod error;
mod head;
mod hint;
mod list;
mod report;
mod view;

pub use error::ExplainError;
pub use hint::{Explained, explained};

use clap::Args;

use self::list::FlowList;
use self::report::Report;
use self::view::Explanation;
use super::Context;
use crate::protocol::flow_record::FlowRecord;

#[derive(Args)]
pub struct ExplainArgs {
    /// The flow to explain, as `--list` names it [default: the last one that failed, or the last one]
    #[arg(value_name = "FLOW", conflicts_with_all = ["last", "list"])]
    id: Option<String>,

    /// Explain the Nth flow from the end; 1 is the last one
    #[arg(long, value_name = "N", conflicts_with = "list", value_parser = clap::value_parser!(u16).range(1..))]
    last: Option<u16>,

    /// List the recorded flows, the newest first
    #[arg(long)]
    list: bool,

    /// The redirect URI as the provider's page has it, to be compared with the one that was sent
    #[arg(long, value_name = "URI", conflicts_with = "list")]
    registered: Option<String>,

    /// Print a text for an issue tracker, without names of your own
    #[arg(long, conflicts_with = "list")]
    report: bool,
}

pub fn run(args: &ExplainArgs, context: &Context) -> Result<(), ExplainError> {
    let records = context.session.flow_records()?;
    let width = context.terminal().width();
    let all = of_login(records.list(), context)?;
    if args.list {
        return Ok(context.answer(&FlowList::new(&all, width, context.system.clock.now()))?);
    }
    let record = chosen(args, all)?;
    let explanation = Explanation::new(record, args.registered.as_deref(), width);
    match args.report {
        true => context.answer(&Report::new(&explanation))?,
        false => context.answer(&explanation)?,
    }
    Ok(())
}

/// Returns the flows of the login that was named, or all of them.
fn of_login(all: Vec<FlowRecord>, context: &Context) -> Result<Vec<FlowRecord>, ExplainError> {
    if all.is_empty() {
        return Err(ExplainError::NothingRecorded);
    }
    let Some(profile) = context.session.typed_profile() else { return Ok(all) };
    let is_of = |record: &FlowRecord| record.profile.as_deref() == Some(profile.as_str());
    let own: Vec<FlowRecord> = all.into_iter().filter(is_of).collect();
    match own.is_empty() {
        true => Err(ExplainError::NothingOf { profile: profile.to_string() }),
        false => Ok(own),
    }
}

fn chosen(args: &ExplainArgs, mut all: Vec<FlowRecord>) -> Result<FlowRecord, ExplainError> {
    let index = match (&args.id, args.last) {
        (Some(id), _) => all.iter().position(|record| record.id == *id).ok_or_else(|| ExplainError::no_such(id))?,
        (None, Some(last)) => usize::from(last) - 1,
        (None, None) => all.iter().position(FlowRecord::has_failed).unwrap_or(0),
    };
    if index >= all.len() {
        return Err(ExplainError::NotSoMany { count: all.len() });
    }
    Ok(all.swap_remove(index))
}
