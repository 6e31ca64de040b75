//! The token in the protocols of other programs, with the programs themselves where they can be had.

#[cfg(unix)]
use std::path::Path;

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use serde_json::{Value, json};

#[cfg(unix)]
use crate::support::tls::TlsServer;
use crate::support::{Emulated, Output, Sandbox};

fn logged_in() -> Emulated {
    let mine = Emulated::mine(&[]);
    mine.run(&["login", "--profile", "shop", "--port", "0", "--browser", &mine.browser(), "-q"]).code(0);
    mine
}

fn token_of(mine: &Sandbox) -> String {
    mine.run(&["token", "shop"]).code(0).stdout().trim_end().to_owned()
}

/// Returns `127.0.0.1:PORT` of the emulator.
fn host_of(mine: &Sandbox) -> String {
    mine.variable("OAUTHCTL_EMULATOR").rsplit_once('/').unwrap().1.to_owned()
}

#[track_caller]
fn object(output: &Output) -> Value {
    serde_json::from_str(output.code(0).stdout()).unwrap_or_else(|_| panic!("no JSON: {output}"))
}

/// A login with a token that says itself when it ends.
fn with_jwt() -> (Sandbox, String) {
    let sandbox = Sandbox::new();
    let claims = BASE64_URL_SAFE_NO_PAD.encode(json!({ "exp": 4_000_000_000_i64 }).to_string());
    let token = format!("e30.{claims}.c2ln");
    sandbox.run_with_stdin(&["login", "github", "--with-token", "--profile", "shop"], &token).code(0);
    (sandbox, token)
}

#[cfg(unix)]
#[test]
fn git_itself_gets_the_token_for_the_servers_of_the_login() {
    let mine = logged_in();
    let (token, host) = (token_of(&mine), host_of(&mine));
    let helper = format!("credential.helper=!{} token shop --format git", env!("CARGO_BIN_EXE_oauthctl"));
    let fill = |host: &str, action: &str| {
        let mut git = mine.program("git");
        git.args(["-c", "credential.helper=", "-c", &helper, "credential", action]);
        git.env("GIT_TERMINAL_PROMPT", "0").env("GIT_CONFIG_NOSYSTEM", "1").stdin(std::process::Stdio::piped());
        let mut child = git.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn().unwrap();
        let asked = format!("protocol=http\nhost={host}\nusername=me\npassword=made-up\n\n");
        let asked = if action == "fill" { asked.replace("password=made-up\n", "") } else { asked };
        crate::support::sandbox::feed(&mut child, asked.as_bytes());
        Output::new(format!("git credential {action}"), child.wait_with_output().unwrap())
    };
    let filled = fill(&host, "fill");
    filled.code(0).answers("username=me\n").answers(&format!("password={token}\n"));
    for action in ["approve", "reject"] {
        assert_eq!(fill(&host, action).code(0).stdout(), "", "git's own store and erase change nothing");
    }
    let elsewhere = fill("evil.example", "fill");
    elsewhere.hides(&token).says("the login is not for `http://evil.example`; `--for HOST`");
    assert_ne!(elsewhere.exit_code(), Some(0));
    assert_eq!(token_of(&mine), token);
}

#[test]
fn a_git_helper_says_when_the_token_ends() {
    let (sandbox, token) = with_jwt();
    let asked = "protocol=https\nhost=github.com\n\n";
    let got = sandbox.run_with_stdin(&["token", "--format", "git", "get"], asked);
    assert_eq!(got.code(0).stdout(), format!("username=oauth2\npassword={token}\npassword_expiry_utc=4000000000\n"));
    sandbox.run_with_stdin(&["token", "shop", "--format", "git"], "").code(2).says("no server came on stdin");
}

#[test]
fn docker_gets_the_token_by_its_helper_protocol() {
    let (sandbox, token) = with_jwt();
    let helper = |action: &str, stdin: &str| {
        let args = ["token", "shop", "--format", "docker", "--for", "ghcr.example", "--username", "me", action];
        sandbox.run_with_stdin(&args, stdin)
    };
    let got = object(&helper("get", "https://ghcr.example\n"));
    assert_eq!(got, json!({ "ServerURL": "https://ghcr.example", "Username": "me", "Secret": token }));
    assert_eq!(object(&helper("get", "ghcr.example"))["Secret"], token);
    assert_eq!(object(&helper("list", "")), json!({ "https://ghcr.example": "me" }));
    let elsewhere = helper("get", "https://docker.example");
    elsewhere.code(5).hides(&token).says("`--for HOST`");
    assert_eq!(elsewhere.stdout(), "credentials not found in native keychain\n", "docker knows these words");
    // docker shows what is on stdout.
    let failed = sandbox.run_with_stdin(&["token", "nobody", "--format", "docker", "get"], "https://ghcr.example");
    failed.code(4).answers("there is no login called `nobody`\n").says("there is no login called `nobody`");
    helper("erase", "https://ghcr.example").code(0);
    let store = json!({ "ServerURL": "https://ghcr.example", "Username": "me", "Secret": "made-up" });
    helper("store", &store.to_string()).code(2).says("are not stored here");
    assert_eq!(sandbox.run(&["token", "shop"]).stdout(), format!("{token}\n"));
}

