# python:3.11-slim-bookworm: Debian's own Python 3.11, with pip as that image has it.
FROM debian:bookworm-slim
RUN apt-get update \
  && apt-get install -y --no-install-recommends ca-certificates python3 python3-pip python3-venv \
  && rm -rf /var/lib/apt/lists/* \
  && ln -s /usr/bin/python3 /usr/local/bin/python
COPY machine/ /
CMD ["python3"]
