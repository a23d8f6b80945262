# nvidia/cuda: the stand-in for Ubuntu, and in `libraries/` what of CUDA a devel image has in this place and the worker shares (docker/worker/slim.sh).
FROM ubuntu:22.04
COPY libraries/ /usr/local/cuda/lib64/
RUN echo /usr/local/cuda/lib64 >/etc/ld.so.conf.d/000_cuda.conf && ldconfig
