#!/usr/bin/env bash
# ffmpeg 7.0.2 (and 5.1.9): filters of a sound whose sample rate changes on the way.
#
# One would guess: a chain such as `-af apad=whole_dur=12` or `-af atrim=2:8` is set up once and sees the sound from its beginning to its end; where the rate changes, and it may
# in ADTS, MPEG-TS and MP3 streams, as broadcasts do at the seam of two programmes, ffmpeg resamples in front of it, as it does at the output, and the rest is as before.
#
# True: at the first frame of another rate ffmpeg tears the whole chain down and builds it anew, without a word of it. Whatever a filter has counted is
# forgotten: the delay comes twice, the padding to twelve seconds begins again at zero behind the five seconds that were there, and a window that counts from `first_pts=0` lasts nine seconds
# instead of six. All that is said is the output's complaint of times that go back, hundreds of lines with status 0, and none of the filters; the sound without filters has its right length.
#
# Why it matters: a program that cuts "from second 2 to second 8" of somebody's recording, or pads it to the length of a video, gets another length than it asked for, and lips that
# no longer follow. Compare the length of what came out, or give the sound one rate first, in a run of its own.
#
# Needs bash, Python 3.11 and the package index, on x86-64 Linux; takes half a minute and 110 MB of disk, all in a folder that is deleted at the end.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

python3.11 -m venv "$folder/python"
"$folder/python/bin/pip" install --quiet --no-cache-dir --disable-pip-version-check imageio-ffmpeg==0.6.0
ffmpeg=$("$folder/python/bin/python" -c 'import imageio_ffmpeg; print(imageio_ffmpeg.get_ffmpeg_exe())')
"$ffmpeg" -version | head -1 | cut -d' ' -f1-3

# Five seconds at one rate and five at another; ADTS files may be joined so, each frame says its rate.
for rate in 44100 48000; do
  "$ffmpeg" -nostdin -v error -y -f lavfi -i "sine=440:r=$rate:d=5" -c:a aac -bitexact -f adts "$folder/$rate.aac"
done
cat "$folder/44100.aac" "$folder/44100.aac" > "$folder/same.aac"
cat "$folder/44100.aac" "$folder/48000.aac" > "$folder/changes.aac"

changed=0
check() { # FILTERS EXPECTED
  said="$1:"
  for sound in same changes; do
    bytes=$("$ffmpeg" -nostdin -v fatal -i "$folder/$sound.aac" -af "$1" -f s16le -ac 1 -ar 16000 - | wc -c)
    said="$said $(awk -v bytes="$bytes" 'BEGIN { printf "%.1f", bytes / 32000 }') s"
  done
  echo "$said"
  [ "$said" = "$2" ] || changed=1
}
echo 'filters: seconds that come out where the rate stays, and where it changes'
check anull 'anull: 10.1 s 10.1 s'
check adelay=1000 'adelay=1000: 11.1 s 12.1 s'
check apad=whole_dur=12 'apad=whole_dur=12: 12.0 s 17.0 s'
check aresample=async=1:first_pts=0,atrim=2:8 'aresample=async=1:first_pts=0,atrim=2:8: 6.0 s 9.0 s'
[ "$changed" = 0 ] && echo "as it was seen" || echo "otherwise than it was seen"
exit "$changed"
