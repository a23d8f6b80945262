/** What a person writes while Gradio makes the page. `leave`: the page is there; what was written, or undefined where nothing was. */
globalThis.humoFirstSight = (() => {
  const sight = document.getElementById('first-sight');
  const field = sight.querySelector('textarea');
  const page = document.querySelector('gradio-app');
  const writtenKey = 'humo-written';
  // It is made below: nothing of it takes the cursor until it is whole.
  page.inert = true;
  /**
   * Gradio's own sign of loading counts seconds that nobody sees, once for every picture that the screen draws, and goes on when it is long
   * gone (6.31.0): a tenth of a core for as long as the page is open. It gets no picture.
   */
  let isCounted = true;
  const draw = requestAnimationFrame.bind(globalThis);
  globalThis.requestAnimationFrame = (callback) => {
    const isOfLoading = isCounted && new Error('who').stack?.includes('/statustracker-');
    return isOfLoading ? 0 : draw(callback);
  };
  let stood = '';
  try {
    stood = JSON.parse(sessionStorage.getItem('humo-form'))?.[field.dataset.place] ?? '';
    // Whoever was quicker than this keeps what they wrote.
    if (field.value === '') field.value = sessionStorage.getItem(writtenKey) ?? stood;
    else sessionStorage.setItem(writtenKey, field.value);
    field.addEventListener('input', () => sessionStorage.setItem(writtenKey, field.value));
  } catch {
    // A browser that keeps nothing, or something else under that name.
  }
  /** Part of the page does not come, as when the server stops meanwhile: what was written is there after a reload. */
  const fail = () => {
    sight.querySelector('.lead').textContent = sight.dataset.failed;
  };
  const isPart = ({ target }) => target instanceof HTMLScriptElement || target instanceof HTMLLinkElement;
  addEventListener('error', (event) => isPart(event) && fail(), true);
  addEventListener('vite:preloadError', fail);
  // All browsers name the module in it, each in its own words.
  addEventListener('unhandledrejection', ({ reason }) => /module/i.test(String(reason)) && fail());
  return {
    leave() {
      if (!sight.isConnected) return undefined;
      const isWriting = document.activeElement === field;
      sight.remove();
      page.inert = false;
      isCounted = false;
      if (isWriting) document.querySelector('#prompt textarea')?.focus({ preventScroll: true });
      try {
        sessionStorage.removeItem(writtenKey);
      } catch {
        // Then there is nothing to remove.
      }
      return field.value === stood ? undefined : field.value;
    },
  };
})();
