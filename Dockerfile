FROM python:3.11-slim-bookworm

# What WeasyPrint loads to lay out text.
RUN apt-get update \
 && apt-get install --yes --no-install-recommends libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 \
 && rm -rf /var/lib/apt/lists/*

RUN useradd --system --create-home --home-dir /home/svtad svtad \
 && install --directory --owner svtad --group svtad /data /srv/static
WORKDIR /app

COPY requirements/base.txt requirements/base.txt
RUN python -m pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements/base.txt

COPY manage.py ./
COPY svtad svtad
COPY testphases testphases
COPY issues issues
COPY dmct dmct
COPY reports reports
COPY templates templates
COPY static static

ENV PYTHONUNBUFFERED=1 \
    DJANGO_SETTINGS_MODULE=svtad.config.settings \
    SVTAD_DATA_DIR=/data \
    SVTAD_STATIC_DIR=/srv/static
USER svtad
# Collecting asks for a key and uses none; this one lives for one command.
RUN SECRET_KEY=unused-at-build python manage.py collectstatic --no-input --verbosity 0
EXPOSE 8000
CMD ["python", "-m", "gunicorn", "--config", "python:svtad.config.gunicorn"]
