#!/bin/sh
# source.sh DIR: puts the source tarball of the last commit into DIR, with all crates that it needs, so that it builds without a
# network: cargo build --offline. The same commit gives the same bytes.
set -eu
cd "$(dirname "$0")/.."
mkdir -p "$1"
dir=$(cd "$1" && pwd)
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
name=logrotate-rs-$version
time=$(git log -1 --format=%ct)
tree=$dir/tree
rm -rf "$tree"
mkdir "$tree"
git archive --prefix="$name/" HEAD | tar -x -C "$tree"
mkdir "$tree/$name/.cargo"
(cd "$tree/$name" && cargo vendor --quiet --locked --versioned-dirs vendor >/dev/null)
cat >"$tree/$name/.cargo/config.toml" <<'END'
[source.crates-io]
replace-with = "vendored-sources"

[source.vendored-sources]
directory = "vendor"
END
tar -C "$tree" --sort=name --mtime="@$time" --owner=0 --group=0 --numeric-owner --mode=go=rX,u+rw,a-s \
    --format=gnu -c "$name" | gzip -6n >"$dir/$name.tar.gz"
rm -rf "$tree"
echo "$dir/$name.tar.gz"
