//! Floor 1: providers as data, and the reading of that data.

pub mod builtin;
pub mod catalogue;
pub mod definition;
pub mod dialect;
pub mod draft;
pub mod endpoint;
pub mod printable;
pub mod probe;
pub mod quirks;
pub mod scopes;
pub mod template;

pub use catalogue::{Catalogue, DefinitionFiles};
pub use definition::ProviderDefinition;
pub use dialect::Dialect;
pub use endpoint::{Endpoint, Endpoints, Origin, Provider};

/// What is wrong with a provider, a definition of it, or a value for it.
#[derive(Debug, thiserror::Error)]
pub enum DefinitionError {
    #[error("no provider is called `{id}`")]
    UnknownProvider { id: String, near: Vec<String> },
    #[error("`{place}` is not a usable definition")]
    Unreadable {
        place: String,
        #[source]
        source: toml::de::Error,
    },
    #[error("`{place}` cannot be read")]
    UnreadableFile {
        place: String,
        #[source]
        source: std::io::Error,
    },
    #[error("`{id}` has no alternative called `{name}`")]
    UnknownAlternative { id: String, name: String, known: Vec<String> },
    #[error("the definition of `{id}` has no `{key}`, which {purpose} needs")]
    Missing { id: String, key: &'static str, purpose: &'static str },
    #[error("the definition of `{id}` is wrong at `{key}`: {problem}")]
    Wrong { id: String, key: String, problem: String },
    #[error("`{id}` needs a value for `{param}`")]
    ParamNeeded { id: String, param: String, example: String },
    #[error("`{value}` cannot be the `{param}` of `{id}`: {problem}")]
    ParamRefused { id: String, param: String, value: String, problem: String },
    #[error("`{id}` has no parameter `{param}`")]
    UnknownParam { id: String, param: String, known: Vec<String> },
    #[error("the {part} origins of `{id}` are recorded as {recorded}, and the definition now has {now}")]
    OriginsMoved { id: String, part: &'static str, recorded: String, now: String, remedy: String },
}
