/** Sends the requests of an `.http` file in their order, as an editor's client does. */

/**
 * Sends them all.
 * @param given values for variables, in place of the file's own
 * @returns the title of each request whose answer has not the status at its title's start
 */
export async function unexpectedAnswers(
  file: string,
  given: Record<string, string>,
): Promise<string[]> {
  const [head = '', ...blocks] = file.split(/^### /m);
  const values = new Map<string, unknown>();
  for (const [, name = '', own] of head.matchAll(/^@(\w+) = (.*)$/gm)) {
    values.set(name, given[name] ?? own);
  }
  const unexpected: string[] = [];
  for (const block of blocks) {
    const filled = block.replaceAll(/\{\{(.+?)\}\}/g, (_, name) => String(values.get(name)));
    const [top = '', body] = filled.trim().split('\n\n');
    const [title = '', ...lines] = top.split('\n');
    const [request = '', ...headers] = lines.filter((line) => !line.startsWith('# '));
    const [method = '', url = ''] = request.split(' ');
    const response = await fetch(url, {
      method,
      headers: headers.map((line) => line.split(': ') as [string, string]),
      ...(body !== undefined && { body }),
    });
    const text = await response.text();
    if (!title.startsWith(`${response.status} `)) unexpected.push(`${title}: ${text}`);
    const name = /^# @name (\w+)$/m.exec(top)?.[1];
    for (const [field, value] of Object.entries(name ? JSON.parse(text) : {})) {
      values.set(`${name}.response.body.$.${field}`, value);
    }
  }
  return unexpected;
}
