#!/bin/sh
# Whether ffmpeg and ffprobe do their work where they have come to: a short video, and what is in it. What does not stops the build of the image.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
ffmpeg -hide_banner -loglevel error -f lavfi -i color=size=64x64:duration=0.2 -c:v libx264 -f mp4 -y "$folder/check.mp4"
ffprobe -v error -show_entries stream=codec_name -of csv=p=0 "$folder/check.mp4" | grep -qx h264
