#!/usr/bin/env bash
# imageio 2.38.1 with av 18.1.0, and opencv-python-headless 5.0.0.93: how many frames a video has that was cut without encoding it anew.
#
# One would guess: the number that readers give is the number that they read, give or take one; and where a reader returns a whole video as one array, each picture
# of the array is one of the video.
#
# True: `ffmpeg -ss 3.4 -t 4 -c copy` keeps everything from the keyframe before on, and an edit list in the MP4 says where to begin. Decoders leave out what lies before; the number of frames is
# that of the table, which holds all. Seen here: 137 by PyAV's `stream.frames`, by OpenCV's CAP_PROP_FRAME_COUNT and by imageio's `improps`; 102 are read by each of them, and these last 4.08 seconds at 25 a second, as
# asked for. And `imageio.v3.imread(file, plugin="pyav")` makes an array for 137, fills 102, and returns all: the last 35 pictures were never written, nothing raises and nothing warns. In a fresh process they
# are black. `imiter` yields 102. Encoded anew, the same cut has 103 everywhere.
#
# Why it matters: recordings that people bring for lip-sync or face tracking were trimmed in this way, and the readers are these. Frames picked at even steps of the number lie a third too far behind, number ÷ rate
# is 5.48 seconds for a sound of 4, and who reads the array has a person who turns black before the end.
#
# Needs bash, Python 3.11 and the package index, on x86-64 Linux; takes a minute and 450 MB of disk, all in a folder that is deleted at the end.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3.11 -m venv "$folder/python"
"$folder/python/bin/pip" install --quiet --no-cache-dir --disable-pip-version-check \
  imageio==2.38.1 imageio-ffmpeg==0.6.0 av==18.1.0 opencv-python-headless==5.0.0.93 numpy==2.4.6 pillow==13.0.0
ffmpeg=$("$folder/python/bin/python" -c 'import imageio_ffmpeg; print(imageio_ffmpeg.get_ffmpeg_exe())')
make() { "$ffmpeg" -nostdin -v error -y "$@"; }
make -f lavfi -i testsrc2=r=25:s=64x64:d=10 -c:v libx264 -g 50 "$folder/whole.mp4"
make -ss 3.4 -i "$folder/whole.mp4" -t 4 -c copy "$folder/copied.mp4"
make -i "$folder/copied.mp4" -c:v libx264 "$folder/encoded.mp4"

cat > "$folder/trial.py" <<'PYTHON'
import sys

import av
import cv2
import imageio.v3 as iio

file = sys.argv[1]
with av.open(file) as container:
    said = [container.streams.video[0].frames]
    read = [sum(1 for _ in container.decode(video=0))]
capture = cv2.VideoCapture(file)
said.append(int(capture.get(cv2.CAP_PROP_FRAME_COUNT)))
read.append(0)
while capture.read()[0]:
    read[-1] += 1
said.append(iio.improps(file, plugin="pyav").n_images)
read.append(sum(1 for _ in iio.imiter(file, plugin="pyav")))
print(f"PyAV, OpenCV, imageio say {said}, read {read}; imread returns {iio.imread(file, plugin='pyav').shape[0]}")
PYTHON

changed=0
check() { # NAME EXPECTED
  said=$("$folder/python/bin/python" "$folder/trial.py" "$folder/$1.mp4")
  echo "$1: $said"
  [ "$said" = "$2" ] || changed=1
}
check copied 'PyAV, OpenCV, imageio say [137, 137, 137], read [102, 102, 102]; imread returns 137'
check encoded 'PyAV, OpenCV, imageio say [103, 103, 103], read [103, 103, 103]; imread returns 103'
[ "$changed" = 0 ] && echo "as it was seen" || echo "otherwise than it was seen"
exit "$changed"
