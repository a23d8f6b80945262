/** What a person writes while Gradio makes the page. `leave`: the page is there; what was written, or undefined where nothing was. */
globalThis.humoFirstSight = (() => {
  const sight = document.getElementById('first-sight');
  const field = sight.querySelector('textarea');
  const page = document.querySelector('gradio-app');
  // It is made below: nothing of it takes the cursor until it is whole.
  page.inert = true;
  try {
    field.value = JSON.parse(sessionStorage.getItem('humo-form'))?.[field.dataset.place] ?? '';
  } catch {
    // A browser that keeps nothing, or something else under that name.
  }
  const stood = field.value;
  return {
    leave() {
      if (!sight.isConnected) return undefined;
      const isWriting = document.activeElement === field;
      sight.remove();
      page.inert = false;
      if (isWriting) document.querySelector('#prompt textarea')?.focus({ preventScroll: true });
      return field.value === stood ? undefined : field.value;
    },
  };
})();
