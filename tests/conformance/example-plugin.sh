#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# A third party builds a plugin: against a staged installation alone, away from the source
# tree. The programs of that installation find it and take it (TAP).
# shellcheck disable=SC2317  # step calls what seems out of reach
export LC_ALL=C
source=$(cd "${srcdir:-.}" && pwd)/examples/known-port
number=0
failed=0

for tool in autoreconf pkg-config nm; do
  command -v $tool >/dev/null || { echo "1..0 # SKIP there is no $tool"; exit 0; }
done
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT

# step NAME COMMAND...: one line of TAP; what the command printed if it fails.
step() {
  name=$1
  shift
  number=$((number + 1))
  if "$@" >"$work/log" 2>&1; then
    echo "ok $number - $name"
  else
    echo "not ok $number - $name"
    tail -n 20 "$work/log" | sed 's/^/# /'
    failed=1
  fi
}

# Those of the make and of the tests around us are not the third party's.
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES DESTDIR STUNFWD_PLUGIN_PATH GSETTINGS_SCHEMA_DIR

install_host() {
  make install DESTDIR="$work/root"
}

# The prefix of the staged installation, which its .pc file does not know yet.
find_prefix() {
  file=$(find "$work/root" -name stunfwd.pc | head -n 1)
  prefix=${file%/lib*/pkgconfig/stunfwd.pc}
  [ -x "$prefix/bin/stunfwd" ] && sed -i "s|^prefix=.*|prefix=$prefix|" "$file"
}

configure_plugin() {
  cp -r "$source" "$work/plugin" && chmod -R u+w "$work/plugin" && cd "$work/plugin" &&
    autoreconf -fi &&
    ./configure PKG_CONFIG_PATH="${file%/*}" CFLAGS='-O1 -g'
}

build_plugin() {
  make -C "$work/plugin" && mkdir "$work/plugins" && cp "$work/plugin/.libs/known-port.so" "$work/plugins"
}

exports_one_symbol() {
  [ "$(nm -D --defined-only "$work/plugins/known-port.so" | awk '{ print $NF }')" = stunfwd_plugin ]
}

is_listed() {
  LD_LIBRARY_PATH=${file%/pkgconfig/*} "$prefix/bin/stunfwd" plugins --plugin-dir "$work/plugins" \
    >"$work/listed" 2>&1
  status=$?
  cat "$work/listed"
  [ "$status" = 0 ] && grep -q '^Strategy .*known-port.*plugins/known-port.so' "$work/listed"
}

step 'the host is installed' install_host
step 'its .pc file is found' find_prefix
step 'the plugin is configured' configure_plugin
step 'the plugin is built' build_plugin
step 'the plugin exports one symbol' exports_one_symbol
step 'the host lists it' is_listed
echo "1..$number"
exit $failed