/// It uses a plugin for https only.
#[cfg(unix)]
#[test]
fn kubectl_itself_takes_the_exec_credential() {
    let (sandbox, token) = with_jwt();
    let server = TlsServer::start(&["localhost"], |_| ("200 OK", Vec::new(), b"{\"made\": \"up\"}".to_vec()));
    let authority = sandbox.home().join("ca.pem");
    std::fs::write(&authority, &server.certificate).unwrap();
    let address = format!("https://localhost:{}", server.address.port());
    let config = json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "c",
        "clusters": [{ "name": "c", "cluster": { "server": address, "certificate-authority": authority } }],
        "contexts": [{ "name": "c", "context": { "cluster": "c", "user": "u" } }],
        "users": [{ "name": "u", "user": { "exec": {
            "apiVersion": "client.authentication.k8s.io/v1", "command": env!("CARGO_BIN_EXE_oauthctl"),
            "args": ["token", "shop", "--format", "exec-credential"], "interactiveMode": "Never"
        } } }]
    });
    let file = sandbox.home().join("kubeconfig");
    std::fs::write(&file, config.to_string()).unwrap();
    let mut kubectl = sandbox.program("kubectl");
    kubectl.args(["--kubeconfig", file.to_str().unwrap(), "get", "--raw", "/things"]);
    Output::new("kubectl".to_owned(), kubectl.output().unwrap()).code(0).answers("{\"made\": \"up\"}");
    let request = server.requests().pop().unwrap();
    assert!(request.contains(&format!("Authorization: Bearer {token}\r\n")), "kubectl sent another token");
}

#[test]
fn an_exec_credential_has_the_version_asked_for_and_the_end() {
    let (sandbox, token) = with_jwt();
    let credential = |sandbox: &Sandbox| object(&sandbox.run(&["token", "shop", "--format", "exec-credential"]));
    let status = json!({ "token": token, "expirationTimestamp": "2096-10-02T07:06:40Z" });
    let v1 = json!({ "apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": status });
    assert_eq!(credential(&sandbox), v1);
    let info = r#"{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1beta1","spec":{}}"#;
    let beta = credential(&sandbox.clone().with("KUBERNETES_EXEC_INFO", info));
    assert_eq!(beta["apiVersion"], "client.authentication.k8s.io/v1beta1");
    sandbox.run(&["token", "nobody", "--format", "exec-credential"]).code(4).says("error: ");
}

#[test]
fn google_gets_a_token_or_its_own_form_of_a_failure() {
    let (sandbox, token) = with_jwt();
    let google =
        |sandbox: &Sandbox, login: &str| object(&sandbox.run(&["token", login, "--format", "google-executable"]));
    let answer = google(&sandbox, "shop");
    assert_eq!((&answer["version"], &answer["success"], &answer["id_token"]), (&1.into(), &true.into(), &token.into()));
    assert_eq!(answer["token_type"], "urn:ietf:params:oauth:token-type:jwt");
    assert_eq!(answer["expiration_time"], 4_000_000_000_i64);
    let asked = sandbox.clone().with("GOOGLE_EXTERNAL_ACCOUNT_TOKEN_TYPE", "urn:ietf:params:oauth:token-type:saml2");
    for failed in [google(&sandbox, "nobody"), google(&asked, "shop")] {
        assert_eq!((&failed["version"], &failed["success"], &failed["code"]), (&1.into(), &false.into(), &"4".into()));
        assert!(failed["message"].is_string(), "{failed}");
    }
}

