import { expect, test } from 'vitest';
import { loadHandlers } from '../../../src/bot/load-handlers.ts';
import { renderStored } from '../../../src/commands/forget.ts';
import { menus, ownCommands, renderHelp } from '../../../src/commands/help.ts';
import { presetTitle, presetWords } from '../../../src/commands/render/preset.ts';
import { renderEnding, renderResult } from '../../../src/commands/render/result.ts';
import { listed, message } from '../../../src/commands/render/message.ts';
import { alternativeText } from '../../../src/commands/render/video-file.ts';
import { jobLine, renderPointer, renderStatus } from '../../../src/commands/render/status.ts';
import { projectRoot } from '../../../src/config/environment.ts';
import type { Shortcuts } from '../../../src/config/shortcuts.ts';
import { detailLines } from '../../../src/commands/render/details.ts';
import { loadGenerateSettings } from '../../../src/config/generate.ts';
import { textsFor } from '../../../src/text/texts.ts';
import { generationWith, resultWith } from '../../support/generation.ts';

const settings = loadGenerateSettings(`${projectRoot}/generate.yaml`, 'official');
const position = {
  position: 3,
  waiting: 7,
  expectedStartAt: 1_800_000_100_000,
  expectedEndAt: 1_800_000_700_000,
  held: null,
  heldUntil: null,
  measured: true,
  guess: false,
  workers: 1,
};

test('a waiting generation shows position, start, the used seconds of sound, frames and seed', () => {
  const { content } = renderStatus({ generation: generationWith(), position, advice: [], settings });
  expect(content).toContain('number 3 of 7');
  expect(content).toContain('<t:1800000100:R>');
  expect(content).toContain('0:12.0–0:15.9 of 1:03');
  expect(content).toContain('97 frames (3.88 s)');
  expect(content).toContain('seed 42');
  expect(content).toContain('10 min of GPU time');
});

test('the presets that generate.yaml comes with have words in every language; an owner’s own stay as written', () => {
  for (const name of ['draft', 'fast', 'standard', 'final'] as const) {
    const { title, description } = settings.preset(name, settings.defaultShape);
    expect(presetWords(description, textsFor('ja'))).toBe(textsFor('ja').say(`preset.${name}.description`));
    expect(presetWords(title, textsFor('es'))).toBe(textsFor('es').say(`preset.${name}`));
  }
  expect(presetTitle(settings, 'draft', textsFor('de'))).toBe('Entwurf');
  expect(presetTitle(settings, 'gone', textsFor('de'))).toBe('gone');
  expect(presetWords('Quick one', textsFor('de'))).toBe('Quick one');
});

test('without a worker nobody is promised a time', () => {
  const { content } = renderStatus({
    generation: generationWith(),
    position: { ...position, workers: 0 },
    advice: [],
    settings,
  });
  expect(content).toContain('No machine is online');
  expect(content).not.toContain('<t:');
  const others = renderStatus({
    generation: generationWith(),
    position: { ...position, workers: 0 },
    advice: [],
    settings,
    notices: { pause: null, globalPause: null, maintenance: null, wakingUntil: null, modelsAtWork: ['1_7b'] },
  });
  expect(others.content).toContain('No machine that makes this quality is online');
  expect(others.content).toContain('Online now: “Draft”. To have one of these');
});

test('a running generation shows stage, step, bar and time left', () => {
  const { content } = renderStatus({
    generation: generationWith({
      status: 'running',
      progress: { stage: 'denoise', step: 12, steps: 50, etaSeconds: 372, preview: null },
    }),
    position: null,
    advice: [],
    settings,
  });
  expect(content).toContain('Painting the frames');
  expect(content).toContain('▰▰▰▱▱▱▱▱▱▱▱▱');
  expect(content).toContain('step 12 of 50');
  expect(content).toContain('6 min 12 s left');
});

test('what could be better is listed, an unknown advice is left out', () => {
  const { content } = renderStatus({
    generation: generationWith({ request: { frames: 113 } }),
    position,
    advice: [
      { identifier: 'image_tiny', context: { number: 2, width: 90, height: 60, minimum: 256 } },
      { identifier: 'from_the_future', context: {} },
    ],
    settings,
  });
  expect(content).toContain('image 2 is small (90×60)');
  expect(content).toContain('more than 97 frames');
  expect(content).not.toContain('from_the_future');
});

test('status messages notify nobody and carry a cancel button with the id', () => {
  const generation = generationWith();
  const rendered = renderStatus({ generation, position, advice: [], settings });
  expect(rendered.allowed_mentions).toEqual({ parse: [] });
  expect(JSON.stringify(rendered.components)).toContain(`"custom_id":"cancel:${generation.id}"`);
});

