#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# peers.sh DIR [SUITE]   unpacks the tools that stack is compared with, installing nothing:
#   DIR/root    docker and docker compose, which run on this machine's own C library
#   DIR/whole   podman, crun and runc with all that they need, a root directory to chroot into
# They come from Debian's SUITE (sid: the newest there is), fetched from where this machine gets its
# own packages; what docker needs of the C library's kind comes from the machine's own release. The
# machine's apt configuration is not touched.
set -eu
into=$1
suite=${2:-sid}
keys=/usr/share/keyrings/debian-archive-keyring.gpg

newest() {
  apt-get -qq -o Dir::Etc::SourceList="$into/apt/sources.list" -o Dir::Etc::SourceParts=/dev/null \
    -o Dir::State::Lists="$into/apt/lists" -o Dir::Cache="$into/apt/cache" \
    -o Dir::State::status="$into/apt/status" -o APT::Sandbox::User=root "$@"
}

read_lists() {
  mkdir -p "$into/apt/lists/partial" "$into/apt/cache/archives/partial"
  : >"$into/apt/status"
  for entry in $(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' \
    'Component: main' | sort -u); do
    case $entry in
      *security*) ;;
      *) uri=$entry ;;
    esac
  done
  echo "deb [signed-by=$keys] $uri $suite main" >"$into/apt/sources.list"
  newest update
}

unpack_docker() {
  rm -rf "$into/root" "$into/apt/docker"
  mkdir -p "$into/root" "$into/apt/docker"
  cd "$into/apt/docker"
  newest download docker.io docker-cli docker-buildx docker-compose containerd
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
}

# An empty package status makes apt fetch everything down to the C library.
unpack_podman() {
  rm -rf "$into/whole"
  rm -f "$into"/apt/cache/archives/*.deb
  newest --no-install-recommends --download-only --yes install podman crun runc netavark \
    aardvark-dns nftables ca-certificates
  for directory in bin sbin lib lib64; do
    mkdir -p "$into/whole/usr/$directory"
    ln -s "usr/$directory" "$into/whole/$directory"
  done
  for file in "$into"/apt/cache/archives/*.deb; do
    dpkg-deb -x "$file" "$into/whole"
  done
  ls "$into"/apt/cache/archives/ >"$into/$suite.whole.complete"
  rm -f "$into"/apt/cache/archives/*.deb
}

[ -e "$into/$suite.complete" ] && [ -e "$into/$suite.whole.complete" ] && exit 0
read_lists
[ -e "$into/$suite.complete" ] || unpack_docker
[ -e "$into/$suite.whole.complete" ] || unpack_podman
