#!/bin/sh
# Writes the page's Python lock anew, from web/pyproject.toml and the versions in web/requirements.txt:
#
#     docker/web/lock.sh               needs uv: the one that `npm run setup` puts into .venv, or the path in UV
#
# It names every file of a package by its SHA-256 and no index, as those of docker/worker do.
set -eu
cd "$(dirname "$0")/../.."
lock=docker/web/requirements.lock
{
  echo '# Made by docker/web/lock.sh for Python 3.11 on Linux; do not edit.'
  "${UV:-.venv/bin/uv}" pip compile web/pyproject.toml --constraints web/requirements.txt --generate-hashes \
    --python-version 3.11 --python-platform x86_64-manylinux_2_28 \
    --no-header --no-annotate --no-emit-index-url --no-emit-find-links --quiet
} >"$lock.new"
mv "$lock.new" "$lock"
