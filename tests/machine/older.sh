#!/bin/bash
# older.sh: the source tarball builds without a network with the cargo of Debian 13, which is that of `rust-version` in Cargo.toml.
# What is not yet committed is left out, as it is of the tarball. A minimal Debian 13 is made under target/machine/older.
# Needs root and: apt-get install mmdebstrap
set -eu
cd "$(dirname "$0")/../.."
root=$PWD/target/machine/older
if [ ! -e "$root.made" ]; then
    rm -rf --one-file-system "$root"
    mkdir -p target/machine
    mmdebstrap --quiet --variant=minbase --include=cargo,gcc,libc6-dev trixie "$root"
    : >"$root.made"
fi
wanted=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
chroot "$root" cargo --version | grep -F "cargo $wanted." || {
    echo "FAIL  Debian 13 has the compiler that Cargo.toml names, $wanted" >&2
    exit 1
}
tarball=$(systemd/source.sh target/kit)
rm -rf "$root/build"
mkdir "$root/build"
tar -xzf "$tarball" -C "$root/build" --strip-components=1
unshare --net chroot "$root" env -i PATH=/usr/bin:/bin HOME=/root LC_ALL=C.UTF-8 sh -c "cd /build && cargo ${1:-check} --offline --locked --quiet --target-dir /target"
echo "ok    the source builds without a network with the cargo of Debian 13"
