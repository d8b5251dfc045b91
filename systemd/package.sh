#!/bin/sh
# Builds the packages into target/package: package.sh deb | rpm. Needs cargo-deb or cargo-generate-rpm
# (cargo install cargo-deb cargo-generate-rpm). With BINARY=path it packs that program instead of building one; with
# OS_RELEASE=path the package is for the system of that file, and not for this one.
set -eu
cd "$(dirname "$0")/.."
kind=${1:-deb}
out=target/package
mkdir -p "$out" target/release

if [ -n "${BINARY:-}" ]; then
    cp "$BINARY" target/release/logrotate
else
    cargo build --release --locked --bin logrotate
fi
strip target/release/logrotate

# What the packages hold beside the files of the source tree.
for shell in bash zsh fish; do
    target/release/logrotate --completions "$shell" >"$out/logrotate.$shell"
done
gzip -9nc man/logrotate.8 >"$out/logrotate.8.gz"
gzip -9nc man/logrotate.conf.5 >"$out/logrotate.conf.5.gz"
gzip -9nc man/ja/logrotate.8 >"$out/logrotate.ja.8.gz"
gzip -9nc man/ja/logrotate.conf.5 >"$out/logrotate.conf.ja.5.gz"

case $kind in
deb)
    # The units stand where the logrotate that goes has its own: dpkg takes them along otherwise.
    # shellcheck disable=SC1090
    . "${OS_RELEASE:-/etc/os-release}"
    case $ID-${VERSION_ID:-} in
    debian-1[0-2] | ubuntu-1* | ubuntu-2[0-3]*) variant= ;;
    *) variant=--variant=usr-lib ;;
    esac
    cargo deb --no-build --no-strip ${variant:+"$variant"} --output "$out"
    ;;
rpm) cargo generate-rpm --output "$out" ;;
*)
    echo "usage: package.sh deb|rpm" >&2
    exit 2
    ;;
esac
