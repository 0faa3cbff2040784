# An S3 server for trying the composed system where no other image can be had: moto's. It keeps objects in memory only and
# takes any key, so it is for trials and tests, never for data that matters.
ARG BUILD_IMAGE=node:22-bookworm-slim
ARG BASE_IMAGE=debian:bookworm-slim

FROM ${BUILD_IMAGE} AS build
RUN apt-get update && apt-get install --yes --no-install-recommends python3 python3-venv
COPY templates/requirements-dev.lock /tmp/
RUN python3 -m venv /opt/s3 \
  && /opt/s3/bin/pip install --no-cache-dir --disable-pip-version-check --constraint /tmp/requirements-dev.lock 'moto[s3]' flask flask-cors \
  && rm -rf /opt/s3/lib/python3*/site-packages/pip /opt/s3/bin/pip*

FROM ${BASE_IMAGE}
RUN apt-get update \
  && apt-get install --yes --no-install-recommends python3 tini \
  && rm -rf /var/lib/apt/lists/* /var/cache/apt /var/log/apt /var/log/dpkg.log \
  && groupadd --gid 10001 agon \
  && useradd --uid 10001 --gid agon --no-create-home --shell /usr/sbin/nologin agon
COPY --from=build /opt/s3 /opt/s3
USER 10001:10001
STOPSIGNAL SIGTERM
EXPOSE 9000
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 \
  CMD ["python3", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:9000/moto-api/', timeout=4)"]
ENTRYPOINT ["/usr/bin/tini", "--"]
CMD ["/opt/s3/bin/moto_server", "--host", "0.0.0.0", "--port", "9000"]
ARG VERSION=0.0.0
ARG COMMIT=unknown
LABEL org.opencontainers.image.title="agon-s3-standin" \
  org.opencontainers.image.version="${VERSION}" \
  org.opencontainers.image.revision="${COMMIT}"
