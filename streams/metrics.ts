/** Metrics of the streams: what came in, what was put aside, and how far behind they are. */
import { Counter, Gauge, type Registry } from 'prom-client';
import type { ClaimFeed } from '../store/claims/claim-feed.ts';
import { timeOfToken } from '../store/mongodb/resume-token.ts';
import type { Intake } from './consumer.ts';
import type { Progress } from './partitions.ts';

/**
 * The metrics of one process.
 * @param registry gets the metrics
 * @param now our clock
 */
export function observeStreams(registry: Registry, now: () => Date) {
  return {
    ...observeTopics(registry),
    watchFeed: (feed: ClaimFeed) => watchFeed(registry, feed, now),
  };
}

function observeTopics(registry: Registry) {
  const records = new Counter({
    name: 'laurel_kafka_records_total',
    help: 'Records that came in over Kafka, by what came of them. One may come more than once.',
    labelNames: ['topic', 'outcome'],
    registers: [registry],
  });
  const deadLetters = new Counter({
    name: 'laurel_dead_letters_total',
    help: 'Records that were put into the dead letter topic of the topic they came from.',
    labelNames: ['topic'],
    registers: [registry],
  });
  const watched: { topic: string; progress: Progress }[] = [];
  new Gauge({
    name: 'laurel_kafka_consumer_lag',
    help: 'Records that are not committed yet, in the partitions that this process has.',
    labelNames: ['topic'],
    registers: [registry],
    collect() {
      for (const { topic, progress } of watched) this.set({ topic }, progress.lag());
    },
  });

  return {
    /**
     * Begins to measure a topic.
     * @param progress how its partitions move
     * @returns counts the records of a batch
     */
    watchTopic(topic: string, progress: Progress): Intake['onTaken'] {
      watched.push({ topic, progress });
      // A rate must be there before the first record.
      for (const outcome of ['handled', 'dead_letter']) records.inc({ topic, outcome }, 0);
      deadLetters.inc({ topic }, 0);
      return (handled, refused) => {
        records.inc({ topic, outcome: 'handled' }, handled);
        records.inc({ topic, outcome: 'dead_letter' }, refused);
        deadLetters.inc({ topic }, refused);
      };
    },
  };
}

/** The same feed, with a gauge of its lag. Only the process that publishes shows one. */
function watchFeed(registry: Registry, feed: ClaimFeed, now: () => Date): ClaimFeed {
  let publishedUntil: Date | null = null;
  new Gauge({
    name: 'laurel_claim_feed_lag_seconds',
    help: 'How old the cluster time is up to which every change of a claim was published. MongoDB moves it on every ten seconds at the least.',
    registers: [registry],
    collect() {
      this.remove();
      if (publishedUntil === null) return;
      this.set(Math.max(now().getTime() - publishedUntil.getTime(), 0) / 1_000);
    },
  });
  return {
    ...feed,
    async takeLease() {
      const lease = await feed.takeLease();
      return (
        lease && {
          ...lease,
          async remember(place) {
            await lease.remember(place);
            publishedUntil = timeOfToken(place.token) ?? place.at;
          },
          async end() {
            publishedUntil = null;
            await lease.end();
          },
        }
      );
    },
  };
}
