//! `doctor`: every problem is made for real, and its line names it and says what mends it.

mod machine;
mod provider;

use serde_json::Value;

use crate::support::{Output, Sandbox};

/// The findings of one run, as a program reads them.
struct Diagnosis {
    answer: Value,
    output: Output,
}

impl Diagnosis {
    #[track_caller]
    fn of(output: Output) -> Self {
        let answer = serde_json::from_str(output.stdout()).unwrap_or_else(|_| panic!("no answer: {output}"));
        let diagnosis = Self { answer, output };
        // The last line of a run promises it.
        for check in diagnosis.checks().filter(|check| check["verdict"] == "problem") {
            assert!(check["next"].is_string(), "nothing mends {check}");
        }
        diagnosis
    }

    #[track_caller]
    fn run(sandbox: &Sandbox, args: &[&str]) -> Self {
        Self::of(sandbox.run(&[&["doctor", "--json"], args].concat()))
    }

    /// Returns the one finding with this subject.
    #[track_caller]
    fn about(&self, subject: &str) -> Finding<'_> {
        let found: Vec<&Value> = self.checks().filter(|check| check["subject"] == subject).collect();
        assert_eq!(found.len(), 1, "{subject}: {}", self.output);
        Finding { check: found[0], output: &self.output }
    }

    fn checks(&self) -> impl Iterator<Item = &Value> {
        self.answer["checks"].as_array().unwrap().iter()
    }

    /// Returns what was sent: `GET https://as.example/auth`.
    fn sent(&self) -> Vec<String> {
        let one = |sent: &Value| format!("{} {}", sent["method"].as_str().unwrap(), sent["url"].as_str().unwrap());
        self.answer["sent"].as_array().unwrap().iter().map(one).collect()
    }

    /// Checks the exit code, and that the answer has it, too.
    #[track_caller]
    fn ends_with(&self, code: i32) -> &Self {
        assert_eq!(self.output.code(code).exit_code(), self.answer["exit"].as_i64().map(|code| code as i32));
        self
    }
}

struct Finding<'d> {
    check: &'d Value,
    output: &'d Output,
}

impl Finding<'_> {
    #[track_caller]
    fn is(&self, verdict: &str) -> &Self {
        assert_eq!(self.check["verdict"], verdict, "{}", self.output);
        self
    }

    /// Checks that it is a problem that ends with this code.
    #[track_caller]
    fn is_problem(&self, code: u8) -> &Self {
        self.is("problem");
        assert_eq!(self.check["exit"], code, "{}", self.output);
        self
    }

    #[track_caller]
    fn says(&self, text: &str) -> &Self {
        let said = self.check["text"].as_str().unwrap();
        assert!(said.contains(text), "{said:?} should have {text:?}");
        self
    }

    #[track_caller]
    fn shows(&self, text: &str) -> &Self {
        let evidence = self.check["evidence"].to_string();
        assert!(evidence.contains(text), "{evidence} should have {text:?}");
        self
    }

    /// Checks the command that mends it.
    #[track_caller]
    fn is_mended_by(&self, text: &str) -> &Self {
        let next = self.check["next"].as_str().unwrap_or_default();
        assert!(next.contains(text), "{next:?} should have {text:?}\n{}", self.output);
        self
    }
}
