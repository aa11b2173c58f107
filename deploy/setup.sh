#!/usr/bin/env bash
# Gets this machine ready: .venv with the locked packages, Java, and Kafka's jars in the user's cache.
#   setup.sh         what running and checking need
#   setup.sh demo    also tries Prometheus, Alertmanager and Chromium, and goes on without them
#   setup.sh test    also needs those, and what of Grafana draws panels, in the user's cache
# Does nothing, and needs no network, when all is there already.
set -euo pipefail
cd "$(dirname "$0")/.."
mode=${1:-}
kafka=4.2.0
cache=${XDG_CACHE_HOME:-$HOME/.cache}/contact-streams
jars=$cache/kafka-$kafka

# Grafana's components and how they are bundled: what is made of them is kept under their hash.
drawn=tests/grafana_ui
drawn_from=(package.json package-lock.json components.js)

say() { echo "setup: $*" >&2; }
fail() { say "$@"; exit 1; }
has() { command -v "$1" >/dev/null 2>&1; }

# The plain name first; others only where that one is too old.
find_python() {
  local name
  for name in "${PYTHON:-python3}" python3.13 python3.12 python3.11; do
    if has "$name" && "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      echo "$name"
      return
    fi
  done
}

# True for Java 17 or later.
java_is_new() {
  local java=java version
  [ -z "${JAVA_HOME:-}" ] || ! [ -x "$JAVA_HOME/bin/java" ] || java=$JAVA_HOME/bin/java
  version=$("$java" -version 2>&1 | sed -n 's/.*version "\([0-9]*\).*/\1/p' | head -n 1)
  [ "${version:-0}" -ge 17 ]
}

# Debian's packages for what is missing, through apt where we may; 1 after one line of advice if not.
install_packages() {
  local sudo=()
  if ! has apt-get; then
    say "install these with your package manager, then run this again: $*"
    return 1
  fi
  if [ "$(id -u)" -ne 0 ]; then
    if ! sudo -n true 2>/dev/null; then
      say "run this, then try again: sudo apt-get install -y --no-install-recommends $*"
      return 1
    fi
    sudo=(sudo -n)
  fi
  say "installing $*"
  # A set-up that was killed while apt was at work has left it in the middle.
  "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive dpkg --configure -a >&2 &&
    "${sudo[@]}" apt-get update -qq >&2 &&
    "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive \
      apt-get install -y -qq --no-install-recommends "$@" >&2
}

python=$(find_python)
[ -n "$python" ] || fail "install Python 3.11 or later (or set PYTHON to one), then run this again"

stamp=$(
  { cat pyproject.toml requirements-dev.txt deploy/setup.sh
    "$python" -V
    pwd; } | sha256sum | cut -d ' ' -f 1
)
venv_is_current() {
  [ "$(cat .venv/.setup-stamp 2>/dev/null)" = "$stamp" ] && .venv/bin/python -c '' 2>/dev/null
}

needed=()
if ! venv_is_current && ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
  needed+=(python3-venv)
fi
java_is_new || needed+=(default-jre-headless)
[ -d "$jars" ] || has mvn || needed+=(maven)
observers=()
if [ -n "$mode" ]; then
  has prometheus && has promtool || observers+=(prometheus)
  has prometheus-alertmanager && has amtool || observers+=(prometheus-alertmanager)
  has chromium || observers+=(chromium)
fi
if [ "$mode" = test ]; then
  needed+=("${observers[@]}")
  observers=()
  components=$cache/grafana-ui-$(cd "$drawn" && cat "${drawn_from[@]}" | sha256sum | cut -c 1-16)
  [ -d "$components" ] || has npm || needed+=(npm)
fi
if [ ${#needed[@]} -gt 0 ]; then
  install_packages "${needed[@]}" || exit 1
  java_is_new || fail "install Java 17 or later, then run this again"
fi
if [ ${#observers[@]} -gt 0 ]; then
  install_packages "${observers[@]}" || say "going on without ${observers[*]}"
fi

if ! venv_is_current; then
  say "filling .venv with the locked packages (about a minute)"
  # Without a stamp it is not whole: whoever filled it was ended in the middle, and pip would take
  # what is half installed for installed.
  if [ ! -f .venv/.setup-stamp ] || ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
    rm -rf .venv
    "$python" -m venv .venv
  fi
  rm -f .venv/.setup-stamp
  # Wheels only: nothing is built from source, so no compiler and no unlocked build tools are needed.
  binary=(--only-binary :all:)
  # Faust alone has wheels for one kind of processor only, and builds without a compiler too.
  [ "$(uname -m)" = x86_64 ] || binary+=(--no-binary faust-streaming)
  # The lock names every package, so nothing is looked up: a later release elsewhere changes nothing.
  .venv/bin/python -m pip install -q --disable-pip-version-check --no-deps "${binary[@]}" \
    --require-hashes -r requirements-dev.txt
  .venv/bin/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation \
    --no-index -e .
  .venv/bin/python -m pip check -q --disable-pip-version-check >&2 || fail "the lock files do not fit together"
  echo "$stamp" >.venv/.setup-stamp
fi

# An empty folder in the cache, as `part`: complete or not there, so what is fetched is filled in
# beside its place and then renamed.
begin_part() {
  mkdir -p "$cache"
  # What one that was killed has left goes; a younger one may be somebody's who is at it now.
  find "$cache" -maxdepth 1 -name 'part.*' -mmin +60 -exec rm -rf {} +
  part=$(mktemp -d "$cache/part.XXXXXX")
  trap 'rm -rf "$part"' EXIT
}

# Moves a folder of `part` to its place; another set-up at the same time may have been first, and
# what it has made is as good.
end_part() {
  mv -T "$part/$1" "$2" 2>/dev/null || [ -d "$2" ] || fail "cannot write $2"
  rm -rf "$part"
}

if [ ! -d "$jars" ]; then
  say "fetching Apache Kafka $kafka, some 45 MB (about a minute)"
  begin_part
  mvn -q -B -Dstyle.color=never -f deploy/kafka/pom.xml dependency:copy-dependencies -DincludeScope=runtime \
    -DoutputDirectory="$part/jars" >&2
  [ -f "$part/jars/kafka_2.13-$kafka.jar" ] || fail "Maven brought no Kafka; see above"
  end_part jars "$jars"
fi

# The packages go again: of their 450 MB the bundle holds three. Monaco is an editor, never opened.
if [ "$mode" = test ] && [ ! -d "$components" ]; then
  say "fetching Grafana's components for the tests of the dashboards (about a minute)"
  begin_part
  (cd "$drawn" && cp "${drawn_from[@]}" "$part")
  if (
    cd "$part"
    npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >&2 &&
      node_modules/.bin/esbuild components.js --bundle --minify --external:monaco-editor \
        --define:process.env.NODE_ENV='"production"' --outdir=made --entry-names=grafana \
        --log-level=warning >&2 &&
      mkdir -p made/public/build made/public/fonts/inter &&
      cp -R node_modules/@grafana/ui/dist/public/img made/public/build &&
      cp node_modules/@fontsource/inter/files/inter-latin-400-normal.woff2 \
        made/public/fonts/inter/Inter-Regular.woff2 &&
      cp node_modules/@fontsource/inter/files/inter-latin-500-normal.woff2 \
        made/public/fonts/inter/Inter-Medium.woff2
  ); then
    end_part made "$components"
  else
    say "npm brought no components of Grafana (see above): the tests that draw dashboards will fail"
  fi
fi
