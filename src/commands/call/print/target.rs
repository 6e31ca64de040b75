//! The languages that a request is printed in.

use clap::ValueEnum;

/// A language to print the request in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Target {
    /// A curl command
    Curl,
    /// An HTTPie command
    Httpie,
    /// A wget command
    Wget,
    /// Python with `requests`
    Python,
    /// JavaScript with `fetch`: Node.js 18 or later
    Javascript,
    /// Rust with `reqwest`
    Rust,
    /// PowerShell's own Invoke-RestMethod
    Powershell,
    /// A step of a GitHub Actions workflow
    GithubActions,
}
