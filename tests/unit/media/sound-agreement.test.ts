import { describe, expect, test } from 'vitest';
import {
  agreedLength,
  beforeLast,
  framesAgree,
  isSteady,
  lastBundle,
  lengthByBytes,
  lengthByEnds,
  parseFrames,
  parsePacketCounts,
  withLastPackets,
} from '../../../src/media/sound-agreement.ts';
import type { SoundTrack } from '../../../src/media/sound-length.ts';

/** The first hundred packets of a sound in AAC, each a tick for a sample. */
function track(changed: Partial<SoundTrack> = {}, ticks = 1024): SoundTrack {
  return {
    ...{ index: 1, id: 2, codec: 'aac', profile: 'LC', sampleRate: 48_000, channels: 1, layout: 'mono' },
    ...{ isDecodable: true, bitsPerSample: 0, secondsPerTick: 1 / 48_000 },
    packets: Array.from({ length: 100 }, (_, at) => ({
      ...{ at: at * ticks, duration: ticks, bytes: 100 },
      ...{ isDiscarded: false, skipped: 0, padding: 0 },
    })),
    ...changed,
  };
}

const counts = (packets: number, statedSeconds: number | null) => ({
  streams: new Map([[1, { packets, statedSeconds }]]),
  statedSeconds: null,
});

test('what ffprobe counts and states is read, once for each stream', () => {
  const text = [
    'program|stream|index=0|time_base=1/90000|duration_ts=900|nb_read_packets=7',
    '',
    'stream|index=0|time_base=1/90000|duration_ts=90000|nb_read_packets=30',
    'stream|index=1|time_base=1/48000|duration_ts=N/A|nb_read_packets=47',
    'format|duration=1.002667',
  ].join('\n');
  expect(parsePacketCounts(text)).toEqual({
    streams: new Map([
      [0, { packets: 30, statedSeconds: 1 }],
      [1, { packets: 47, statedSeconds: null }],
    ]),
    statedSeconds: 1.002667,
  });
});

describe('packets are only counted', () => {
  test('where all last as long, and begin with the film', () => {
    expect(isSteady(track(), 0, 'mov')).toBe(true);
    const { packets } = track();
    expect(isSteady(track(), -3, 'mov')).toBe(false);
    expect(isSteady(track({ packets: packets.slice(0, 20) }), 0, 'mov')).toBe(false);
    const uneven = packets.map((packet, at) => ({ ...packet, duration: at % 2 === 0 ? 576 : 1024 }));
    expect(isSteady(track({ codec: 'vorbis', packets: uneven }), 0, 'mov')).toBe(false);
  });

  test('where a tick is a sample, the codec has one length, or the rounded one can only be one', () => {
    expect(isSteady(track({ codec: 'flac' }), 0, 'mov')).toBe(true);
    expect(isSteady(track({ codec: 'nellymoser', secondsPerTick: 0.001 }, 11), 0, 'flv')).toBe(false);
    expect(isSteady(track({ codec: 'opus', secondsPerTick: 0.001 }, 20), 0, 'matroska')).toBe(true);
    expect(isSteady(track({ codec: 'opus', secondsPerTick: 0.001 }, 2), 0, 'matroska')).toBe(false);
    // Two and a half milliseconds, rounded.
    const { packets } = track();
    const rounded = packets.map((packet, at) => ({ ...packet, at: Math.round(at * 2.5), duration: 2 }));
    const opus = track({ codec: 'opus', secondsPerTick: 0.001, packets: rounded });
    expect(isSteady(opus, 0, 'matroska')).toBe(true);
    expect(agreedLength(opus, counts(240_001, 600.004), 'matroska')?.seconds).toBeCloseTo(600.0025, 4);
    // Blocks of 256 samples at 22.05 kHz.
    const blocks = packets.map((packet, at) => ({ ...packet, at: Math.round(at * 11.61), duration: 11 }));
    const flac = { codec: 'flac', sampleRate: 22_050, secondsPerTick: 0.001, packets: blocks };
    expect(agreedLength(track(flac), counts(51_680, 600), 'matroska')?.seconds).toBeCloseTo(600, 3);
    // A first packet that is told shorter, for what the encoder needed to begin.
    const short = [2, 12].map((duration, at) => ({ ...packets[at], at, duration }));
    const begun = packets.map((packet, at) => ({ ...packet, at: at * 21, duration: 21, ...short[at] }));
    expect(isSteady(track({ secondsPerTick: 0.001, packets: begun }), 0, 'matroska')).toBe(true);
    const late = rounded.map((packet, at) => (at < 50 ? packet : { ...packet, at: packet.at + 20 }));
    expect(isSteady({ ...opus, packets: late }, 0, 'matroska')).toBe(false);
    expect(isSteady(track({ secondsPerTick: 1 / 8000 }), 0, 'mov')).toBe(false);
  });

  test('where their number and what is stated agree', () => {
    const seconds = (packets: number, stated: number | null, form: 'mov' | 'mp3' | 'mpegts' = 'mov') =>
      agreedLength(track(), counts(packets, stated), form)?.seconds;
    expect(seconds(28_126, 600)).toBe(600);
    expect(seconds(28_126, 603)).toBeUndefined();
    expect(seconds(28_126, null)).toBeUndefined();
    expect(seconds(28_126, 1200, 'mp3')).toBeCloseTo(600.02, 2);
  });
});

