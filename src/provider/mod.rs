//! Floor 1: providers as data, and the code that reads that data.

pub mod builtin;
mod captured;
pub mod catalogue;
mod check;
mod copy;
pub mod definition;
pub mod departure;
pub mod dialect;
pub mod draft;
pub mod endpoint;
mod endpoints;
mod error;
mod keys;
pub mod manual;
mod overlay;
pub mod params;
pub mod place;
pub mod printable;
pub mod probe;
pub mod quirks;
pub mod reader;
pub mod refusal;
mod resolved;
pub mod review;
pub mod schema;
pub mod scopes;
pub mod sections;
mod servers;
pub mod template;

pub use captured::ChangedValue;
pub use catalogue::{Catalogue, DefinitionFiles};
pub use definition::ProviderDefinition;
pub use dialect::Dialect;
pub use endpoint::{Endpoint, Origin};
pub use error::DefinitionError;
pub use resolved::{Provider, RecordedOrigins};
