//! Floor 1: providers as data, and the reading of that data.

pub mod builtin;
pub mod catalogue;
pub mod definition;
pub mod dialect;
pub mod draft;
pub mod endpoint;
mod error;
pub mod printable;
pub mod probe;
pub mod quirks;
pub mod scopes;
pub mod template;

pub use catalogue::{Catalogue, DefinitionFiles};
pub use definition::ProviderDefinition;
pub use dialect::Dialect;
pub use endpoint::{Endpoint, Endpoints, Origin, Provider};
pub use error::DefinitionError;
