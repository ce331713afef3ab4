// What somebody was typing when their session ended is there again once they have signed in. It is kept
// for this window alone, and for no longer than that.

const PREFIX = "draft ";

/** Texts that were typed into the form of an action, under the address of its page. */
function keep(page, fields) {
  const typed = [...fields]
    .filter((field) => field.name && /^(textarea|text|number)$/.test(field.type) && field.value.trim())
    .map((field) => [field.name, field.value]);
  if (typed.length > 0) sessionStorage.setItem(PREFIX + page, JSON.stringify(typed));
  return typed.length > 0;
}

const pageOf = (form) => new URL(form.getAttribute("action"), location.href).pathname.replace(/\/answer$/, "");

/** Goes to sign in, and keeps what was typed. */
export function signIn(forms, address) {
  for (const form of forms) keep(pageOf(form), form.elements);
  const { pathname, search } = new URL(address, location.href);
  location.assign(`/console/sign-in?next=${encodeURIComponent(pathname + search)}`);
}

/** A page that says what was typed, and was not sent on. */
export function keepAll(part) {
  const page = part.dataset.draft;
  if (!page.startsWith("/console/actions/") || !keep(page, part.querySelectorAll("textarea"))) return;
  part.querySelector("[data-kept]").textContent = "It is in its form again once you have signed in here, or have the role again.";
}

/** A text that has no field any more. */
function leftOver([name, value]) {
  const label = document.createElement("label");
  const area = document.createElement("textarea");
  Object.assign(area, { className: "words", readOnly: true, value, rows: 3 });
  label.append(name.replace(/^statement /, ""), area);
  return label;
}

function restore(form, typed) {
  const left = typed.filter(([name, value]) => {
    const field = form?.elements.namedItem(name);
    if (field) field.value = value;
    return !field;
  });
  const note = document.createElement("div");
  note.className = "notice good stack";
  note.setAttribute("role", "status");
  note.append("What you had typed when your session ended is here again. Nothing of it was sent.", ...left.map(leftOver));
  if (form) form.before(note);
  else document.querySelector("[data-live]").prepend(note);
}

/** Puts back what was typed, and keeps it no longer. */
export function restoreAll(forms) {
  const byPage = new Map([...forms].map((form) => [pageOf(form), form]));
  for (const key of Object.keys(sessionStorage).filter((name) => name.startsWith(PREFIX))) {
    const page = key.slice(PREFIX.length);
    const isHere = page === location.pathname && document.querySelector("[data-live]");
    if (!byPage.has(page) && !isHere) continue;
    restore(byPage.get(page), JSON.parse(sessionStorage.getItem(key)));
    sessionStorage.removeItem(key);
  }
}
