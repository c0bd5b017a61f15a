/* One key decides, and the next card is there. Without this the same forms do the same. */
"use strict";

(() => {
  const queue = document.querySelector("[data-queue]");
  const help = document.querySelector("[data-help]");
  const single = document.querySelector("[data-single]");
  const said = document.querySelector("[data-said]");
  const KEPT = "comments-desk-single-keys";
  let byPointer = false;
  let line = Promise.resolve();

  const cards = () => [...document.querySelectorAll(".card")];
  const isOpen = (card) => !card.matches(".done, [aria-busy=true]");
  const current = () => document.activeElement?.closest(".card");

  /* Going from card to card. */

  function go(card) {
    card.focus({ preventScroll: true });
    if (!byPointer) card.scrollIntoView({ block: "nearest" });
  }

  function step(by) {
    const all = cards();
    const from = all.indexOf(current());
    const ahead = from < 0 ? all : by > 0 ? all.slice(from + 1) : all.slice(0, from).reverse();
    const next = ahead.find(isOpen);
    if (next) go(next);
    return next;
  }

  function onward() {
    const next = step(1) || cards().find(isOpen);
    if (next) return go(next);
    const end = document.querySelector("[data-end]");
    if (!end) return;
    say(queue.dataset.finished);
    (end.querySelector("a") || end).focus({ preventScroll: byPointer });
  }

  /* Deciding. The requests wait for one another, so that each is confirmed in its turn. */

  function decide(form, button) {
    const card = form.closest(".card");
    const body = new URLSearchParams(new FormData(form, button));
    body.delete("back");
    const hadFocus = card.contains(document.activeElement);
    card.setAttribute("aria-busy", "true");
    card.querySelector("[data-trouble]").textContent = "";
    close(card);
    if (hadFocus) onward();
    line = line.then(() => send(form.getAttribute("action"), body)).then((answer) => settle(card, answer));
  }

  function send(address, body) {
    return new Promise((resolve) => {
      const request = new XMLHttpRequest();
      request.open("POST", address);
      request.setRequestHeader("Content-Type", "application/x-www-form-urlencoded");
      request.responseType = "document";
      request.onload = () => resolve(request);
      request.onerror = () => resolve(null);
      request.send(body.toString());
    });
  }

  function settle(card, answer) {
    const page = answer?.response;
    card.removeAttribute("aria-busy");
    if (answer?.status === 200) done(card, answer);
    else if (page?.getElementById(card.id)) refresh(card, page);
    else trouble(card, page?.querySelector("h1")?.textContent || queue.dataset.lost);
  }

  function done(card, answer) {
    const page = answer.response;
    const words = page.querySelector(".note[role=status]")?.textContent.trim() || "";
    const again = document.createElement("a");
    again.href = answer.responseURL;
    again.textContent = queue.dataset.open;
    const quiet = document.createElement("p");
    quiet.append(words, " ", again);
    const hadFocus = card.contains(document.activeElement);
    card.style.minBlockSize = `${card.getBoundingClientRect().height}px`;
    card.classList.add("done");
    card.removeAttribute("aria-labelledby");
    card.replaceChildren(quiet);
    recount(page);
    say(words);
    if (hadFocus) onward();
  }

  function refresh(card, page) {
    const fresh = document.adoptNode(page.getElementById(card.id));
    const hadFocus = card.contains(document.activeElement);
    card.replaceWith(fresh);
    recount(page);
    say(fresh.querySelector("[data-error]")?.textContent || "");
    if (hadFocus || !current()) go(fresh);
  }

  function trouble(card, words) {
    card.querySelector("[data-trouble]").textContent = words;
    say(words);
    if (!current()) go(card);
  }

  function recount(page) {
    for (const count of document.querySelectorAll("[data-count]")) {
      const fresh = page.querySelector(`[data-count="${count.dataset.count}"]`);
      if (fresh) count.textContent = fresh.textContent;
    }
  }

  function say(words) {
    said.textContent = words;
  }

  /* The reasons. */

  function close(card) {
    const chooser = card.querySelector("[data-reject][open]");
    if (chooser) chooser.open = false;
    return chooser;
  }

  function choose(card) {
    const chooser = card.querySelector("[data-reject]");
    if (!chooser) return;
    chooser.open = true;
    // Not a button of it: a key that was still meant for the last card must not send a reason.
    chooser.querySelector("fieldset").focus();
    chooser.querySelector("form").scrollIntoView({ block: "nearest" });
  }

  /* Keys. */

  function act(card, key) {
    if (key === "a") card.querySelector("[data-approve]")?.requestSubmit();
    else if (key === "r") choose(card);
    else card.querySelector(`[data-reject][open] fieldset button:nth-of-type(${key})`)?.click();
  }

  /* Most of it, or most of the window. */
  function isInView(card) {
    const { top, bottom, height } = card.getBoundingClientRect();
    return 2 * (Math.min(bottom, innerHeight) - Math.max(top, 0)) >= Math.min(height, innerHeight);
  }

  function decided(key) {
    const card = current();
    if (!card) step(1);
    else if (!isInView(card)) card.scrollIntoView({ block: "nearest" });
    else if (isOpen(card)) act(card, key);
  }

  const KEYS = {
    j: () => step(1),
    k: () => step(-1),
    "?": () => help.showModal(),
  };

  function arrow(event) {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const on = document.activeElement;
    if (!by || (on !== document.body && !on.matches(".card")) || !step(by)) return;
    event.preventDefault();
  }

  function escape() {
    const chooser = current() && close(current());
    chooser?.querySelector("summary").focus();
  }

  document.addEventListener("keydown", (event) => {
    byPointer = false;
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || help.open) return;
    if (event.key === "Escape") return escape();
    if (event.target.matches("input, textarea, select, [contenteditable]")) return;
    if (event.key.startsWith("Arrow")) return arrow(event);
    if (!single.checked) return;
    const key = event.key.toLowerCase();
    if (KEYS[key]) KEYS[key]();
    else if (/^[ar1-9]$/.test(key)) decided(key);
    else return;
    event.preventDefault();
  });

  document.addEventListener("pointerdown", (event) => {
    byPointer = true;
    for (const chooser of document.querySelectorAll("[data-reject][open]")) {
      if (!chooser.contains(event.target)) chooser.open = false;
    }
  });

  document.addEventListener("submit", (event) => {
    if (!queue?.contains(event.target)) return;
    event.preventDefault();
    if (isOpen(event.target.closest(".card"))) decide(event.target, event.submitter);
  });

  /* Single keys can be switched off, and stay so in this browser. */

  function showKeys() {
    document.body.classList.toggle("single", single.checked);
  }

  single.checked = localStorage.getItem(KEPT) !== "off";
  single.addEventListener("change", () => {
    localStorage.setItem(KEPT, single.checked ? "on" : "off");
    showKeys();
  });
  showKeys();
  const button = document.querySelector("[data-keys]");
  button.hidden = false;
  button.addEventListener("click", () => help.showModal());
})();
