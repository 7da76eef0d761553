import assert from 'node:assert/strict';
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:http';
import { basename, join } from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import { temporaryFolder } from '../../test/temporary-folder.ts';
import { resolveKafka } from './binaries.ts';
import { kafkaPins } from './kafka-jars.ts';
import { NoBinary } from './resolve-binary.ts';

const signal = new AbortController().signal;

function writeScript(folder: string, name: string, code: string): string {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, name);
  writeFileSync(path, `#!/bin/sh\n${code}\n`);
  chmodSync(path, 0o755);
  return path;
}

/** Writes a `java` that prints its own version, and the version of Kafka for any class path. */
function writeJava(folder: string, { java = '17.0.15', kafka = '4.1.1' } = {}): string {
  const isVersion = '[ "$1" = -version ]';
  return writeScript(
    folder,
    'java',
    `${isVersion} && { echo 'openjdk version "${java}" 2025-04-15' >&2; exit; }\necho "${kafka} (Commit:0)"`,
  );
}

/** A machine with an empty cache, and on PATH only what the scripts need. */
function emptyMachine(t: TestContext) {
  const root = temporaryFolder(t);
  const said: string[] = [];
  const path = join(root, 'path');
  // No /usr/bin: a real java or mvn may be in it.
  const env: NodeJS.ProcessEnv = { PATH: path, HOME: root, XDG_CACHE_HOME: root };
  for (const name of ['sh', 'cat']) {
    mkdirSync(path, { recursive: true });
    symlinkSync(`/bin/${name}`, join(path, name));
  }
  const options = { env, signal, say: (line: string) => void said.push(line) };
  return { root, path, env, said, options };
}

describe('the Java for Kafka', () => {
  it('that is missing is asked for by name, before anything is fetched', async (t) => {
    const { options, said } = emptyMachine(t);
    await assert.rejects(resolveKafka(options), (error) => {
      assert.ok(error instanceof NoBinary);
      for (const needle of ['ENOENT', 'Java 17', 'apt-get install', 'JAVA_HOME', 'KAFKA_BROKERS']) {
        assert.ok(error.message.includes(needle), needle);
      }
      return true;
    });
    assert.deepEqual(said, []);
  });

  it('that is too old, or none at all, says so', async (t) => {
    const { options, path } = emptyMachine(t);
    writeJava(path, { java: '11.0.27' });
    await assert.rejects(resolveKafka(options), /java is Java 11\.\nKafka needs Java 17 or newer/);
    writeJava(path, { java: '1.8.0_452' });
    await assert.rejects(resolveKafka(options), /java is Java 1\./);
    writeScript(path, 'java', "echo 'Unable to locate a Java Runtime' >&2; exit 1");
    await assert.rejects(resolveKafka(options), /java does not run: .*Unable to locate/s);
  });

  it("is JAVA_HOME's before that on PATH", async (t) => {
    const { options, root, env, path } = emptyMachine(t);
    writeJava(path, { java: '11.0.27' });
    const java = writeJava(join(root, 'jdk', 'bin'));
    env.JAVA_HOME = join(root, 'jdk');
    env.KAFKA_HOME = join(root, 'kafka');
    assert.equal((await resolveKafka(options)).java, java);
  });
});

describe('Kafka', () => {
  it('is the one that KAFKA_HOME names, or none', async (t) => {
    const { options, root, env, path } = emptyMachine(t);
    env.KAFKA_HOME = join(root, 'unpacked');
    writeJava(path, { kafka: '4.2.0' });
    const { path: home, version } = await resolveKafka(options);
    assert.equal(home, env.KAFKA_HOME);
    assert.deepEqual(version, { major: 4, minor: 2, patch: 0 });
    writeJava(path, { kafka: '3.9.1' });
    await assert.rejects(resolveKafka(options), /KAFKA_HOME names .* 3\.9\.1, and 4\.1 or newer/);
  });

  it('is found by its scripts on PATH, wherever they are linked from', async (t) => {
    const { options, root, path } = emptyMachine(t);
    writeJava(path);
    const script = writeScript(join(root, 'opt', 'bin'), 'kafka-server-start.sh', 'exit 1');
    symlinkSync(script, join(path, 'kafka-server-start.sh'));
    assert.equal((await resolveKafka(options)).path, join(root, 'opt'));
  });

  it('older than the data is not put upon them; a newer one is', async (t) => {
    const { options, root, env, path } = emptyMachine(t);
    env.KAFKA_HOME = join(root, 'unpacked');
    writeJava(path, { kafka: '4.1.1' });
    const madeBy = { ...options, madeBy: '4.2' };
    await assert.rejects(resolveKafka(madeBy), /the data in DATA_DIR are of Kafka 4\.2/);
    writeJava(path, { kafka: '5.0.0' });
    assert.equal((await resolveKafka(madeBy)).version.major, 5);
  });

  it("that mvn cannot fetch gives mvn's own reason, and the repository that is named is asked next", async (t) => {
    const { options, path, said } = emptyMachine(t);
    writeJava(path);
    writeScript(
      path,
      'mvn',
      `echo '[ERROR] Could not transfer artifact x: Connection refused -> [Help 1]'
       echo '[ERROR] To see the full stack trace, re-run with -e'; exit 1`,
    );
    await assert.rejects(resolveKafka(options), (error) => {
      assert.ok(error instanceof NoBinary);
      const needles = ['MVNW_REPOURL names no Maven', 'KAFKA_HOME', 'KAFKA_BROKERS'];
      for (const needle of needles) assert.ok(error.message.includes(needle), needle);
      return true;
    });
    assert.match(said.join('\n'), /by mvn: Could not transfer artifact x: Connection refused$/m);
  });
});

