//! What every walk has: its limits, its end, and the receiver of its pages.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::ControlFlow;

use super::super::FlowError;
use super::super::rows_missing::RowsMissing;
use super::page::Page;

/// The limits of a walk: how far it goes, and how many counted pages are requested at once.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    pub max_pages: Option<u64>,
    pub jobs: usize,
}

/// The end of a walk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    LastPage,
    /// The page after the last one was refused with this status.
    Beyond {
        status: u16,
    },
    /// `max_pages` ended the walk.
    Limit,
    /// A page was not a success, or its receiver wanted no more.
    Stopped,
}

/// The receiver of pages.
pub type Each<'e, E> = &'e mut dyn FnMut(Page) -> Result<ControlFlow<()>, E>;

/// Returns a hash, which stands for an address or a body that was seen.
pub fn hash(value: &(impl Hash + ?Sized)) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

/// Ends a walk at a page from a server to which the API has redirected. That server has not seen the token, and it does
/// not decide what is asked of the API.
pub(super) fn end_elsewhere(origin: String, is_last: bool) -> Result<End, FlowError> {
    if is_last { Ok(End::LastPage) } else { Err(RowsMissing::Elsewhere { origin }.into()) }
}
