/** The topics, and how they are created. */
import { Admin } from '@platformatic/kafka';
import { clientOptions } from './kafka.ts';

/** Partitions of each topic: enough for as many processes. Dead letters are few. */
const PARTITIONS = {
  'game.activity': 6,
  'game.activity.dead': 1,
  'user.status': 3,
  'user.status.dead': 1,
  'claim.state': 6,
};

/**
 * The names of one installation's topics and consumer groups.
 * @param prefix what each name begins with, so that several installations can share a broker
 */
export function namesUnder(prefix: string) {
  const consumed = (topic: 'game.activity' | 'user.status', group: string) => ({
    topic: `${prefix}${topic}`,
    deadTopic: `${prefix}${topic}.dead`,
    groupId: `${prefix}laurel-${group}`,
  });
  return {
    playerEvents: consumed('game.activity', 'activity'),
    userStatus: consumed('user.status', 'user-status'),
    claimState: `${prefix}claim.state`,
  };
}

/** The broker's own default number of replicas. */
const DEFAULT_REPLICAS = -1;

/** Creates the missing topics; others stay as they are. Two processes may call it at once. */
export async function makeTopics(brokers: string[], prefix: string): Promise<void> {
  const admin = new Admin({ ...clientOptions(brokers), retries: 0 });
  try {
    const known = await admin.listTopics();
    for (const [name, partitions] of Object.entries(PARTITIONS)) {
      const topic = `${prefix}${name}`;
      if (known.includes(topic)) continue;
      const wanted = { topics: [topic], partitions, replicas: DEFAULT_REPLICAS };
      await admin.createTopics(wanted).catch(async (error: unknown) => {
        // Another process created it first.
        if (!(await admin.listTopics()).includes(topic)) throw error;
      });
    }
  } finally {
    await admin.close();
  }
}
