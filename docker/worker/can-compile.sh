#!/bin/sh
# Whether a request on a GPU finds what Triton compiles its launchers with: they are C, and made when they are needed first.
#
#     can-compile.sh ENVIRONMENT LINK
#
# LINK is the folder in which libcuda.so stands for the driver's libcuda.so.1. No image has the driver, NVIDIA's toolkit brings it when a container
# starts; so where it is not there, an empty library has its name while this runs. What is missing stops the build and not a request.
# docs/decisions/0093 says what else was looked at.
set -eu
environment=$1
link=$2
triton=$("$environment/bin/python" -c 'import importlib.util; print(importlib.util.find_spec("triton").submodule_search_locations[0])')
headers=$("$environment/bin/python" -c 'import sysconfig; print(sysconfig.get_path("include"))')
nvidia=$triton/backends/nvidia
made=$(mktemp -d)
driver=$(readlink -m "$link/libcuda.so")
stand_in=
trap 'rm -rf "$made"; [ -z "$stand_in" ] || rm -f "$stand_in"' EXIT

lacks() {
  echo "can-compile: this image cannot run on a GPU: $*" >&2
  exit 1
}

[ -L "$link/libcuda.so" ] || lacks "$link/libcuda.so is no link to the driver"
command -v gcc >/dev/null || lacks "gcc is missing, with which Triton compiles"
[ -x /sbin/ldconfig ] || lacks "/sbin/ldconfig is missing, which Triton asks where the driver is"
[ -f "$headers/Python.h" ] || lacks "Python's headers are missing in $headers"
[ -f "$nvidia/lib/libdevice.10.bc" ] || lacks "Triton's libdevice is missing"
for program in "$nvidia"/bin/ptxas*; do
  "$program" --version >/dev/null 2>&1 || lacks "$program, which assembles kernels, does not run"
done

if [ ! -e "$driver" ]; then
  stand_in=$driver
  : | gcc -x c -shared -fPIC -Wl,-soname,libcuda.so.1 -o "$stand_in" - || lacks "gcc compiles nothing (libc6-dev?)"
fi
# As Triton 3.1 does it. Later ones name libcuda.so.1 itself, and need no link.
LIBRARY_PATH=$link gcc "$nvidia/driver.c" -O3 -shared -fPIC -o "$made/launcher.so" -lcuda "-I$nvidia/include" "-I$headers" ||
  lacks "Triton's own C does not compile"
echo "Triton's launchers compile, and $(basename "$nvidia"/bin/ptxas) runs"
