//! `providers`: who there is, and a definition as data, each departure from the RFCs with its source and date.

use clap::{Args, Subcommand};

use super::Context;
use crate::output::{ProviderView, ProvidersView};

#[derive(Args)]
pub struct ProvidersArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// List all providers
    List,
    /// Show one definition
    Show {
        /// The provider's id
        #[arg(value_name = "ID")]
        id: String,
    },
}

pub fn run(args: &ProvidersArgs, context: &Context) -> anyhow::Result<()> {
    let catalogue = context.catalogue()?;
    match &args.action {
        Action::List => {
            let mut view = ProvidersView { providers: Vec::new(), width: context.terminal().width() };
            for id in catalogue.ids() {
                match catalogue.get(&id) {
                    Ok(definition) => view.push(&definition, catalogue.is_overlaid(&id)),
                    // One broken file must not hide the other providers.
                    Err(error) => context.terminal().note(&format_args!("`{id}` is left out: {error}")),
                }
            }
            context.answer(&view)
        }
        Action::Show { id } => {
            let definition = catalogue.get(id)?;
            context.answer(&ProviderView::new(definition, catalogue.is_overlaid(id)))
        }
    }
}
