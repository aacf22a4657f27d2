#!/bin/sh
# compare.sh GENERATOR FILE: fails when FILE is not what GENERATOR prints today. To mend it: GENERATOR >FILE
set -eu
"$1" | diff -u "$2" -
