#!/bin/sh
# Starts the bot, with the options that bound the memory of one that runs for weeks: those of scripts/support/bot-process.json, which
# says why; a test compares the two.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
export MALLOC_ARENA_MAX="${MALLOC_ARENA_MAX:-2}"
exec node --optimize-for-size --max-semi-space-size=8 --no-maglev "$root/src/bot/main.ts" "$@"
