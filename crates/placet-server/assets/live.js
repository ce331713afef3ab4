// Pages that are live. The daemon says only that something has changed; the page then asks for itself
// again and takes over what differs. What somebody is typing is left alone.

import { restoreAll, signIn } from "./drafts.js";

const segmenter = new Intl.Segmenter();

/** How many characters of a text show, about as the daemon counts them. */
function visibleLength(text) {
  const shown = text.trim().replace(/\s+/gu, " ").replace(/[\p{C}\p{M}\u115f\u1160\u2800\u3164\uffa0]/gu, "");
  return [...segmenter.segment(shown)].length;
}

/** Whether somebody has typed or chosen something in a field. */
function isChanged(field) {
  if (field.options) {
    const isFirst = [...field.options].every((option) => !option.defaultSelected);
    return isFirst ? field.selectedIndex > 0 : [...field.options].some((option) => option.selected !== option.defaultSelected);
  }
  return field.value !== undefined && field.type !== "checkbox" && field.value !== field.defaultValue;
}

/** Whether somebody has begun to fill in a form. */
function isTouched(form) {
  return form.dataset?.typed !== undefined || [...(form.elements ?? [])].some((field) => field.name && field.type !== "submit" && isChanged(field));
}

const encoder = new TextEncoder();

/** How many bytes of a text the daemon counts. */
const bytesOf = (text) => encoder.encode(text).length;

/** Says how long a text is and may be; whether it is neither too short nor too long. */
function measure(field) {
  const least = Number(field.dataset.least ?? 0);
  const most = Number(field.dataset.most ?? Infinity);
  const [length, bytes] = [visibleLength(field.value), bytesOf(field.value)];
  const count = field.parentElement.querySelector("[data-count]");
  if (count && (field.value || count.dataset.said)) {
    count.dataset.said = "yes";
    if (length < least) count.textContent = `${length} of at least ${least} characters`;
    else if (bytes > most / 2) count.textContent = `${bytes} of at most ${most} bytes`;
    else count.textContent = `${length} character${length === 1 ? "" : "s"}`;
    count.classList.toggle("over", bytes > most);
  }
  return length >= least && bytes <= most;
}

/** Which buttons of the form are alive: what is too short, too long, unread or too late is not sent. */
function judge(form) {
  if (form.dataset.sent) return;
  const isLate = form.dataset.late !== undefined;
  let isComplete = true;
  for (const field of form.querySelectorAll("[data-least]")) {
    const fits = measure(field);
    isComplete &&= fits;
  }
  const unread = [...form.elements].filter((field) => field.name === "read" && !field.checked).length;
  const must = form.querySelector("[data-must]");
  if (must) {
    must.hidden = unread === 0;
    must.textContent = unread === 1 ? "1 long value has to be opened first." : `${unread} long values have to be opened first.`;
  }
  form.querySelectorAll("[data-approves]").forEach((button) => (button.disabled = isLate || unread > 0 || !isComplete));
  const denial = form.querySelector("[data-denial]");
  const canDeny = denial && measure(denial) && denial.value.trim();
  form.querySelectorAll("[data-denies]").forEach((button) => (button.disabled = isLate || !canDeny));
}

const forms = () => document.querySelectorAll("form[data-answer]");

document.addEventListener("input", () => forms().forEach(judge));

// Opening a long value is what counts as having read it.
document.addEventListener(
  "toggle",
  (event) => {
    const fold = event.target;
    if (fold.open && fold.classList.contains("fold")) {
      fold.querySelectorAll(":scope > .read input").forEach((tick) => (tick.checked = true));
      forms().forEach(judge);
    }
  },
  true,
);

/** The time that the daemon's clock shows, whatever ours does. */
let ahead = 0;

function words(seconds) {
  if (seconds <= 0) return "no time left";
  if (seconds < 60) return `${seconds} s left`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s left`;
  if (seconds < 172800) return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min left`;
  return `${Math.floor(seconds / 86400)} d ${Math.floor((seconds % 86400) / 3600)} h left`;
}

function tick() {
  for (const time of document.querySelectorAll("[data-deadline]")) {
    const seconds = Math.floor((Date.parse(time.dataset.deadline) - Date.now() - ahead) / 1000);
    const text = words(seconds);
    if (time.textContent !== text) time.textContent = text;
    time.classList.toggle("soon", seconds < 60);
    const form = time.closest(".action")?.querySelector("form[data-answer]");
    if (seconds <= 0 && form && form.dataset.late === undefined) {
      form.dataset.late = "yes";
      judge(form);
    }
  }
}

