#!/bin/sh
# release.sh [DIR]: makes all of a release, in DIR (target/kit if none is named), from a tree in which nothing is changed: the
# static program, .deb, .rpm, the source with its crates, manuals and completions, an SBOM, and SHA256SUMS over them. Two runs
# for the same commit, wherever they are, with the same compiler and libraries give the same bytes.
#
# Needs what package.sh needs, and cargo-cyclonedx. Who is the maintainer is asked by package.sh.
set -eu
cd "$(dirname "$0")/.."
if [ -n "$(git status --porcelain)" ]; then
    echo "release.sh: the tree is not clean: commit first, or put it aside" >&2
    exit 1
fi
mkdir -p "${1:-target/kit}"
kit=$(cd "${1:-target/kit}" && pwd)
rm -rf "${kit:?}"/*
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
machine=$(rustc -vV | sed -n 's/^host: //p')
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
# Where it was built is in no program.
RUSTFLAGS="--remap-path-prefix=$PWD=/build --remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}=/cargo"
CFLAGS="-ffile-prefix-map=$PWD=/build -ffile-prefix-map=${CARGO_HOME:-$HOME/.cargo}=/cargo"
export SOURCE_DATE_EPOCH RUSTFLAGS CFLAGS
export LC_ALL=C TZ=UTC
umask 022

systemd/source.sh "$kit" >/dev/null

# Without SELinux, which asks for a shared library.
RUSTFLAGS="$RUSTFLAGS -C target-feature=+crt-static" cargo build --release --locked --bin logrotate --target "$machine" --target-dir target/static
install -m 0755 "target/static/$machine/release/logrotate" "$kit/logrotate-$version-$machine"
strip "$kit/logrotate-$version-$machine"

rm -f target/package/*.deb target/package/*.rpm
systemd/package.sh deb
BINARY=target/package/logrotate systemd/package.sh rpm
cp target/package/*.deb target/package/*.rpm "$kit/"

tree=logrotate-$version-docs
rm -rf "target/$tree"
mkdir -p "target/$tree/ja"
cp man/logrotate.8 man/logrotate.conf.5 target/package/logrotate.bash target/package/logrotate.zsh target/package/logrotate.fish "target/$tree/"
cp man/ja/logrotate.8 man/ja/logrotate.conf.5 "target/$tree/ja/"
tar -C target --sort=name --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner --mode=go=rX,u+rw,a-s \
    --format=gnu -c "$tree" | gzip -6n >"$kit/$tree.tar.gz"

# The list of all crates in the program. It is written beside Cargo.toml, and names where that is.
cargo cyclonedx --quiet --format json --spec-version 1.5 --features selinux --target "$machine" --override-filename sbom
sed "s,file://$PWD,file:///build,g" sbom.json >"$kit/logrotate-rs-$version.cdx.json"
rm sbom.json

cd "$kit"
find . -type f ! -name SHA256SUMS -printf '%P\n' | sort | xargs -d '\n' sha256sum >SHA256SUMS
cat SHA256SUMS
