#!/usr/bin/env bash
# Writes the lock files anew from pyproject.toml, by the command that stands in the head of each.
# What is locked already stays at its version; delete a package's lines to have it looked up again.
set -euo pipefail
cd "$(dirname "$0")/.."
uv=0.13.9

tools=$(mktemp -d)
trap 'rm -rf "$tools"' EXIT
"${PYTHON:-python3}" -m venv "$tools/venv"
"$tools/venv/bin/pip" install -q --disable-pip-version-check "uv==$uv"
for lock in requirements.txt requirements-dev.txt; do
  head -n 2 "$lock" >"$tools/head"
  read -ra command < <(sed -n '2s/^#   //p' "$lock")
  "$tools/venv/bin/${command[0]}" "${command[@]:1}" -q >/dev/null
  cat "$tools/head" "$lock" >"$tools/lock"
  cat "$tools/lock" >"$lock"
done