#[test]
fn headers_and_keys_are_json_for_their_consumers() {
    let (sandbox, token) = with_jwt();
    let headers = object(&sandbox.run(&["token", "shop", "--format", "mcp-headers"]));
    assert_eq!(headers, json!({ "Authorization": format!("Bearer {token}") }));
    let keys = sandbox.run(&["token", "shop", "--format", "aws-process"]);
    keys.code(2).says("AWS wants keys").says("AWS_WEB_IDENTITY_TOKEN_FILE").hides(&token);
}

#[cfg(unix)]
#[test]
fn a_file_of_variables_is_kept_up_to_date() {
    use std::os::unix::fs::PermissionsExt;
    let mine = logged_in();
    let file = mine.home().join(".env");
    std::fs::write(&file, "A=1\nSHOP_TOKEN=old\nB=2").unwrap();
    let write = |format: &str, file: &str| {
        mine.run(&["token", "shop", "--format", format, "--env", "SHOP_TOKEN", "--write", file])
    };
    assert_eq!(write("dotenv", ".env").code(0).stdout(), "");
    let mode = std::fs::metadata(&file).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o600);
    let mut shell = mine.program("sh");
    shell.args(["-c", "set -a; . ./.env; echo $A $SHOP_TOKEN $B; test $SHOP_TOKEN_EXPIRES_AT -gt $(date +%s)"]);
    let read = Output::new("sh".to_owned(), shell.output().unwrap());
    assert_eq!(read.code(0).stdout(), format!("1 {} 2\n", token_of(&mine)));
    mine.run(&["refresh", "--profile", "shop"]).code(0);
    write("dotenv", ".env").code(0);
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.contains(&token_of(&mine)) && text.matches("SHOP_TOKEN=").count() == 1, "{text}");

    // Values over several lines are whole, ours and others'.
    std::fs::write(&file, "KEY=\"-----BEGIN\nSHOP_TOKEN=inside\n-----END\"\nSHOP_TOKEN='a\nb'\n").unwrap();
    write("dotenv", ".env").code(0);
    let text = std::fs::read_to_string(&file).unwrap();
    let whole = format!("KEY=\"-----BEGIN\nSHOP_TOKEN=inside\n-----END\"\nSHOP_TOKEN={}\n", token_of(&mine));
    assert!(text.starts_with(&whole), "{text}");
    write("dotenv", "none/.env").code(2).says("its folder `none` does not exist");

    let client = "http-client.private.env.json";
    std::fs::write(mine.home().join(client), r#"{"prod": {"host": "x"}}"#).unwrap();
    write("http-client", client).code(0);
    let all: Value = serde_json::from_str(&std::fs::read_to_string(mine.home().join(client)).unwrap()).unwrap();
    assert_eq!((&all["prod"]["host"], &all["dev"]["SHOP_TOKEN"]), (&"x".into(), &token_of(&mine).into()));
    std::fs::write(mine.home().join(client), "[").unwrap();
    write("http-client", client).code(2).says("is left as it was: it is not JSON");
    assert_eq!(std::fs::read_to_string(mine.home().join(client)).unwrap(), "[");
    write("plain", "token").code(0);
    assert_eq!(std::fs::read_to_string(mine.home().join("token")).unwrap(), token_of(&mine) + "\n");
    write("git", "token").code(2).says("leave `--write` out");
}

#[cfg(unix)]
#[test]
fn a_token_is_written_through_no_link_and_into_no_repository() {
    let (sandbox, token) = with_jwt();
    let write = |file: &str| sandbox.run(&["token", "shop", "--write", file]);
    let at = |name: &str| sandbox.home().join(name);
    std::os::unix::fs::symlink(at("elsewhere"), at("link")).unwrap();
    write("link").code(2).says("it is a symbolic link");
    write("config").code(2).says("it is not a regular file");
    write("nowhere/token").code(2);
    assert!(!at("elsewhere").exists());
    std::fs::create_dir(at("shop")).unwrap();
    let mut git = sandbox.program("git");
    assert!(git.args(["init", "-q", "shop"]).status().unwrap().success());
    write("shop/token").code(2).says("does not ignore it").says("`.gitignore`").hides(&token);
    assert!(!at("shop/token").exists());
    std::fs::write(at("shop/.gitignore"), "token\n").unwrap();
    write("shop/token").code(0);
    assert!(leftovers(&at("shop")).is_empty());
    // A broken repository is in doubt.
    std::fs::remove_file(at("shop/.git/HEAD")).unwrap();
    write("shop/token").code(2).says("does not ignore it");
}

#[cfg(unix)]
fn leftovers(folder: &Path) -> Vec<String> {
    let names = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.starts_with(".oauthctl-")).collect()
}
