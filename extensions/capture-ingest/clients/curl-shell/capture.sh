#!/bin/sh
# Sends one text as a captured event. Needs curl and nothing else.
#   capture.sh "an idea"            or   echo "an idea" | capture.sh
#   CAPTURE_URL     default http://127.0.0.1:18789/api/v1/ingest
#   CAPTURE_KEY     the key (sluice capture keys create shell)
#   CAPTURE_TYPE    braindump (default), journal or notes
set -eu

url=${CAPTURE_URL:-http://127.0.0.1:18789/api/v1/ingest}
type=${CAPTURE_TYPE:-braindump}
state=${XDG_STATE_HOME:-$HOME/.local/state}/sluice-capture
: "${CAPTURE_KEY:?set CAPTURE_KEY; make one with: sluice capture keys create shell}"

text=${*:-$(cat)}
[ -n "$text" ] || { echo "nothing to send" >&2; exit 2; }

# A device id is made once and kept, as the contract asks.
mkdir -p "$state"
if [ ! -s "$state/device-id" ]; then
  hex=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
  variant=$(printf '%s' "$hex" | cut -c17 | tr '0123456789abcdef' '89ab89ab89ab89ab')
  printf '%s-%s-4%s-%s%s-%s\n' "$(printf '%s' "$hex" | cut -c1-8)" "$(printf '%s' "$hex" | cut -c9-12)" \
    "$(printf '%s' "$hex" | cut -c14-16)" "$variant" "$(printf '%s' "$hex" | cut -c18-20)" \
    "$(printf '%s' "$hex" | cut -c21-32)" > "$state/device-id"
fi
device=$(cat "$state/device-id")
case $(uname -s) in Darwin) platform=macos ;; *) platform=linux ;; esac

# JSON text: backslashes, quotes and control characters are escaped.
json=$(printf '%s' "$text" | sed 's/\\/\\\\/g; s/"/\\"/g; s/	/\\t/g' | tr -d '\000-\010\013-\037' | awk 'NR > 1 { printf "\\n" } { printf "%s", $0 }')
now=$(date +%s)
reference=$now-$$

body=$(printf '{"source_type":"%s","platform":"%s","device_id":"%s","plugin_id":"sluice-curl-shell","plugin_version":"1.0.0","timestamp":%s,"events":[{"timestamp":%s,"raw_ref":"%s","data":{"text":"%s"}}]}' \
  "$type" "$platform" "$device" "$now" "$now" "$reference" "$json")

# The reference makes a repeat harmless, so trying again is safe. The key is read from a file, so that it does
# not show in the list of processes.
private=$(mktemp -d)
trap 'rm -rf "$private"' EXIT
chmod 700 "$private"
printf 'X-API-Key: %s\n' "$CAPTURE_KEY" > "$private/header"
printf '%s' "$body" > "$private/body"
curl --silent --show-error --fail --retry 5 --retry-connrefused --max-time 30 \
  --header "Content-Type: application/json" --header "@$private/header" --data-binary "@$private/body" "$url"
echo
