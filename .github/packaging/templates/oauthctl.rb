# For a Homebrew tap: Formula/oauthctl.rb.
class Oauthctl < Formula
  desc "Get an OAuth 2.0 token, keep it safely, and find out what it can do"
  homepage "@HOMEPAGE@"
  version "@VERSION@"
  license "@LICENSE@"

  on_macos do
    on_arm do
      url "@REPOSITORY@/releases/download/v@VERSION@/oauthctl-aarch64-apple-darwin.tar.gz"
      sha256 "@SHA256:oauthctl-aarch64-apple-darwin.tar.gz@"
    end
    on_intel do
      url "@REPOSITORY@/releases/download/v@VERSION@/oauthctl-x86_64-apple-darwin.tar.gz"
      sha256 "@SHA256:oauthctl-x86_64-apple-darwin.tar.gz@"
    end
  end

  on_linux do
    on_arm do
      url "@REPOSITORY@/releases/download/v@VERSION@/oauthctl-aarch64-unknown-linux-musl.tar.gz"
      sha256 "@SHA256:oauthctl-aarch64-unknown-linux-musl.tar.gz@"
    end
    on_intel do
      url "@REPOSITORY@/releases/download/v@VERSION@/oauthctl-x86_64-unknown-linux-musl.tar.gz"
      sha256 "@SHA256:oauthctl-x86_64-unknown-linux-musl.tar.gz@"
    end
  end

  def install
    bin.install "oauthctl"
    man1.install Dir["man/man1/*"]
    man5.install Dir["man/man5/*"]
    bash_completion.install "completions/oauthctl.bash" => "oauthctl"
    fish_completion.install "completions/oauthctl.fish"
    zsh_completion.install "completions/_oauthctl"
  end

  test do
    assert_match version.to_s, shell_output("#{bin}/oauthctl --version")
    system bin/"oauthctl", "demo"
  end
end