function say(text) {
  const place = document.querySelector("[data-announce]");
  if (place) place.textContent = text;
}

/** Cards come and go; those that stay are not touched, but for the parts that say so. */
function mergeCards(list, next) {
  const wanted = new Map([...next.children].map((card) => [card.id, card]));
  for (const card of [...list.children]) {
    if (wanted.has(card.id)) continue;
    const form = card.querySelector("form[data-answer]");
    if (form && (isTouched(form) || card.contains(document.activeElement)) && !form.dataset.sent) {
      leave(card, form);
    } else {
      card.remove();
    }
  }
  let place = null;
  for (const [id, card] of wanted) {
    const own = document.getElementById(id);
    if (!own) {
      place ? place.after(card) : list.prepend(card);
      say(`New: ${card.querySelector("h2").textContent}`);
    } else if (own.dataset.version !== card.dataset.version && !isTouched(own.querySelector("form[data-answer]") ?? own)) {
      own.replaceWith(card);
    } else {
      mergeParts(own, card);
    }
    place = document.getElementById(id);
  }
}

/** Somebody was typing when it was answered elsewhere, or too late: their words stay, and it is said. */
function close(form) {
  if (form.dataset.left !== undefined) return null;
  const why = form.dataset.late === undefined ? "This was answered meanwhile. " : "Its time is over. ";
  form.dataset.left = form.dataset.late = "yes";
  judge(form);
  const note = document.createElement("p");
  note.className = "notice bad";
  note.setAttribute("role", "alert");
  note.append(why);
  form.before(note);
  return note;
}

/** The same for a card, which says where to see more. */
function leave(card, form) {
  const note = close(form);
  if (!note) return;
  const link = card.querySelector("h2 a").cloneNode(true);
  link.textContent = "See what became of it.";
  note.append(link);
}

function mergeParts(own, next) {
  for (const part of next.querySelectorAll("[data-fresh]")) {
    const before = part.id && own.querySelector(`#${CSS.escape(part.id)}`);
    if (!before) continue;
    const form = before.querySelector("form[data-answer]");
    if (form) {
      if (before.dataset.fresh === part.dataset.fresh) continue;
      if (isTouched(form) && !form.dataset.sent) {
        if (!part.querySelector("form[data-answer]")) close(form);
        continue;
      }
    }
    const isOpen = before.querySelector("details[open]") && !form;
    if (!isOpen && before.innerHTML !== part.innerHTML) before.replaceWith(part);
  }
}

async function refresh(live) {
  // What tells of an answer has another address than what was answered.
  const address = live.dataset.page ?? location.href;
  const response = await fetch(address, { credentials: "same-origin" });
  if (response.redirected) {
    signIn([...forms()].filter(isTouched), address);
    return;
  }
  if (!response.ok) throw new Error(response.statusText);
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  const next = page.querySelector("[data-live]");
  if (!next) return;
  const lists = [...live.querySelectorAll("[data-cards]")];
  lists.forEach((list) => mergeCards(list, page.getElementById(list.id)));
  mergeParts(live, next);
  ahead = Date.parse(next.dataset.now) - Date.now() || ahead;
  forms().forEach(judge);
  tick();
}

/** Listens for changes; where that is not possible it looks every few seconds. */
function follow(live) {
  const pause = Number(live.dataset.pause ?? 0);
  let state = "idle";
  const update = async () => {
    if (state !== "idle") {
      state = "again";
      return;
    }
    state = "busy";
    try {
      await refresh(live);
      document.documentElement.removeAttribute("data-away");
    } catch {
      document.documentElement.setAttribute("data-away", "");
    }
    await new Promise((resolve) => setTimeout(resolve, pause));
    const isStale = state === "again";
    state = "idle";
    if (isStale) update();
  };
  const listen = () => {
    const source = new EventSource(live.dataset.live);
    source.addEventListener("changed", update);
    source.addEventListener("error", () => {
      // The daemon may be away, or the session over.
      update();
      if (source.readyState !== EventSource.CLOSED) return;
      setTimeout(listen, 5000);
    });
    addEventListener("pagehide", () => source.close(), { once: true });
  };
  listen();
}

const live = document.querySelector("[data-live]");
restoreAll(forms());
if (live) {
  ahead = Date.parse(live.dataset.now) - Date.now() || 0;
  forms().forEach(judge);
  tick();
  setInterval(tick, 500);
  follow(live);
}
