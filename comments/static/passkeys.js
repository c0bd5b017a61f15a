/* Passkeys: a form that asks one stays hidden where there are none, and is sent once one answered. */
"use strict";

(() => {
  const Key = window.PublicKeyCredential;
  if (!Key?.parseRequestOptionsFromJSON || !Key.prototype.toJSON) return;
  let waiting = new AbortController();

  async function ask(form, more = {}) {
    const given = JSON.parse(form.dataset.passkey);
    const found = given.user
      ? await navigator.credentials.create({ publicKey: Key.parseCreationOptionsFromJSON(given), ...more })
      : await navigator.credentials.get({ publicKey: Key.parseRequestOptionsFromJSON(given), ...more });
    form.querySelector("[data-answer]").value = JSON.stringify(found.toJSON());
    form.submit();
  }

  /* Offered among what the browser fills in, until a button asks instead. */
  async function offer(form) {
    if (!(await Key.isConditionalMediationAvailable?.())) return;
    ask(form, { mediation: "conditional", signal: waiting.signal }).catch(() => {});
  }

  for (const form of document.querySelectorAll("[data-passkey]")) {
    const trouble = form.querySelector("[data-trouble]");
    form.hidden = false;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      waiting.abort();
      waiting = new AbortController();
      trouble.hidden = true;
      ask(form, { signal: waiting.signal }).catch(() => {
        trouble.hidden = false;
      });
    });
    if ("conditional" in form.dataset) offer(form);
    for (const unable of document.querySelectorAll("[data-unable]")) unable.hidden = true;
  }
})();
