// What pages do beyond standing there. Every page works without this.

import { keepAll } from "./drafts.js";
import "./live.js";

/** The token of an invitation is behind the # of its link: move it into the form, out of sight. */
function takeInvitation(form) {
  const token = decodeURIComponent(location.hash.slice(1));
  const label = form.querySelector("[data-invitation]");
  const field = form.elements.namedItem("invitation");
  if (token) {
    field.value = token;
    history.replaceState(null, "", location.pathname);
  }
  if (field.value) {
    label.hidden = true;
    form.elements.namedItem("password").focus();
  }
}

/** A form is sent once: its buttons are dead from the click on. */
function sendOnce(event) {
  const form = event.target;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "yes";
  // Later, because a disabled button would not be part of what is sent.
  setTimeout(() => form.querySelectorAll("button").forEach((button) => (button.disabled = true)));
}

/** Brings a part of the page up to date for as long as the part itself says so. */
function keepFresh(part) {
  const every = Number(part.dataset.refresh);
  setTimeout(async () => {
    let next = part;
    try {
      const response = await fetch(location.href, { credentials: "same-origin" });
      if (response.redirected) {
        location.reload();
        return;
      }
      const page = new DOMParser().parseFromString(await response.text(), "text/html");
      next = page.getElementById(part.id) ?? part;
      if (next !== part) part.replaceWith(next);
    } catch {
      // The daemon is away for a moment.
    }
    if (next.dataset.refresh) keepFresh(next);
  }, every);
}

/** Copies the text of a field. */
function copies(button) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    const field = document.getElementById(button.dataset.copy);
    field.select();
    await navigator.clipboard.writeText(field.value);
    button.textContent = "Copied";
  });
}

// On a narrow screen the navigation scrolls: show where one is.
document.querySelector(".bar [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

// A page that the browser kept may offer what has been sent meanwhile.
addEventListener("pageshow", (event) => event.persisted && location.reload());

document.querySelectorAll("[data-enrol]").forEach(takeInvitation);
document.addEventListener("submit", sendOnce);
document.querySelectorAll("[data-refresh]").forEach(keepFresh);
document.querySelectorAll("[data-copy]").forEach(copies);
document.querySelectorAll("[data-draft]").forEach(keepAll);
