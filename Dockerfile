# syntax=docker/dockerfile:1
# One image for every process: web, workers, beat, migrations.

FROM python:3.13-slim-bookworm AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PYTHONDONTWRITEBYTECODE=1
RUN python -m venv /srv/venv
ENV PATH=/srv/venv/bin:$PATH
COPY requirements.txt /srv/
RUN pip install --require-hashes --only-binary=:all: -r /srv/requirements.txt
WORKDIR /srv/shipworthy
COPY manage.py pyproject.toml ./
COPY config config
COPY templates templates
COPY tools tools
COPY voting voting
COPY verdicts verdicts
COPY newsletter newsletter
# The static files are part of the image: under names of their content, compressed once. DEBUG lends the build a key; it is
# not on in what runs.
RUN DEBUG=True python manage.py collectstatic --no-input --verbosity 0 --ignore redoc && python -m compileall -q .

FROM python:3.13-slim-bookworm
RUN useradd --system --uid 10001 --no-create-home shipworthy
COPY --from=build /srv/venv /srv/venv
COPY --from=build --chown=root:root /srv/shipworthy /srv/shipworthy
RUN mkdir -p /srv/shipworthy/var/media /srv/shipworthy/var/outbox /srv/shipworthy/var/beat \
    && chown -R shipworthy /srv/shipworthy/var/media /srv/shipworthy/var/outbox /srv/shipworthy/var/beat
ENV PATH=/srv/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /srv/shipworthy
USER shipworthy
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/livez', timeout=2)"]
CMD ["granian", "--interface", "wsgi", "--host", "0.0.0.0", "--port", "8000", "--workers", "2", \
     "--workers-kill-timeout", "8s", "--respawn-failed-workers", "config.wsgi:application"]