test('a transport stream is asked for its last packets: it states when the last bundle of them begins', () => {
  const sound = track({ secondsPerTick: 1 / 48_000 });
  const stated = counts(28_126, 599.7);
  expect(agreedLength(sound, stated, 'mpegts')).toBeNull();
  expect(lastBundle(sound, stated, 1.4, 'mov')).toBeNull();
  expect(lastBundle(sound, counts(28_126, 590), 1.4, 'mpegts')).toBeNull();
  expect(lastBundle(sound, stated, 1.4, 'mpegts')).toBeCloseTo(600.6, 6);
  const [packet] = sound.packets;
  if (packet === undefined) throw new Error('no packet');
  const ending = (seconds: number) => {
    const last = [{ ...packet, at: Math.round((1.4 + seconds) * 48_000) - 1024 }];
    return agreedLength(sound, withLastPackets(stated, { ...sound, packets: last }, 1.4), 'mpegts');
  };
  expect(ending(600.02)?.seconds).toBeCloseTo(600.02, 2);
  // A hole somewhere: all packets are looked at.
  expect(ending(600.2)).toBeNull();
});

describe('as long as its bytes, where the last packet ends then', () => {
  const report = (bytes: number, end: number) =>
    `total_size=48\nout_time_us=0\ntotal_size=${bytes}\nout_time_us=${Math.round(end * 1e6)}\nprogress=end\n`;
  const { packets } = track();
  /** Packets of so many bytes and samples, whose times are milliseconds. */
  const rounded = (sampleRate: number, samples: number, bytes: number, duration: number | null) => ({
    ...{ sampleRate, secondsPerTick: 0.001 },
    packets: packets.map((packet, index) => ({
      ...{ ...packet, bytes, duration },
      at: Math.round((index * samples * 1000) / sampleRate),
    })),
  });

  test('is PCM in packets of any length', () => {
    const pcm = track({ codec: 'pcm_s16le', bitsPerSample: 16, sampleRate: 8000, channels: 2 });
    expect(lengthByBytes(pcm, report(32_000 * 600.5, 600.5), 'nut')?.seconds).toBe(600.5);
    expect(lengthByBytes(pcm, report(32_000 * 600.5, 601), 'nut')).toBeNull();
    expect(lengthByBytes(pcm, 'progress=end', 'nut')).toBeNull();
  });

  test('is G.722 in AVI, which has no times', () => {
    const sound = track({ codec: 'adpcm_g722', bitsPerSample: 4, sampleRate: 16_000 });
    expect(lengthByBytes(sound, report(4_800_000, 95_996.82), 'avi')?.seconds).toBe(600);
    expect(lengthByBytes(sound, report(4_800_000, 95_996.82), 'matroska')).toBeNull();
    expect(lengthByBytes(sound, 'progress=end', 'avi')).toBeNull();
  });

  test('is G.726 of any number of bits, which its packets tell', () => {
    for (const bits of [3, 4]) {
      const sound = track({ codec: 'adpcm_g726', ...rounded(8000, 2048, 256 * bits, 256) });
      expect(lengthByBytes(sound, report(1000 * bits * 600, 600), 'matroska')?.seconds).toBeCloseTo(600, 6);
      expect(lengthByBytes(sound, report(1000 * bits * 600, 600.2), 'matroska')).toBeNull();
    }
    const uneven = rounded(8000, 2048, 1024, 256).packets.map((packet, at) => ({
      ...packet,
      bytes: at === 50 ? 512 : packet.bytes,
    }));
    const sound = track({ codec: 'adpcm_g726', sampleRate: 8000, secondsPerTick: 0.001, packets: uneven });
    expect(lengthByBytes(sound, report(2_400_000, 600), 'matroska')).toBeNull();
  });

  test('is ADPCM of Flash, whose packets tell when they begin', () => {
    const sound = track({ codec: 'adpcm_swf', bitsPerSample: 4, ...rounded(22_050, 4096, 2051, null) });
    const end = (3230 * 4096) / 22_050;
    const told = (begins: number) => lengthByBytes(sound, report(3230 * 2051, begins), 'flv')?.seconds;
    expect(told(end - 4096 / 22_050)).toBeCloseTo(end, 4);
    expect(told(end + 0.1)).toBeUndefined();
    expect(told(end - 0.3)).toBeUndefined();
  });
});

