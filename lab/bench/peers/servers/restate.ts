/** A Restate server for one run: one node, from npm. */
import { join } from 'node:path';
import { freePort } from '../../../../local/processes/ports.ts';
import { byHttp } from '../../../../local/processes/readiness.ts';
import { serverEnvironment } from '../../../../local/processes/server-environment.ts';
import type { ServiceSpec } from '../../../../local/processes/service.ts';

export interface Restate {
  spec: ServiceSpec;
  /** The port that takes claims. */
  port: number;
  /** Registers the app that listens on this port. */
  register: (appPort: number) => Promise<void>;
}

/** Default settings, except for addresses and telemetry. The journal is fsynced. */
export async function prepareRestate(dataDir: string, logPath: string): Promise<Restate> {
  const [node, ingress, admin] = [await freePort(), await freePort(), await freePort()];
  const name = `@restatedev/restate-server-${process.platform}-${process.arch}`;
  const adminUrl = `http://127.0.0.1:${admin}`;
  return {
    spec: {
      name: 'restate',
      command: {
        file: join(import.meta.dirname, '..', 'node_modules', name, 'bin', 'restate-server'),
        args: ['--base-dir', dataDir, '--node-name', 'bench', '--no-logo'],
        env: {
          ...serverEnvironment(),
          RESTATE_LISTEN_MODE: 'tcp',
          RESTATE_BIND_IP: '127.0.0.1',
          RESTATE_BIND_PORT: String(node),
          RESTATE_INGRESS__BIND_PORT: String(ingress),
          RESTATE_ADMIN__BIND_PORT: String(admin),
          RESTATE_DISABLE_TELEMETRY: 'true',
        },
      },
      logPath,
      ready: byHttp(`${adminUrl}/health`),
      readyTimeoutMs: 60_000,
      stopTimeoutMs: 10_000,
    },
    port: ingress,
    register: async (appPort) => {
      const response = await fetch(`${adminUrl}/deployments`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ uri: `http://127.0.0.1:${appPort}` }),
      });
      if (!response.ok) throw new Error(`Restate took no app: ${await response.text()}`);
    },
  };
}
