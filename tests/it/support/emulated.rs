//! A running emulator, and a sandbox in which its provider means that emulator.

use std::io::{BufRead, BufReader};
use std::ops::Deref;
use std::process::{Child, Stdio};

use super::Sandbox;

pub struct Emulated {
    sandbox: Sandbox,
    process: Child,
}

impl Emulated {
    /// `oauthctl emulate judgeme` with these arguments. Ready to be asked when this returns.
    pub fn start(args: &[&str]) -> Self {
        Self::provider("judgeme", args)
    }

    /// The same for any provider.
    pub fn provider(id: &str, args: &[&str]) -> Self {
        Self::inside(Sandbox::new(), id, args)
    }

    /// The same in a sandbox that is there already, with definitions of its own perhaps.
    pub fn inside(mut sandbox: Sandbox, id: &str, args: &[&str]) -> Self {
        let mut command = sandbox.command(&[&["emulate", id], args].concat());
        let mut process = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        // It prints the lines to paste when it listens, and then nothing more; the last one is the profile's.
        for line in BufReader::new(process.stdout.take().unwrap()).lines() {
            let line = line.unwrap();
            let (name, value) = line.strip_prefix("export ").and_then(|pair| pair.split_once('=')).expect(&line);
            sandbox = sandbox.with(name, value.trim_matches('\''));
            if name == "OAUTHCTL_PROFILE" {
                return Self { sandbox, process };
            }
        }
        panic!("the emulator ended with {:?}", process.wait());
    }
}

impl Deref for Emulated {
    type Target = Sandbox;

    fn deref(&self) -> &Sandbox {
        &self.sandbox
    }
}

impl Drop for Emulated {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
