# Sourced by what sends requests to a local stack of its own: starts it in memory on free ports, and stops all that was
# started when the script ends.

start_seconds=60
home="$(mktemp -d)"
started=()

stop() {
    local status=$? program
    for program in "${started[@]:+${started[@]}}"; do
        kill "$program" 2>/dev/null || true
        wait "$program" 2>/dev/null || true
    done
    if [ "$status" != 0 ]; then
        tail -n 20 "$home"/*err 2>/dev/null || true
    fi
    rm -rf "$home"
    exit "$status"
}
trap stop EXIT

# start_stack ONSALE FLAGS...
start_stack() {
    local program="$1"
    shift
    touch "$home/out"
    "$program" --in-memory "$@" --port 0 --lambda-port 0 --dynamodb-port 0 --sqs-port 0 --data-platform-port 0 \
        --metrics-port 0 >"$home/out" 2>"$home/err" &
    started+=($!)
    # The first line says where everything is; it comes when all of it is there.
    until [ -n "$(address api)" ]; do
        kill -0 "${started[0]}" 2>/dev/null || { echo "the stack did not start"; exit 1; }
        [ "$SECONDS" -lt "$start_seconds" ] || { echo "the stack did not start within $start_seconds s"; exit 1; }
        sleep 0.2
    done
}

# address WHAT: of the API, of the metrics ...
address() {
    sed -n 's/.*"'"$1"'":"\([^"]*\)".*/\1/p' "$home/out"
}
