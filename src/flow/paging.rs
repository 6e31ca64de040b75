//! Pagination to the last page: by `Link`, by an address or a cursor in the body, by counting, or by a GraphQL query's
//! variable.
//!
//! Links and cursors are known one at a time. Numbers and offsets are known in advance, so several pages are fetched
//! at once and handed over in order. One page is held in memory, and early pages together share the room of one more:
//! see [`PageMemory`](memory::PageMemory).
//!
//! Without a definition's word, the next page is the one in the `Link` header, or else an address in the body in the
//! form of DRF, JSON:API, OData, HAL and their like. It is followed only if the page has rows: an article may link the
//! next article. An address in the body is under the same rule as one in `Link`: the token goes to the page's own
//! origin and to no other.

mod body;
mod counted;
mod facts;
mod graphql;
mod marks;
mod memory;
mod page;
mod rows;
mod steps;
mod tally;
mod walk;
mod way;
mod words;

use self::counted::Counted;
pub use self::page::{Page, Reading};
pub use self::rows::RowsAt;
use self::tally::Tally;
use self::walk::Each;
pub use self::walk::{End, Plan};
pub use self::way::{Ask, NextPage, NoPages, Way};
use super::FlowError;
use super::retry::Caller;
use crate::protocol::message::HttpRequest;

/// Walks over the pages and hands each over in order. A refusal is handed over too, and is the last.
pub fn follow<E: From<FlowError>>(
    caller: &Caller<'_>,
    first: &HttpRequest,
    way: &Way,
    plan: Plan,
    each: Each<'_, E>,
) -> Result<End, E> {
    let tally = Tally::new(caller, first, &way.rows.paths);
    match &way.ask {
        Ask::Counted(counting) => Counted::new(first, counting).walk(caller, (plan, tally), each),
        ask => steps::walk(caller, first, ask, (plan, tally), each),
    }
}

#[cfg(test)]
mod doubles;
#[cfg(test)]
mod shapes;
#[cfg(test)]
mod tests;
