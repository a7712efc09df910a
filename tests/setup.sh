# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# What ./check and ./quickstart share. They set $top, the top of the source tree.
: "${top:?}"

as_root() {
	if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

say() {
	printf '== %s\n' "$*" >&2
}

packages() {                                        # KIND...
	local kind machine
	machine=$(dpkg --print-architecture)
	for kind; do
		awk -v kind="$kind" -v machine="$machine" \
			'$1 == kind && (NF < 3 || $3 == machine) { print $2 }' "$top/tests/packages"
	done
}

missing_packages() {                                # KIND...
	local name
	for name in $(packages "$@"); do
		dpkg-query -W -f='${Status}' "$name" 2>/dev/null | grep -q ' installed$' || echo "$name"
	done
}

# Services among the packages must not start: they are for the tests to start, each in a
# namespace. policy-rc.d is how Debian lets an administrator say so.
install_packages() {                                # PACKAGE...
	local policy=/usr/sbin/policy-rc.d status=0
	if [ -e $policy ]; then
		policy=
	else
		printf '#!/bin/sh\nexit 101\n' | as_root tee $policy >/dev/null
		as_root chmod 755 $policy
	fi
	as_root env DEBIAN_FRONTEND=noninteractive apt-get update -q &&
		as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends "$@" ||
		status=$?
	[ -z "$policy" ] || as_root rm -f "$policy"
	return $status
}

install_missing() {                                 # KIND...
	local missing
	command -v dpkg-query >/dev/null || return 0    # not Debian: configure says what is missing
	mapfile -t missing < <(missing_packages "$@")
	[ ${#missing[@]} -eq 0 ] && return
	say "installing ${missing[*]}"
	install_packages "${missing[@]}" >&2
}

# An out-of-tree build in $top/build/NAME. Configures once for each set of options.
configure_build() {                                 # NAME OPTION...
	local folder=$top/build/$1 options="${*:2}"
	[ -x "$top/configure" ] || "$top/autogen.sh" || return
	mkdir -p "$folder" || return
	[ -e "$folder/Makefile" ] && [ "$(cat "$folder/.options" 2>/dev/null)" = "$options" ] && return
	say "configuring build/$1"
	(cd "$folder" && "$top/configure" --quiet "${@:2}") || return
	printf '%s\n' "$options" >"$folder/.options"
}

make_build() {                                      # NAME TARGET...
	make -C "$top/build/$1" --no-print-directory -s -j"$(nproc)" "${@:2}"
}

# The optimised build, installed in $top/build/stage.
stage_release() {
	configure_build release --prefix="$top/build/stage" CFLAGS='-O2 -g' >&2 &&
		make_build release all >&2 && make_build release install >/dev/null
}
