# nix run "tarball+@REPOSITORY@/releases/latest/download/oauthctl-nix.tar.gz"
{
  description = "@DESCRIPTION@";

  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixpkgs-unstable";

  outputs = { self, nixpkgs }:
    let
      version = "@VERSION@";
      archives = {
        x86_64-linux = {
          target = "x86_64-unknown-linux-musl";
          sha256 = "@SHA256:oauthctl-x86_64-unknown-linux-musl.tar.gz@";
        };
        aarch64-linux = {
          target = "aarch64-unknown-linux-musl";
          sha256 = "@SHA256:oauthctl-aarch64-unknown-linux-musl.tar.gz@";
        };
        x86_64-darwin = {
          target = "x86_64-apple-darwin";
          sha256 = "@SHA256:oauthctl-x86_64-apple-darwin.tar.gz@";
        };
        aarch64-darwin = {
          target = "aarch64-apple-darwin";
          sha256 = "@SHA256:oauthctl-aarch64-apple-darwin.tar.gz@";
        };
      };
      package = system: { target, sha256 }:
        let pkgs = nixpkgs.legacyPackages.${system};
        in pkgs.stdenvNoCC.mkDerivation {
          pname = "oauthctl";
          inherit version;
          src = pkgs.fetchurl {
            url = "@REPOSITORY@/releases/download/v${version}/oauthctl-${target}.tar.gz";
            inherit sha256;
          };
          nativeBuildInputs = [ pkgs.installShellFiles ];
          # The archive has a static program; on macOS, stripping would break its signature.
          dontStrip = true;
          installPhase = ''
            install -Dm755 oauthctl -t $out/bin
            installManPage man/man1/* man/man5/*
            installShellCompletion --bash --name oauthctl completions/oauthctl.bash
            installShellCompletion completions/oauthctl.fish --zsh completions/_oauthctl
          '';
          meta = {
            description = "@DESCRIPTION@";
            homepage = "@HOMEPAGE@";
            license = pkgs.lib.licenses.mit;
            mainProgram = "oauthctl";
          };
        };
    in {
      packages = builtins.mapAttrs (system: archive: { default = package system archive; }) archives;
    };
}
