# One image for all processes: the API by default, `node worker/main.ts` and `node streams/main.ts` by
# command.
# Debian, not Alpine: Temporal's native core needs glibc. The version is that of the tests (npm's `node`).
FROM node:24.21.0-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
# Part of the lock file: npm refuses to install without it.
COPY client/package.json client/
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund
COPY . .
RUN node worker/bundle.ts && node api/console/bundle.ts

FROM node:24.21.0-bookworm-slim
# The slim image has no certificates, and Temporal's core reads the system's (TLS, Temporal Cloud).
RUN apt-get update \
 && apt-get install --yes --no-install-recommends ca-certificates \
 && rm -rf /var/lib/apt/lists/*
ENV NODE_ENV=production
# What sends traffic to a container takes some seconds to notice that it is about to stop.
ENV DRAIN_S=5
WORKDIR /app
COPY --from=build /app/node_modules node_modules/
COPY . .
COPY --from=build /app/dist dist/
# The image's user `node`, by number so that Kubernetes' runAsNonRoot can tell.
USER 1000:1000
# The API, and /metrics where METRICS_PORT is 9464, as in docker-compose.yml.
EXPOSE 3000 9464
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
  CMD ["node", "api/server/health-check.ts"]
CMD ["node", "api/main.ts"]
