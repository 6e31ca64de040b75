//! Commands in a network or among mounts of their own. As root a plain namespace will do; an ordinary user needs one of
//! users around it, which containers and some distributions refuse.

use std::process::Command;

use super::lacks::{lacks, program};
use super::unprivileged_user::is_root;

#[derive(Clone, Copy)]
pub enum Own {
    Network,
    Mounts,
}

/// Returns the options of unshare(1) that give a command its own here, and the rights of root therein.
pub fn rights(own: Own) -> Vec<&'static str> {
    let (kind, look) = match own {
        Own::Network => ("--net", "true"),
        Own::Mounts => ("--mount", "mount -t tmpfs none /tmp"),
    };
    let ways = [vec![kind], vec![kind, "--map-root-user"]];
    let works = |way: &Vec<&str>| {
        let mut unshare = program("unshare");
        unshare.args(way).args(["sh", "-c", look]).output().is_ok_and(|output| output.status.success())
    };
    let mut ways = ways.into_iter().skip(usize::from(!is_root()));
    ways.find(works).unwrap_or_else(|| lacks("a namespace of its own, which this system refuses"))
}

/// Returns a command that runs this script in one, with these arguments.
pub fn script(sandbox: &super::Sandbox, own: Own, script: &str, args: &[&str]) -> Command {
    let mut command = sandbox.program("unshare");
    command.args(rights(own)).args(["sh", "-ec", script]).args(args);
    command
}
