// What a page looks like, for tests: how wide it is, whether its text can be read, and whether every
// control has a name.
window.look = (() => {
  const shown = (element) => element.checkVisibility({ visibilityProperty: true, opacityProperty: true });

  /** Red, green and blue up to 255, and how opaque. */
  function color(text) {
    const numbers = text.match(/[\d.]+/g).map(Number);
    const [red, green, blue] = text.startsWith("color(") ? numbers.slice(0, 3).map((part) => part * 255) : numbers;
    return [red, green, blue, numbers[3] ?? 1];
  }

  const over = (top, under) => [0, 1, 2].map((part) => top[part] * top[3] + under[part] * (1 - top[3])).concat(1);

  /** What is behind the text of an element. */
  function ground(element) {
    const layers = [];
    for (let at = element; at; at = at.parentElement) layers.push(color(getComputedStyle(at).backgroundColor));
    return layers.reduceRight((under, top) => over(top, under), [255, 255, 255, 1]);
  }

  function brightness(of) {
    const [red, green, blue] = of.slice(0, 3).map((part) => {
      const share = part / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  }

  /** The contrast of the text of an element, as WCAG counts it. */
  function contrast(element) {
    const behind = ground(element);
    const [one, other] = [over(color(getComputedStyle(element).color), behind), behind].map(brightness);
    return (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
  }

  const hasText = (element) => [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());

  const called = (element) => `${element.tagName} ${element.className} ${element.textContent.trim().slice(0, 40)}`;

  return {
    isTooWide: () => document.documentElement.scrollWidth > document.documentElement.clientWidth,

    /** Texts that are hard to read. Those of dead buttons may be. */
    faint: () =>
      [...document.querySelectorAll("body *")]
        .filter((element) => hasText(element) && shown(element) && !element.closest(":disabled, svg"))
        .filter((element) => contrast(element) < 4.5)
        .map((element) => `${contrast(element).toFixed(2)} ${called(element)}`),

    colors: () => ["color", "backgroundColor"].map((name) => getComputedStyle(document.body)[name]),

    /** Controls that a screen reader would have no name for. */
    nameless: () =>
      [...document.querySelectorAll("input, select, textarea, button, summary, a[href]")]
        .filter((control) => control.type !== "hidden" && !control.hidden)
        .filter((control) => {
          const named = control.getAttribute("aria-labelledby");
          const labels = named ? named.split(/\s+/).map((id) => document.getElementById(id)) : [...(control.labels ?? [])];
          const texts = labels.map((label) => label?.textContent ?? "");
          const isNamedByText = !control.matches("input, select, textarea");
          texts.push(control.getAttribute("aria-label") ?? "", isNamedByText ? control.textContent : "");
          return !texts.some((text) => text.trim());
        })
        .map((control) => control.outerHTML.slice(0, 120)),
  };
})();
