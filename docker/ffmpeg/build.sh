#!/bin/sh
# Builds ffmpeg and ffprobe from a release of ffmpeg.org, for the images of bot and worker:
#
#     build.sh SOURCE.tar.xz TARGET_FOLDER [PROCESSOR]
#
# PROCESSOR is the one that they shall run on, in Debian's words (amd64, arm64): this machine's, unless another is named.
#
# Why not the distribution's: Ubuntu 22.04, on which the worker's base image stands, has ffmpeg 4.4, and our code is made for 5 to 8.
# Debian's 5.1 would do for the bot, but brings 350 MB of displays, sound servers and LLVM along. This is one build for both, 45 MB:
# every decoder and filter that ffmpeg has of its own, the x264 encoder, and nothing that reaches a network or a device.
#
# The two programs are copied into images that have none of the libraries they were built with, so all of them are linked in.
#
# Needs gcc, make, nasm, pkg-config, xz, and the headers and static libraries of x264 and zlib; for another processor its gcc, and those of its libraries.
# Whether the programs do their work is seen where they shall run: check.sh.
set -eu

source=$1
target=$2
own=$(dpkg --print-architecture)
processor=${3:-$own}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
tar -xJf "$source" -C "$folder" --strip-components=1
cd "$folder"

set --
if [ "$processor" != "$own" ]; then
  case $processor in
    arm64) name=aarch64 ;;
    amd64) name=x86_64 ;;
    *)
      echo "nothing is known of the processor $processor" >&2
      exit 1
      ;;
  esac
  # The machine's own pkg-config, and the other one's libraries.
  export PKG_CONFIG_LIBDIR="/usr/lib/$name-linux-gnu/pkgconfig"
  set -- --enable-cross-compile --target-os=linux --arch="$name" --cross-prefix="$name-linux-gnu-" --pkg-config=pkg-config
fi

# --disable-autodetect: what the build machine happens to have must not end up in the programs.
# -static: --enable-static is about ffmpeg's own libraries only; x264 would still be looked for where the programs run.
./configure \
  --prefix="$target" \
  --disable-autodetect \
  --disable-shared --enable-static --pkg-config-flags=--static --extra-ldexeflags=-static \
  --enable-gpl --enable-libx264 --enable-zlib \
  --disable-network --disable-devices --enable-indev=lavfi \
  --disable-ffplay --disable-doc --disable-debug \
  "$@"
make -j"$(nproc)"
make install-progs

for program in ffmpeg ffprobe; do
  # ldd asks the program itself, which runs on its own processor alone.
  if [ "$processor" = "$own" ]; then list='ldd'; else list='readelf --dynamic'; fi
  if $list "$target/bin/$program" 2>/dev/null | grep -E '=>|NEEDED' >&2; then
    echo "$program was not linked statically: it would not start in an image that lacks the libraries above" >&2
    exit 1
  fi
done
