#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# A plugin exports one symbol, stunfwd_plugin. Looks at every module of the build tree (TAP).
export LC_ALL=C

# libtool marks a module so that nothing links it by mistake.
modules=$(grep -l '^shouldnotlink=yes' ./*.la 2>/dev/null)
if [ -z "$modules" ]; then
  echo '1..0 # SKIP no plugin was built'
  exit 0
fi

count=0
failed=0
for module in $modules; do
  count=$((count + 1))
  name=$(basename "$module" .la)
  exported=$(nm -D --defined-only ".libs/$name.so" | awk '{ print $NF }' | sort -u | tr '\n' ' ')
  if [ "$exported" = 'stunfwd_plugin ' ]; then
    echo "ok $count - $name"
  else
    echo "not ok $count - $name exports: $exported"
    failed=1
  fi
done
echo "1..$count"
exit $failed
