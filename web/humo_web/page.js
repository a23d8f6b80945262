/**
 * What Gradio's own components do not have: fields for pictures and for a sound as small as this page needs them, a window of the sound
 * that is dragged or moved with the keys, a crop, and a cursor that goes where something is refused. Each field builds itself inside its
 * `gr.HTML`; its value there is all that Python sees of it. Nothing is fetched from anywhere.
 */
globalThis.humo = (() => {
  /** An element with attributes, properties (functions and booleans) and children. */
  const make = (name, attributes = {}, ...children) => {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) {
      if (typeof value === 'function' || typeof value === 'boolean') element[key] = value;
      else element.setAttribute(key, value);
    }
    element.append(...children);
    return element;
  };
  const fill = (text, values = {}) => text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
  const clock = (seconds) =>
    `${Math.floor(Math.round(seconds * 10) / 600)}:${((Math.round(seconds * 10) % 600) / 10).toFixed(1).padStart(4, '0')}`;
  const isPhone = () => matchMedia('(max-width: 899px)').matches;

  /** A place to drop files on, to paste them to, and to choose them by a press. */
  const dropZone = (element, words, { name, accept, multiple, onFiles }) => {
    const input = make('input', {
      type: 'file',
      accept,
      multiple: multiple === true,
      id: `${name}-file`,
      class: 'unseen',
    });
    input.addEventListener('change', () => {
      onFiles([...input.files]);
      input.value = '';
    });
    element.addEventListener('dragover', (event) => {
      event.preventDefault();
      element.classList.add('over');
    });
    element.addEventListener('dragleave', () => element.classList.remove('over'));
    element.addEventListener('drop', (event) => {
      event.preventDefault();
      element.classList.remove('over');
      onFiles([...event.dataTransfer.files]);
    });
    element.addEventListener('paste', (event) => {
      const files = [...(event.clipboardData?.files ?? [])];
      if (files.length > 0) onFiles(files);
    });
    return make('label', { class: 'add' }, input, make('span', { class: 'button' }, words[`${name}.add`]));
  };

  /** Sends a file where Gradio takes them. Its own way does the same, and shows people what the server answers, in the words of servers. */
  const upload = async (file) => {
    const body = new FormData();
    body.append('files', file);
    const answer = await fetch(new URL('gradio_api/upload', document.baseURI), { method: 'POST', body });
    if (!answer.ok) throw Object.assign(new Error('it was not taken'), { status: answer.status });
    const [path] = await answer.json();
    const place = path.split('/').map(encodeURIComponent).join('/');
    return { path, url: new URL(`gradio_api/file=${place}`, document.baseURI).href };
  };

  /** Why a file did not arrive; 507 is a full disk. */
  const unsent = ({ status }, words, megabytes) =>
    fill(words[status === 507 ? 'upload.full' : 'upload.failed'], { megabytes });

  /** Sends files one after the other, and says so. Resolves with those that arrived. */
  const sender = (words, megabytes, told) => async (files) => {
    const sent = [];
    told(words['upload.sending']);
    for (const file of files) {
      try {
        if (file.size > megabytes * 1048576) throw new Error('too large');
        const { path, url } = await upload(file);
        sent.push({ path, url, name: file.name, size: file.size });
      } catch (error) {
        told(unsent(error, words, megabytes), true);
        return sent;
      }
    }
    told('');
    return sent;
  };

  const teller =
    (line) =>
    (text, isProblem = false) => {
      line.textContent = text;
      line.classList.toggle('refusal', isProblem);
    };

  /** Width and height of a picture that the browser can show, or null. */
  const sizeOf = (url) =>
    new Promise((resolve) => {
      const image = new Image();
      image.addEventListener('load', () =>
        resolve({ width: image.naturalWidth, height: image.naturalHeight }),
      );
      image.addEventListener('error', () => resolve(null));
      image.src = url;
    });

  /** Of a picture's shorter side, in pixels: the API advises against less. */
  const leastSide = 400;

  /** The least part of a picture's shorter side that a face should be wide: below, the model has a few dozen pixels of it. */
  const leastFace = 0.15;

  /** A server that is away just now has not lost anything. */
  const isThere = ({ url }) =>
    fetch(url, { headers: { range: 'bytes=0-0' } }).then(
      ({ status }) => status < 400 || status >= 500,
      () => true,
    );

  /** Forgets files that were sent once, in another page of this tab, and are gone since. */
  const forgetting = (remove) => {
    const known = new Set();
    return async (file) => {
      if (known.has(file.path)) return;
      known.add(file.path);
      if (!(await isThere(file))) remove(file.path);
    };
  };

  /** Up to four pictures. Value: a list of { path, url, name }. */
  const pictures = ({ element, props, watch, server, chosen }) => {
    const { words, numbers } = props;
    /** By path: the face as parts of the picture's width and height, null where none is found. */
    const faces = new Map();
    /** Of files that this browser cannot show. */
    const unshown = new Set();
    const faceIn = async ({ path, url }) => {
      if (!faces.has(path)) {
        faces.set(
          path,
          server.seen({ path, url }).then(
            ({ face }) => face,
            () => null,
          ),
        );
      }
      return faces.get(path);
    };
    const list = make('ul', { class: 'thumbs' });
    const hint = make('p', { class: 'hint', role: 'status', 'data-part': 'pictures' });
    const told = teller(hint);
    const send = sender(words, numbers.megabytes, told);
    const zone = make('div', { class: 'drop' });
    const add = dropZone(zone, words, {
      name: 'pictures',
      accept: 'image/*',
      multiple: true,
      onFiles: async (files) => {
        const room = numbers.count - (props.value || []).length;
        const sent = await send(files.slice(0, room));
        if (sent.length > 0) change([...(props.value || []), ...sent], files.length > room);
        else if (room === 0) told(fill(words['pictures.most'], numbers));
      },
    });
    /** Whether some of those that were given last did not fit. */
    let isCut = false;
    const drop = make('span', { class: 'or' }, fill(words['pictures.drop'], numbers));
    zone.append(list, add, drop);
    element.append(make('fieldset', {}, make('legend', {}, words['pictures']), zone, hint));

    const change = (value, cut = false) => {
      isCut = cut;
      props.value = value;
      void render();
      chosen();
    };
    const forget = forgetting((path) => change((props.value || []).filter((one) => one.path !== path)));
    const render = async () => {
      const value = props.value || [];
      for (const picture of value) void forget(picture);
      add.hidden = value.length >= numbers.count;
      drop.hidden = value.length > 0;
      zone.classList.toggle('filled', value.length > 0);
      // Buttons that are made anew under the cursor give it back.
      const held = [...list.querySelectorAll('button')].indexOf(document.activeElement);
      list.replaceChildren(
        ...value.map((picture, index) => {
          const number = index + 1;
          const act = (key, sign, onclick) =>
            make(
              'button',
              {
                type: 'button',
                'aria-label': fill(words[key], { number }),
                title: fill(words[key], { number }),
                onclick,
              },
              sign,
            );
          const name = picture.name ?? '';
          const inItsPlace = make('span', { class: 'unshown', title: name }, name);
          const isUnshown = unshown.has(picture.path);
          const image = isUnshown ? inItsPlace : make('img', { src: picture.url, alt: name });
          const scissors = act('pictures.crop', '✂', async () =>
            crop(picture, await faceIn(picture), words, numbers.megabytes, (cropped) => {
              const now = props.value || [];
              // The same picture may be there twice; others may have gone meanwhile.
              const isHere = ({ path }) => path === picture.path;
              const place = now[index] && isHere(now[index]) ? index : now.findIndex(isHere);
              if (place < 0) return;
              change(now.with(place, cropped));
              list.children[place]?.querySelector('button').focus();
            }),
          );
          // What the browser cannot show (HEIC, or no picture at all) has its name in place of the sign for something broken, and is not cropped.
          image.addEventListener('error', () => {
            unshown.add(picture.path);
            image.replaceWith(inItsPlace);
            scissors.remove();
          });
          return make(
            'li',
            {},
            image,
            ...(isUnshown ? [] : [scissors]),
            act('pictures.remove', '×', () => {
              change(value.toSpliced(index, 1));
              zone.querySelector('input').focus();
            }),
          );
        }),
      );
      list.querySelectorAll('button')[held]?.focus();
      const [sizes, found] = await Promise.all([
        Promise.all(value.map(({ url }) => sizeOf(url))),
        Promise.all(value.map(faceIn)),
      ]);
      if (!isShown(value)) return;
      const hints = value.map((_, index) => hintFor(index + 1, sizes[index], found[index]));
      const most = isCut ? fill(words['pictures.most'], numbers) : '';
      told([most, ...hints].filter(Boolean).join(' '));
    };
    /** Gradio hands values over as copies: what counts is whether the same files stand there. */
    const isShown = (value) =>
      JSON.stringify((props.value || []).map(({ path }) => path)) ===
      JSON.stringify(value.map(({ path }) => path));
    const hintFor = (number, size, face) => {
      if (size === null) return fill(words['pictures.unseen'], { number });
      const shorter = Math.min(size.width, size.height);
      if (shorter < leastSide) return fill(words['pictures.small'], { number, ...size });
      if (face !== null) {
        const isSmall = (face.width * size.width) / shorter < leastFace;
        return isSmall ? fill(words['pictures.small_face'], { number }) : '';
      }
      // Drawn faces and those from the side are not found; very small ones in a large picture neither.
      return shorter > 1000 ? fill(words['pictures.large'], { number }) : '';
    };
    watch('value', render);
    void render();
  };

  /** Where the three sliders of the crop stand, 0 to 100, for a part three faces wide with the face above its middle. */
  const framing = ({ naturalWidth: width, naturalHeight: height }, face) => {
    if (face === null) return { zoom: 0, across: 50, down: 50 };
    const shorter = Math.min(width, height);
    const side = Math.min(shorter, Math.max(shorter / 5, face.width * width * 3, leastSide));
    const place = (middle, whole) =>
      whole === side ? 50 : Math.max(0, Math.min(100, ((middle - side / 2) / (whole - side)) * 100));
    return {
      // Rounded down: a part that is a pixel narrower than is advised would be advised against.
      zoom: Math.floor((shorter / side - 1) * 25),
      across: Math.round(place((face.x + face.width / 2) * width, width)),
      down: Math.round(place((face.y + face.height / 2) * height + side * 0.1, height)),
    };
  };

  /** A part of a picture, chosen with three sliders or by dragging, sent as a picture of its own. It begins around the face, where there is one. */
  const crop = async (picture, face, words, megabytes, done) => {
    const image = new Image();
    image.src = picture.url;
    try {
      await image.decode();
    } catch {
      return;
    }
    const canvas = make('canvas', { width: '360', height: '360' });
    const slider = (key, value) => {
      const input = make('input', { type: 'range', min: '0', max: '100', value: String(value) });
      input.addEventListener('input', draw);
      return { input, label: make('label', {}, words[key], input) };
    };
    const begin = framing(image, face);
    const zoom = slider('crop.zoom', begin.zoom);
    const across = slider('crop.across', begin.across);
    const down = slider('crop.down', begin.down);
    const dialog = make('dialog', { class: 'crop', 'aria-label': words['crop.title'] });
    const hint = make('p', { class: 'hint', role: 'status' });
    const told = teller(hint);
    const part = () => {
      const [width, height] = [image.naturalWidth, image.naturalHeight];
      const side = Math.min(width, height) / (1 + (Number(zoom.input.value) / 100) * 4);
      return {
        x: ((width - side) * across.input.value) / 100,
        y: ((height - side) * down.input.value) / 100,
        side,
      };
    };
    function draw() {
      const { x, y, side } = part();
      canvas.getContext('2d').drawImage(image, x, y, side, side, 0, 0, canvas.width, canvas.height);
    }
    canvas.addEventListener('pointermove', (event) => {
      if (event.buttons !== 1) return;
      const step = (200 / canvas.clientWidth) * (event.pointerType === 'touch' ? 0.7 : 1);
      across.input.value = String(Number(across.input.value) - event.movementX * step * 0.5);
      down.input.value = String(Number(down.input.value) - event.movementY * step * 0.5);
      draw();
    });
    const use = async () => {
      const { x, y, side } = part();
      const whole = make('canvas', { width: String(Math.round(side)), height: String(Math.round(side)) });
      whole.getContext('2d').drawImage(image, x, y, side, side, 0, 0, whole.width, whole.height);
      const blob = await new Promise((resolve) => whole.toBlob(resolve, 'image/png'));
      const name = `${(picture.name ?? 'picture').replace(/\.\w+$/, '')}-cropped.png`;
      told(words['upload.sending']);
      try {
        const { path, url } = await upload(new File([blob], name, { type: 'image/png' }));
        dialog.close();
        done({ path, url, name });
      } catch (error) {
        told(unsent(error, words, megabytes), true);
      }
    };
    dialog.append(
      make('h2', {}, words['crop.title']),
      canvas,
      ...[zoom, across, down].map(({ label }) => label),
      hint,
      make(
        'div',
        { class: 'buttons' },
        make('button', { type: 'button', class: 'primary', onclick: () => void use() }, words['crop.use']),
        make('button', { type: 'button', onclick: () => dialog.close() }, words['close']),
      ),
    );
    dialog.addEventListener('close', () => dialog.remove());
    (document.querySelector('.gradio-container') ?? document.body).append(dialog);
    dialog.showModal();
    draw();
  };

  /** A sound or a film, or one recorded here. Value: { path, url, name, seconds, peaks, start, end } or null. */
  const sound = ({ element, props, watch, server, chosen, moved }) => {
    const { words, numbers } = props;
    const hint = make('p', { class: 'hint', role: 'status', 'data-part': 'sound' });
    const told = teller(hint);
    const send = sender(words, numbers.megabytes, told);
    const zone = make('div', { class: 'drop' });
    const take = async (files) => {
      const [sent] = await send(files.slice(0, 1));
      if (sent === undefined) return;
      change(sent);
    };
    /** Asks once for the length of each sound. What is answered late about a sound that is not there any more is forgotten. */
    const listen = async (value) => {
      if (asked === value.path) return;
      asked = value.path;
      told(words['sound.reading']);
      const heard = await server.heard({ path: value.path, url: value.url }).catch(() => ({}));
      if (props.value?.path !== value.path) return;
      told(heard.refusal ?? '', 'refusal' in heard);
      props.value = { ...props.value, seconds: heard.seconds ?? 0, peaks: heard.peaks ?? [] };
      render();
      moved();
    };
    let asked = null;
    const forget = forgetting((path) => {
      if (props.value?.path === path) change(null);
    });
    const add = dropZone(zone, words, { name: 'sound', accept: 'audio/*,video/*', onFiles: take });
    const record = make('button', { type: 'button', class: 'record' }, words['sound.record']);
    const empty = make(
      'div',
      { class: 'empty' },
      add,
      record,
      make('span', { class: 'or' }, words['sound.drop']),
    );
    const wave = waveform(words, (start, end) => {
      props.value = { ...props.value, start, end };
      moved();
    });
    const remove = make(
      'button',
      {
        type: 'button',
        'aria-label': words['sound.remove'],
        title: words['sound.remove'],
        onclick: () => {
          change(null);
          zone.querySelector('input').focus();
        },
      },
      '×',
    );
    const name = make('span', { class: 'name' });
    const full = make(
      'div',
      { class: 'full' },
      make('div', { class: 'head' }, name, wave.play, remove),
      wave.element,
    );
    zone.append(empty, full);
    element.append(make('fieldset', {}, make('legend', {}, words['sound']), zone, hint));
    recorder(record, words, told, take);

    function change(value) {
      props.value = value;
      render();
      chosen();
    }
    function render() {
      const value = props.value || null;
      empty.hidden = value !== null;
      full.hidden = value === null;
      element.classList.toggle('has-sound', value !== null);
      document.documentElement.classList.toggle('has-sound', value !== null);
      if (value !== null) void forget(value);
      if (value === null) {
        asked = null;
        told('');
        return;
      }
      name.textContent = value.name ?? '';
      wave.show(value);
      if (!('seconds' in value)) void listen(value);
    }
    watch('value', render);
    render();
  };

  /** Peaks, and the part of them that is used: two sliders over one another, which drag and take arrow keys as any slider does. */
  const waveform = (words, onMoved) => {
    const canvas = make('canvas', { height: '48', 'aria-hidden': 'true' });
    const slider = (key) => make('input', { type: 'range', min: '0', step: '0.1', 'aria-label': words[key] });
    const [from, to] = [slider('sound.from'), slider('sound.to')];
    const used = make('p', { class: 'used' });
    const audio = make('audio', { preload: 'metadata' });
    const play = make(
      'button',
      { type: 'button', 'aria-label': words['sound.play'], title: words['sound.play'] },
      '▶',
    );
    let seconds = 0;
    let peaks = [];
    let shown = '';
    const draw = () => {
      const width = (canvas.width = canvas.clientWidth || 300);
      const pen = canvas.getContext('2d');
      const styles = getComputedStyle(canvas);
      const [start, end] = [Number(from.value), Number(to.value)];
      pen.clearRect(0, 0, width, 48);
      for (let x = 0; x < width; x += 3) {
        const peak = peaks.length === 0 ? 0.1 : (peaks[Math.floor((x / width) * peaks.length)] ?? 0);
        const at = (x / width) * seconds;
        pen.fillStyle = at >= start && at <= end ? styles.color : styles.outlineColor;
        const height = Math.max(2, Math.min(1, peak) * 46);
        pen.fillRect(x, 24 - height / 2, 2, height);
      }
      used.textContent = fill(words['sound.used'], {
        start: clock(start),
        end: clock(end),
        length: clock(seconds),
      });
      for (const one of [from, to]) one.setAttribute('aria-valuetext', clock(Number(one.value)));
    };
    const least = 0.2;
    from.addEventListener('input', () => {
      if (Number(from.value) > Number(to.value) - least)
        from.value = String(Math.max(0, Number(to.value) - least));
      draw();
    });
    to.addEventListener('input', () => {
      if (Number(to.value) < Number(from.value) + least) to.value = String(Number(from.value) + least);
      draw();
    });
    for (const one of [from, to]) {
      one.addEventListener('change', () => onMoved(Number(from.value), Number(to.value)));
    }
    play.addEventListener('click', () => {
      if (!audio.paused) {
        audio.pause();
        return;
      }
      audio.currentTime = Number(from.value);
      void audio.play();
    });
    audio.addEventListener('play', () => (play.textContent = '❚❚'));
    audio.addEventListener('pause', () => (play.textContent = '▶'));
    audio.addEventListener('timeupdate', () => {
      if (seconds > 0 && audio.currentTime >= Number(to.value)) audio.pause();
    });
    new ResizeObserver(draw).observe(canvas);
    const element = make('div', { class: 'wave' }, canvas, from, to, used, audio);
    return {
      element,
      play,
      show(value) {
        if (shown !== value.url) audio.src = value.url;
        shown = value.url;
        element.hidden = !(value.seconds > 0);
        play.hidden = element.hidden;
        if (element.hidden) return;
        ({ seconds } = value);
        peaks = value.peaks ?? [];
        for (const one of [from, to]) one.max = String(Math.ceil(seconds * 10) / 10);
        from.value = String(value.start ?? 0);
        to.value = String(value.end ?? seconds);
        draw();
      },
    };
  };

  /** A press begins to record, another one ends it. */
  const recorder = (button, words, told, take) => {
    let running = null;
    button.addEventListener('click', async () => {
      if (running !== null) {
        running.stop();
        return;
      }
      try {
        const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
        const pieces = [];
        running = new MediaRecorder(stream);
        running.addEventListener('dataavailable', ({ data }) => pieces.push(data));
        running.addEventListener('stop', () => {
          for (const track of stream.getTracks()) track.stop();
          const type = running.mimeType;
          running = null;
          button.textContent = words['sound.record'];
          button.classList.remove('on');
          told('');
          void take([new File(pieces, words['sound.recorded'], { type })]);
        });
        running.start();
        button.textContent = words['sound.stop'];
        button.classList.add('on');
        told(words['sound.recording']);
      } catch {
        running = null;
        told(words['sound.no_microphone'], true);
      }
    });
  };

  /** One video, to ask where it comes from. Value: { path, url, name } or null. */
  const check = ({ element, props, chosen }) => {
    const { words, numbers } = props;
    const hint = make('p', { class: 'hint', role: 'status' });
    const send = sender(words, numbers.megabytes, teller(hint));
    const zone = make('div', { class: 'drop' });
    const add = dropZone(zone, words, {
      name: 'check',
      accept: 'video/*',
      onFiles: async (files) => {
        const [sent] = await send(files.slice(0, 1));
        if (sent === undefined) return;
        props.value = sent;
        hint.textContent = sent.name;
        chosen();
      },
    });
    zone.append(add, hint);
    element.append(zone);
  };

  /** Copies the link beside the button. */
  const copying = (element) => {
    element.addEventListener('click', async (event) => {
      const button = event.target.closest('[data-copied]');
      if (button === null) return;
      const input = element.querySelector('input');
      input.select();
      try {
        await navigator.clipboard.writeText(input.value);
      } catch {
        document.execCommand('copy');
      }
      button.textContent = button.dataset.copied;
    });
    // Python does not know by which name the page is reached.
    new MutationObserver(() => {
      const input = element.querySelector('input[data-link]');
      if (input !== null && !input.value.startsWith('http'))
        input.value = new URL(input.dataset.link, location.href).href;
    }).observe(element, { childList: true, subtree: true });
  };

  const formKey = 'humo-form';

  /** What stands in the form, for as long as this tab is open. */
  const keep = (values) => {
    try {
      sessionStorage.setItem(formKey, JSON.stringify(values));
    } catch {
      // A browser that keeps nothing: then it is as it was without.
    }
  };

  /** What stood in the form when this page was loaded; null where nothing is kept. */
  const before = (() => {
    try {
      return JSON.parse(sessionStorage.getItem(formKey));
    } catch {
      return null;
    }
  })();
  const keptValue = (place) => before?.[place];

  /**
   * What stood in the form; what stands there now where nothing is kept, or a choice is not there any more. `allowed`: by place. At once:
   * what somebody types meanwhile would be lost. Files that are gone, their fields forget. What was written at first sight is the prompt.
   */
  const kept = (values, allowed, prompt) => {
    const written = globalThis.humoFirstSight?.leave();
    const isKept = Array.isArray(before) && before.length === values.length;
    const stands = isKept
      ? before.map((value, place) =>
          place in allowed && !allowed[place].includes(value) ? values[place] : value,
        )
      : values;
    return written === undefined ? stands : stands.with(prompt, written);
  };

  /** A list that is made anew under the cursor gives it back. */
  const holding = (element) => {
    let held = null;
    element.addEventListener('focusin', ({ target }) => {
      held = target.dataset.open ?? null;
    });
    element.addEventListener('focusout', ({ relatedTarget }) => {
      if (relatedTarget !== null) held = null;
    });
    new MutationObserver(() => {
      if (held !== null && document.activeElement === document.body)
        element.querySelector(`[data-open="${CSS.escape(held)}"]`)?.focus({ preventScroll: true });
    }).observe(element, { childList: true, subtree: true });
  };

  const fieldOf = (part) =>
    document.querySelector(
      `#${part} textarea, #${part} input:not([type=hidden]), #${part} button, button#${part}`,
    );

  /** Puts the cursor into a field. One of the finer things is there only once their part is open. */
  const focus = (name) => {
    const closed = document.querySelector('#more button[aria-expanded=false], #more .label-wrap:not(.open)');
    const field = fieldOf(name);
    const isSeen = () => fieldOf(name)?.checkVisibility() ?? false;
    if (!isSeen() && closed !== null) {
      new MutationObserver((_, observer) => {
        if (!isSeen()) return;
        observer.disconnect();
        fieldOf(name).setAttribute('aria-invalid', 'true');
        focus(name);
      }).observe(document.querySelector('#more'), { childList: true, subtree: true, attributes: true });
      closed.click();
      return;
    }
    field?.focus({ preventScroll: true });
    // What stands at the top and at the bottom all the time would cover a field that is merely scrolled into view.
    const { top = 0, bottom = 0 } = field?.getBoundingClientRect() ?? {};
    if (top < innerHeight * 0.15 || bottom > innerHeight * 0.85) field?.scrollIntoView({ block: 'center' });
  };

  /** A refusal that appears marks its field; the first takes the cursor along. */
  const watchRefusals = () => {
    const finer = ['negative', 'seconds', 'seed', 'audio_scale', 'more', 'preset', 'shape'];
    const fields = ['prompt', 'pictures', 'sound', 'words', 'agreed', ...finer];
    let seen = new Set();
    new MutationObserver(() => {
      const now = new Set(document.querySelectorAll('.refusal[data-part]'));
      for (const name of fields) {
        const refusal = [...now].find((one) => one.dataset.field === name);
        const field = fieldOf(name);
        if (refusal === undefined) {
          field?.removeAttribute('aria-invalid');
          continue;
        }
        refusal.id ||= `refusal-${refusal.dataset.part}`;
        field?.setAttribute('aria-invalid', 'true');
        field?.setAttribute('aria-describedby', refusal.id);
        if ('focus' in refusal.dataset && !seen.has(refusal)) focus(name);
      }
      seen = now;
    }).observe(document.body, {
      childList: true,
      subtree: true,
      attributes: true,
      attributeFilter: ['data-focus'],
    });
  };

  /** Ctrl+Enter, and ⌘+Enter, press the button from wherever the cursor is in the form. */
  const watchKeys = () => {
    document.addEventListener(
      'keydown',
      (event) => {
        if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return;
        event.preventDefault();
        event.stopPropagation();
        // What was typed last is on its way to the component until the field is left.
        const active = document.activeElement;
        active?.blur();
        active?.focus();
        document.querySelector('button#create:not([disabled])')?.click();
      },
      true,
    );
  };

  /**
   * Examples move once, without a sound, when they are seen, and again when somebody points at one; those who do not want moving things see
   * their first picture. They come when the page has nothing else to do: players take more of a busy machine than all of the form.
   */
  const watchExamples = () => {
    const isStill = matchMedia('(prefers-reduced-motion: reduce)').matches;
    const whenIdle = globalThis.requestIdleCallback ?? setTimeout;
    const move = (video) => void video.play().catch(() => undefined);
    const seen = new IntersectionObserver((entries) => {
      for (const { target, isIntersecting } of entries) {
        if (isIntersecting) move(target);
        else target.pause();
      }
    });
    new MutationObserver(() => {
      for (const video of document.querySelectorAll('.examples video:not([data-seen])')) {
        video.dataset.seen = '';
        // Set here: what stands in markup alone does not silence a video that is put in later.
        video.muted = true;
        whenIdle(() => {
          if (isStill) {
            video.preload = 'metadata';
            return;
          }
          seen.observe(video);
          for (const name of ['pointerenter', 'focusin'])
            video.parentElement?.addEventListener(name, () => move(video));
        });
      }
    }).observe(document.body, { childList: true, subtree: true });
  };

  const lastKey = 'humo-last-shown';

  /** What this browser looked at last, for `actions.resume`; '' for nothing. An id opens nothing without the cookie of the same person. */
  const last = () => {
    try {
      return localStorage.getItem(lastKey) ?? '';
    } catch {
      return '';
    }
  };

  /** What is shown is kept for a page that is opened later. On a phone the result is below the form: it comes into view when it begins to be made. */
  const watchResult = () => {
    let was;
    new MutationObserver(() => {
      const article = document.querySelector('#result .result');
      if (article === null) return;
      const now = article.dataset.shown ?? '';
      if (now === was) return;
      try {
        // Nothing after something: that was deleted.
        if (now === '' && was) localStorage.removeItem(lastKey);
        else if (now) localStorage.setItem(lastKey, now);
      } catch {
        // A browser that keeps nothing.
      }
      // Not where a page that is opened finds again what was made before: nobody has pressed anything there.
      if (was === '' && now && isPhone() && navigator.userActivation.hasBeenActive)
        document.querySelector('#result').scrollIntoView({ block: 'nearest' });
      was = now;
    }).observe(document.body, { childList: true, subtree: true });
  };

  // Gradio puts this script in when the page stands already.
  watchRefusals();
  watchKeys();
  watchExamples();
  watchResult();

  return { pictures, sound, check, copying, focus, keep, kept, keptValue, last, holding };
})();
