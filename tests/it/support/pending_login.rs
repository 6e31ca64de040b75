//! A login that is waiting for its redirect, with the test as the browser.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStderr, Command, ExitStatus, Stdio};

use url::Url;

use super::{Output, http};

pub struct PendingLogin {
    process: Child,
    stderr: BufReader<ChildStderr>,
    said: String,
    pub authorize_url: Url,
}

impl PendingLogin {
    /// Starts `login … --no-browser` and reads its messages up to the authorize URL, which is on its own line.
    #[track_caller]
    pub fn start(mut command: Command) -> Self {
        let mut process = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut stderr = BufReader::new(process.stderr.take().unwrap());
        let mut said = String::new();
        let Some(authorize_url) = read_to_url(&mut stderr, &mut said) else {
            let status = process.wait();
            panic!("the login ended with {status:?} before it waited:\n{said}");
        };
        Self { process, stderr, said, authorize_url }
    }

    pub fn process_id(&self) -> u32 {
        self.process.id()
    }

    /// Returns its exit status, if it has ended.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.process.try_wait().unwrap()
    }

    /// Returns the messages before the authorize URL.
    pub fn said(&self) -> &str {
        &self.said
    }

    /// Returns a parameter of the authorization request.
    #[track_caller]
    pub fn sent(&self, name: &str) -> String {
        let found = self.authorize_url.query_pairs().find(|(key, _)| key == name);
        found.unwrap_or_else(|| panic!("no `{name}` in {}", self.authorize_url)).1.into_owned()
    }

    /// Requests the redirect URI with the right state and these parameters, and returns the page.
    pub fn come_back(&self, params: &[(&str, &str)]) -> String {
        http::get(&self.redirect(params))
    }

    /// Returns the redirect URI with the right state and these parameters.
    pub fn redirect(&self, params: &[(&str, &str)]) -> Url {
        let mut url = Url::parse(&self.sent("redirect_uri")).unwrap();
        url.query_pairs_mut().append_pair("state", &self.sent("state")).extend_pairs(params);
        url
    }

    /// Returns the port of the redirect URI.
    pub fn port(&self) -> u16 {
        Url::parse(&self.sent("redirect_uri")).unwrap().port().unwrap()
    }

    /// Ends it with a signal.
    #[cfg(unix)]
    pub fn end_with(mut self, signal: i32) -> std::process::ExitStatus {
        super::process::send_signal(self.process.id(), signal);
        self.process.wait().unwrap()
    }

    /// Waits for the end.
    pub fn finish(mut self) -> Output {
        self.stderr.read_to_string(&mut self.said).unwrap();
        let mut stdout = Vec::new();
        self.process.stdout.take().unwrap().read_to_end(&mut stdout).unwrap();
        let (status, stderr) = (self.process.wait().unwrap(), std::mem::take(&mut self.said).into_bytes());
        Output::new("login".to_owned(), std::process::Output { status, stdout, stderr })
    }
}

impl Drop for PendingLogin {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn read_to_url(stderr: &mut impl BufRead, said: &mut String) -> Option<Url> {
    loop {
        let start = said.len();
        if stderr.read_line(said).unwrap() == 0 {
            return None;
        }
        if said[start..].starts_with("http") {
            return Some(Url::parse(said[start..].trim_end()).unwrap());
        }
    }
}
