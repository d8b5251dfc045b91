#!/bin/sh
# Builds the packages into target/package: package.sh deb | rpm | files. Needs cargo-deb and dpkg-dev, or cargo-generate-rpm
# (cargo install cargo-deb cargo-generate-rpm), and libselinux and libclang for the program (Debian: libselinux1-dev
# libclang-dev). `files` makes only the manuals and completions that both hold.
#
# With BINARY=path it packs that program instead of building one. The maintainer is who builds, as Debian's tools find him:
# DEBFULLNAME and DEBEMAIL (or NAME, EMAIL), then what git knows. SOURCE_DATE_EPOCH, or the last commit, is the time.
set -eu
cd "$(dirname "$0")/.."
kind=${1:-deb}
out=target/package
mkdir -p "$out"

version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
# The logrotate that is taken the place of, and ours.
version=3.22.0+rs$version
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || date +%s)}
export SOURCE_DATE_EPOCH

maintainer() {
    name=${DEBFULLNAME:-${NAME:-$(git config user.name || :)}}
    email=${DEBEMAIL:-${EMAIL:-$(git config user.email || :)}}
    case $email in
    *'<'*) echo "$email" && return ;;
    *@*) [ -z "$name" ] || { echo "$name <$email>" && return; } ;;
    esac
    echo "package.sh: who is the maintainer? Set DEBFULLNAME and DEBEMAIL, or git's user.name and user.email." >&2
    exit 2
}

# What the packages hold beside the files of the source tree.
files() {
    if [ -z "${BINARY:-}" ]; then
        cargo build --release --locked --features selinux --bin logrotate
        BINARY=target/release/logrotate
    fi
    [ "$BINARY" -ef "$out/logrotate" ] || install -m 0755 "$BINARY" "$out/logrotate"
    strip "$out/logrotate"
    for shell in bash zsh fish; do
        "$out/logrotate" --completions "$shell" >"$out/logrotate.$shell"
    done
    gzip -9nc man/logrotate.8 >"$out/logrotate.8.gz"
    gzip -9nc man/logrotate.conf.5 >"$out/logrotate.conf.5.gz"
    gzip -9nc man/ja/logrotate.8 >"$out/logrotate.ja.8.gz"
    gzip -9nc man/ja/logrotate.conf.5 >"$out/logrotate.conf.ja.5.gz"
}

changelog() {
    printf 'logrotate (1:%s-1) unstable; urgency=medium\n\n' "$version"
    printf '  * Built from logrotate-rs %s. What changed is in its CHANGELOG.md.\n\n' "${version#*+rs}"
    printf ' -- %s  %s\n' "$who" "$(LC_ALL=C date -R -u -d "@$SOURCE_DATE_EPOCH")"
}

# cargo-deb makes no md5sums, by which dpkg --verify and debsums see what was changed.
add_md5sums() {
    tree=$out/tree
    rm -rf "$tree"
    dpkg-deb -R "$1" "$tree"
    (cd "$tree" && find . -path ./DEBIAN -prune -o -type f -print | sed 's,^\./,,' | LC_ALL=C sort | xargs -d '\n' md5sum >DEBIAN/md5sums)
    chmod 644 "$tree/DEBIAN/md5sums"
    dpkg-deb --root-owner-group -Zxz -b "$tree" "$1" >/dev/null
    rm -rf "$tree"
}

case $kind in
deb)
    who=$(maintainer)
    files
    changelog >"$out/changelog"
    deb=$out/logrotate_$version-1_$(dpkg --print-architecture).deb
    cargo deb --no-build --no-strip --deb-version "1:$version-1" --maintainer "$who" --output "$deb"
    add_md5sums "$deb"
    ;;
rpm)
    who=$(maintainer)
    files
    cargo generate-rpm --output "$out" --set-metadata "version = \"$version\"" --set-metadata "vendor = \"$who\""
    ;;
files) files ;;
*)
    echo "usage: package.sh deb|rpm|files" >&2
    exit 2
    ;;
esac