test('how the answer comes is said beforehand where it is not the channel', () => {
  const view = { position, advice: [], settings };
  const privately = generationWith({ reply: { kind: 'direct', private: true } });
  expect(renderStatus({ ...view, generation: privately }).content).toContain('in a DM');
  const guest = generationWith({ reply: { kind: 'direct' } });
  expect(renderStatus({ ...view, generation: guest }).content).toContain('not a member of this server');
  const group = generationWith({ guildId: null, reply: { kind: 'direct', guildId: null } });
  expect(renderStatus({ ...view, generation: group }).content).toContain('not a member of this group');
});

test('the result mentions the person alone and states preset, size, seed, time and id', () => {
  const generation = generationWith({
    status: 'delivering',
    finishedAt: 1_800_000_650_000,
    request: { prompt: 'Hello @everyone <@999999999999999999>' },
  });
  const { content, allowed_mentions: mentions } = renderResult(generation, resultWith(), settings);
  expect(mentions).toEqual({ parse: [], users: [generation.userId] });
  expect(content).toContain(`<@${generation.userId}>`);
  expect(content).not.toContain('@everyone');
  expect(content).not.toContain('<@999999999999999999>');
  expect(content).toContain('Standard · 832×480 · seed `42` · took 10 min 50 s (10 min 12 s on the GPU)');
  expect(content).toContain(generation.id);
  expect(content).not.toContain('random');
});

test('random weights are stated in bold, and a smaller size is said', () => {
  const result = resultWith({ weights: 'random', downscaled: true, width: 416, height: 240 });
  const { content } = renderResult(generationWith(), result, settings);
  expect(content).toContain('**`weights: random`**');
  expect(content).toContain('Smaller than 832×480');
});

test('the longest prompt stays within a message', () => {
  const generation = generationWith({ request: { prompt: '*'.repeat(4000) } });
  expect(renderResult(generation, resultWith(), settings).content.length).toBeLessThanOrEqual(2000);
});

test('an ending says why and gives the id as a reference', () => {
  const generation = generationWith();
  const failure = { code: 'cancelled', identifier: 'cancelled_by_moderator', context: {} } as const;
  const { content } = renderEnding(generation, failure);
  expect(content).toContain('A moderator cancelled it.');
  expect(content).toContain(generation.id);
});

test('the status message points to the final one and loses its controls', () => {
  const generation = generationWith({ status: 'delivering', result: resultWith() });
  const here = { channelId: '300000000000000001', messageId: '5', linkable: true };
  const pointer = renderPointer(generation, here);
  expect(pointer.content).toContain(
    `https://discord.com/channels/${generation.guildId}/300000000000000001/5`,
  );
  expect(pointer.components).toEqual([]);
  const direct = renderPointer(generation, { channelId: '77', messageId: '5', linkable: true });
  expect(direct.content).toContain('https://discord.com/channels/@me/77/5');
});

test('texts come in the language of the person', () => {
  const { content } = renderStatus({
    generation: generationWith({ locale: 'de' }),
    position,
    advice: [],
    settings,
  });
  expect(content).toContain('Warteschlange');
});

test('a pause is said with its reason and its end, instead of a start that nobody can promise', () => {
  const pause = { by: '1', reason: 'a **party** <@2>', since: 1, until: 1_800_000_500_000 };
  const view = { generation: generationWith(), advice: [], settings };
  const held = { ...position, held: 'guild', heldUntil: pause.until } as const;
  const { content } = renderStatus({
    ...view,
    position: held,
    notices: { pause, globalPause: null, maintenance: null },
  });
  expect(content).toContain('moderators have paused');
  expect(content).toContain(String.raw`Why: a \*\*party\*\* <`);
  expect(content).not.toContain('<@2>');
  expect(content).toContain('resumes <t:1800000500:R>');
  expect(content).not.toContain('<t:1800000100:R>');
  const everywhere = renderStatus({
    ...view,
    position: { ...position, held: 'deployment' },
    notices: { pause: null, globalPause: { ...pause, reason: null }, maintenance: 'Back at *nine*' },
  }).content;
  expect(everywhere).toContain('Everything is paused');
  expect(everywhere).not.toContain('Why:');
  expect(everywhere).toContain(String.raw`Back at \*nine\*`);
});

