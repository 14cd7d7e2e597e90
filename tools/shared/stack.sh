# shellcheck shell=bash
# Sourced by what runs a local stack of its own: starts it on free ports, and asks it.

stack=""
start_seconds=60
# All processes that are to end with the script; who starts one besides the stack adds it.
started=()

# start_stack PROGRAM HOME FLAG...: leaves its process id in $stack, and what it says in HOME/out and HOME/err.
start_stack() {
    local program="$1" home="$2" began=$SECONDS
    shift 2
    : >"$home/out"
    "$program" --port 0 --lambda-port 0 --dynamodb-port 0 --sqs-port 0 --data-platform-port 0 \
        --payment-provider-port 0 --mailbox-port 0 --metrics-port 0 "$@" >"$home/out" 2>>"$home/err" &
    stack=$!
    started+=("$stack")
    # The first line says where everything is; it comes when all of it is there.
    until [ -n "$(address api "$home")" ]; do
        kill -0 "$stack" 2>/dev/null || { echo "the stack did not start"; return 1; }
        if [ $((SECONDS - began)) -ge "$start_seconds" ]; then
            echo "the stack did not start within $start_seconds s"
            return 1
        fi
        sleep 0.2
    done
}

# address NAME HOME: where the stack serves api, lambda, dynamodb, sqs, data_platform or metrics.
address() {
    sed -n 's/.*"'"$1"'":"\([^"]*\)".*/\1/p' "$2/out"
}

# stop_stack HOME: stops it and all else that was started, shows their last words if all ended badly, and removes HOME.
# For a trap on EXIT.
stop_stack() {
    local status=$? process
    for process in "${started[@]:+${started[@]}}"; do
        kill "$process" 2>/dev/null || true
        wait "$process" 2>/dev/null || true
    done
    if [ "$status" != 0 ]; then
        tail -n 20 "$1"/*err 2>/dev/null || true
    fi
    rm -rf "$1"
    exit "$status"
}

# audit_stack PROGRAM ADDRESS: the last line of the audit of a running stack. Fails unless the books agree; asks again
# where what follows from the load is still moving.
audit_stack() {
    local program="$1" address="$2" told="" status
    for _ in 1 2 3 4 5; do
        status=0
        told="$("$program" audit --dynamodb-endpoint "$address" 2>/dev/null)" || status=$?
        [ "$status" = 2 ] || break
        sleep 2
    done
    tail -n 1 <<<"$told"
    if [ "$status" != 0 ]; then
        echo "$told" >&2
    fi
    return "$status"
}
