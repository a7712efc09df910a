#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Includes follow the arrows of the architecture, and no other way (TAP).
export LC_ALL=C
root=${1:-${srcdir:-.}}
rooms='core net path tunnel meeting session manage cli'
number=0
failed=0

# arrows LABEL FOLDERS ALLOWED: which rooms the files of these folders may include.
arrows() {
  number=$((number + 1))
  # shellcheck disable=SC2086 # lists of words
  found=$(cd "$root" && for folder in $2; do [ -d "$folder" ] && echo "$folder"; done)
  if [ -z "$found" ]; then
    echo "ok $number - $1 # SKIP nothing there"
    return
  fi
  # shellcheck disable=SC2086
  wrong=$(cd "$root" && grep -rnE --include='*.c' --include='*.h' \
    '^[[:space:]]*#[[:space:]]*include[[:space:]]*["<]' $found |
    awk -v rooms="$rooms" -v allowed="$3" '
      BEGIN {
        n = split(rooms, r, " "); for (i = 1; i <= n; i++) room[r[i]] = 1
        n = split(allowed, a, " "); for (i = 1; i <= n; i++) may[a[i]] = 1
      }
      {
        quoted = match($0, /include[ \t]*"/) > 0
        path = $0; sub(/^[^"<]*["<]/, "", path); sub(/[">].*$/, "", path)
        first = path; sub(/\/.*$/, "", first)
        slash = index(path, "/") > 0
        if (!quoted && path ~ /^net\/(if|if_arp|if_packet|route)\.h$/) next # of libc
        if (path ~ /^\.\.?\//) print
        else if (slash && (first in room) && !(first in may)) print
        else if (slash && quoted && !(first in may)) print
      }')
  if [ -z "$wrong" ]; then
    echo "ok $number - $1"
  else
    failed=1
    echo "not ok $number - $1"
    echo "$wrong" | sed 's/^/# /'
  fi
}

arrows 'core includes core alone' src/core 'core'
arrows 'net uses core' src/net 'net core'
arrows 'path uses net' src/path 'path net core'
arrows 'tunnel uses path' src/tunnel 'tunnel path net core'
arrows 'meeting uses net' src/meeting 'meeting net core'
arrows 'session uses tunnel and meeting' src/session 'session tunnel meeting path net core'
arrows 'manage uses session' src/manage 'manage session tunnel meeting path net core'
arrows 'cli uses manage' src/cli 'cli manage session tunnel meeting path net core'
arrows 'signald uses net and core' signaling/signald 'net core'
arrows 'public headers include each other' include/stunfwd ''
arrows 'plugins include <stunfwd/...>' 'plugins examples' ''
echo "1..$number"
exit $failed
