# Pactwatch for a server: web, worker, beat and the manage.py commands, on a database and broker given by the environment.
FROM python:3.11-slim-bookworm

ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 PATH=/opt/venv/bin:$PATH
WORKDIR /srv/pactwatch

COPY requirements/base.txt requirements/base.txt
RUN python -m venv /opt/venv \
 && pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements/base.txt \
 && useradd --system --uid 10001 --home-dir /nonexistent --shell /usr/sbin/nologin pactwatch

COPY . .
RUN python -m config.messages compile \
 && DATABASE_URL=postgresql:// SECRET_KEY=only-for-this-step-of-the-image-build python manage.py collectstatic --noinput -v 0

USER pactwatch
EXPOSE 8000
CMD ["granian", "--interface", "wsgi", "--host", "0.0.0.0", "--port", "8000", "--workers", "2", \
     "--respawn-failed-workers", "--blocking-threads", "4", "config.wsgi:application"]
