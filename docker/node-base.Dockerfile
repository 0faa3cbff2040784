# Debian with Node, from what the machine has: `npm run images -- --local` gathers Node, npm and the certificates that this
# machine trusts in a folder, which is the context of this build. `runtime` is a BASE_IMAGE, `build` a BUILD_IMAGE.
ARG BASE_IMAGE=debian:bookworm-slim

FROM ${BASE_IMAGE} AS runtime
COPY node /usr/local/bin/node

FROM runtime AS build
COPY npm /usr/local/lib/node_modules/npm
# At a place of its own: the distribution's package of certificates writes the usual file anew.
COPY ca-certificates.crt /etc/ssl/agon-trusted.crt
RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm \
  && ln -s ../lib/node_modules/npm/bin/npx-cli.js /usr/local/bin/npx
ENV NODE_EXTRA_CA_CERTS=/etc/ssl/agon-trusted.crt \
  SSL_CERT_FILE=/etc/ssl/agon-trusted.crt \
  PIP_CERT=/etc/ssl/agon-trusted.crt
