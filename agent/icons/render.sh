#!/usr/bin/env bash
# Renders the icons again after an SVG was changed: `agent/icons/render.sh`. Needs rsvg-convert and ImageMagick.
#
#   NAME.rgba       48 × 48 pixels, four bytes each: what the tray takes, on every system; the panel scales them
#   preview.png     all of them at 16, 22, 24 and 32 pixels on light and dark: look at it
#   rendered.sha256 says from which SVG which pixels were made; `tests/run.sh scripts` checks it
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
scratch="$(mktemp -d)"
trap 'rm -rf "$scratch"' EXIT

names=(idle holding attention away)
for name in "${names[@]}"; do
    rsvg-convert --width 48 --height 48 "$name.svg" >"$scratch/$name.png"
    convert "$scratch/$name.png" -depth 8 "RGBA:$name.rgba"
done
rows=()
for ground in '#f5f5f5' '#2b2b2b'; do
    for size in 16 22 24 32; do
        row="$scratch/row-${ground#?}-$size.png"
        cells=()
        for name in "${names[@]}"; do
            cell="$scratch/cell-$name.png"
            convert "$scratch/$name.png" -filter triangle -resize "${size}x$size" \
                -background "$ground" -gravity center -extent 44x40 "$cell"
            cp "$cell" "$row-$name.png"
            cells+=("$row-$name.png")
        done
        convert "${cells[@]}" +append "$row"
        rows+=("$row")
    done
done
convert \( "${rows[@]:0:4}" -append \) \( "${rows[@]:4:4}" -append \) +append -strip -colors 64 png8:preview.png
sha256sum ./*.svg ./*.rgba >rendered.sha256
