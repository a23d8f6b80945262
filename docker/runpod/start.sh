#!/bin/sh
# What a RunPod pod runs (image target `runpod`). RunPod mounts its volume as root's and knows no option for another user, so this
# starts as root, hands folders on the volume over to the user humo, and runs the worker's entry point as that user.
#
# When the worker has ended by itself, because there was nothing to do for WORKER_IDLE_EXIT_MINUTES or because its
# configuration is wrong, this stops the pod: a pod whose program ends is started again by RunPod, and goes on costing money.
#
#   VOLUME               where the volume is mounted; default /workspace
#   WORKER_USER          who the worker runs as; default humo
#   RUNPOD_POD_ID        set by RunPod; without it no pod is stopped
#   RUNPOD_GRACE_SECONDS how long the log of a wrong configuration stays readable before the pod stops; default 300
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
volume=${VOLUME:-/workspace}
user=${WORKER_USER:-humo}
configuration_exit=78

say() { echo "[runpod] $*" >&2; }

export HUMO_WEIGHTS_DIRECTORY="${HUMO_WEIGHTS_DIRECTORY:-$volume/weights}"
# Not the image's /data: what was compiled for this card is worth keeping, too.
export DATA_DIRECTORY="$volume/data"
export HF_HOME="$volume/cache/huggingface"
export TORCHINDUCTOR_CACHE_DIR="$volume/cache/torchinductor"
export TRITON_CACHE_DIR="$volume/cache/triton"
export NUMBA_CACHE_DIR="$volume/cache/numba"
export PYTHONPYCACHEPREFIX="$volume/cache/python"
export WORKER_IDLE_EXIT_MINUTES="${WORKER_IDLE_EXIT_MINUTES:-15}"

# What the image sets for a container with its own volume is not what holds here.
[ "$HUMO_WEIGHTS_DIRECTORY" = /weights ] && HUMO_WEIGHTS_DIRECTORY="$volume/weights"

as_user=""
if [ "$(id -u)" = 0 ]; then
  # Only folders of ours, and only when they are not the user's yet: a network volume may hold others' files, and 90 GB take long.
  for folder in "$HUMO_WEIGHTS_DIRECTORY" "$volume/data" "$volume/cache"; do
    mkdir -p "$folder"
    [ "$(stat -c %U "$folder")" = "$user" ] || chown -R "$user" "$folder" || chmod -R a+rwX "$folder"
  done
  as_user="setpriv --reuid=$user --regid=$(id -g "$user") --init-groups --no-new-privs"
fi

asked_to_stop=""
child=""
# Before there is anything to stop: a signal in between would end this and leave the worker running.
trap 'asked_to_stop=yes; [ -z "$child" ] || kill -TERM "$child" 2>/dev/null' TERM INT

# The key to the account stays here; the worker has no use for it. Nor for root's home.
# shellcheck disable=SC2086
env -u RUNPOD_API_KEY HOME=/tmp $as_user node "$root/docker/worker/entrypoint.ts" &
child=$!
[ -z "$asked_to_stop" ] || kill -TERM "$child" 2>/dev/null

# A signal interrupts `wait`, so it waits until the child is really gone.
status=0
while kill -0 "$child" 2>/dev/null; do
  wait "$child"
  status=$?
done

[ -n "$asked_to_stop" ] && exit 0
case $status in
  0) say "the worker had nothing to do any more" ;;
  "$configuration_exit")
    say "the configuration is wrong (see above); fix the pod's environment variables and start it again"
    grace=${RUNPOD_GRACE_SECONDS:-300}
    if [ -n "${RUNPOD_POD_ID:-}" ]; then
      say "stopping this pod in $grace s"
      sleep "$grace" &
      wait $!
      [ -n "$asked_to_stop" ] && exit 0
    fi
    ;;
  *)
    say "the worker ended with status $status; RunPod starts it again"
    exit "$status"
    ;;
esac
[ -n "${RUNPOD_POD_ID:-}" ] || exit "$status"

say "stopping pod $RUNPOD_POD_ID; its volume stays, and so does what that costs"
# Every pod has runpodctl with a key for this one pod; its commands were renamed between versions 1 and 2.
if runpodctl stop pod "$RUNPOD_POD_ID" >&2 || runpodctl pod stop "$RUNPOD_POD_ID" >&2 || node "$root/docker/runpod/stop-pod.mjs" >&2; then
  # If this ended now, RunPod might start it again before it stops the pod.
  sleep "${RUNPOD_STOP_SECONDS:-600}" &
  wait $!
  [ -n "$asked_to_stop" ] && exit 0
fi
say "the pod could not be stopped: stop it in the console, it costs money"
exit 1
