#!/bin/sh
# Makes the configure script.
set -e
cd "$(dirname "$0")"
mkdir -p build-aux
autoreconf --install --warnings=all,no-obsolete
