/**
 * `npm run verify -- FILE… [--json]`: says where videos come from, by their signature (C2PA) and by the watermark in their pixels. Exits with 0
 * when this deployment made all of them, with 2 when it cannot say that of one, with 1 when one cannot be read. Without REDIS_URL it says what
 * stands in the file, and that it cannot tell who made it.
 */
import { tmpdir } from 'node:os';
import { resolve } from 'node:path';
import { viewOf } from '../../src/api/verify-route.ts';
import { loadVerifyAloneConfig, loadVerifyConfig, namesRedis } from '../../src/config/environment.ts';
import { ConfigurationError } from '../../src/config/generate.ts';
import { Failure } from '../../src/failure.ts';
import { createLogger } from '../../src/log.ts';
import { openScratch } from '../../src/media/scratch.ts';
import { knowledgeOf, Verifier } from '../../src/provenance/verify-video.ts';
import type { Verdict } from '../../src/provenance/verify-video.ts';
import { createGenerationQueue } from '../../src/queue/create-generation-queue.ts';
import { textsFor, failureText } from '../../src/text/texts.ts';
import { environmentHere } from './environment.ts';
import { argumentsOf } from './read-arguments.ts';
import { ownCommand } from '../../src/config/runtime-environment.ts';

async function main(): Promise<number> {
  const usage = `${ownCommand('verify', 'FILE… [--json]')}   says where videos come from`;
  const { values, positionals } = argumentsOf(usage, {
    allowPositionals: true,
    options: { json: { type: 'boolean', default: false } },
  });
  if (positionals.length === 0) {
    console.error(usage);
    return 1;
  }
  const { verifier, queue } = open();
  let status = 0;
  try {
    for (const path of positionals) {
      await using scratch = await openScratch(tmpdir(), 'verify');
      try {
        if (/^https?:\/\//i.test(path))
          throw new Error('this is an address: download the video, and name the file');
        // npm starts this in the project's folder, wherever the person stands who names a file.
        const whole = resolve(process.env['INIT_CWD'] ?? '.', path);
        const verdict = await verifier.verify(whole, { scratch: scratch.path });
        if (values.json) console.log(JSON.stringify({ file: path, ...viewOf(verdict, true) }, null, 2));
        else console.log([path, ...linesOf(verdict, queue !== null).map((line) => `  ${line}`)].join('\n'));
        if (verdict.origin !== 'here') status ||= 2;
      } catch (error) {
        console.error(`${path}\n  ${wordsOf(error)}`);
        status = 1;
      }
    }
  } finally {
    await queue?.close();
  }
  return status;
}

/** With the deployment's Redis where one is named; alone otherwise, by what stands in the file. */
function open() {
  const environment = environmentHere();
  const deployment = namesRedis(environment) ? loadVerifyConfig(environment) : null;
  const { trustList = null } = deployment ?? loadVerifyAloneConfig(environment);
  const queue =
    deployment === null ? null : createGenerationQueue(deployment, createLogger('verify', 'silent'));
  const knowledge = queue === null ? null : knowledgeOf(queue);
  return { queue, verifier: new Verifier({ knowledge, anchors: trustList }) };
}

/** @param isAsked whether a deployment was asked what it knows */
function linesOf(
  { origin, changed, madeWithAi, signature, watermark, generation }: Verdict,
  isAsked: boolean,
): string[] {
  const isMarked = watermark !== null || signature?.intact === true;
  const lines = [
    !isAsked && isMarked
      ? `${madeWithAi === true ? 'made with AI' : 'signed by somebody'}; whether by this deployment, only its Redis knows (REDIS_URL is not set)`
      : {
          here: 'made with AI, by this deployment',
          elsewhere: 'made by somebody else, as its marks say',
          unknown:
            'nothing in it tells where it comes from. That proves nothing: marks can get lost, and other tools leave none',
        }[origin],
  ];
  if (signature === null) {
    lines.push('signature: none');
    if (changed === true)
      lines.push('changed since it was signed: YES, this is a copy of a video that was signed');
  } else {
    const isDamaged = !signature.intact && signature.name === null && signature.issuer === null;
    const who = isDamaged
      ? 'one that cannot be read any more'
      : {
          own: 'this deployment',
          trusted: `${signature.name ?? '?'}, whom the trust list knows`,
          untrusted: `“${signature.name ?? '?'}”, for whom nobody vouches`,
        }[signature.signer];
    lines.push(`signature: ${who}`, `changed since it was signed: ${changed === true ? 'YES' : 'no'}`);
    if (signature.expired) lines.push('its certificate has ended, and it has no time stamp');
    if (signature.problems.length > 0) lines.push(`in the words of C2PA: ${signature.problems.join(', ')}`);
    const when = signature.stampedAt ?? signature.createdAt;
    if (when !== null)
      lines.push(
        `signed: ${when}${signature.stampedAt === null ? ' (as the signer says)' : ' (time stamp)'}`,
      );
    if (signature.generator !== null) lines.push(`made with: ${signature.generator}`);
    const facts = signature.generation;
    if (facts !== null) {
      const weights =
        facts.weights === 'mini' ? 'mini, the small demonstration model, not HuMo' : facts.weights;
      lines.push(
        `model: ${facts.model} (${facts.preset}, weights: ${weights}), generation ${facts.generation}`,
      );
      if (facts.parent !== undefined) lines.push(`made from: ${facts.parent}`);
    }
  }
  lines.push(`watermark: ${watermarkWords(watermark)}`);
  if (!isAsked) return lines;
  lines.push(
    generation === null
      ? 'on record here: nothing'
      : `on record here: ${generation.id} of ${new Date(generation.createdAt).toISOString()}, ${generation.request.model} (${generation.request.preset}), asked for by ${generation.userId}`,
  );
  return lines;
}

function watermarkWords(watermark: Verdict['watermark']): string {
  if (watermark === null) return 'none that can be read';
  if (watermark.deployment === 'unknown') return 'there is one, of a deployment of this program';
  if (watermark.deployment === 'other') return 'of another deployment';
  return `this deployment’s, of ${watermark.generationId ?? 'a video that it does not remember'}`;
}

/** What the system says of a file that is named wrongly. */
const systemWords: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'there is no such file',
  EISDIR: 'this is a folder: name the videos in it',
  EACCES: 'this file may not be read',
};

function wordsOf(error: unknown): string {
  if (error instanceof Failure && error.identifier === 'queue_unreachable')
    return 'Redis cannot be reached (REDIS_URL), so nobody can say whether this deployment made it; without REDIS_URL, what stands in the file is said';
  if (error instanceof Failure) return failureText(textsFor('en'), error, '');
  const code = error instanceof Error && 'code' in error ? systemWords[String(error.code)] : undefined;
  if (code !== undefined) return code;
  return error instanceof Error ? error.message : String(error);
}

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof ConfigurationError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
