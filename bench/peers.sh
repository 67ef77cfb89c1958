#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# peers.sh DIR [SUITE]   unpacks docker and docker compose into DIR/root, installing nothing.
# They come from Debian's SUITE (sid: the newest there is), fetched from where this machine gets its
# own packages; what they need of the C library's kind comes from the machine's own release. The
# machine's apt configuration is not touched.
set -eu
into=$1
suite=${2:-sid}
[ -e "$into/$suite.complete" ] && exit 0

rm -rf "$into/apt" "$into/root"
mkdir -p "$into/apt/lists/partial" "$into/apt/cache/archives/partial" "$into/root"
keys=/usr/share/keyrings/debian-archive-keyring.gpg
for entry in $(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Component: main' |
  sort -u); do
  case $entry in
    *security*) ;;
    *) uri=$entry ;;
  esac
done
echo "deb [signed-by=$keys] $uri $suite main" >"$into/apt/sources.list"

newest() {
  apt-get -qq -o Dir::Etc::SourceList="$into/apt/sources.list" -o Dir::Etc::SourceParts=/dev/null \
    -o Dir::State::Lists="$into/apt/lists" -o Dir::Cache="$into/apt/cache" \
    -o APT::Sandbox::User=root "$@"
}
cd "$into/apt"
newest update
newest download docker.io docker-cli docker-compose containerd
apt-get -qq -o APT::Sandbox::User=root download runc iptables libip4tc2 libip6tc2 libxtables12 \
  libnftnl11 libnfnetlink0 libnetfilter-conntrack3
for file in ./*.deb; do
  dpkg-deb -x "$file" "$into/root"
done
# What update-alternatives would have linked.
for name in iptables ip6tables iptables-save iptables-restore ip6tables-save ip6tables-restore; do
  ln -sf xtables-nft-multi "$into/root/usr/sbin/$name"
done
ls ./*.deb >"$into/$suite.complete"
