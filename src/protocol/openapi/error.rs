//! Why a text is not an OpenAPI document.

/// The reason why a text is not read as an OpenAPI document.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAnApiDescription {
    #[error("it is neither JSON nor YAML: {problem}")]
    Unreadable { problem: String },
    #[error("it is a Swagger {version} document, and only 2.0 and OpenAPI 3.x are known")]
    Swagger { version: String },
    #[error("it has no member `openapi`, so it is not an OpenAPI document")]
    NoVersion,
    #[error("it is of OpenAPI {version}, and only 3.x is known")]
    OtherVersion { version: String },
}
