FROM python:3.11-slim AS build
WORKDIR /source
COPY requirements.txt requirements-demo.txt ./
RUN python -m venv /opt/build \
    && /opt/build/bin/pip install --no-cache-dir --require-hashes -r requirements-demo.txt \
    && python -m venv /opt/lasegue \
    && /opt/lasegue/bin/pip install --no-cache-dir --require-hashes -r requirements.txt
COPY pyproject.toml README.md LICENSE ./
COPY service service
COPY mappings mappings
RUN /opt/build/bin/python -m build --wheel --no-isolation --outdir /wheel \
    && /opt/lasegue/bin/pip install --no-cache-dir --no-deps /wheel/*.whl

FROM python:3.11-slim
RUN useradd --system --uid 10001 --create-home --home-dir /var/lib/lasegue lasegue
COPY --from=build /opt/lasegue /opt/lasegue
ENV PATH=/opt/lasegue/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    LASEGUE_HOST=0.0.0.0 \
    LASEGUE_STORE=sqlite:////var/lib/lasegue/lasegue.db
USER lasegue
WORKDIR /etc/lasegue
VOLUME /var/lib/lasegue
EXPOSE 8466
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8466/healthz', timeout=4)"]
ENTRYPOINT ["python", "-m", "service"]
CMD ["serve"]
