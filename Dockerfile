# One image for web, worker, clock and every command: docker build --tag mainstay .
# A tag moves with its security updates. For a build that is the same each time, give the digest that you looked at:
#   --build-arg PYTHON_IMAGE=python:3.13-slim-trixie@sha256:…
ARG PYTHON_IMAGE=python:3.13-slim-trixie

FROM ${PYTHON_IMAGE} AS build
ENV PYTHONDONTWRITEBYTECODE=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_NO_INPUT=1
# Only wheels whose hashes are locked: no stranger's set-up code runs here, and no compiler is needed.
COPY requirements/base.txt /build/requirements.txt
RUN python -m venv /opt/venv \
    && /opt/venv/bin/python -m pip install --no-deps --require-hashes --only-binary :all: --requirement /build/requirements.txt \
    && /opt/venv/bin/python -m pip uninstall --yes pip
WORKDIR /app
COPY . /app
# Compiled once, as the file system is read-only later. The settings ask for a secret and a database; this uses neither.
RUN DJANGO_SETTINGS_MODULE=config.settings.base SECRET_KEY=unused DATABASE_URL=postgres://unused@127.0.0.1/unused \
    /opt/venv/bin/python manage.py collectstatic --no-input --verbosity 0 \
    && python -m compileall -q --invalidation-mode unchecked-hash -j 0 /opt/venv/lib /app

FROM ${PYTHON_IMAGE}
ARG VERSION=unknown
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Mainstay" \
      org.opencontainers.image.description="Self-hosted client success platform" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 DJANGO_SETTINGS_MODULE=config.settings.production
RUN useradd --uid 10001 --user-group --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin mainstay
COPY --from=build /opt/venv /opt/venv
# Everything belongs to root: who breaks into a process cannot change the code.
COPY --from=build /app /app
WORKDIR /app
# As a number, so that Kubernetes sees that it is not root.
USER 10001:10001
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import urllib.request as web; web.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
CMD ["granian", "--interface", "wsgi", "--workers", "2", "--blocking-threads", "16", "--respawn-failed-workers", "--host", "0.0.0.0", "--port", "8000", "--workers-kill-timeout", "30", "config.wsgi:application"]
