// A node:test reporter that writes one line of JSON at the end: how many tests passed, failed and were skipped.

/** @param {AsyncIterable<{ type: string, data: { file?: string, counts?: Record<string, number> } }>} source */
export default async function* countReporter(source) {
  for await (const event of source) {
    // There is a summary for each file and one, without a file, for all of them.
    if (event.type !== 'test:summary' || event.data.file !== undefined) continue;
    const { passed = 0, failed = 0, cancelled = 0, skipped = 0 } = event.data.counts ?? {};
    yield JSON.stringify({ passed, failed: failed + cancelled, skipped });
  }
}
