# ubuntu:22.04: Debian, with its Python 3.11 where uv keeps the Pythons that it has fetched, so that uv takes this one.
FROM debian:bookworm-slim
RUN apt-get update \
  && apt-get install -y --no-install-recommends python3-dev python3-venv \
  && rm -rf /var/lib/apt/lists/* \
  && home="/opt/python/cpython-$(python3 -c 'import platform; print(platform.python_version())')-linux-x86_64-gnu" \
  && mkdir -p "$home/bin" "$home/lib" "$home/include" \
  && cp /usr/bin/python3.11 "$home/bin/python3.11" && ln -s python3.11 "$home/bin/python3" && ln -s python3.11 "$home/bin/python" \
  && cp -rL /usr/lib/python3.11 "$home/lib/" && cp -rL /usr/include/python3.11 "$home/include/" \
  && rm -f "$home/lib/python3.11/EXTERNALLY-MANAGED"
COPY machine/ /
CMD ["bash"]
