import { describe, expect, test } from 'vitest';
import { agreedLength, isSteady, parsePacketCounts } from '../../../src/media/sound-agreement.ts';
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
    // Two and a half milliseconds, rounded.
    expect(isSteady(track({ codec: 'opus', secondsPerTick: 0.001 }, 2), 0, 'matroska')).toBe(false);
    expect(isSteady(track({ secondsPerTick: 1 / 8000 }), 0, 'mov')).toBe(false);
  });

  test('where their number and what is stated agree', () => {
    const seconds = (packets: number, stated: number | null, form: 'mov' | 'mp3' | 'mpegts' = 'mov') =>
      agreedLength(track(), counts(packets, stated), form)?.seconds;
    expect(seconds(28_126, 600)).toBe(600);
    expect(seconds(28_126, 603)).toBeUndefined();
    expect(seconds(28_126, null)).toBeUndefined();
    expect(seconds(28_126, 599.85, 'mpegts')).toBeCloseTo(600.02, 2);
    expect(seconds(28_126, 1200, 'mp3')).toBeCloseTo(600.02, 2);
  });
});
