import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { readServerSent } from './server-sent.ts';

/**
 * Somebody on the page without a browser: what Gradio's own script says to the page's process, with cookies of their own. For many people at
 * once, whose browsers would be what is measured.
 */
export interface PageVisitor {
  /** Sends a file. @returns what the form keeps of it */
  send(name: string, bytes: Uint8Array<ArrayBuffer>): Promise<{ path: string; url: string; name: string }>;
  /** Presses a button, with what stands in the form by the order of the page. @returns when all that comes of it has come */
  press(button: string, values: readonly unknown[]): Promise<readonly unknown[]>;
  /** What the list holds: ids, and the page's own words about them. */
  listed(): Promise<{ ids: readonly string[]; html: string }>;
  get(path: string, headers?: Record<string, string>): Promise<Response>;
}

const configSchema = z.object({
  components: z.array(z.object({ id: z.number(), props: z.object({ elem_id: z.string().nullish() }) })),
  dependencies: z.array(
    z.object({ id: z.number(), targets: z.array(z.tuple([z.number().nullable(), z.string()])) }),
  ),
});
const joined = z.object({ event_id: z.string() });
const told = z.object({
  msg: z.string(),
  event_id: z.string().nullish(),
  success: z.boolean().optional(),
  output: z.object({ data: z.array(z.unknown()).optional(), error: z.unknown().optional() }).optional(),
});

/** @param cookies of a login, where the page wants one */
export async function visitPage(url: string, cookies = ''): Promise<PageVisitor> {
  const opened = await fetch(`${url}/en/`, { headers: { accept: 'text/html', cookie: cookies } });
  if (opened.status !== 200) throw new Error(`the page answers ${opened.status}`);
  await opened.text();
  const own = opened.headers.getSetCookie().map((cookie) => cookie.split(';')[0]);
  const cookie = [cookies, ...own].filter(Boolean).join('; ');
  const get: PageVisitor['get'] = (path, headers = {}) =>
    fetch(url + path, { headers: { ...headers, cookie } });
  const config = configSchema.parse(await (await get('/en/config')).json());
  const session = randomUUID();

  const press: PageVisitor['press'] = async (button, values) => {
    const component = config.components.find(({ props }) => props.elem_id === button)?.id ?? -1;
    const event = config.dependencies.find(({ targets }) =>
      targets.some(([id, name]) => id === component && name === 'click'),
    );
    if (event === undefined) throw new Error(`nothing happens when ${button} is pressed`);
    const body = {
      data: values,
      fn_index: event.id,
      trigger_id: component,
      session_hash: session,
      event_data: null,
    };
    const asked = await fetch(`${url}/en/gradio_api/queue/join`, {
      method: 'POST',
      headers: { cookie, 'content-type': 'application/json', 'x-gradio-user': 'app' },
      body: JSON.stringify(body),
    });
    if (asked.status !== 200) throw new Error(`${button}: ${asked.status} ${await asked.text()}`);
    const { event_id: identifier } = joined.parse(await asked.json());
    for await (const fields of readServerSent(
      await get(`/en/gradio_api/queue/data?session_hash=${session}`),
    )) {
      const message = told.parse(JSON.parse(fields.get('data') ?? ''));
      if (message.event_id !== identifier || message.msg !== 'process_completed') continue;
      if (message.success !== true) throw new Error(`${button}: ${JSON.stringify(message.output)}`);
      return message.output?.data ?? [];
    }
    throw new Error(`${button}: the page ended before it was done`);
  };
  return {
    get,
    press,
    async send(name, bytes) {
      const form = new FormData();
      form.set('files', new Blob([bytes]), name);
      const sent = await fetch(`${url}/en/gradio_api/upload`, {
        method: 'POST',
        headers: { cookie },
        body: form,
      });
      const [path = ''] = z.array(z.string()).parse(await sent.json());
      return { path, url: `${url}/en/gradio_api/file=${path}`, name };
    },
    async listed() {
      const [shown] = await press('refresh', [1]);
      const html = typeof shown === 'string' ? shown : '';
      return { html, ids: [...html.matchAll(/data-open="([^"]+)"/g)].map(([, id = '']) => id) };
    },
  };
}
