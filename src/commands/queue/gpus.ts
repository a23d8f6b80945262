import { changing, reachable } from '../../queue/reachable.ts';
import { Refusal } from '../../refusal.ts';
import { beginning, duration, quoted } from '../../text/format.ts';
import { isTextKey } from '../../text/texts.ts';
import type { Texts } from '../../text/texts.ts';
import { unwatchedAfter } from '../../queue/rented-gpus.ts';
import type { GpuPod, GpuStatus } from '../../queue/rented-gpus.ts';
import { message } from '../render/message.ts';
import type { RenderedMessage } from '../render/message.ts';
import type { RentedGpus } from '../support/services.ts';
import type { Acting } from './command-context.ts';

/** More than a message has room for is no list any more. */
const mostShown = 15;
const problemCharacters = 200;

/** `/queue-admin gpus`: what is rented and what it costs, and one more or one less by hand. */
export async function showGpus(acting: Acting): Promise<RenderedMessage> {
  const { interaction, texts, services } = acting;
  const { gpus } = services;
  if (gpus === null) throw new Refusal('queue_admin.gpus.off');
  const wanted = interaction.options.getString('do');
  const lines: string[] = [];
  if (wanted === 'start') {
    await changing(gpus.wish({ start: true }));
    lines.push(texts.say('queue_admin.gpus.start_asked'));
  } else if (wanted === 'stop') {
    lines.push(await stopOne(acting, gpus));
  }
  const [pods, status, usual] = await reachable(
    Promise.all([gpus.pods(), gpus.status(), gpus.usualStartSeconds()]),
  );
  return message([
    ...lines,
    texts.say('queue_admin.gpus.heading', { provider: status?.provider ?? '?' }),
    ...(pods.length === 0
      ? [texts.say('queue_admin.gpus.none')]
      : pods.slice(0, mostShown).map((pod) => podLine(pod, texts))),
    ...(status === null ? [] : statusLines(status, services.now(), texts)),
    usual === null ? null : texts.say('queue_admin.gpus.usual', { duration: duration(texts, usual) }),
  ]);
}

/** What `gpu` may be, for its suggestions: names with what they are. */
export async function gpuSuggestions(
  gpus: RentedGpus | null,
  typed: string,
): Promise<{ name: string; value: string }[]> {
  const pods = gpus === null ? [] : await gpus.pods();
  return pods
    .filter(
      ({ name, kind, ending }) =>
        ending === null && `${name} ${kind}`.toLowerCase().includes(typed.toLowerCase()),
    )
    .slice(0, 25)
    .map(({ name, kind }) => ({ name: beginning(`${name} · ${kind}`, 100), value: name }));
}

async function stopOne({ interaction, texts }: Acting, gpus: RentedGpus): Promise<string> {
  const pods = await reachable(gpus.pods());
  const given = interaction.options.getString('gpu')?.trim() ?? '';
  // With one running there is nothing to choose.
  const name = given === '' && pods.length === 1 ? (pods[0]?.name ?? '') : given;
  if (!pods.some((pod) => pod.name === name)) {
    throw new Refusal('queue_admin.gpus.unknown', { name: quoted(name === '' ? '…' : name, 60) });
  }
  await changing(gpus.wish({ stop: name }));
  return texts.say('queue_admin.gpus.stop_asked', { name });
}

function podLine(pod: GpuPod, texts: Texts): string {
  const state = pod.ending !== null ? 'ending' : pod.readyAt === null ? 'starting' : 'ready';
  return texts.say('queue_admin.gpus.line', {
    state: { ending: '🟠', starting: '🟡', ready: '🟢' }[state],
    name: pod.name,
    kind: quoted(pod.kind, 60),
    price: pod.pricePerHour.toFixed(2),
    what: texts.say(`queue_admin.gpus.${state}`),
    since: Math.round((pod.readyAt ?? pod.askedAt) / 1000),
  });
}

function statusLines(status: GpuStatus, now: number, texts: Texts): string[] {
  const { spent, caps, hindrance, problem, at, ready } = status;
  const money = (amount: number | null) => (amount === null ? 'none' : amount.toFixed(2));
  const why = `queue_admin.gpus.hindrance.${hindrance ?? ''}`;
  return [
    texts.say('queue_admin.gpus.spent', {
      today: spent.today.toFixed(2),
      month: spent.month.toFixed(2),
      dayCap: money(caps.today),
      monthCap: money(caps.month),
    }),
    ...(ready === null
      ? []
      : [
          texts.say(ready.rests ? 'queue_admin.gpus.rests' : 'queue_admin.gpus.kept', {
            until: Math.round(ready.until / 1000),
          }),
        ]),
    ...(isTextKey(why) ? [texts.say(why)] : []),
    ...(problem === null
      ? []
      : [texts.say('queue_admin.gpus.problem', { problem: quoted(problem, problemCharacters) })]),
    ...(now - at > unwatchedAfter
      ? [texts.say('queue_admin.gpus.silent', { at: Math.round(at / 1000) })]
      : []),
  ];
}
