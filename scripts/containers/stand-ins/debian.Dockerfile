# debian:bookworm-slim: what mmdebstrap makes, with the way out that this machine has (files of `machine/`, which bases.ts writes).
FROM scratch
ADD debian.tar /
COPY machine/ /
CMD ["bash"]
