#!/bin/sh
# Puts the reference implementation's newest Debian binary (logrotate 3.22) into DIR, with the libraries that it was
# built for, and prints the path of a wrapper that runs it. It serves as an oracle for behaviour: it is run and compared.
#
# usage: tests/peer.sh [DIR]      (default: target/peer in the project)
set -eu
dir=${1:-$(dirname "$0")/../target/peer}
mkdir -p "$dir/parts" "$dir/lists/partial" "$dir/cache/archives/partial" "$dir/root"
dir=$(cd "$dir" && pwd)
if [ -x "$dir/logrotate" ] && "$dir/logrotate" --version >/dev/null 2>&1; then
    echo "$dir/logrotate"
    exit 0
fi
uri=$(awk '/^URIs:/ {print $2; exit}' /etc/apt/sources.list.d/*.sources 2>/dev/null || true)
[ -n "$uri" ] || uri=$(awk '/^deb / {for (i = 2; i <= NF; i++) if ($i ~ /^[a-z+]+:/) {print $i; exit}}' \
    /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null || true)
cat >"$dir/parts/trixie.sources" <<SOURCES
Types: deb
URIs: ${uri:-http://deb.debian.org/debian}
Suites: trixie
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
SOURCES
set -- -qq -oDir::Etc::sourcelist=/dev/null -oDir::Etc::sourceparts="$dir/parts" -oDir::State::Lists="$dir/lists" \
    -oDir::Cache="$dir/cache" -oAPT::Sandbox::User="$(id -un)"
apt-get "$@" update >&2
(cd "$dir" && apt-get "$@" download logrotate libc6 libpopt0 libacl1 libselinux1 libpcre2-8-0 >&2)
for deb in "$dir"/*.deb; do dpkg -x "$deb" "$dir/root"; done
lib=$dir/root/usr/lib/$(uname -m)-linux-gnu
loader=$(ls "$lib"/ld-linux-*.so.*)
cat >"$dir/logrotate" <<WRAPPER
#!/bin/sh
exec "$loader" --library-path "$lib" "$dir/root/usr/sbin/logrotate" "\$@"
WRAPPER
chmod +x "$dir/logrotate"
rm -rf "$dir/lists" "$dir/cache" "$dir"/*.deb
"$dir/logrotate" --version >&2
echo "$dir/logrotate"
