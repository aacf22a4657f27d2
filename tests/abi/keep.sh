#!/bin/sh
# keep.sh VERSION: what this version promised, kept for all later ones: its headers and their dump. To be run when it is released, and while
# it is not, whenever a promise is added.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
folder=$here/$1
rm -rf "$folder"
mkdir -p "$folder"
cp -r "$here/../../include" "$folder/include"
"$here/dump.sh" "$folder/include" "$folder/libkb.abi"
echo "kept: $folder"
