# Sourced: with_progress WHAT COMMAND… runs the command and says on stderr that it still runs, where it takes long.

# shellcheck shell=sh

# Seconds between these lines.
progress_seconds=${EC2_IMAGE_PROGRESS_SECONDS:-10}

with_progress() {
  progress_what=$1
  shift
  (
    elapsed=0
    trap 'kill "$!"; wait "$!"; exit' TERM
    # Ctrl-C ends the script and not what it started in the background.
    while kill -0 "$$" 2>/dev/null; do
      sleep "$progress_seconds" >/dev/null 2>&1 &
      wait "$!" || exit 0
      elapsed=$((elapsed + progress_seconds))
      echo "$progress_what: still running after $elapsed s" >&3
    done
  ) 3>&"${progress_fd:-2}" >/dev/null 2>&1 </dev/null &
  progress_watch=$!
  progress_status=0
  "$@" || progress_status=$?
  kill "$progress_watch" 2>/dev/null || true
  wait "$progress_watch" 2>/dev/null || true
  return "$progress_status"
}
