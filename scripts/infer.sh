#!/usr/bin/env bash
# What infer_ta.sh and infer_tia.sh share: find the project's Python and the cases, then run `humo-engine generate`.
set -euo pipefail

mode="${HUMO_MODE:?start infer_ta.sh or infer_tia.sh instead}"
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"

# As for `npm run engine`: what .env says of the engine, where the environment says nothing.
if [[ -f "$root/.env" ]]; then
  while IFS='=' read -r name value || [[ -n "$name" ]]; do
    [[ "$name" =~ ^(export\ )?(HUMO_[A-Z0-9_]+)$ ]] || continue
    name="${BASH_REMATCH[2]}"
    value="${value%$'\r'}"
    if [[ "$value" =~ ^[[:space:]]*(\"([^\"]*)\"|\'([^\']*)\') ]]; then
      value="${BASH_REMATCH[2]}${BASH_REMATCH[3]}"
    else
      value="${value%%#*}"
      value="${value#"${value%%[![:space:]]*}"}"
      value="${value%"${value##*[![:space:]]}"}"
    fi
    if [[ -z "${!name+set}" ]]; then export "$name=$value"; fi
  done < "$root/.env"
fi

python="${HUMO_PYTHON:-}"
for candidate in "$root/.venv/bin/python" "$root/engine/.venv/bin/python"; do
  if [[ -z "$python" && -x "$candidate" ]]; then
    python="$candidate"
  fi
done
if [[ -z "$python" ]]; then
  echo "The engine's Python environment is not there yet: run npm run setup, or name one with HUMO_PYTHON." >&2
  exit 1
fi

# The cases that lie in the repository are the default; whoever names a clip or a file gets that instead.
cases=(--cases "$root/examples/test_case.json")
folder="${HUMO_WEIGHTS_DIRECTORY:-weights}"
[[ "$folder" == /* ]] || folder="$root/$folder"
weights=(--weights "$folder")
for argument in "$@"; do
  case "$argument" in
    --cases | --cases=* | --prompt | --prompt=* | cases=* | positive_prompt=* | generation.positive_prompt=*) cases=() ;;
    --weights | --weights=*) weights=() ;;
  esac
done

export HUMO_GENERATE_YAML="${HUMO_GENERATE_YAML:-$root/generate.yaml}"
export PYTHONPATH="$root/engine${PYTHONPATH:+:$PYTHONPATH}"
# With cases the mode chooses what of each is used; a single clip says it by what it is given.
if [[ " $* " != *" --prompt"* ]]; then
  set -- --mode "$mode" "$@"
fi
exec "$python" -m humo_engine generate ${cases[@]+"${cases[@]}"} ${weights[@]+"${weights[@]}"} "$@"
