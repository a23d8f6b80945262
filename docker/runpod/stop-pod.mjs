#!/usr/bin/env node
// Stops this pod through RunPod's REST interface, for images or accounts in which runpodctl cannot. Version 2 of it: the first one is
// retired at the end of 2026. Needs
// RUNPOD_POD_ID and RUNPOD_API_KEY, which RunPod sets, or a key of one's own with leave to write pods.
const { RUNPOD_POD_ID: pod, RUNPOD_API_KEY: key, RUNPOD_API_URL: base } = process.env;
if (!pod || !key) {
  console.error('RUNPOD_POD_ID and RUNPOD_API_KEY are needed to stop the pod');
  process.exit(1);
}
try {
  const url = `${base || 'https://api.runpod.io/v2'}/pods/${encodeURIComponent(pod)}/action`;
  const response = await fetch(url, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ action: 'stop' }),
    signal: AbortSignal.timeout(30_000),
  });
  if (!response.ok) throw new Error(`RunPod answered ${response.status}`);
} catch (error) {
  console.error(`the pod could not be stopped: ${error.cause?.message || error.message}`);
  process.exit(1);
}
