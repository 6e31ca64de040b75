use std::process::ExitCode;

fn main() -> ExitCode {
    let system = oauthctl::System::real();
    oauthctl::run(std::env::args_os(), system)
}
