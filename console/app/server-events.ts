/** Reads the text of server-sent events. */

export interface ServerEvent {
  event: string;
  data: string;
  id: string | undefined;
}

/**
 * Takes complete events off the front of a text (WHATWG HTML, section 9.2.6).
 * @returns the events, and the text that is left
 */
export function takeEvents(text: string): { events: ServerEvent[]; rest: string } {
  const blocks = text.replaceAll('\r\n', '\n').split('\n\n');
  const rest = blocks.pop() ?? '';
  const events = blocks.map(parseBlock).filter((event) => event.data !== '');
  return { events, rest };
}

function parseBlock(block: string): ServerEvent {
  const found: ServerEvent = { event: 'message', data: '', id: undefined };
  const data: string[] = [];
  for (const line of block.split('\n')) {
    const colon = line.indexOf(':');
    if (colon <= 0) continue;
    const value = line.slice(colon + 1).replace(/^ /, '');
    const field = line.slice(0, colon);
    if (field === 'data') data.push(value);
    else if (field === 'event') found.event = value;
    else if (field === 'id') found.id = value;
  }
  return { ...found, data: data.join('\n') };
}
