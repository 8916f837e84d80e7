# The serving image: no compiler, no training libraries, no pip, and a user that owns nothing but /data.
ARG BASE=docker.io/library/python:3.13-slim-bookworm

FROM ${BASE} AS build
WORKDIR /src
RUN python3 -m venv /opt/gatehouse
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
COPY requirements/build.txt requirements/serve.txt requirements/
RUN /opt/gatehouse/bin/python -m pip install --require-hashes --only-binary :all: -r requirements/build.txt \
    && /opt/gatehouse/bin/python -m pip install --require-hashes --no-build-isolation --use-pep517 -r requirements/serve.txt
COPY pyproject.toml README.md LICENSE ./
COPY migrations migrations
COPY models models
COPY service service
RUN /opt/gatehouse/bin/python -m pip install --no-deps --no-build-isolation . \
    && /opt/gatehouse/bin/python -m pip uninstall --yes setuptools pip

FROM ${BASE}
RUN groupadd --gid 10001 gatehouse \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /data --shell /usr/sbin/nologin gatehouse \
    && install --directory --owner 10001 --group 10001 --mode 0700 /data
COPY --from=build /opt/gatehouse /opt/gatehouse
ENV PATH=/opt/gatehouse/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    GATEHOUSE_BIND=0.0.0.0:8000 \
    GATEHOUSE_DATA_DIR=/data
USER 10001:10001
WORKDIR /data
VOLUME /data
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 CMD ["python3", "-c", "import os, urllib.request; urllib.request.urlopen('http://127.0.0.1:' + os.environ['GATEHOUSE_BIND'].rpartition(':')[2] + '/livez', timeout=2)"]
ENTRYPOINT ["gatehouse"]
CMD ["serve"]
