#!/bin/sh
# Makes a small Debian image without any registry of images: debootstrap, then what containers never read is left out.
# usage: debian-base.sh IMAGE [SUITE]     (as root; needs debootstrap and a Docker daemon)
set -eu

image=${1:?usage: debian-base.sh IMAGE [SUITE]}
suite=${2:-bookworm}

command -v debootstrap > /dev/null || { echo "debian-base.sh: install debootstrap (apt-get install debootstrap)" >&2; exit 1; }
[ "$(id -u)" = 0 ] || { echo "debian-base.sh: debootstrap needs root" >&2; exit 1; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

root=$work/root
debootstrap --variant=minbase "$suite" "$root" > "$work/log" 2>&1 || { tail -n 20 "$work/log" >&2; exit 1; }
# The same that the usual slim images leave out; licences stay.
find "$root/usr/share/doc" -mindepth 1 ! -name copyright ! -type d -delete
find "$root/usr/share/doc" -mindepth 1 -type d -empty -delete
rm -rf "$root"/usr/share/man/* "$root"/usr/share/info/* "$root"/usr/share/locale/* "$root"/var/lib/apt/lists/* \
  "$root"/var/cache/apt/*.bin "$root"/var/cache/apt/archives/*.deb "$root"/var/cache/debconf/*-old "$root"/var/log/*.log
cat > "$root/etc/dpkg/dpkg.cfg.d/without-documentation" << 'CONF'
path-exclude /usr/share/doc/*
path-include /usr/share/doc/*/copyright
path-exclude /usr/share/man/*
path-exclude /usr/share/info/*
path-exclude /usr/share/locale/*
CONF
echo 'APT::Install-Recommends "false";' > "$root/etc/apt/apt.conf.d/no-recommends"
tar -C "$root" -c . | docker import --change 'CMD ["bash"]' - "$image" > /dev/null
