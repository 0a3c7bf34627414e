# One static binary in an empty image. A cold build takes minutes: the Genesys SDK is one huge package.
FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN --mount=type=cache,target=/go/pkg/mod go mod download
COPY . .
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    CGO_ENABLED=0 go build -trimpath -ldflags='-s -w' -o /out/videoleg ./cmd/videoleg \
    && mkdir /out/data

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /out/videoleg /videoleg
COPY --from=build --chown=65532:65532 /out/data /data
USER 65532:65532
ENV VIDEOLEG_STATE_DIR=/data
VOLUME /data
EXPOSE 8080 8081
HEALTHCHECK --interval=15s --timeout=5s --start-period=10s CMD ["/videoleg", "check", "-running"]
ENTRYPOINT ["/videoleg"]
CMD ["serve"]
