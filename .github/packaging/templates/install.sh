#!/bin/sh
# Installs oauthctl @VERSION@ for this user, after it has checked the archive against the checksum below.
#
#   curl --proto '=https' -fsSL @REPOSITORY@/releases/latest/download/install.sh | sh
#
# Variables: OAUTHCTL_INSTALL_DIR, the folder for the program (~/.local/bin, or /usr/local/bin for root);
# OAUTHCTL_DOWNLOAD_URL, where the archives lie, for a mirror of your own. Nothing but the program is installed. Another
# version has an install.sh of its own, at @REPOSITORY@/releases.
set -eu

version=@VERSION@
repository=@REPOSITORY@

fail() {
  echo "install.sh: $1" >&2
  [ $# -lt 2 ] || echo "hint: $2" >&2
  exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }

# The archive for this system, and its checksum.
choose() {
  system=$(uname -s) machine=$(uname -m)
  case $machine in
    amd64) machine=x86_64 ;;
    arm64) machine=aarch64 ;;
  esac
  # A shell under Rosetta takes itself for an Intel machine.
  if [ "$system-$machine" = Darwin-x86_64 ] && [ "$(sysctl -n sysctl.proc_translated 2>/dev/null)" = 1 ]; then
    machine=aarch64
  fi
  case $system-$machine in
    Linux-x86_64) target=x86_64-unknown-linux-musl sum=@SHA256:oauthctl-x86_64-unknown-linux-musl.tar.gz@ ;;
    Linux-aarch64) target=aarch64-unknown-linux-musl sum=@SHA256:oauthctl-aarch64-unknown-linux-musl.tar.gz@ ;;
    Darwin-x86_64) target=x86_64-apple-darwin sum=@SHA256:oauthctl-x86_64-apple-darwin.tar.gz@ ;;
    MINGW*-* | MSYS*-* | CYGWIN*-*)
      fail "this installs on Linux and macOS" "in PowerShell, \`irm $repository/releases/download/v$version/install.ps1 | iex\` installs on Windows"
      ;;
    Darwin-aarch64) target=aarch64-apple-darwin sum=@SHA256:oauthctl-aarch64-apple-darwin.tar.gz@ ;;
    *)
      fail "there is no build for $system on $machine" \
        "with Rust, \`cargo install --git $repository --tag v$version\` builds it"
      ;;
  esac
}

download() {
  if have curl; then
    # A mirror may be on http: the checksum decides, not the connection.
    curl -fsSL --retry 3 -o "$2" "$1"
  elif have wget; then
    # By default it tries what breaks off 20 times. BusyBox's has one try, and no such word.
    case $(wget --help 2>&1) in
      *--tries*) wget -q --tries=3 -O "$2" "$1" ;;
      *) wget -q -O "$2" "$1" ;;
    esac
  else
    fail "neither curl nor wget is here" "install one of them"
  fi
}

sum_of() {
  if have sha256sum; then
    sha256sum "$1"
  elif have shasum; then
    shasum -a 256 "$1"
  elif have openssl; then
    openssl dgst -sha256 -r "$1"
  else
    fail "the checksum cannot be computed: sha256sum, shasum and openssl are missing" "install one of them"
  fi
}

main() {
  choose
  if [ -n "${OAUTHCTL_INSTALL_DIR:-}" ]; then
    folder=$OAUTHCTL_INSTALL_DIR
  elif [ "$(id -u)" = 0 ]; then
    folder=/usr/local/bin
  elif [ -n "${HOME:-}" ]; then
    folder=$HOME/.local/bin
  else
    fail "HOME is not set" "OAUTHCTL_INSTALL_DIR names the folder for the program"
  fi
  elsewhere="OAUTHCTL_INSTALL_DIR names another folder"
  mkdir -p "$folder" 2>/dev/null || fail "the folder $folder cannot be made" "$elsewhere"
  # Otherwise the program would be moved into it.
  [ ! -d "$folder/oauthctl" ] || fail "$folder/oauthctl is a folder" "$elsewhere"
  # Beside the place that it goes to, so that it is moved there whole.
  work=$(mktemp -d "$folder/.oauthctl-install.XXXXXX" 2>/dev/null) || fail "$folder cannot be written to" "$elsewhere"
  trap 'rm -rf "$work"' EXIT
  trap 'exit 130' INT TERM HUP

  archive=oauthctl-$target.tar.gz
  url=${OAUTHCTL_DOWNLOAD_URL:-$repository/releases/download/v$version}/$archive
  echo "Downloading $url" >&2
  download "$url" "$work/$archive" || fail "$url cannot be downloaded" "OAUTHCTL_DOWNLOAD_URL names a mirror"
  found=$(sum_of "$work/$archive")
  found=${found%% *}
  if [ "$found" != "$sum" ]; then
    fail "$archive has the checksum $found, and not $sum: nothing was installed" "download install.sh again, and if it differs still, report it at $repository/issues"
  fi

  (cd "$work" && tar -xzf "$archive") || fail "$archive cannot be unpacked"
  chmod 755 "$work/oauthctl-$target/oauthctl"
  mv -f "$work/oauthctl-$target/oauthctl" "$folder/oauthctl" || fail "$folder/oauthctl cannot be replaced" "$elsewhere"

  echo "Installed oauthctl $version in $folder" >&2
  first=$(command -v oauthctl || true)
  case :$PATH: in
    *:"$folder":*)
      [ "$first" = "$folder/oauthctl" ] ||
        echo "hint: \`oauthctl\` is $first still, which comes first in PATH; remove it, or put $folder before its folder" >&2
      ;;
    *) echo "hint: $folder is not in PATH; add to your shell's profile: export PATH=\"$folder:\$PATH\"" >&2 ;;
  esac
  echo "hint: \`oauthctl demo\` tries it, and \`oauthctl completions --install\` completes with TAB" >&2
}

# All of it has arrived when this line has.
main
