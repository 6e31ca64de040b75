//! A login by device that waits for its code to be confirmed, with the test as the person.

use std::io::{BufRead, BufReader, Read};
use std::process::{ChildStdout, Command, Stdio};

use serde_json::Value;
use url::Url;

use super::process::Process;
use super::{Output, http};

pub struct PendingDevice {
    process: Process,
    stdout: BufReader<ChildStdout>,
    first: String,
    /// The object with the codes, as a script reads it.
    pub codes: Value,
}

impl PendingDevice {
    /// Starts `login --json …` and reads the first object.
    #[track_caller]
    pub fn start(mut command: Command) -> Self {
        let mut process = Process(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap());
        let mut stdout = BufReader::new(process.0.stdout.take().unwrap());
        let mut first = String::new();
        if stdout.read_line(&mut first).unwrap() == 0 {
            let mut said = String::new();
            process.0.stderr.take().unwrap().read_to_string(&mut said).unwrap();
            panic!("the login ended with {:?} before it waited:\n{said}", process.0.wait());
        }
        let codes = serde_json::from_str(&first).unwrap_or_else(|error| panic!("{error}: {first}"));
        Self { process, stdout, first, codes }
    }

    #[track_caller]
    pub fn code(&self, name: &str) -> &str {
        self.codes[name].as_str().unwrap_or_else(|| panic!("no {name} in {}", self.codes))
    }

    pub fn process(&self) -> &Process {
        &self.process
    }

    /// Types the code into the emulator's page, and returns the page that asks for consent.
    pub fn types_code(&self) -> String {
        http::post_form(&self.page(), &[("user_code", self.code("user_code"))])
    }

    /// Decides on the emulator's page, with these scopes ticked.
    pub fn decides(&self, decision: &str, scopes: &[&str]) -> String {
        let mut form = vec![("user_code", self.code("user_code")), ("decision", decision)];
        form.extend(scopes.iter().map(|scope| ("scope", *scope)));
        http::post_form(&self.page(), &form)
    }

    pub fn page(&self) -> Url {
        self.code("verification_uri").parse().unwrap()
    }

    /// Waits for the end. Its stdout has the first object, too.
    pub fn finish(mut self) -> Output {
        let (mut stdout, mut stderr) = (std::mem::take(&mut self.first).into_bytes(), Vec::new());
        self.process.0.stderr.take().unwrap().read_to_end(&mut stderr).unwrap();
        self.stdout.read_to_end(&mut stdout).unwrap();
        let status = self.process.0.wait().unwrap();
        Output::new("login".to_owned(), std::process::Output { status, stdout, stderr })
    }
}
