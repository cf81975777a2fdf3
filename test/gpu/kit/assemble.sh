#!/bin/sh
# Takes the piece that lies beside it to the kit's place (TRAINYARD_KIT, by default ~/gpu-kit), and unpacks the kit once all pieces are there.
# May be called any number of times, in any order. Exit code 0: taken; 1: a piece is damaged, or the place cannot be written.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
place=${TRAINYARD_KIT:-${HOME:-/root}/gpu-kit}
mkdir -p "$place/pieces"
cp "$here"/SHA256SUMS "$place/pieces/SHA256SUMS"
for piece in "$here"/kit.*; do
  name=$(basename "$piece")
  wanted=$(grep " $name\$" "$here/SHA256SUMS" | cut -d' ' -f1)
  found=$(sha256sum "$piece" | cut -d' ' -f1)
  if [ "$wanted" != "$found" ]; then
    echo "The piece $name is damaged: make or carry it again." >&2
    exit 1
  fi
  cp "$piece" "$place/pieces/$name.part"
  mv "$place/pieces/$name.part" "$place/pieces/$name"
done
missing=""
while read -r sum name; do
  [ -f "$place/pieces/$name" ] || missing="$missing $name"
done <"$place/pieces/SHA256SUMS"
if [ -n "$missing" ]; then
  echo "Taken to $place. Still missing:$missing"
  exit 0
fi
stamp=$(sha256sum "$place/pieces/SHA256SUMS" | cut -d' ' -f1)
if [ "$(cat "$place/kit.stamp" 2>/dev/null || true)" = "$stamp" ]; then
  echo "The kit in $place/kit is whole."
  exit 0
fi
(cd "$place/pieces" && sha256sum --quiet -c SHA256SUMS)
rm -rf "$place/kit" "$place/kit.new"
mkdir "$place/kit.new"
cat "$place"/pieces/kit.?? | tar -xzf - -C "$place/kit.new"
mv "$place/kit.new" "$place/kit"
echo "$stamp" >"$place/kit.stamp"
echo "The kit in $place/kit is whole. Run $place/kit/run.sh."
