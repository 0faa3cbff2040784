# Redis from the distribution's own package, where Redis' image cannot be had. Keeps its data in /data.
ARG BASE_IMAGE=debian:bookworm-slim
FROM ${BASE_IMAGE}
RUN apt-get update \
  && apt-get install --yes --no-install-recommends redis-server \
  && rm -rf /var/lib/apt/lists/* /var/cache/apt /var/log/apt /var/log/dpkg.log \
  && install --directory --owner redis --group redis --mode 0700 /data
WORKDIR /data
USER redis
STOPSIGNAL SIGTERM
EXPOSE 6379
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s --retries=3 CMD ["redis-cli", "ping"]
CMD ["redis-server", "--bind", "0.0.0.0", "--appendonly", "yes", "--maxmemory-policy", "noeviction"]
ARG VERSION=0.0.0
ARG COMMIT=unknown
LABEL org.opencontainers.image.title="agon-redis" \
  org.opencontainers.image.version="${VERSION}" \
  org.opencontainers.image.revision="${COMMIT}"
