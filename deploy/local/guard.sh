#!/bin/sh
# Ends what a run owns once the process at the other end of stdin is gone, however it went.
# $1: the run's directory. Each owned process has a file under pids/, named by its pid.
trap '' HUP INT TERM
cat >/dev/null
for pid in $(ls "$1/pids"); do
  kill -KILL "$pid" 2>/dev/null
done
# A dying process may still be writing.
for attempt in 1 2 3 4 5; do
  rm -rf "$1" 2>/dev/null && exit 0
  sleep 0.2
done
