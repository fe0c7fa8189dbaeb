import kafkajs, { type Admin } from 'kafkajs';

/** For how long a topic keeps its records, in milliseconds, as its configuration says; null where it removes none for its age. */
export async function retentionOf(
  client: Pick<Admin, 'describeConfigs'>,
  topic: string,
): Promise<number | null> {
  const { resources } = await client.describeConfigs({
    includeSynonyms: false,
    resources: [
      {
        type: kafkajs.ConfigResourceTypes.TOPIC,
        name: topic,
        configNames: ['retention.ms', 'cleanup.policy'],
      },
    ],
  });
  const entries = new Map(
    resources[0]?.configEntries.map(({ configName, configValue }) => [configName, configValue]),
  );
  const ms = Number(entries.get('retention.ms') ?? -1);
  const removes = (entries.get('cleanup.policy') ?? 'delete').includes('delete');
  return removes && ms >= 0 ? ms : null;
}