describe('the jars that are pinned', () => {
  it('are those of the Kafka that the POM asks for', async () => {
    const pom = readFileSync(join(import.meta.dirname, 'kafka-pom.xml'), 'utf8');
    const asked = /<artifactId>kafka_2\.13<\/artifactId>\s*<version>(.*)<\/version>/.exec(pom)?.[1];
    const { version, jars } = await kafkaPins();
    assert.equal(version, asked);
    const broker = `org/apache/kafka/kafka_2.13/${asked}/kafka_2.13-${asked}.jar`;
    assert.ok(jars.some(({ path }) => path === broker));
  });
});

/** With a Maven repository that serves the jars of the installed Kafka. `spoil` may change one. */
describe('Kafka from a Maven repository without mvn', () => {
  let home: string;
  let repository: Server;
  let url: string;
  let spoil: (jar: string, bytes: Buffer) => Buffer | undefined;
  const asked: string[] = [];
  before(async () => {
    const say = (line: string) => console.error(line);
    home = (await resolveKafka({ env: withoutOthers(), signal, say })).path;
    repository = createServer((request, response) => {
      const jar = basename(request.url ?? '');
      asked.push(request.url ?? '');
      const bytes = spoil(jar, readFileSync(join(home, 'libs', jar)));
      response.writeHead(bytes === undefined ? 404 : 200).end(bytes);
    });
    await new Promise<void>((resolve) => repository.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(repository.address() as { port: number }).port}/maven2/`;
  });
  after(() => repository?.close());

  /** This machine's environment without `KAFKA_HOME`. */
  function withoutOthers(): NodeJS.ProcessEnv {
    const { KAFKA_HOME: _, ...env } = process.env;
    return env;
  }

  function machine(t: TestContext) {
    const { root, path, env, options, said } = emptyMachine(t);
    const { JAVA_HOME, PATH } = process.env;
    writeScript(
      path,
      'java',
      `PATH='${PATH}' exec "${JAVA_HOME ? `${JAVA_HOME}/bin/` : ''}java" "$@"`,
    );
    env.MVNW_REPOURL = url;
    return { root, options, said };
  }

  it('is whole in the cache, and runs', async (t) => {
    spoil = (_, bytes) => bytes;
    const { root, options, said } = machine(t);
    const found = await resolveKafka(options);
    assert.equal(found.path, join(root, 'laurel', 'kafka-4.1.1-jars', 'kafka'));
    assert.deepEqual(readdirSync(join(found.path, 'libs')), readdirSync(join(home, 'libs')));
    assert.ok(asked.includes('/maven2/org/apache/kafka/kafka_2.13/4.1.1/kafka_2.13-4.1.1.jar'));
    assert.match(said.join('\n'), /by mvn: this machine has no mvn/);
    const requests = asked.length;
    assert.deepEqual(await resolveKafka(options), found);
    assert.equal(asked.length, requests, 'the second time it is in the cache');
  });

  it('is refused where one jar is another than the pinned one', async (t) => {
    spoil = (jar, bytes) => (jar.startsWith('kafka-server-4') ? Buffer.from('PK') : bytes);
    const { root, options } = machine(t);
    await assert.rejects(
      resolveKafka(options),
      /kafka-server-4\.1\.1\.jar is not the one that is pinned/,
    );
    assert.deepEqual(readdirSync(join(root, 'laurel')), []);
  });

  it('is given up at the first jar that is not there', async (t) => {
    spoil = () => undefined;
    const { options } = machine(t);
    await assert.rejects(resolveKafka(options), /\.jar answered 404/);
  });
});
