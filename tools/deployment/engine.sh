# shellcheck shell=bash disable=SC2154 # $log is whose that sources this
# Sourced by .ci/steps.sh: Docker's engine, for the steps that need one.

engine=""
engine_home=""
engine_bridge=""
engine_seconds=60
pull_seconds=120

# start_engine: Docker's engine: the one that runs, or one of our own, which root may install with apt-get and start.
# Leaves the reason in $log/engine when there is none.
start_engine() {
    if docker info >"$log/docker" 2>&1; then
        echo "running: Docker $(docker version --format '{{.Server.Version}}')"
    elif [ "$(uname -s)" != Linux ] || [ "$(id -u)" != 0 ]; then
        echo "no engine of Docker answers, and only root on Linux may start one" | tee "$log/engine"
    elif ! install_engine; then
        cp "$log/docker.io" "$log/engine"
    elif own_engine || own_engine --storage-driver=vfs || own_engine --iptables=false --storage-driver=vfs; then
        echo "started: Docker $(docker version --format '{{.Server.Version}}')"
    else
        echo "Docker's engine does not start: $(grep -v level=info "$log/dockerd" | tail -n 1)" | tee "$log/engine"
    fi
}

install_engine() {
    install_package docker.io dockerd docker
    [ ! -e "$log/docker.io" ]
}

# own_engine FLAG...: an engine with its data in a folder of its own, until stop_engine. Fails if it does not answer.
own_engine() {
    engine_home="$(mktemp -d)"
    [ -e /sys/class/net/docker0 ] || engine_bridge=docker0
    dockerd --data-root "$engine_home/data" --exec-root "$engine_home/exec" --pidfile "$engine_home/pid" \
        --host "unix://$engine_home/socket" "$@" >"$engine_home/log" 2>&1 &
    engine=$!
    export DOCKER_HOST="unix://$engine_home/socket"
    local began=$SECONDS
    while [ $((SECONDS - began)) -lt "$engine_seconds" ] && kill -0 "$engine" 2>/dev/null; do
        docker info >/dev/null 2>&1 && return
        sleep 0.2
    done
    cp "$engine_home/log" "$log/dockerd"
    stop_engine
    return 1
}

# find_builder: leaves in $BUILDER the first client of Docker that has BuildKit, or fails and leaves the reason in
# $log/builder.
find_builder() {
    local client image
    for client in docker /usr/bin/docker; do
        if image="$(printf 'FROM scratch\nLABEL onsale=1\n' |
            DOCKER_BUILDKIT=1 "$client" build --quiet - 2>"$log/builder")"; then
            docker image rm "$image" >/dev/null
            export BUILDER="$client"
            return
        fi
    done
    return 1
}

# find_lambda_image BOOTSTRAP: leaves in $IMAGE what Lambda's containers are made from: its own image, or where that
# cannot be pulled, which is said, one of this machine's files. Fails, with the reason in $log/lambda, if there is
# neither.
find_lambda_image() {
    export IMAGE="public.ecr.aws/lambda/provided:al2023"
    timeout "$pull_seconds" docker pull --quiet "$IMAGE" >"$log/lambda" 2>&1 && return
    echo "NOT Lambda's own image, but one of this machine's files: $(tail -n 1 "$log/lambda")"
    IMAGE="onsale-lambda-base"
    small_image "$1" >"$log/lambda" 2>&1
}

# small_image BOOTSTRAP: what SAM needs of an image (sh, mv and chmod), and what the function is linked with.
small_image() {
    local root="$log/root" name library
    install_package busybox-static busybox
    [ ! -e "$log/busybox-static" ] || return
    mkdir -p "$root/bin" "$root/tmp"
    cp "$(command -v busybox)" "$root/bin/busybox"
    for name in sh mv chmod; do
        ln -s busybox "$root/bin/$name"
    done
    for library in $(ldd "$1" | grep -o '/[^ ]*' | sort -u); do
        mkdir -p "$root$(dirname "$library")"
        cp -L "$library" "$root$library"
    done
    tar -C "$root" -c . | docker import --change 'ENV PATH=/bin' - "$IMAGE"
}

# stop_engine: the engine that own_engine started, with all that is in it.
stop_engine() {
    docker image rm onsale-lambda-base >/dev/null 2>&1 || true
    [ -n "$engine" ] || return 0
    kill "$engine" 2>/dev/null || true
    wait "$engine" 2>/dev/null || true
    engine=""
    unset DOCKER_HOST
    rm -rf "$engine_home"
    # It leaves its bridge behind.
    [ -z "$engine_bridge" ] || ip link delete "$engine_bridge" 2>/dev/null || true
}
