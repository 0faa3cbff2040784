# What recipes run on in containers: Python with the locked packages, and nothing to build with. The recipes themselves are
# mounted, so that an image lasts as long as its packages do. `agon mine image` builds it; by hand, from the checkout:
#
#   docker build -f docker/trainer.Dockerfile -t agon-trainer templates
#   docker build -f docker/trainer.Dockerfile -t agon-trainer:cuda --build-arg "REQUIREMENTS=requirements.lock requirements-torch.lock" \
#     --build-arg BASE_IMAGE=nvidia/cuda:12.9.1-base-ubuntu24.04 templates
#
# BASE_IMAGE is any Debian or Ubuntu, with or without Python >= 3.10 (>= 3.11 for PyTorch). The same recipe makes images for
# CPUs and for CUDA: PyTorch's wheels bring CUDA's libraries, the driver comes from the machine.
ARG BASE_IMAGE=debian:bookworm-slim

FROM ${BASE_IMAGE} AS packages
ENV DEBIAN_FRONTEND=noninteractive
RUN python3 -c 'import venv, ensurepip' 2> /dev/null \
  || (apt-get update && apt-get install --yes --no-install-recommends python3 python3-venv)
COPY . /context/
ARG REQUIREMENTS=requirements.lock
# A folder `wheels/` with a file `python-3.x` has what that Python needs, fetched before: then no network is used.
# The root of a trainer is read-only: what is not compiled here would be compiled anew by every run, for seconds.
RUN version=$(python3 -c 'import sys; print("python-%d.%d" % sys.version_info[:2])') \
  && python3 -m venv /opt/agon \
  && if [ -f "/context/wheels/$version" ]; then set -- --no-index --find-links /context/wheels; else set --; fi \
  && for file in $REQUIREMENTS; do set -- "$@" --requirement "/context/$file"; done \
  && /opt/agon/bin/python -m pip install --no-cache-dir --no-compile --disable-pip-version-check "$@" \
  && /opt/agon/bin/python -m pip uninstall --yes pip \
  && find /opt/agon -type d \( -name tests -o -name __pycache__ \) -prune -exec rm -rf {} + \
  && python3 -m compileall -q -j 0 --invalidation-mode unchecked-hash /opt/agon/lib

FROM ${BASE_IMAGE}
RUN command -v python3 > /dev/null \
  || (export DEBIAN_FRONTEND=noninteractive && apt-get update \
    && apt-get install --yes --no-install-recommends python3 \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt /var/log/apt /var/log/dpkg.log)
COPY --from=packages /opt/agon /opt/agon
ENV PATH=/opt/agon/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
  PYTHONUNBUFFERED=1
# Miners choose the user, the command and everything else themselves; this is for who runs it by hand.
USER 10001:10001
WORKDIR /template
CMD ["python3"]
ARG RECIPE=unknown
ARG VERSION=0.0.0
ARG COMMIT=unknown
LABEL agon.recipe="${RECIPE}" \
  org.opencontainers.image.title="agon-trainer" \
  org.opencontainers.image.licenses="Apache-2.0" \
  org.opencontainers.image.version="${VERSION}" \
  org.opencontainers.image.revision="${COMMIT}"