test('the end of TrueHD in a film that was cut off is looked for where its number of packets says', () => {
  const sound = track({ codec: 'truehd', secondsPerTick: 0.001 });
  const { packets } = sound;
  const units = packets.map((packet, at) => ({
    ...{ ...packet, at: Math.round(at / 1.2), duration: null },
  }));
  const film = { ...sound, packets: units };
  const [first] = units;
  if (first === undefined) throw new Error('no packet');
  expect(lastBundle(film, counts(720_000, 600), 0, 'matroska')).toBeNull();
  // What an edit list leaves out is in the file as well.
  expect(lastBundle(film, counts(720_000, 300), 0, 'mov')).toBeNull();
  for (const stated of [600, null]) {
    const cut = counts(576_000, stated);
    expect(lastBundle(film, cut, 0, 'matroska')).toBeCloseTo(479.5, 6);
    const ending = (at: number) =>
      agreedLength(film, withLastPackets(cut, { ...film, packets: [{ ...first, at }] }, 0), 'matroska');
    expect(ending(479_999)?.seconds).toBeCloseTo(480, 2);
    expect(ending(479_500)).toBeNull();
  }
});

describe('a sound whose last packet does not say how long it is', () => {
  const sound = track({ codec: 'alac', sampleRate: 16_000, secondsPerTick: 1 / 16_000 }, 4096);
  const frames = parseFrames(
    [
      'frame|pts=0|nb_samples=4096',
      'frame|pts=4096|nb_samples=4096',
      '',
      'frame|pts=405504|nb_samples=3072',
    ].join('\n'),
  );

  test('is known by its first and its last frame', () => {
    expect(beforeLast(sound)).toBeCloseTo((98 * 4096) / 16_000, 6);
    expect(lengthByEnds(sound, frames, 1)?.seconds).toBeCloseTo(1 + (99 * 4096 + 3072) / 16_000, 6);
  });

  test('is decoded where its packets are not alike, or need those before them', () => {
    expect(beforeLast(track({ codec: 'vorbis' }))).toBeNull();
    expect(lengthByEnds(sound, frames.slice(0, 2), 0)).toBeNull();
    expect(lengthByEnds(sound, [{ at: 0, samples: 1024 }, ...frames], 0)).toBeNull();
    const late = sound.packets.map((packet, at) =>
      at < 50 ? packet : { ...packet, at: (packet.at ?? 0) + 90 },
    );
    expect(lengthByEnds({ ...sound, packets: late }, frames, 0)).toBeNull();
  });
});

test('what a Core Audio file says of its packets is believed where the first of them are as long', () => {
  const frames = (samples: number) => [0, 1, 2, 3].map((at) => ({ at: at * 120, samples }));
  const { packets } = track({}, 120);
  const silentAboutLengths = packets.map((packet) => ({ ...packet, duration: null }));
  const sound = track({ codec: 'opus', packets: silentAboutLengths });
  expect(isSteady(sound, 0, 'caf')).toBe(true);
  expect(agreedLength(sound, counts(240_000, 600), 'caf')?.seconds).toBeCloseTo(600, 6);
  expect(framesAgree(sound, frames(120))).toBe(true);
  expect(framesAgree(sound, frames(960))).toBe(false);
  expect(framesAgree(sound, [])).toBe(false);
});
