# The local stack, as one program:
#
#   docker build -t onsale .
#   docker run --rm -p 127.0.0.1:3000:3000 -v onsale:/data onsale
#
# It needs BuildKit, which Docker uses since 23.0. Base images can be others: --build-arg BUILD_IMAGE=… --build-arg
# RUN_IMAGE=…. With --build-arg BINARY=prebuilt nothing is compiled: the folder `prebuilt` has the program `onsale`, and an
# empty folder `data`.
ARG BUILD_IMAGE=docker.io/library/rust:1.95-slim-bookworm
ARG RUN_IMAGE=gcr.io/distroless/cc-debian12
# The stage that the program comes from: build or prebuilt.
ARG BINARY=build

FROM ${BUILD_IMAGE} AS build
WORKDIR /source
COPY Cargo.toml Cargo.lock template.yaml ./
# What cargo is told for every build: among others what a TLS library leaves out.
COPY .cargo .cargo
COPY shared shared
COPY functions functions
COPY page page
COPY mail mail
COPY simulation simulation
COPY local local
COPY monitoring/cloudwatch.yaml monitoring/
RUN --mount=type=cache,target=/usr/local/cargo/registry --mount=type=cache,target=/source/target \
    cargo build --release --locked --package local --bin onsale && install -D target/release/onsale /out/onsale
# A volume takes over who owns the folder that it is put on.
RUN install -d -o 65532 -g 65532 /out/data

FROM scratch AS prebuilt
COPY prebuilt /out

FROM ${BINARY} AS binary

FROM ${RUN_IMAGE}
COPY --from=binary /out/onsale /onsale
COPY --from=binary --chown=65532:65532 /out/data /data
USER 65532:65532
VOLUME /data
# The API, the Invoke API, the receiver of events, the payment provider, DynamoDB, SQS, metrics.
EXPOSE 3000 3001 3002 3003 8000 9324 9464
HEALTHCHECK --interval=5s --timeout=5s --start-period=30s CMD ["/onsale", "health"]
ENTRYPOINT ["/onsale", "--host", "0.0.0.0", "--data", "/data"]
