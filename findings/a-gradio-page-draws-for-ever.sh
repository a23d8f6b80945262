#!/usr/bin/env bash
# gradio 6.31.0: a page on which nothing happens asks for a frame sixty times a second, for as long as it is open.
#
# One would guess: a page that shows a field and waits for a person leaves the processor alone. Events with show_progress="hidden" would leave
# it alone as well.
#
# True: while it loads, the page shows a sign of loading (StatusTracker, without its timer). That sign counts the seconds that it is there with
# requestAnimationFrame, asks for the next frame in each, and stops when its status is no longer "pending". But it is removed while it is
# pending, so nobody tells it: the loop of what is gone goes on. No option of Blocks or launch ends it.
#
# Why it matters: 9 % of a core on each machine that has such a page in sight (Chromium 2026, two cores of an AMD EPYC), on batteries too;
# and whoever looks for what a page of theirs does all the time looks at their own events first.
#
# Needs bash, Python 3.11, Node 20 and npm, Chromium (CHROMIUM, /usr/bin/chromium unless given) and the package indexes; takes a minute or two and 400 MB of disk,
# all in a folder that is deleted at the end.
set -euo pipefail

folder=$(mktemp -d)
server=
trap 'if [ -n "$server" ]; then kill "$server"; fi; rm -rf "$folder"' EXIT
cd "$folder"
python3.11 -m venv venv
venv/bin/pip install --quiet --no-cache-dir --disable-pip-version-check gradio==6.31.0
npm install --silent --no-fund --no-audit --ignore-scripts playwright-core@1.65.1
cat >page.py <<'PYTHON'
import gradio as gr

with gr.Blocks(analytics_enabled=False) as page:
    gr.Textbox(elem_id="field")
# Fonts of its own would come from another host.
theme = gr.themes.Base(font=["system-ui"], font_mono=["monospace"])
_, url, _ = page.launch(theme=theme, ssr_mode=False, quiet=True, prevent_thread_lock=True)
print(url, flush=True)
page.block_thread()
PYTHON
cat >look.mjs <<'JAVASCRIPT'
import { chromium } from 'playwright-core';

const [, , url, version] = process.argv;
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox'] });
const page = await browser.newPage();
await page.addInitScript(() => {
  const draw = requestAnimationFrame.bind(globalThis);
  const asked = [];
  globalThis.requestAnimationFrame = (callback) => {
    asked.push(/statustracker/.test(new Error().stack) ? 'StatusTracker' : 'others');
    return draw(callback);
  };
  globalThis.framesOf = async (pictures) => {
    asked.length = 0;
    for (let picture = 0; picture < pictures; picture += 1) await new Promise(draw);
    return asked;
  };
});
await page.goto(url);
await page.locator('#field textarea').waitFor();
// What it does to begin with is not meant.
await page.evaluate(() => framesOf(300));
const asked = await page.evaluate(() => framesOf(120));
const signs = await page.getByText('Loading...').count();
console.log(`gradio ${version}: nothing happens, and in 120 pictures of the screen frames were asked for ${asked.length} times`);
console.log(`by StatusTracker: ${asked.filter((who) => who === 'StatusTracker').length}; signs of loading that are still on the page: ${signs}`);
await browser.close();
const isAsSeen = version === '6.31.0' && asked.length >= 100 && signs === 0;
console.log(isAsSeen ? 'gradio behaves as it was seen to' : 'gradio behaves otherwise than it was seen to');
process.exitCode = isAsSeen ? 0 : 1;
JAVASCRIPT
export GRADIO_ANALYTICS_ENABLED=False HF_HUB_OFFLINE=1
venv/bin/python page.py >url.txt &
server=$!
until [ -s url.txt ]; do kill -0 "$server" && sleep 0.2; done
node look.mjs "$(head -n 1 url.txt)" "$(venv/bin/python -c 'import gradio; print(gradio.__version__)')"
