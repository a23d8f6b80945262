#!/bin/sh
# Makes the worker's Python environment smaller by what nothing loads at run time:
#
#     slim.sh ENVIRONMENT [CUDA]
#
# CUDA is where the base has CUDA's libraries, /usr/local/cuda unless given. Needs binutils. At the end PyTorch and Triton have to load:
# a base whose libraries do not fit stops the build and not a request. docs/decisions/0078 says what was left in, and why.
set -eu
python=$1/bin/python
cuda=${2:-/usr/local/cuda}
cd "$("$python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')"

# Symbols and debug tables: half a gigabyte, most of it of Triton's compiler. Not of NVIDIA's libraries, which have next to none: strip breaks some of them.
find torch/lib triton/_C llvmlite/binding -type f -name '*.so*' -exec strip --strip-unneeded {} +

# For compiling C++ against PyTorch, which no image has a compiler for; the disassemblers of Triton's tools; CUDA's libraries for counting
# events on the chip and for several GPUs in one cuSOLVER, which no other library here refers to; a Rust library for linking; Cython, with which
# packages were built; the packages' own tests.
rm -rf c2pa/libs/*.rlib Cython onnx/backend/test torch/include torch/bin/protoc* triton/backends/nvidia/bin/nvdisasm triton/backends/nvidia/bin/cuobjdump
find nvidia \( -name 'libnvperf_*' -o -name 'libpcsamplingutil.so' -o -name 'libcheckpoint.so' -o -name 'libcusolverMg.so.*' \) -delete
find . -type d -name tests -prune -exec rm -rf {} +

# cuSPARSELt (0.2 GB) is for matrices of which half is zero in a pattern: PyTorch does not load without it, and nothing here calls it. In its place stands a
# library with the functions that PyTorch asks for, each of which answers 10, CUSPARSE_STATUS_NOT_SUPPORTED: whoever calls one gets an error that says so.
made=$(mktemp -d)
{
  echo '.intel_syntax noprefix'
  nm --dynamic --undefined-only torch/lib/libtorch_cuda.so | sed -n 's/^.* U \(cusparseLt[A-Za-z0-9]*\).*/\1/p' | while read -r name; do
    printf '.globl %s\n.type %s, @function\n%s:\nmov eax, 10\nret\n' "$name" "$name" "$name"
  done
  echo '.section .note.GNU-stack, "", @progbits'
} >"$made/functions.s"
as -o "$made/functions.o" "$made/functions.s"
ld -shared -soname libcusparseLt.so.0 -o "$made/library" "$made/functions.o"
find torch/lib nvidia -type f -name 'libcusparseLt*.so.*' | while read -r library; do cat "$made/library" >"$library"; done
rm -rf "$made"

# CUDA's libraries that the base has as well, in the same major version and none older: a library of a later minor version serves programs that
# were built for an earlier one. Not cuBLAS, cuDNN and NCCL: what a model's speed and figures come from stays what PyTorch was built with.
for name in cufft cusparse curand nvJitLink; do
  find nvidia -type f -name "lib$name.so.*" | while read -r copy; do
    shared=$cuda/lib64/${copy##*/}
    [ -e "$shared" ] || continue
    theirs=$(readlink -f "$shared" | sed 's/.*\.so\.//')
    ours=$(find . -maxdepth 1 -iname "nvidia_${name}[_-]*.dist-info" | sed 's/.*-\([0-9.]*\)\.dist-info/\1/')
    oldest=$(printf '%s\n%s\n' "$theirs" "$ours" | sort -V | head -n 1)
    if [ "$oldest" = "$ours" ]; then
      ln -sf "$shared" "$copy"
      echo "lib$name: the base's $theirs in place of $ours"
    fi
  done
done

"$python" - <<'PYTHON'
import ctypes
import glob

import c2pa  # noqa: F401
import llvmlite.binding  # noqa: F401
import onnx  # noqa: F401
import torch
import triton._C.libtriton  # noqa: F401

for path in glob.glob("torch/lib/libtorch_cuda*.so") + glob.glob("nvidia/**/lib*.so.*", recursive=True):
    # Not the parts of cuDNN, NVSHMEM and cuFile: their own front library loads them, with what they need, and those for InfiniBand need a driver.
    if not any(part in path for part in ("cudnn_", "nvshmem_", "cufile_rdma")):
        ctypes.CDLL(path, mode=ctypes.RTLD_GLOBAL)
print(f"PyTorch {torch.__version__} and all of its libraries load")
PYTHON
