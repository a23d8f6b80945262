# redis:7.4-bookworm: Debian's Redis, which is 7.0.
FROM debian:bookworm-slim
RUN apt-get update \
  && apt-get install -y --no-install-recommends redis-server \
  && rm -rf /var/lib/apt/lists/* \
  && install -d -o redis -g redis /data
WORKDIR /data
VOLUME ["/data"]
CMD ["redis-server"]