test.each([
  ['combining marks', 'e\u0301\u0302\u0303'.repeat(1000)],
  ['mentions', '@everyone <@100000000000000001> <#1> </x:1> '.repeat(90)],
  ['markup', '**_`~~||> # [a](https://x.y) '.repeat(130)],
  ['emoji', '👩‍👩‍👧‍👦'.repeat(360)],
])('a prompt of 4,000 characters of %s never breaks a message', (_what, prompt) => {
  const generation = generationWith({ request: { prompt: prompt.slice(0, 4000) }, result: resultWith() });
  for (const rendered of [
    renderResult(generation, resultWith(), settings),
    renderEnding(generation, { code: 'internal', identifier: 'internal', context: {} }),
    renderStatus({ generation, position: null, advice: [], settings }),
  ]) {
    expect(rendered.content.length).toBeLessThanOrEqual(2000);
    expect(rendered.content).toContain(generation.id);
    expect(rendered.content).not.toMatch(/@everyone|<#1>|<\/x:1>|\*\*_`/);
    expect(rendered.allowed_mentions.parse).toEqual([]);
    expect(rendered.allowed_mentions.users ?? []).toEqual(
      rendered.allowed_mentions.users === undefined ? [] : [generation.userId],
    );
    // No half of a character at the end of a shortened line.
    expect(rendered.content.isWellFormed()).toBe(true);
  }
});

test('only a length that was never measured here is called a guess', () => {
  const content = (change: Partial<typeof position>) =>
    renderStatus({
      generation: generationWith(),
      position: { ...position, ...change },
      advice: [],
      settings,
    }).content;
  expect(content({ measured: false, guess: true })).toContain('a guess');
  expect(content({ workers: 0, guess: true })).not.toContain('a guess');
});

test('where lines have to give way, each keeps its beginning, and the short ones stay whole', () => {
  const long = ['a', 'b', 'c'].map((letter) => letter.repeat(1500));
  const { content } = message(['what it is', ...long, 'x'.repeat(400), 'the id']);
  expect(content.length).toBeLessThanOrEqual(2000);
  const lines = content.split('\n');
  expect(lines).toHaveLength(6);
  expect([lines[0], lines[4], lines[5]]).toEqual(['what it is', 'x'.repeat(400), 'the id']);
  for (const line of lines.slice(1, 4)) expect(line).toMatch(/^[abc]{500,}…$/);
});

test.each(['en', 'de', 'fr', 'es', 'ja'])(
  'a full list of jobs shows all that matters of each (%s)',
  (language) => {
    const texts = textsFor(language);
    const jobs = Array.from({ length: 8 }, (_, index) => ({
      number: index + 1,
      generation: generationWith({
        guildId: '1234567890123456789',
        request: { prompt: '*_'.repeat(500) },
        reply: { channelId: '1234567890123456780', statusMessageId: `123456789012345678${index}` },
      }),
    }));
    const others = [texts.say('jobs.heading'), texts.say('jobs.more', { count: 8 })];
    const lines = listed(
      jobs,
      ({ number, generation }, characters) =>
        `${number}. ${jobLine(generation, { ...position, position: 1000, waiting: 2000, guess: true }, texts, { characters, now: 0 })}`,
      others,
    );
    const { content } = message([others[0] ?? '', ...lines, others[1] ?? '']);
    expect(content).toBe([others[0], ...lines, others[1]].join('\n'));
    for (const { number, generation } of jobs) {
      expect(content).toContain(`${number}. `);
      expect(content).toContain(`/${generation.reply.statusMessageId}\n`);
    }
    expect(content.split('<t:1800000700:R>')).toHaveLength(9);
  },
);

test('details name every shortcut that was taken, and what it came to', () => {
  const { request } = generationWith();
  const lines = (shortcuts: Shortcuts | undefined, result = resultWith()) =>
    detailLines(
      generationWith({ status: 'delivered', request: { ...request, shortcuts }, result }),
      textsFor('en'),
      settings,
    ).join('\n');
  expect(lines(undefined)).not.toContain('Shortcuts');
  const spared = { passes: 80, gatedPasses: 30, cachedSteps: 1 };
  const all = lines(
    {
      sampler: 'lcm',
      guidance: 'audio',
      gating: { text: 0.5, audio: 1 },
      caching: { threshold: 0.1, inARow: 1 },
      audioStrength: 1.5,
      loras: [{ file: '/a/folder/few-steps.safetensors', strength: 0.8 }],
    },
    resultWith({ spared }),
  );
  expect(all).toContain(
    'Shortcuts: sampler lcm, audio guidance only, audio strength 1.5, LoRA `few-steps.safetensors` (0.8), 30 passes skipped by gating, 1 step skipped by caching',
  );
});

test('what is read out of a video says that it is made with AI, and its prompt as far as it fits', () => {
  const generation = generationWith({
    locale: 'de',
    result: resultWith(),
    request: { prompt: `Hello\n<@1> \u202Eolleh ${'👩‍👩‍👧‍👦'.repeat(300)}` },
  });
  const text = alternativeText(generation);
  expect(text).toMatch(/^Mit KI erstelltes Video, 3\.9 s: Hello <@1> olleh 👩‍👩‍👧‍👦.*👩‍👩‍👧‍👦…$/u);
  expect(text.length).toBeLessThanOrEqual(1024);
  expect(alternativeText(generationWith({ result: resultWith() }))).toBe(
    'Video made with AI, 3.9 s: A woman tells a joke',
  );
});

test('details say what a video lacks of marks, and nothing where it lacks nothing', () => {
  const texts = textsFor('en-US');
  const lines = (
    change: Parameters<typeof resultWith>[0],
    reply: NonNullable<Parameters<typeof generationWith>[0]>['reply'] = {},
  ) => detailLines(generationWith({ result: resultWith(change), reply }), texts, settings).join('\n');
  expect(lines({ marking: { label: false, watermark: true, signature: false } })).toContain(
    'Marking: no label, no signature',
  );
  const signed = { marking: { label: true, watermark: true, signature: true } };
  expect(lines(signed)).not.toContain('Marking');
  expect(lines(signed, { finalIsSmaller: true })).toContain('Marking: no signature: this is a smaller copy');
  expect(lines({})).toContain('Marking: no label');
});

test('help names every command and menu entry that there is, and those of moderators and owners to them alone', async () => {
  const { slash, messages } = await loadHandlers();
  const forAll = [...slash.keys()].filter((name) => !name.startsWith('queue')).toSorted();
  expect(['humo', ...ownCommands].toSorted()).toEqual(forAll);
  expect(menus.map((menu) => textsFor('en').say(`menu.${menu}`)).toSorted()).toEqual(
    [...messages.keys()].toSorted(),
  );
  for (const language of ['en', 'de', 'fr', 'es', 'ja']) {
    const texts = textsFor(language);
    const shown = (isModerator: boolean, isOwner: boolean, hearsReactions = true) =>
      renderHelp(texts, { isModerator, isOwner, hearsReactions }).content;
    expect(shown(false, false)).toContain('🚩');
    expect(shown(false, false, false)).not.toMatch(/✉|🚩/u);
    const everything = shown(true, true);
    for (const name of ownCommands) expect(everything).toContain(`/${texts.say(`command.${name}.name`)}\``);
    expect(everything).not.toContain('…');
    expect(everything).toContain(`/${texts.say('command.queue.name')}\``);
    expect(shown(true, false)).not.toContain(texts.say('command.queue_admin.name'));
    expect(shown(false, false)).not.toContain(`/${texts.say('command.queue.name')}\``);
  }
});

test('what is stored of a person is told with counts and dates, and erased after a question', () => {
  const none = {
    ...{ settings: [], use: [], greeting: [], agreement: [], lists: [] },
    ...{ forms: [], claims: [], reports: [], share: [] },
  };
  const texts = textsFor('en');
  const day = 24 * 3600_000;
  const generations = [
    generationWith({ createdAt: 1_800_000_000_000 + day, status: 'queued' }),
    generationWith({ createdAt: 1_800_000_000_000, status: 'delivered' }),
  ];
  const entry = { key: 'humo:person:1' };
  const stored = renderStored(
    {
      generations,
      copies: [],
      entries: { ...none, settings: [entry], reports: [entry, entry], use: [entry] },
    },
    texts,
  );
  expect(stored.content).toContain('2 videos and requests, from <t:1800000000:D> to <t:1800086400:D>');
  expect(stored.content).toContain('1 of them is waiting');
  expect(stored.content).toContain('your `/settings`');
  expect(stored.content).toContain('2 reports');
  expect(stored.content).toContain('within a day');
  expect(stored.components).toHaveLength(1);
  const nothing = renderStored({ generations: [], copies: [], entries: { ...none, lists: [entry] } }, texts);
  expect(nothing.content).toContain('nothing stored');
  const one = renderStored({ generations: generations.slice(1), copies: [], entries: none }, texts);
  expect(one.content).toContain('1 video or request, from <t:1800000000:D>, with');
  expect(nothing.components).toEqual([]);
});
