# SPDX-License-Identifier: GPL-2.0-or-later
# Completions are looked for by the name of the program; this one is in the file of stunfwd.
# shellcheck source=data/completions/stunfwd.bash
. "${BASH_SOURCE[0]%/*}/stunfwd.bash"
