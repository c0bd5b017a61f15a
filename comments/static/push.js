/* Hearing in this browser: the button is there only where the browser can, and says what it gave. */
"use strict";

(() => {
  const form = document.querySelector("[data-push]");
  const leave = document.querySelector("[data-leave]");
  const workers = navigator.serviceWorker;
  if (!workers || !window.PushManager || !window.Notification) return;

  const place = "/notifications/worker.js";
  const trusted = window.trustedTypes?.createPolicy("push", { createScriptURL: () => place });

  async function forget(registration) {
    await (await registration?.pushManager.getSubscription())?.unsubscribe();
  }

  /* What is left from another account or another key of the service would be of no use. */
  async function subscribe() {
    await workers.register(trusted ? trusted.createScriptURL(place) : place);
    const registration = await workers.ready;
    await forget(registration);
    const made = await registration.pushManager.subscribe({
      userVisibleOnly: true,
      applicationServerKey: form.dataset.push,
    });
    const { endpoint, keys } = made.toJSON();
    return fetch(form.action, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-CSRFToken": form.elements.csrf_token.value },
      body: JSON.stringify({ endpoint, keys }),
    });
  }

  async function begin(trouble) {
    try {
      const answer = await subscribe();
      if (answer.ok) return location.reload();
      trouble.textContent = (await answer.json()).detail;
    } catch {
      trouble.textContent = trouble.dataset.trouble;
    }
    trouble.hidden = false;
  }

  if (form) {
    form.hidden = false;
    document.querySelector("[data-unable]").hidden = true;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const trouble = form.querySelector("[data-trouble]");
      trouble.hidden = true;
      begin(trouble);
    });
  }

  leave?.addEventListener("submit", (event) => {
    event.preventDefault();
    const done = () => leave.submit();
    workers.getRegistration(place).then(forget).then(done, done);
  });
})();
