/** Calls an API, and keeps every secret that a test made, and every problem that was answered. */

/** An answer, read. */
export interface Answer {
  status: number;
  headers: Headers;
  /** Its JSON; an empty object where it has none. */
  body: Record<string, string>;
}

interface Sent {
  token?: string;
  headers?: Record<string, string>;
  /** A text is sent as it is. */
  body?: object | string;
}

/**
 * The address that was called and the place in the body: whoever put a secret there is told so. And
 * the token by which a refused sign-in goes on, which is for the client.
 */
const OF_THE_CLIENT = /"(?:instance|pointer|mfaToken)":"(?:[^"\\]|\\.)*"/g;

export type Recorder = ReturnType<typeof createRecorder>;

/** @param url the API's address */
export function createRecorder(url: string) {
  const secrets = new Map<string, string>();
  const problems: string[] = [];

  return {
    url,
    /** What may stand nowhere, by what it is. */
    secrets,
    /** The bodies of all refusals, without what is the client's own. */
    problems,

    /** Notes a secret. @returns the secret */
    keep(what: string, secret: string | undefined): string {
      if (!secret) throw new Error(`there is no ${what}`);
      secrets.set(what, secret);
      return secret;
    },

    async call(method: string, path: string, { token, headers, body }: Sent = {}): Promise<Answer> {
      const response = await fetch(url + path, {
        method,
        redirect: 'manual',
        headers: {
          ...(token !== undefined && { authorization: `Bearer ${token}` }),
          ...(body !== undefined && { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      });
      const text = await response.text();
      if (response.status >= 400) problems.push(text.replace(OF_THE_CLIENT, ''));
      const isJson = /[/+]json/.test(response.headers.get('content-type') ?? '');
      return {
        status: response.status,
        headers: response.headers,
        body: isJson && text !== '' ? JSON.parse(text) : {},
      };
    },
  };
}

/** The value of a cookie that an answer sets. */
export function cookieIn({ headers }: Answer, name: string): string {
  const cookie = headers.getSetCookie().find((set) => set.startsWith(`${name}=`));
  return cookie?.slice(name.length + 1).split(';')[0] ?? '';
}

/** Where a secret stands in a text: as it is, in a URL, or in base64. A code is a number of its own. */
export function holds(text: string, secret: string): boolean {
  if (/^\d{6}$/.test(secret)) return new RegExp(`(?<![\\d.])${secret}(?!\\d)`).test(text);
  const forms = [secret, encodeURIComponent(secret), Buffer.from(secret).toString('base64url')];
  return forms.some((form) => text.includes(form));
}
