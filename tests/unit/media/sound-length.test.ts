import { expect, test } from 'vitest';
import { countSound, knownPacketSeconds, parseSoundProbe } from '../../../src/media/sound-length.ts';
import type { SoundPacket, SoundTrack } from '../../../src/media/sound-length.ts';

const packet = (at: number, duration: number, more: Partial<SoundPacket> = {}): SoundPacket => ({
  ...{ at, duration, bytes: 100, isDiscarded: false, skipped: 0, padding: 0 },
  ...more,
});
const track = (changed: Partial<SoundTrack>): SoundTrack => ({
  ...{ index: 0, id: null, codec: 'aac', profile: 'LC', sampleRate: 48_000, channels: 1, layout: 'mono' },
  ...{ isDecodable: true, bitsPerSample: 0, secondsPerTick: 1 / 48_000, packets: [] },
  ...changed,
});

test('Vorbis: of a short block behind a long one ffprobe tells too little, and begins it later', () => {
  // Blocks of 2048 and 256 samples; the packet at 4096 really lasts 576, from 3648 on, and the last is cut.
  const told = [
    packet(0, 576), packet(576, 1024), packet(1600, 1024), packet(2624, 1024), packet(4096, 128),
    packet(4224, 128), packet(4352, 576), packet(4928, 1024), packet(5952, 64),
  ]; // prettier-ignore
  expect(countSound(track({ codec: 'vorbis', packets: told }), 0, 'ogg')?.seconds).toBeCloseTo(6016 / 48_000);
  // What is lost between pages is a hole of another length.
  const hole = [packet(0, 576), packet(576, 1024), packet(4000, 128), packet(4128, 1024)];
  expect(countSound(track({ codec: 'vorbis', packets: hole }), 0, 'ogg')?.seconds).toBeCloseTo(2752 / 48_000);
});

test('Windows Media Audio is heard half a frame late, which is near to what either encoder means', () => {
  const packets = Array.from({ length: 100 }, (_, at) => packet(at * 64, 64));
  const told = { codec: 'wmav2', sampleRate: 8000, secondsPerTick: 0.001, packets };
  const length = countSound(track(told), 0, 'asf');
  expect(length?.by).toBe('samples');
  expect(length?.startSeconds).toBeCloseTo(0.032);
  expect(length?.seconds).toBeCloseTo(6.4 - 0.032);
  const late = { ...told, packets: packets.map((one) => ({ ...one, at: (one.at ?? 0) + 2000 })) };
  expect(countSound(track(late), 0, 'asf')).toMatchObject({
    by: 'times',
    startSeconds: 2,
    fileStartSeconds: 0.032,
  });
});

test('a sound goes by the times of its packets where they are even: one that is damaged gives nothing, and lasts all the same', () => {
  const packets = Array.from({ length: 100 }, (_, at) => packet(at * 1024, 1024));
  const length = countSound(track({ packets }), 0, 'mov');
  expect(length).toMatchObject({ by: 'times', fileStartSeconds: 0 });
  expect(length?.seconds).toBeCloseTo(102_400 / 48_000);
  const skipping = packets.map((one, at) => (at === 0 ? { ...one, skipped: 480 } : one));
  expect(countSound(track({ packets: skipping }), 0, 'mp3')?.fileStartSeconds).toBeCloseTo(0.01);
  // Times that tremble would be filled and cut.
  const trembling = packets.map((one, at) => ({ ...one, at: (one.at ?? 0) + (at % 2) * 480 }));
  expect(countSound(track({ packets: trembling }), 0, 'mov')?.by).toBe('samples');
  // Three packets lost on the way are silence in a stream.
  const lost = packets.toSpliced(40, 3);
  expect(countSound(track({ packets: lost }), 0, 'mpegts')?.seconds).toBeCloseTo(102_400 / 48_000);
});

test('packets whose times drift are as long as what they hold', () => {
  const packets = Array.from({ length: 400 }, (_, at) => packet(at * 1000, 1000));
  expect(countSound(track({ packets }), 0, 'mov')?.seconds).toBeCloseTo((400 * 1024) / 48_000);
});

test('the first track of a transport stream is the first, whatever its list of programs begins with', async () => {
  const line = (index: number) =>
    `stream|index=${index}|codec_type=audio|codec_name=mp2|channels=1|time_base=1/90000`;
  const { tracks } = await parseSoundProbe(
    [`program|${line(0)}`, line(1), '', line(0), line(1), 'format|'].join('\n'),
  );
  expect(tracks.map(({ index }) => index)).toEqual([0, 1]);
});

test('a film begins with what its edit lists leave, however many packets come before', async () => {
  const packets = Array.from(
    { length: 60 },
    (_, at) => `packet|stream_index=0|pts=${at * 1024}|duration=1024|size=9|flags=${at < 50 ? 'KD' : 'K_'}`,
  );
  const stream = 'stream|index=0|codec_type=audio|codec_name=aac|time_base=1/48000';
  expect((await parseSoundProbe([...packets, stream, 'format|'].join('\n'))).startSeconds).toBeCloseTo(
    (50 * 1024) / 48_000,
  );
});

test('Nellymoser is known by the blocks of a packet, where all have as many', () => {
  const packets = [packet(0, 0, { bytes: 128 }), packet(23, 0, { bytes: 128 })];
  const told = { codec: 'nellymoser', sampleRate: 22_050, packets };
  expect(knownPacketSeconds(track(told))).toBeCloseTo(512 / 22_050);
  expect(
    knownPacketSeconds(track({ ...told, packets: [...packets, packet(46, 0, { bytes: 64 })] })),
  ).toBeNull();
});
